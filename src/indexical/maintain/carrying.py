"""Upkeep as a run: each piece of work a step of one journal, in the engine that builds and drops indexes as well."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from indexical.apply.preflight import Finding, check
from indexical.apply.reindex import reindex_statement
from indexical.apply.run import Site
from indexical.apply.tending import tending
from indexical.model import Applied, DdlStatement, ExistingIndex, Outcome, Skipping
from indexical.model.maintenance import Need, Noticed, Upkeep
from indexical.pg.bloat import estimate
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session

_TRIAL_NAME = "indexical_upkeep"
_STANDS_IN_THE_WAY = frozenset({
    "P03", "P04", "P10", "P12", "P13", "P18", "P20", "P21", "P22", "P23", "P24", "P37", "P38", "P40",
})  # fmt: skip
"""Findings about a build that are true of a rebuild as well; the others are about a new index and its name."""


def server_findings(session: Session) -> tuple[Finding, ...]:
    """What speaks against doing anything here now: a standby, a pooler, a read-only role. Raises :class:`DatabaseError`."""
    return check(session, [])


def possible(session: Session, upkeep: Upkeep) -> Upkeep:
    """Without the rebuilds that would fail, wait or harm now, which are noticed instead. Raises :class:`DatabaseError`."""
    needs: list[Need] = []
    noticed = list(upkeep.noticed)
    for need in upkeep.needs:
        because = _refusal(session, need) if need.kind == "reindex" else ""
        if because:
            noticed.append(Noticed(need.subject, f"{need.reason}; not now: {because}"))
        else:
            needs.append(need)
    return replace(upkeep, needs=tuple(needs), noticed=tuple(noticed))


def _refusal(session: Session, need: Need) -> str:
    existing = _existing(session, need)
    if existing is None:
        return "the index is gone"
    # Uniqueness is proven already, and to prove it again would read the whole table.
    index = replace(existing.index, unique=False)
    findings = check(session, [(_TRIAL_NAME, index)], superuser="allow")
    against = [each for each in findings if each.severity == "refuse" and each.code in _STANDS_IN_THE_WAY]
    return against[0].text if against else ""


def _existing(session: Session, need: Need) -> ExistingIndex | None:
    found = existing_indexes(session, need.schema, need.table)
    return next((each for each in found if each.oid == need.oid), None)


def steps(session: Session, upkeep: Upkeep) -> tuple[DdlStatement, ...]:
    """The statements of the work, in its order; leftovers are cleared from their own journals and have none.

    Raises :class:`DatabaseError`.
    """
    made: list[DdlStatement] = []
    for need in upkeep.needs:
        if need.kind == "reindex":
            existing = _existing(session, need)
            if existing is not None:
                made.append(replace(reindex_statement(existing), oid=need.oid))
        elif need.kind != "leftovers":
            made.append(_tending(need))
    return tuple(made)


def _tending(need: Need) -> DdlStatement:
    action = need.kind if "ANALYZE)" not in need.sql else "vacuum-analyze"
    verb = {"vacuum": "vacuum", "analyze": "analyze", "vacuum-analyze": "vacuum and analyze"}[action]
    return tending(action, need.schema, need.table, need.oid, f"{verb} {need.subject}: {need.reason}")


def within(
    seconds: float, needs: Sequence[Need], clock: Callable[[], float] = time.monotonic
) -> Callable[[Site, DdlStatement], Outcome | None]:
    """Skips what, by its estimate, would not end before ``seconds`` have passed; what runs is not cut short."""
    deadline = clock() + seconds
    takes = {(need.schema, need.index or need.table): need.seconds for need in needs}

    def way(site: Site, statement: DdlStatement) -> Outcome | None:
        schema = statement.index.schema if statement.index is not None else statement.schema
        needed = takes.get((schema, statement.name or statement.table), 0.0)
        if clock() + needed <= deadline:
            return None
        return Skipping(
            statement.id,
            statement.summary,
            f"it takes about {needed:,.0f} s, and the time that was given (--max-duration) does not hold that any more",
        )

    return way


def given_back(
    session: Session, upkeep: Upkeep, outcomes: Sequence[Outcome]
) -> tuple[tuple[str, int, int], ...]:
    """(index, bytes before, bytes now) of each that was built anew. Raises :class:`DatabaseError`."""
    built = {outcome.id for outcome in outcomes if isinstance(outcome, Applied)}
    found = []
    for need in upkeep.needs:
        if need.kind != "reindex" or f"reindex:{need.subject}" not in built:
            continue
        existing = existing_indexes(session, need.schema, need.table)
        oid = next((each.oid for each in existing if each.name == need.index), 0)
        now = estimate(session, [oid]).get(oid)
        if now is not None:
            found.append((need.subject, need.bytes, now.size))
    return tuple(found)
