"""Taking a run up again where it was broken off, whatever broke it, and reaching the end that it would have reached.

The journal says what was announced, the catalog what came of it. A killed client does not stop its build: the server goes on
until it notices, and what was built may be valid. So the run's own sessions are waited for first; a valid index with our
definition is kept, an invalid one that the journal knows as ours is removed and built again, a drop that was begun is
finished. A journal of another database, cluster or timeline is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from indexical.apply.course import Course, OnEvent, Patience
from indexical.apply.facts import Named
from indexical.apply.journal import Journal, difference, identity
from indexical.apply.journal.identity import named
from indexical.apply.leftover import described, find, subject, take_away
from indexical.apply.reindex import Member, Standing, leftovers, reindex
from indexical.apply.run import Site, cleaner
from indexical.ddl import create_index, drop_index
from indexical.errors import FileRefused
from indexical.model import Applied, DdlStatement, Failed, Index, Outcome
from indexical.model.run import RunRecord, RunStep, TargetIdentity
from indexical.model.stored import string, whole
from indexical.pg.definition import same_definition
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.turns import SESSION

Running = Literal["wait", "end"]
"""What to do with a session of the run that is still at work: wait for it and keep what it builds, or end it."""

VERBS = frozenset({"apply", "maintain"})
"""Verbs whose runs are taken up again; the others are begun again."""
_OPEN = frozenset({"planned", "begun", "interrupted", "pending", "skipped"})
"""``skipped`` too: a drop is left out because of a create that failed, and that may be built now."""
_IDLE_S = 2.0
_END_S = 10.0
_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run that was taken up again."""

    record: RunRecord
    """As it was before that."""
    outcomes: tuple[Outcome, ...]
    """Of every step of its plan."""


def resume(
    journal: Path,
    open_session: Callable[[], Session],
    *,
    running: Running = "wait",
    after_failover: bool = False,
    lock_wait_ms: int = 2000,
    wait_budget_s: float = 900.0,
    turn_wait_s: float = 30.0,
    answer_within_s: float = 60.0,
    back_within_s: float = 30.0,
    cleanup_wait_s: float = 10.0,
    own_way: Callable[[Site, DdlStatement], Outcome | None] | None = None,
    on_event: OnEvent | None = None,
) -> Resumed:
    """Brings the run of a journal to its end; one that has ended is only told, and nothing is changed.

    ``after_failover`` takes a run up on another timeline of its own cluster. The other options are those of
    :func:`indexical.apply.build.apply_sql`. Raises :class:`FileRefused` when the journal is damaged, in use, of another target,
    or of a run that only Django's migrations can bring to its end; :class:`DatabaseError` as ``apply_sql`` does.
    """
    written, record = Journal.reopen(journal)
    patience = Patience(
        lock_wait_ms, wait_budget_s, turn_wait_s, answer_within_s, back_within_s, cleanup_wait_s
    )
    statements = tuple(made_anew(step.statement) for step in record.steps)
    course = Course(open_session, statements, record.run, patience, on_event)
    course.own_way = own_way
    with course:
        course.keep(written)
        if any(statement.migration for statement in statements):
            raise FileRefused(
                f"the run {record.run} applies migrations; take it up again with: manage.py indexes apply --resume {journal}"
            )
        if record.verb not in VERBS:
            raise FileRefused(
                f"the run {record.run} is a {record.verb}, which is not taken up again but begun again: {record.verb} "
                f"--run {record.undoes or record.run}"
            )
        if record.finished:
            outcomes = tuple(step.outcome for step in record.steps if step.outcome is not None)
            return Resumed(record, outcomes)
        return Resumed(record, _carried_on(course, record, journal, running, after_failover))


def made_anew(statement: DdlStatement) -> DdlStatement:
    """The statement as its structure makes it: a journal is a file, and SQL text that stands in one is never run."""
    index = statement.index
    if index is None or not statement.name:
        return statement
    match statement.action:
        case "create":
            return replace(statement, sql=create_index(index, statement.name, concurrently=True))
        case "drop":
            return replace(statement, sql=drop_index(index.schema, statement.name, concurrently=True))
        case _:
            return replace(statement, sql=reindex(index, statement.name).sql)


def _carried_on(
    course: Course, record: RunRecord, journal: Path, running: Running, after_failover: bool
) -> tuple[Outcome, ...]:
    earlier = {step.statement.id: replace(step, statement=made_anew(step.statement)) for step in record.steps}
    course.outcomes = {
        step.statement.id: step.outcome
        for step in record.steps
        if step.outcome is not None and step.state not in _OPEN
    }
    # A session of the run whose client is gone may hold the turn without doing anything.
    with course.open() as session:
        _is_of(record, session, journal, after_failover)
        _end_idle(session, course.run)

    def begin(monitor: Session) -> None:
        course.target = _is_of(record, monitor, journal, after_failover)
        if course.journal is not None:
            course.journal.record("run", "resumed", torn=record.torn, running=running)

    def taken_up(site: Site, statement: DdlStatement) -> Outcome | Site:
        step = earlier[statement.id]
        wait_for_own(site, step, running)
        return stands(site, step)

    course.taken_up = taken_up
    return course.follow(begin)


def _is_of(record: RunRecord, session: Session, journal: Path, after_failover: bool) -> TargetIdentity:
    here = identity(session)
    differs = difference(record.target, here)
    if not differs or (differs == "timeline" and after_failover):
        return here
    remedy = f"give the connection to that {differs}"
    if differs == "timeline":
        remedy = "if this server took the other's place, say so with: --after-failover"
    raise FileRefused(
        f"the journal {journal} is of {named(record.target)}, and {named(here)} answers; nothing was changed; {remedy}"
    )


def _end_idle(session: Session, run: str) -> None:
    """Ends sessions of the run whose client is gone: they do nothing, and one of them may hold the turn."""
    deadline = time.monotonic() + 2 * _IDLE_S
    while time.monotonic() < deadline:
        idle = [row for row in _sessions(session, run) if row["state"].startswith("idle")]
        if not idle:
            return
        for row in idle:
            # One that is at work beside us, from a copy of the journal, is never idle for long.
            if row["seconds"] > _IDLE_S:
                session.rows(load("apply_terminate"), {"pid": row["pid"], "started": row["started"]})
        time.sleep(_PAUSE_S)


def _sessions(session: Session, run: str) -> list[dict[str, Any]]:
    return session.rows(load("apply_run_backends"), {"name": f"{SESSION}{run}"})


def wait_for_own(site: Site, step: RunStep, running: Running) -> None:
    """Returns when no session of the run is at work any more. Raises :class:`DatabaseError`."""
    ended = 0.0
    while True:
        working = {
            (row["pid"], row["started"])
            for row in _sessions(site.monitor, site.run)
            if not row["state"].startswith("idle")
        }
        for backend in step.backends:
            key = {"pid": backend.pid, "started": backend.started}
            if site.monitor.rows(load("apply_backend"), key):
                working.add((backend.pid, backend.started))
        if not working or (ended and time.monotonic() - ended > _END_S):
            return
        if running == "end" and not ended:
            ended = time.monotonic()
            for pid, started in sorted(working):
                site.monitor.rows(load("apply_terminate"), {"pid": pid, "started": started})
        site.report(0.0, f"waiting for our earlier backend {min(pid for pid, _ in working)}")
        time.sleep(_PAUSE_S)


def stands(site: Site, step: RunStep) -> Outcome | Site:
    """What became of a step that was begun, or where it is to be run again.

    Only what the journal lets us call our own is adopted or removed: a statement was sent, the name was free or bore
    something else before, and the oid, where it was seen, and the definition fit.
    """
    statement = step.statement
    left = site.left | frozenset(step.index_oids)
    if statement.index is None or not step.backends:
        return replace(site, left=left)
    found = find(site.monitor, statement.index, statement.name)
    if statement.action == "reindex" and found is not None:
        return _rebuilt(site, step, found)
    if statement.action == "drop" and found is None:
        return Applied(statement.id, f"{statement.summary} (it was gone when the run was taken up again)")
    if statement.action != "create" or found is None or found.oid == step.there:
        return replace(site, left=left)
    if step.index_oid not in (0, found.oid) or not _as_planned(site, statement.index, found.oid):
        return replace(site, left=left)
    if found.valid and found.ready and found.live:
        if step.index_oid != found.oid:
            site.record("index", oid=found.oid)
        return Applied(statement.id, f"{statement.summary} (its build had ended, and it is kept)")
    return replace(site, left=left | {found.oid})


def _rebuilt(site: Site, step: RunStep, found: Named) -> Outcome | Site:
    """What a rebuild has left beside the index is removed; the index itself is new when its oid is."""
    statement = step.statement
    with cleaner(site) as session:
        for member in leftovers(session, _standing_from(step.standing)):
            settled = take_away(
                site,
                session,
                Named(
                    member.schema,
                    member.name,
                    member.oid,
                    member.kind,
                    member.valid,
                    member.ready,
                    member.live,
                    member.table_oid,
                ),
            )
            if not settled.clean and settled.kind != "valid":
                return Failed(statement.id, statement.summary, settled.detail, settled.remedy, settled.code)
    whole = found.valid and found.ready and found.live
    if whole and step.there not in (0, found.oid) and _as_planned(site, subject(statement)[1], found.oid):
        return Applied(statement.id, f"{statement.summary} (its rebuild had ended)")
    return site


def _standing_from(text: str) -> Standing:
    """The table's indexes before the rebuild, from the journal. Raises :class:`FileRefused` when they cannot be read."""
    try:
        raw = json.loads(text or '{"table_oid": 0, "members": []}')
        members = [_member(one) for one in raw["members"]]
        return Standing(whole(raw["table_oid"]), tuple(members))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FileRefused(
            "what the journal says about a rebuild cannot be read; nothing was changed; see what the database has with: verify"
        ) from None


def _member(raw: Mapping[str, Any]) -> Member:
    return Member(
        oid=whole(raw["oid"]),
        schema=string(raw["schema"]),
        name=string(raw["name"]),
        table_oid=whole(raw["table_oid"]),
        kind=string(raw["kind"]),
        valid=raw["valid"] is True,
        ready=raw["ready"] is True,
        live=raw["live"] is True,
        exclusion=raw["exclusion"] is True,
        shape=string(raw["shape"]),
    )


def _as_planned(site: Site, index: Index, oid: int) -> bool:
    existing = described(site.monitor, index, oid)
    return existing is not None and same_definition(site.monitor, index, existing.index)
