"""What earlier runs have left behind: found in their journals, and cleared away before anything new is begun.

An invalid index costs every write and serves no read. Where its removal was blocked, or the run was killed, the next run on
the same database does it first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from indexical.apply.course import Course, OnEvent, Patience
from indexical.apply.journal import Journal, difference, identity, read_run
from indexical.apply.leftover import ELSEWHERE, find, take_away
from indexical.apply.removal import drop
from indexical.apply.resume import VERBS, made_anew, stands, wait_for_own
from indexical.apply.run import Site, cleaner
from indexical.apply.turn import turn
from indexical.errors import FileRefused
from indexical.model import Applied, Failed, Outcome
from indexical.model.run import RunRecord, RunStep, TargetIdentity
from indexical.pg.session import Session

_LEFT_OPEN = ("begun", "interrupted", "pending")
_MOST = 10_000
"""Journals of a folder that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was not brought to its end."""

    path: Path
    record: RunRecord


def unfinished(folder: Path) -> tuple[Unfinished, ...]:
    """The runs of a folder that have not ended, the newest first. Files that are no journals are passed over."""
    found = []
    for path in sorted(folder.glob("*.jsonl"), reverse=True)[:_MOST]:
        try:
            record = read_run(path)
        except FileRefused:
            continue
        if not record.finished:
            found.append(Unfinished(path, record))
    return tuple(found)


def newest(folder: Path, here: TargetIdentity, *, verb: str) -> Path | None:
    """The journal of the newest unfinished run of this verb on this database; None when all have ended."""
    for each in unfinished(folder):
        if each.record.verb == verb and difference(each.record.target, here) in ("", "timeline"):
            return each.path
    return None


def clear_earlier(
    open_session: Callable[[], Session],
    folder: Path,
    *,
    turn_wait_s: float = 30.0,
    cleanup_wait_s: float = 10.0,
    on_event: OnEvent | None = None,
) -> tuple[Outcome, ...]:
    """Removes what unfinished runs of this database have left, as their journals tell, and says so there.

    What could not be removed yet is a :class:`Failed` with the code ``CLEANUP_PENDING`` that names what is in the way. Steps
    that had not been begun are left to ``--resume``. Raises :class:`DatabaseError` and, when another run has the database,
    :class:`TurnTaken`.
    """
    outcomes: list[Outcome] = []
    for each in unfinished(folder):
        if each.record.verb not in VERBS or not any(_left_open(step) for step in each.record.steps):
            continue
        try:
            journal, record = Journal.reopen(each.path)
        except FileRefused:
            continue  # It is at work, or has ended in this moment.
        patience = Patience(turn_wait_s=turn_wait_s, cleanup_wait_s=cleanup_wait_s)
        course = Course(open_session, (), record.run, patience, on_event)
        with course:
            course.keep(journal)
            outcomes += _cleared_run(course, journal, record)
    return tuple(outcomes)


def _left_open(step: RunStep) -> bool:
    """A step of which something can be left: a statement was sent for it, and how it ended is not known or not good."""
    return step.state in _LEFT_OPEN and bool(step.backends)


@dataclass(frozen=True, slots=True)
class _Cleared:
    """What was found of a step."""

    told: Outcome | None = None
    """For people; None when there was nothing to do."""
    done: bool = False
    """``told`` is what became of the step itself."""
    gone: bool = False
    """Nothing of the step is left, so that it counts as not begun."""


def _cleared_run(course: Course, journal: Journal, record: RunRecord) -> list[Outcome]:
    with course.open() as monitor:
        here = identity(monitor)
        if difference(record.target, here):
            return []
        course.target = here
        with turn(monitor, wait_s=course.patience.turn_wait_s):
            found = [
                _cleared(
                    course.site(monitor, step.statement),
                    replace(step, statement=made_anew(step.statement)),
                    record.run,
                )
                for step in record.steps
                if _left_open(step)
            ]
    for step, cleared in zip(filter(_left_open, record.steps), found, strict=True):
        if cleared.done and cleared.told is not None:
            journal.ended(cleared.told)
        elif cleared.gone:
            journal.record(step.statement.id, "cleared", detail="nothing of it is left")
    after = read_run(journal.path)
    if all(step.state in ("applied", "skipped", "failed") for step in after.steps):
        failed = any(step.state == "failed" for step in after.steps)
        journal.record("run", "end", result="failed" if failed else "done")
    return [cleared.told for cleared in found if cleared.told is not None]


def _cleared(site: Site, step: RunStep, run: str) -> _Cleared:
    wait_for_own(site, step, "wait")
    met = stands(site, step)
    statement = step.statement
    if not isinstance(met, Site):
        return _Cleared(met, done=isinstance(met, Applied))
    if statement.index is None:
        return _Cleared(gone=True)
    found = find(site.monitor, statement.index, statement.name)
    if found is None or (found.valid and found.ready and found.live):
        return _Cleared(gone=True)
    if statement.action == "drop":
        outcome = drop(met, statement)
        return _Cleared(outcome, done=isinstance(outcome, Applied))
    if found.kind != "i" or statement.action != "create":
        # The parts of a partitioned index, and a rebuild, are what the run itself goes on with.
        return _Cleared()
    if found.oid not in met.left:
        return _Cleared(gone=True)
    with cleaner(site) as session:
        settled = take_away(site, session, found) if site.same_target(session) else ELSEWHERE
    if settled.kind == "valid":
        return _Cleared(gone=True)
    if settled.clean:
        what = f"removed what the run {run} had left of: {statement.summary}"
        return _Cleared(Applied(statement.id, what), gone=True)
    return _Cleared(Failed(statement.id, statement.summary, settled.detail, settled.remedy, settled.code))
