"""Statistics that an index on expressions needs before the planner can judge it.

https://www.postgresql.org/docs/18/sql-analyze.html: a table that our role may not analyse is skipped with a warning only.
"""

from __future__ import annotations

from dataclasses import replace

from indexical.apply.ending import ended_by
from indexical.apply.facts import TableFacts
from indexical.apply.run import Attempt, Site, attempt
from indexical.ddl import qualified
from indexical.model import DdlStatement, Index


def refresh(site: Site, table: TableFacts, index: Index) -> str:
    """Analyses the table of the index as carefully as one is built on it; returns what there is to say, if anything."""
    sql = f"ANALYZE {qualified(table.schema, table.name)}"
    tried = Attempt()

    def record(event: str, **details: object) -> None:
        # A backend that analyses is none that builds.
        site.record("analyze" if event == "backend" else event, **details)

    # The bar is at its end already and stays there.
    here = replace(site, record=record, report=lambda _share, _detail: site.report(1.0, "statistics"))
    attempt(
        here,
        DdlStatement("statistics", sql, "", "renew the statistics", action="analyze", index=index),
        table,
        tried,
    )
    if tried.error is None and not tried.warned:
        return ""
    why = (
        ended_by(tried)[0]
        if tried.error is not None
        else "the server skipped it, as it does without the right"
    )
    return f"the table's statistics were not renewed: {why}; run: {sql}"
