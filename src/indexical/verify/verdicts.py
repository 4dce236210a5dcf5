"""The verdict on each index that was to be built: there, valid, as defined, and used by the statements it was made for.

``used``, ``not-used`` and not measured are three different things: a verdict is only given where captured statements were
planned on the database itself. The planner may well have a better way on a small table, and says so by not using it.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexical.ddl import drop_index
from indexical.model import ExistingIndex, Failed, NotMeasured, Outcome, Recommendation, Verified, Workload
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.verify.plans import PlannedStatement, plan_statements


def verify(session: Session, expected: Sequence[Recommendation], workload: Workload) -> tuple[Outcome, ...]:
    """One outcome for each expected index, in their order.

    :class:`Failed` when it is missing, invalid or different; :class:`Verified` with ``used`` or ``not-used``;
    :class:`NotMeasured` when no statement of the workload is one it was made for. Reads only. Raises
    :class:`DatabaseError`.
    """
    known = {statement.id for statement in workload.statements}
    wanted = {id for recommendation in expected for id in recommendation.statements if id in known}
    planned = plan_statements(session, workload, wanted)
    return tuple(_verdict(session, recommendation, planned) for recommendation in expected)


def _verdict(session: Session, expected: Recommendation, planned: Sequence[PlannedStatement]) -> Outcome:
    id = f"{expected.index.schema}.{expected.name}"
    found = _found(session, expected, id)
    if not isinstance(found, ExistingIndex):
        return found
    asked = [each for each in planned if each.id in expected.statements]
    if not asked:
        return NotMeasured(id, _what(expected), "no statement of the workload is one that it was made for")
    answered = [each for each in planned if not each.refused]
    if not any(each.id in expected.statements for each in answered):
        return NotMeasured(id, _what(expected), f"no plan could be made: {asked[0].refused}")
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
    )


def _found(session: Session, expected: Recommendation, id: str) -> ExistingIndex | Failed:
    index = expected.index
    rows = session.rows(load("verify_state"), {"schema": index.schema, "name": expected.name})
    existing = existing_indexes(session, schema=index.schema, table=index.table)
    found = next((each for each in existing if rows and each.oid == rows[0]["oid"]), None)
    what = _what(expected)
    if not rows:
        return Failed(
            id, what, "the index does not exist", "apply the advice, or the migration that holds it"
        )
    if found is None:
        return Failed(
            id, what, f"what bears this name is no index of {index.qualified_table}", "take a new snapshot"
        )
    if not (rows[0]["valid"] and rows[0]["ready"] and rows[0]["live"]):
        drop = drop_index(index.schema, expected.name, concurrently=True)
        return Failed(
            id,
            what,
            "the index is INVALID: reads cannot use it",
            f"if no build is running, run: {drop}; then apply again",
        )
    if not same_definition(session, index, found.index):
        return Failed(
            id, what, f"the index has another definition: {found.definition}", "drop it, then apply again"
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
