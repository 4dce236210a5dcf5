"""Taking a run back: what it built is dropped, what it dropped is brought back as it was, and nothing else is touched.

Only what the journal lets us call the run's own is dropped: the oid is the one that it built, and so is the definition. An
index that it found there, one that somebody has renamed or built anew since, and every column and row stay. The statements are
made from the journal's values, never taken from its text, since a file can be edited.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from indexical.apply.index_record import compare, read_record, restoring
from indexical.apply.leftover import described, find
from indexical.apply.removal import drop, restore_dropped
from indexical.apply.run import Site, cleaner
from indexical.ddl import create_index, drop_index
from indexical.errors import InputError
from indexical.model import (
    Applied,
    DdlStatement,
    ExistingIndex,
    Failed,
    Index,
    IndexRecord,
    Outcome,
    RunRecord,
    RunStep,
    Skipping,
)
from indexical.pg.definition import same_definition
from indexical.pg.session import Session

_LOCK_TIMEOUT = "900ms"
"""Short, because whoever queues behind us for the same lock waits as long."""


@dataclass(frozen=True, slots=True)
class Return:
    """An index that a run has dropped, to be brought back."""

    dropped: DdlStatement
    record: IndexRecord | None
    """What it was; None when the journal does not have it, as after a crash at the very moment."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes one run back."""

    record: RunRecord
    statements: tuple[DdlStatement, ...] = ()
    """In reverse order of the run's steps."""
    kept: tuple[Outcome, ...] = ()
    """Steps with nothing to take back, and why; one that is failed should have been."""
    returns: tuple[tuple[str, Return], ...] = ()
    """By the id of the statement that brings the index back."""
    made: frozenset[int] = field(default_factory=frozenset)
    """Oids of what earlier rollbacks of the run have built: theirs to complete."""
    adopted: tuple[RunStep, ...] = ()
    """Steps that built nothing because their index was there before the run."""

    def own_way(self, site: Site, statement: DdlStatement) -> Outcome | None:
        """Carries out a statement of ours: an index is brought back with all that belongs to it, and one that the run has
        built goes though it may be unique, once those of its table that were to come back are there.
        """
        found = dict(self.returns).get(statement.id)
        if found is not None:
            return _bring_back(site, statement, found, self.made)
        if statement.action != "drop" or statement.index is None:
            return None
        table = statement.index.qualified_table
        back = [
            each for each in self.statements
            if each.action == "create" and each.index is not None and each.index.qualified_table == table
        ]  # fmt: skip
        outcome = drop(site, statement, after=back, own=True)
        if isinstance(outcome, Failed) and outcome.code == "NOT_CONCURRENT":
            return replace(outcome, remedy=f"{outcome.remedy}; or say --allow-blocking")
        return outcome

    def as_it_was(self, site: Site, statement: DdlStatement) -> Outcome | None:
        """Completes an index that somebody else, such as a migration, has brought back, and says what it is not; None when it
        is as it was, or when the statement brings none back.
        """
        found = dict(self.returns).get(statement.id)
        if found is None or found.record is None:
            return None
        return _completed(
            site, statement, replace(found.record, restore=restoring(found.record)), complete=True
        )


def plan_undo(
    session: Session,
    record: RunRecord,
    *,
    steps: Collection[str] = (),
    earlier: Sequence[RunRecord] = (),
    blocking: bool = False,
) -> Undo:
    """What there is to do now to take the run, or the steps with these ids, back.

    ``earlier`` are other runs of the database, of which those count that have taken this one back before or have built its
    indexes anew. ``blocking`` allows the index of a partitioned table to be dropped, for which PostgreSQL stops all use of the
    table for a moment; without it that step fails with the statement to run. Raises :class:`InputError` for an id that no
    step has, and :class:`DatabaseError`.
    """
    with session.closed_path():
        return _planned(session, record, steps, earlier, blocking)


def _planned(
    session: Session,
    record: RunRecord,
    steps: Collection[str],
    earlier: Sequence[RunRecord],
    blocking: bool,
) -> Undo:
    unknown = sorted(set(steps) - {step.statement.id for step in record.steps})
    if unknown:
        known = ", ".join(step.statement.id for step in record.steps) or "none"
        raise InputError(f"the run {record.run} has no step {unknown[0]}; its steps are: {known}")
    statements: list[DdlStatement] = []
    kept: list[Outcome] = []
    returns: list[tuple[str, Return]] = []
    for step in reversed(record.steps):
        if steps and step.statement.id not in steps:
            continue
        statements += _parts(session, record, step, blocking=blocking)
        found = _of_step(session, record, step, earlier, blocking=blocking)
        if isinstance(found, Return):
            back = _back(found)
            statements.append(back)
            returns.append((back.id, found))
        elif isinstance(found, DdlStatement):
            statements.append(found)
        else:
            kept.append(found)
    made = frozenset(
        oid
        for other in earlier
        if other.undoes == record.run
        for step in other.steps
        for oid in _made(session, step)
    )
    adopted = tuple(
        step for step in record.steps if _adopted(step) and (not steps or step.statement.id in steps)
    )
    return Undo(record, tuple(statements), tuple(kept), tuple(returns), made, adopted)


def _of_step(
    session: Session, record: RunRecord, step: RunStep, earlier: Sequence[RunRecord], *, blocking: bool
) -> DdlStatement | Return | Outcome:
    statement = step.statement
    if step.state == "planned":
        return _keeps(step, "it was never begun")
    if statement.table:
        return _keeps(step, "a table that was vacuumed or analysed stays so: there is nothing to take back")
    if statement.index is None or not statement.name:
        return _keeps(step, "the journal does not say which index it was about")
    if statement.action == "reindex":
        return _keeps(
            step, "an index that was built anew stays: it is the same index, without what had bloated it"
        )
    if _adopted(step):
        return _keeps(step, "the index was there before the run, and stays")
    if isinstance(step.outcome, Skipping):
        return _keeps(step, f"the run did nothing: {step.outcome.reason}")
    if statement.action == "drop":
        return _dropped(session, step, statement.index)
    return _created(session, record, step, statement.index, earlier, blocking=blocking)


def _adopted(step: RunStep) -> bool:
    if step.statement.action != "create" or not step.there:
        return False
    return isinstance(step.outcome, Skipping) or step.there == step.index_oid


def _created(
    session: Session,
    record: RunRecord,
    step: RunStep,
    index: Index,
    earlier: Sequence[RunRecord],
    *,
    blocking: bool,
) -> DdlStatement | Outcome:
    statement = step.statement
    oid = _parent(session, step, index) or step.index_oid or _unseen(session, step, index)
    if not oid:
        if step.state == "applied":
            return _stays(step, "the journal does not say which index it built")
        return _keeps(step, "it left nothing")
    oid = _rebuilt(oid, earlier)
    now = read_record(session, oid)
    if now is None:
        found = find(session, index, statement.name)
        if found is None:
            return _keeps(step, "what it built is not there any more")
        return _stays(step, f"{index.schema}.{statement.name} is not the index that it built any more")
    if (now.schema, now.name) != (index.schema, statement.name):
        return _stays(step, f"what it built has been given the name {now.schema}.{now.name} since")
    existing = described(session, index, oid)
    if existing is None or not same_definition(session, index, existing.index):
        return _stays(step, f"{index.schema}.{statement.name} is not defined as it was built any more")
    taken = _taken_away(record, existing, index, blocking=blocking)
    return replace(taken, id=f"undo:{statement.id}", migration=statement.migration)


def _taken_away(record: RunRecord, existing: ExistingIndex, index: Index, *, blocking: bool) -> DdlStatement:
    """Drops what the run has built; ``index`` is how it was meant, before the server worded it."""
    concurrent = not (blocking and existing.partitioned)
    return DdlStatement(
        id=f"undo:create:{index.schema}.{existing.name}",
        sql=drop_index(index.schema, existing.name, concurrently=concurrent),
        undo=create_index(index, existing.name, concurrently=concurrent),
        summary=f"drop index {existing.name} on {index.text}, which run {record.run} built",
        concurrent=concurrent,
        action="drop",
        name=existing.name,
        index=index,
        oid=existing.oid,
    )


def _parent(session: Session, step: RunStep, index: Index) -> int:
    """Oid of the partitioned table's own index, among those that the step has built; 0 for an ordinary one."""
    found = find(session, index, step.statement.name)
    return found.oid if found is not None and found.kind == "I" and found.oid in step.index_oids else 0


def _parts(session: Session, record: RunRecord, step: RunStep, *, blocking: bool) -> list[DdlStatement]:
    """Drops what the step has built on partitions and not attached yet: it does not go with the partitioned table's index."""
    statement = step.statement
    if statement.index is None or statement.action != "create" or statement.migration:
        return []
    found: list[DdlStatement] = []
    for oid in sorted(set(step.index_oids)):
        now = read_record(session, oid)
        if now is None or (now.schema, now.table) == (statement.index.schema, statement.index.table):
            continue
        index = replace(statement.index, schema=now.schema, table=now.table)
        existing = described(session, index, oid)
        if existing is None or existing.parent or not same_definition(session, index, existing.index):
            continue
        found.append(_taken_away(record, existing, index, blocking=blocking))
    return found


def _unseen(session: Session, step: RunStep, index: Index) -> int:
    """Oid of what an unfinished step has built before anybody could look; 0 for nothing that could be its own.

    A statement was sent, the name was free or bore something else before, and the definition fits.
    """
    if step.state == "applied" or not step.backends:
        return 0
    found = find(session, index, step.statement.name)
    if found is None or found.oid == step.there:
        return 0
    existing = described(session, index, found.oid)
    return found.oid if existing is not None and same_definition(session, index, existing.index) else 0


def _made(session: Session, step: RunStep) -> tuple[int, ...]:
    """Oids of what a step of an earlier rollback has built, also when that was killed before it could look."""
    statement = step.statement
    unseen = 0
    if statement.action == "create" and statement.index is not None and not step.index_oids:
        unseen = _unseen(session, step, statement.index)
    return (*step.index_oids, unseen) if unseen else tuple(step.index_oids)


def _rebuilt(oid: int, earlier: Sequence[RunRecord]) -> int:
    """The oid that an index has after our own rebuilds of it: a rebuild gives it another one."""
    followers = {
        step.there: step.index_oid
        for run in earlier
        for step in run.steps
        if step.statement.action == "reindex" and step.state == "applied" and step.there and step.index_oid
    }
    seen = {oid}
    while followers.get(oid, oid) not in seen:
        oid = followers[oid]
        seen.add(oid)
    return oid


def _dropped(session: Session, step: RunStep, index: Index) -> Return | Outcome:
    record = next((each for each in step.records if each.name == step.statement.name), None)
    found = find(session, index, step.statement.name)
    oid = record.oid if record is not None else step.there
    if found is not None and found.oid == oid and found.valid and found.ready and found.live:
        return _keeps(step, "the index is there as it was")
    if step.state == "failed" and found is None and not step.backends:
        return _keeps(step, "it dropped nothing")
    if record is not None and not record.restore:
        return _stays(step, "the index of a constraint or of a partition comes back only with that")
    return Return(step.statement, record)


def _back(found: Return) -> DdlStatement:
    statement, record = found.dropped, found.record
    index = statement.index
    if index is None:
        raise InputError(
            f"the journal does not say which index {statement.id} was about; bring it back by hand"
        )
    sql = create_index(index, statement.name, concurrently=True) if record is None else restoring(record)[0]
    return DdlStatement(
        id=f"undo:{statement.id}",
        sql=sql,
        undo=drop_index(index.schema, statement.name, concurrently=True),
        summary=f"bring back index {statement.name} on {index.text}",
        action="create",
        name=statement.name,
        index=index,
        migration=statement.migration,
    )


def _bring_back(site: Site, statement: DdlStatement, found: Return, made: Collection[int]) -> Outcome:
    record = None if found.record is None else replace(found.record, restore=restoring(found.record))
    before = None if statement.index is None else find(site.monitor, statement.index, statement.name)
    # An earlier rollback of this run was ended while it built the index, or before what belongs to it: that one is completed.
    ours = before is not None and before.oid in made
    dropped = found.dropped if before is None or not ours else replace(found.dropped, oid=before.oid)
    again = replace(dropped, id=statement.id, undo=statement.sql, sql=statement.undo)
    outcome = restore_dropped(site, again, record)
    if record is None or not isinstance(outcome, Applied | Skipping):
        return outcome
    if _now(site, statement) is None:
        return outcome
    return _completed(site, statement, record, complete=ours) or outcome


def _completed(site: Site, statement: DdlStatement, record: IndexRecord, *, complete: bool) -> Failed | None:
    """What the index is not that it was, after giving it back what can be given; None when it is as it was."""
    wanted = replace(record, valid=True)
    now = _now(site, statement)
    if complete and now is not None and compare(wanted, now):
        _furnish(site, record)
        now = _now(site, statement)
    if now is None:
        return Failed(
            statement.id, statement.summary, f"{record.schema}.{record.name} is not there",
            f"build it by hand: {'; '.join(record.restore)}", "NOT_AS_BEFORE",
        )  # fmt: skip
    differences = compare(wanted, now)
    if not differences:
        return None
    told = "; ".join(difference.text for difference in differences)
    by_hand = "; ".join(record.restore[1:])
    return Failed(
        statement.id,
        statement.summary,
        f"{record.schema}.{record.name} is there, but not as it was: {told}",
        f"to have it as it was, run: {by_hand}" if by_hand else "see what it is now, and drop it first",
        "NOT_AS_BEFORE",
    )


def _now(site: Site, statement: DdlStatement) -> IndexRecord | None:
    found = None if statement.index is None else find(site.monitor, statement.index, statement.name)
    return None if found is None else read_record(site.monitor, found.oid)


def _furnish(site: Site, record: IndexRecord) -> None:
    with cleaner(site) as session:
        session.set("lock_timeout", _LOCK_TIMEOUT)
        for sql in restoring(record)[1:]:
            session.execute(sql)


def _keeps(step: RunStep, reason: str) -> Skipping:
    return Skipping(f"undo:{step.statement.id}", f"undo: {step.statement.summary}", reason)


def _stays(step: RunStep, why: str) -> Failed:
    """Something that the run did is still there, and it is not ours to take back."""
    return Failed(
        f"undo:{step.statement.id}",
        f"undo: {step.statement.summary}",
        f"{why}; it was left alone",
        "see what it is, and drop it by hand if nothing needs it",
        "CHANGED",
    )
