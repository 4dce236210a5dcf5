"""How the planner would run one statement now: EXPLAIN without ANALYZE, on a session of its own that may only read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from indexical.django.database import database_url
from indexical.errors import IndexicalError
from indexical.model import Plan, PlanNode, Statement
from indexical.model.sqltext import without_literals
from indexical.pg.explain import explain
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.report.units import plural

PATIENCE_MS = 5000
FEW_PAGES = 8
"""Tables of at most so many 8 kB pages are read whole by any sensible planner."""


@dataclass(frozen=True, slots=True)
class Read:
    """One access to a table."""

    table: str
    how: str
    rows: float
    """The planner's estimate."""
    condition: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    """``used``, ``partly-used``, ``not-used``, ``not-needed`` or ``not-measured``."""
    headline: str
    reads: tuple[Read, ...] = ()
    notes: tuple[str, ...] = ()
    cost: float = 0.0


def verdict(alias: str, statement: Statement) -> Verdict:
    """Plans the statement; never raises for what a database or a statement may do wrong."""
    try:
        with connect(
            database_url(alias),
            statement_timeout_ms=PATIENCE_MS,
            lock_timeout_ms=PATIENCE_MS,
            application_name="indexical panel",
        ) as session:
            sample = statement.samples[0] if statement.samples else ()
            plan = explain(session, statement, sample).plan()
            return _judge(plan, _sizes(session, plan), generic=bool(statement.types) and not sample)
    except IndexicalError as error:
        return Verdict("not-measured", f"not measured: {error}")


def _sizes(session: Session, plan: Plan) -> dict[str, dict[str, Any]]:
    scanned = sorted({node.relation for node in plan.nodes if node.relation})
    rows = session.rows(load("panel_tables"), (scanned,)) if scanned else []
    return {str(row["name"]): dict(row) for row in rows}


def _judge(plan: Plan, sizes: dict[str, dict[str, Any]], *, generic: bool) -> Verdict:
    reads = tuple(read for node in plan.nodes if (read := _read(node)) is not None)
    whole = [read for read in reads if not read.index]
    filtered = [read for read in whole if read.condition]
    indexes = sorted({read.index for read in reads if read.index})
    notes = [*_size_notes(filtered, sizes)]
    if generic:
        notes.append(
            "Planned without values, since some of them could not be written down; the plan with values may differ."
        )
    name, headline = _headline(indexes, whole, filtered)
    if filtered:
        notes.append(
            "In a shell, indexes.why(queryset) of indexical.django proves the cause; “manage.py indexes advise” finds the index."
        )
    return Verdict(name, headline, reads, tuple(notes), plan.cost)


def _headline(indexes: list[str], whole: list[Read], filtered: list[Read]) -> tuple[str, str]:
    tables = ", ".join(sorted({read.table for read in filtered}))
    if filtered and indexes:
        return "partly-used", f"uses {', '.join(indexes)}, and reads all of {tables} to filter it"
    if filtered:
        return "not-used", f"no index: reads all of {tables} and filters"
    if indexes:
        return "used", f"uses {', '.join(indexes)}"
    if whole:
        return "not-needed", "asks for all rows of a table, which no index makes quicker to read"
    return "not-needed", "reads no table"


def _size_notes(filtered: list[Read], sizes: dict[str, dict[str, Any]]) -> list[str]:
    notes = []
    for table in sorted({read.table for read in filtered}):
        size = sizes.get(table)
        if size is None:
            continue
        if size["rows"] < 0:
            notes.append(f"{table} was never analysed, so the planner guesses: ANALYZE it and look again.")
        elif size["pages"] <= FEW_PAGES:
            notes.append(
                f"{table} has {plural(int(size['pages']), 'page')} here: reading them all is quicker than any index. "
                "Production's plan may differ; a snapshot of it shows that."
            )
    return notes


def _read(node: PlanNode) -> Read | None:
    if node.index:
        return Read(node.relation, node.type, node.rows, without_literals(node.condition), node.index)
    if node.relation and node.type in ("Seq Scan", "Sample Scan", "Tid Scan", "Tid Range Scan"):
        return Read(node.relation, node.type, node.rows, without_literals(node.condition))
    return None
