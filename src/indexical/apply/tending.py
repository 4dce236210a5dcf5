"""VACUUM and ANALYZE of one table, as steps of a run: alone, in autocommit, and never in anybody's way.

Both take ``SHARE UPDATE EXCLUSIVE``, which neither readers nor writers notice
(https://www.postgresql.org/docs/18/explicit-locking.html#LOCKING-TABLES). Only the giving back of empty pages at a table's end
would take more, so that is left out. Done twice, they do no harm; there is nothing to undo and nothing to clear away.
"""

from __future__ import annotations

import time
from dataclasses import replace

from indexical.apply.ending import ended_by
from indexical.apply.facts import read_tables
from indexical.apply.run import Attempt, Site, attempt
from indexical.apply.wording import sqlstate
from indexical.ddl import qualified
from indexical.model import Applied, DdlStatement, Failed, Outcome, Skipping

_WAIT_S = 10.0
"""How long such a step waits for anybody; what is due today is due tomorrow as well."""

_FORMS = {
    "vacuum": "VACUUM (TRUNCATE false) {table}",
    "vacuum-analyze": "VACUUM (TRUNCATE false, ANALYZE) {table}",
    "analyze": "ANALYZE {table}",
}
ACTIONS = frozenset(_FORMS)
_KINDS = ("r", "m", "p")


def tending(action: str, schema: str, table: str, oid: int, summary: str) -> DdlStatement:
    """A step that vacuums or analyses one table; ``action`` is one of :data:`ACTIONS`."""
    return DdlStatement(
        id=f"{action}:{schema}.{table}",
        sql=sql_of(action, schema, table),
        undo="",
        summary=summary,
        concurrent=False,
        action=action,
        oid=oid,
        schema=schema,
        table=table,
    )


def sql_of(action: str, schema: str, table: str) -> str:
    return _FORMS[action].format(table=qualified(schema, table))


def tend(site: Site, statement: DdlStatement) -> Outcome:
    """Runs the step, from the names in it and not from its text. Raises :class:`DatabaseError` when the table cannot be read."""
    tables = read_tables(site.monitor, [(statement.schema, statement.table)])
    if not tables:
        return Skipping(statement.id, statement.summary, "the table is not there any more")
    table = tables[0]
    if table.kind not in _KINDS or (statement.oid and table.oid != statement.oid):
        return Failed(
            statement.id,
            statement.summary,
            f"{table.qualified} is not the table that was meant any more",
            "look again at what is due",
            "CHANGED",
        )
    again = replace(statement, sql=sql_of(statement.action, table.schema, table.name))
    tried = Attempt()
    begun = time.monotonic()
    attempt(replace(site, wait_budget_s=min(site.wait_budget_s, _WAIT_S)), again, table, tried)
    return _told(statement, tried, (time.monotonic() - begun) * 1000)


def _told(statement: DdlStatement, tried: Attempt, milliseconds: float) -> Outcome:
    if tried.error is None and not tried.reason:
        if tried.warned:
            # What PostgreSQL may not do here it passes over with a warning, and calls that a success.
            return Failed(
                statement.id,
                statement.summary,
                "PostgreSQL passed over the table, or a part of it, with a warning: our role may not maintain it",
                "run this as the owner of the table and of its partitions, or grant MAINTAIN (PostgreSQL 17)",
                "RIGHTS",
                "01000",
            )
        return Applied(statement.id, statement.summary, milliseconds)
    words, remedy, ours = ended_by(tried)
    if ours in ("LOCK", "GIVEN_UP", "DEADLOCK"):
        return Skipping(statement.id, statement.summary, f"{words}; nothing was harmed, it stays due")
    return Failed(statement.id, statement.summary, words, remedy, ours, sqlstate(tried.error))
