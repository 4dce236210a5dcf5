"""The verdict on each index that was to be built: there, valid, as defined, and used by the statements it was made for.

``used``, ``not-used`` and not measured are three different things: a verdict is only given where captured statements were
planned on the database itself. The planner may well have a better way on a small table, and says so by not using it.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexical.ddl import drop_index, qualified
from indexical.model import ExistingIndex, Failed, NotMeasured, Outcome, Recommendation, Verified, Workload
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.verify.plans import PlannedStatement, plan_statements
from indexical.verify.structure import Structure, check_structure

_NOT_ASKED = Structure("not-measured", "its structure was not looked at")


def verify(
    session: Session, expected: Sequence[Recommendation], workload: Workload, *, structure: bool = True
) -> tuple[Outcome, ...]:
    """One outcome for each expected index, in their order.

    With ``structure`` each is compared with its table where amcheck is there, which reads both whole.
    :class:`Failed` when it is missing, invalid, different or corrupt; :class:`Verified` with ``used`` or ``not-used``;
    :class:`NotMeasured` when no statement of the workload is one it was made for. Reads only. Raises
    :class:`DatabaseError`.
    """
    known = {statement.id for statement in workload.statements}
    wanted = {id for recommendation in expected for id in recommendation.statements if id in known}
    planned = plan_statements(session, workload, wanted)
    return tuple(_verdict(session, recommendation, planned, structure) for recommendation in expected)


def _verdict(
    session: Session, expected: Recommendation, planned: Sequence[PlannedStatement], structure: bool
) -> Outcome:
    id = f"{expected.index.schema}.{expected.name}"
    found = _found(session, expected, id)
    if not isinstance(found, ExistingIndex):
        return found
    checked = check_structure(session, found.oid) if structure else _NOT_ASKED
    if checked.verdict == "corrupt":
        return _corrupt(expected, id, checked)
    return _use(expected, id, found, planned, checked.reason)


def _corrupt(expected: Recommendation, id: str, checked: Structure) -> Failed:
    again = f"REINDEX INDEX CONCURRENTLY {qualified(expected.index.schema, expected.name)}"
    remedy = f"find out what the disk or an update of a locale did, then run: {again}"
    return Failed(id, _what(expected), checked.reason, remedy, "CORRUPT", checked.sqlstate)


def _use(
    expected: Recommendation,
    id: str,
    found: ExistingIndex,
    planned: Sequence[PlannedStatement],
    structure: str,
) -> Outcome:
    asked = [each for each in planned if each.id in expected.statements]
    if not asked:
        why = "no statement of the workload is one that it was made for"
        return NotMeasured(id, _what(expected), f"{why}; {structure}")
    answered = [each for each in planned if not each.refused]
    if not any(each.id in expected.statements for each in answered):
        why = f"no plan could be made: {asked[0].refused}"
        return NotMeasured(id, _what(expected), f"{why}; {structure}")
    # Statements that another index was made for count too: what is used is used.
    users = tuple(each.id for each in answered if each.times(expected.name))
    missing = tuple(each.id for each in asked if not each.refused and not each.times(expected.name))
    return Verified(
        id,
        _what(expected),
        "used" if users else "not-used",
        users,
        missing,
        _evidence(expected, asked),
        found.size,
        structure,
    )


def _found(session: Session, expected: Recommendation, id: str) -> ExistingIndex | Failed:
    with session.closed_path():
        return _looked_up(session, expected, id)


def _looked_up(session: Session, expected: Recommendation, id: str) -> ExistingIndex | Failed:
    index = expected.index
    rows = session.rows(load("verify_state"), {"schema": index.schema, "name": expected.name})
    existing = existing_indexes(session, schema=index.schema, table=index.table)
    found = next((each for each in existing if rows and each.oid == rows[0]["oid"]), None)
    what = _what(expected)
    if not rows:
        return Failed(
            id,
            what,
            "the index does not exist",
            "apply the advice, or the migration that holds it",
            "MISSING",
        )
    if found is None:
        return Failed(
            id,
            what,
            f"what bears this name is no index of {index.qualified_table}",
            "take a new snapshot",
            "CHANGED",
        )
    if not (rows[0]["valid"] and rows[0]["ready"] and rows[0]["live"]):
        drop = drop_index(index.schema, expected.name, concurrently=True)
        return Failed(
            id,
            what,
            "the index is INVALID: reads cannot use it",
            f"if no build is running, run: {drop}; then apply again",
            "INVALID",
        )
    if not same_definition(session, index, found.index):
        return Failed(
            id,
            what,
            f"the index has another definition: {found.definition}",
            "drop it, then apply again",
            "CHANGED",
        )
    return found


def _what(expected: Recommendation) -> str:
    return f"{expected.name} on {expected.index.text}"


def _evidence(expected: Recommendation, asked: Sequence[PlannedStatement]) -> str:
    answered = [each for each in asked if not each.refused]
    plans = sum(each.plans for each in answered)
    using = sum(each.times(expected.name) for each in answered)
    users = sum(1 for each in answered if each.times(expected.name))
    text = f"{using} of {plans} plans, {users} of {len(asked)} statements"
    refused = len(asked) - len(answered)
    return f"{text}; {refused} could not be planned" if refused else text
