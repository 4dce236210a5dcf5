"""The trial of an index before it is dropped: what it is needed for, who used it, and which statement misses it.

``DROP INDEX CONCURRENTLY`` switches an index off in its first instant and nothing but a full build brings it back, and a counter
of zero scans proves little (see :mod:`indexical.model.keeping`). So every witness that there is gets heard first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexical.apply.findings import Finding
from indexical.errors import PlanRefused
from indexical.model import Configuration, DdlStatement, ExistingIndex, Index, Statement
from indexical.model.covers import covers
from indexical.model.keeping import Surroundings, needed_by
from indexical.model.usage import Reverted, UseVerdict
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.protocols import Costs

CODES = {
    "T01": "the index is needed by something around it that no scan shows",
    "T02": "the index was used within the window",
    "T03": "the window is too short to call it unused",
    "T04": "a server that may use it was not sampled",
    "T05": "a statement of the workload gets worse without it",
    "T06": "no workload was given, or not every statement of it could be planned without the index",
    "T07": "what brings the index back, which takes a full build",
    "T08": "the index was taken back before, because it made something worse",
}
"""Every code of a trial and its meaning; a code is never reused."""

NOISE = 0.05
"""Share by which a statement's estimate may rise without the index: another index that does its work has a few more pages."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What-if costs of a workload, under the database's indexes as they are."""

    costs: Costs
    statements: tuple[Statement, ...]
    unplanned: int = 0
    """Statements that could not be planned at all."""


def trial(
    session: Session,
    statements: Sequence[DdlStatement],
    *,
    use: Mapping[tuple[str, str], UseVerdict] | None = None,
    workbench: Workbench | None = None,
    decided: Mapping[str, str] | None = None,
    reverted: Sequence[Reverted] = (),
    restore: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Findings about every drop among the statements, and about creates that were taken back before.

    ``use`` is whether each index, by schema and name, was used on every server; without it nothing is known of that.
    ``decided`` gives for a statement's id why it was advised (``superseded``: by what-if costs, although it is used).
    ``restore`` gives for a statement's id the exact statement that brings the index back, where it is not the drop's own undo.
    Reads only. Give the result to :func:`indexical.apply.findings.refuse`. Raises :class:`DatabaseError`.
    """
    found: list[Finding] = []
    tries: list[_Try] = []
    for statement in statements:
        if statement.action == "create":
            found += _taken_back(statement, reverted)
        elif statement.action == "drop" and statement.index is not None:
            here = existing_indexes(session, schema=statement.index.schema, table=statement.index.table)
            existing = next((each for each in here if each.name == statement.name), None)
            if existing is not None:  # Else the preflight says so.
                why = (decided or {}).get(statement.id, "")
                tries.append(_Try(statement, existing, _staying(statement.index, here, statements), why))
    built = frozenset(each.index for each in statements if each.action == "create" and each.index is not None)
    gone = frozenset(each.existing.index for each in tries if not each.has_equal)
    for each in tries:
        found += each.needed(session)
        worse = each.what_if(workbench, Configuration(built, gone))
        found += worse
        planned = workbench is not None and not worse
        found += each.used((use or {}).get((each.existing.index.schema, each.existing.name)), planned=planned)
        found.append(each.back((restore or {}).get(each.statement.id, each.statement.undo)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Try:
    statement: DdlStatement
    existing: ExistingIndex
    staying: tuple[Index, ...]
    decided: str

    @property
    def subject(self) -> str:
        return f"{self.existing.index.schema}.{self.existing.name}"

    @property
    def replaced(self) -> bool:
        """Whether another index does all of its work."""
        return any(covers(other, self.existing.index) for other in self.staying)

    def needed(self, session: Session) -> list[Finding]:
        index = self.existing.index
        with session.closed_path():
            rows = session.rows(load("trial_table"), {"schema": index.schema, "table": index.table})
        around = Surroundings(
            tuple(tuple(columns) for columns in rows[0]["foreign_keys"]),
            self.staying,
            tuple(rows[0]["expressions"]),
        )
        why = needed_by(self.existing, around)
        # What the index says of itself the preflight refuses already.
        if not why or needed_by(self.existing):
            return []
        return [
            Finding("T01", "refuse", self.subject, why, "keep it, or see first that something else does that")
        ]

    def what_if(self, workbench: Workbench | None, final: Configuration) -> list[Finding]:
        """``final`` is what the whole run leaves: of a statement that gets worse under it, who is to blame is who is missed."""
        if workbench is None:
            if self.replaced:
                return []
            text = "no workload was given, so no statement was planned without it"
            return [Finding("T06", "warn", self.subject, text, "give --workload")]
        kept = Configuration(final.added, final.removed - {self.existing.index})
        found: list[Finding] = []
        unplanned = workbench.unplanned
        for statement in workbench.statements if kept != final else ():
            try:
                today, then = (workbench.costs.cost(statement, each) for each in (Configuration(), final))
                with_it = workbench.costs.cost(statement, kept)
            except PlanRefused:
                unplanned += 1
                continue
            if then > today * (1 + NOISE) and then > with_it * (1 + NOISE):
                text = f"without it {statement.id} would cost {then:,.1f} instead of {with_it:,.1f} a call"
                found.append(Finding("T05", "refuse", self.subject, text, "keep it"))
        if unplanned and not found:
            text = f"{unplanned} of {unplanned + len(workbench.statements)} statements could not be planned without it"
            found.append(Finding("T06", "warn", self.subject, text))
        return found

    def used(self, verdict: UseVerdict | None, *, planned: bool) -> list[Finding]:
        if self.replaced or verdict is None or verdict.use == "unused":
            return []
        code = {"used": "T02", "too-early": "T03"}.get(verdict.use, "T04")
        # What-if costs outweigh scans where they were the reason to drop it, or say the same again.
        if self.decided == "superseded" or (planned and verdict.use == "used"):
            return [Finding(code, "warn", self.subject, verdict.reason)]
        remedy = "keep it, or sample longer and on every server, then run this again"
        return [Finding(code, "refuse", self.subject, verdict.reason, remedy)]

    def back(self, restore: str) -> Finding:
        text = "the drop cannot be taken back once begun, only the index be built again"
        return Finding("T07", "warn", self.subject, text, f"which is: {restore}")

    @property
    def has_equal(self) -> bool:
        return self.existing.index in self.staying


def _staying(
    going: Index, here: Sequence[ExistingIndex], statements: Sequence[DdlStatement]
) -> tuple[Index, ...]:
    """The table's indexes when the run is over: without those that go, and with those that are built before."""
    known = [each for each in statements if each.index is not None]
    leaving = {(each.index.schema, each.name) for each in known if each.action == "drop" and each.index}
    kept = [each.index for each in here if each.valid and (each.index.schema, each.name) not in leaving]
    built = [each.index for each in known if each.action == "create" and each.index]
    return tuple(sorted([*kept, *(each for each in built if each.qualified_table == going.qualified_table)]))


def _taken_back(statement: DdlStatement, reverted: Sequence[Reverted]) -> list[Finding]:
    index = statement.index
    same = [each for each in reverted if index is not None and each.definition == index.text]
    if not same or index is None:
        return []
    return [
        Finding(
            "T08",
            "refuse",
            f"{index.schema}.{statement.name}",
            f"the same index was taken back on {same[-1].at}: {same[-1].why}",
            "leave it out, or say --again to build it all the same",
        )
    ]
