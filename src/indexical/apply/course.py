"""The course of a run: its statements one after the other under the database's turn, each announced and reported in the journal.

The same course serves a run that begins and one that is taken up again. Before the first statement and after each one it is
asked anew which server answers, on a new connection: one that has been kept open would go on talking to a server that was
replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Self

from indexical.apply.creation import create
from indexical.apply.index_record import record_index
from indexical.apply.journal import Journal, difference, identity
from indexical.apply.journal.identity import named
from indexical.apply.journal.reading import OPEN_CODES
from indexical.apply.leftover import described, find, subject
from indexical.apply.reindex import rebuild, standing
from indexical.apply.removal import drop
from indexical.apply.run import Site, answers, reopen
from indexical.apply.tending import ACTIONS, tend
from indexical.apply.turn import turn
from indexical.apply.wording import code, sqlstate, wording
from indexical.errors import ConnectionFailed, DatabaseError, FileRefused, NoAnswer
from indexical.model import DdlStatement, Failed, Outcome, Skipping
from indexical.model.run import TargetIdentity
from indexical.pg.session import Session
from indexical.turns import SESSION

OnEvent = Callable[[str, float, str], None]

_SETTINGS = {
    "idle_session_timeout": "0",
    # A client whose network has gone must not keep the turn for the hours that an operating system waits by itself.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_STOPS = frozenset({"STATE_UNKNOWN", "TARGET_CHANGED"})
"""After these nothing more is begun: it would be begun beside, or on, something that is not known."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run waits, and for what."""

    lock_wait_ms: int = 2000
    wait_budget_s: float = 900.0
    turn_wait_s: float = 30.0
    answer_within_s: float = 60.0
    back_within_s: float = 30.0
    cleanup_wait_s: float = 10.0


@dataclass(slots=True)
class Course:
    """One run on its way; a context manager that closes the journal."""

    open_session: Callable[[], Session]
    statements: Sequence[DdlStatement]
    run: str
    patience: Patience = field(default_factory=Patience)
    on_event: OnEvent | None = None
    target: TargetIdentity | None = None
    """Where the run began; None before that."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By the id of the statement; what has one is not run again."""
    taken_up: Callable[[Site, DdlStatement], Outcome | Site] | None = None
    """For a run that is taken up again: what became of a statement that had been begun, or where to run it now."""
    own_way: Callable[[Site, DdlStatement], Outcome | None] | None = None
    """Carries out a statement that needs more than itself; None from it means that it is an ordinary one."""
    journal: Journal | None = None
    shown: float = 0.0
    """The highest share of the run that was told."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def keep(self, journal: Journal) -> None:
        """Writes into this journal from now on."""
        self.journal = self._stack.enter_context(journal)

    def open(self) -> Session:
        """A new session that bears the run's name, so that its backend can be found again."""
        session = self.open_session()
        try:
            session.close_path()
            session.answer_within_s = session.answer_within_s or self.patience.answer_within_s
            for name, value in _SETTINGS.items():
                session.set(name, value)
            session.set("application_name", f"{SESSION}{self.run}")
        except BaseException:
            session.close()
            raise
        return session

    def follow(self, begin: Callable[[Session], None]) -> tuple[Outcome, ...]:
        """Takes the turn, calls ``begin`` once with the session that holds it, and runs what has no outcome yet."""
        monitor = self.open()
        begun = False
        known = len(self.outcomes)
        while True:
            try:
                # A server that has restarted in between took the turn with it: then it is taken anew.
                with monitor, turn(monitor, wait_s=self.patience.turn_wait_s):
                    if not begun:
                        begin(monitor)
                        begun = True
                        known = len(self.outcomes)
                    if self._steps(monitor):
                        return self._end()
                monitor = reopen(self.open, patience_s=self.patience.back_within_s)
            except DatabaseError as error:
                # What has been done has to be told, so the turn that could not be had again is an outcome, not an error.
                if len(self.outcomes) == known:
                    raise
                return self._stopped(_lost_code(error))

    def _steps(self, monitor: Session) -> bool:
        """Whether the run is at its end; not so when the session with the turn was lost on the way."""
        for statement in self.statements:
            if statement.id in self.outcomes:
                continue
            if not answers(monitor):
                return False
            outcome: Outcome | None = self._elsewhere(statement)
            if outcome is None:
                outcome = self._journalled(self.site(monitor, statement), statement)
            self.outcomes[statement.id] = outcome
            if isinstance(outcome, Failed) and outcome.code in _STOPS:
                self._stopped(outcome.code)
        return True

    def site(self, monitor: Session, statement: DdlStatement) -> Site:
        """Where the statement is run, with the journal behind it."""
        journal = self.journal

        def record(event: str, **details: object) -> None:
            if journal is not None:
                journal.record(statement.id, event, **details)

        return Site(
            self.open,
            monitor,
            self._reporter(statement),
            lock_wait_ms=self.patience.lock_wait_ms,
            wait_budget_s=self.patience.wait_budget_s,
            cleanup_wait_s=self.patience.cleanup_wait_s,
            run=self.run,
            record=record,
            same_target=self.is_target,
            back_within_s=self.patience.back_within_s,
        )

    def is_target(self, session: Session) -> bool:
        """Whether the session reaches the server and database that the run began on."""
        return self.target is None or not difference(self.target, identity(session))

    def _elsewhere(self, statement: DdlStatement) -> Failed | None:
        """The statement as failed when a new connection does not reach where the run began."""
        if self.target is None:
            return None
        with reopen(self.open, patience_s=self.patience.back_within_s) as session:
            here = identity(session)
        if not difference(self.target, here):
            return None
        return Failed(
            statement.id,
            statement.summary,
            f"the run began on {named(self.target)}, and now {named(here)} answers; nothing was done there",
            "see which server is to be changed, then run this again there",
            code="TARGET_CHANGED",
        )

    def _journalled(self, site: Site, statement: DdlStatement) -> Outcome:
        try:
            outcome: Outcome | None = None
            met = site if self.taken_up is None else self.taken_up(site, statement)
            if isinstance(met, Site):
                site = met
            else:
                outcome = met
            if outcome is None and self.journal is not None:
                standing = _standing(site, statement)
                self.journal.record(
                    statement.id, "before", sql=statement.sql, undo=statement.undo, **standing
                )
        except DatabaseError as error:
            return _unread(statement, error)
        if outcome is None:
            outcome = self._announced(site, statement)
        if self.journal is not None:
            self.journal.ended(outcome)
        return outcome

    def _announced(self, site: Site, statement: DdlStatement) -> Outcome:
        try:
            return self._checked(statement, self._step(site, statement))
        except BaseException as error:
            # Whatever ended it, the journal says so before the error goes on its way.
            if self.journal is not None:
                with suppress(FileRefused):
                    self.journal.record(statement.id, "interrupted", by=type(error).__name__)
            raise

    def _step(self, site: Site, statement: DdlStatement) -> Outcome:
        site.report(0.0, "begins")
        try:
            special = None if self.own_way is None else self.own_way(site, statement)
            if special is not None:
                return special
            if statement.action == "create":
                return create(site, statement)
            if statement.action == "reindex":
                return rebuild(site, statement)
            if statement.action in ACTIONS:
                return tend(site, statement)
            missing = self._failed_before(statement)
            if missing:
                return Skipping(
                    statement.id,
                    statement.summary,
                    f"{missing} was not built, and this index may be needed without it",
                )
            return drop(site, statement, after=self._built_before(statement))
        except DatabaseError as error:
            return _unread(statement, error)

    def _checked(self, statement: DdlStatement, outcome: Outcome) -> Outcome:
        """The outcome, unless another server answers now than the one it was read from."""
        if isinstance(outcome, Failed) and outcome.code in _STOPS:
            return outcome
        with suppress(ConnectionFailed):
            elsewhere = self._elsewhere(statement)
            if elsewhere is not None:
                return elsewhere
        return outcome

    def _failed_before(self, statement: DdlStatement) -> str:
        """The first index that was to be created on the statement's table and could not be."""
        _, index = subject(statement)
        failed = {outcome.id for outcome in self.outcomes.values() if isinstance(outcome, Failed)}
        for other in self.statements:
            here = other.index is not None and other.index.qualified_table == index.qualified_table
            if here and other.action != "drop" and other.id in failed:
                return other.name
        return ""

    def _built_before(self, statement: DdlStatement) -> tuple[DdlStatement, ...]:
        """What this run was to build on the statement's table, left out what was there already, whatever it is called."""
        _, index = subject(statement)
        return tuple(
            other
            for other in self.statements
            if other.action == "create"
            and other.index is not None
            and other.index.qualified_table == index.qualified_table
            and not isinstance(self.outcomes.get(other.id), Skipping)
        )

    def _stopped(self, ours: str) -> tuple[Outcome, ...]:
        """What has no outcome yet was not begun. The journal keeps it as planned, for the run to be taken up again."""
        for statement in self.statements:
            if statement.id not in self.outcomes:
                words = "it was not begun, because the run had to stop before it"
                self.outcomes[statement.id] = Failed(
                    statement.id, statement.summary, words, "run this again", code=ours
                )
        return self._told()

    def _told(self) -> tuple[Outcome, ...]:
        return tuple(self.outcomes[statement.id] for statement in self.statements)

    def _end(self) -> tuple[Outcome, ...]:
        told = self._told()
        failed = [outcome for outcome in told if isinstance(outcome, Failed)]
        if self.journal is not None and not any(outcome.code in OPEN_CODES for outcome in failed):
            self.journal.record("run", "end", result="failed" if failed else "done")
        return told

    def _reporter(self, statement: DdlStatement) -> Callable[[float, str], None]:
        number, count, on_event = len(self.outcomes), len(self.statements), self.on_event

        def report(share: float, detail: str) -> None:
            done = (number + min(1.0, max(0.0, share))) / max(1, count)
            # Another try or another partition begins at nothing again; the bar stays where it was.
            self.shown = max(self.shown, done)
            if on_event is not None:
                on_event("apply", self.shown, f"{statement.name or statement.id}: {detail}")

        return report


def _standing(site: Site, statement: DdlStatement) -> dict[str, object]:
    """What bears the index's name before anything is done, and the record of it when it is to be dropped or rebuilt."""
    if statement.index is None or not statement.name:
        return {}
    found = find(site.monitor, statement.index, statement.name)
    if found is None or found.oid in site.left:
        return {"there": 0}
    if statement.action == "create":
        return {"there": found.oid}
    existing = described(site.monitor, statement.index, found.oid)
    if statement.action == "reindex":
        members = asdict(standing(site.monitor, found.table_oid))
        return {"there": found.oid, "standing": members}
    records = [] if existing is None else [asdict(record_index(site.monitor, existing))]
    return {"there": found.oid, "records": records}


def _lost_code(error: DatabaseError) -> str:
    return "STATE_UNKNOWN" if isinstance(error, NoAnswer) else code(error)


def _unread(statement: DdlStatement, error: DatabaseError) -> Failed:
    words, remedy = wording(error)
    if statement.index is None:
        words, remedy = str(error), ""
    if isinstance(error, NoAnswer):
        words = "the server does not answer, so what it made of this is not known"
        remedy = "when it answers again, run: apply --resume"
    else:
        words = f"{words}; what is left could not be read"
    return Failed(statement.id, statement.summary, words, remedy, _lost_code(error), sqlstate(error))
