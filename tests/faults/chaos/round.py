"""One round: the tool at work, a fault in its midst, the run taken up until it is done, and a look at everything."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from indexical.model import Index, Key
from tests.faults.chaos.arena import Arena, unmoved
from tests.faults.chaos.nursery import Child
from tests.faults.chaos.plan import DOWN, Plan
from tests.faults.harness import Place, advice_file, nothing_changes
from tests.faults.harness.invariants import nothing_of_ours_left, secrets_told
from tests.faults.harness.places import InvariantBroken

LONGEST_WAIT_S = 1.0
ATTEMPTS = 8
_MOMENT_S = 15.0
_STANDS_S = 1.2
_TOOL_S = 60.0
_CREATES = (
    ("chaos_status_idx", Index("public", "chaos", (Key.asc("status"), Key.asc("created_at")))),
    ("chaos_total_idx", Index("public", "chaos", (Key.asc("total"),), predicate="hits > 0")),
)
_WRITES = "BEGIN; UPDATE public.chaos SET hits = hits WHERE id = 1"
_LOOKS = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"
_STANDS = {
    "waiting for writers before build": _WRITES,
    "waiting for writers before validation": _WRITES,
    "waiting for old snapshots": _LOOKS,
    "dropping": "BEGIN; SELECT 1 FROM public.chaos LIMIT 1",
    "writer": _WRITES,
    "snapshot": _LOOKS,
    "lock": "BEGIN; LOCK TABLE public.chaos IN SHARE UPDATE EXCLUSIVE MODE",
}
"""Who stands in the way at a moment, or as the fault itself."""
_LATE = ("waiting for writers before validation", "waiting for old snapshots")
"""Whoever is there from the beginning holds the build up in an earlier phase."""
_SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
_OURS = (
    "SELECT a.pid FROM pg_stat_activity a WHERE a.datname = 'chaos' AND a.application_name LIKE 'indexical run=%%' "
    "AND a.query ~* {} ORDER BY a.pid LIMIT 1"
)
_WORKING = _OURS.format("'^(CREATE|DROP) +(UNIQUE +)?INDEX' AND a.state = 'active'")
_IDLE = _OURS.format("'' AND a.state <> 'active'")
_PHASE = "SELECT 1 FROM pg_stat_progress_create_index WHERE datname = 'chaos' AND starts_with(phase, %s)"
_DROPPING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = 'chaos' AND application_name LIKE 'indexical run=%%' AND state = 'active' "
    "AND starts_with(query, 'DROP INDEX')"
)


@dataclass(slots=True)
class Round:
    """What came of it."""

    plan: Plan
    broken: list[str] = field(default_factory=list)
    hit: bool = False
    """Whether the moment that was waited for came."""
    code: int = 0
    """With which the disturbed tool ended."""
    attempts: int = 0
    """It took to bring the run to its end."""
    blocked_s: float = 0.0
    """The longest time that anybody stood behind us."""
    slowest_ms: float = 0.0
    """The application's slowest write; not of rounds in which the server was down."""
    seconds: float = 0.0
    unfinished: bool = False
    """Whether the fault really kept the tool from its end."""


def play(arena: Arena, plan: Plan) -> Round:
    """Plays one round; what does not hold at its end is in ``broken``, and nothing is raised for it."""
    found = Round(plan)
    begun = time.monotonic()
    arena.rest()
    arena.ready(victim=plan.verb in ("drop", "replace"))
    place = arena.place(plan.number)
    run = _Run(arena, place, plan, found)
    with place.sampler:
        arena.load(plan.load)
        try:
            run.undisturbed_before()
            run.disturbed()
            run.brought_to_its_end()
            run.once_more()
        except (AssertionError, InvariantBroken) as error:
            found.broken.append(str(error))
        found.slowest_ms = 0.0 if plan.kill in DOWN else arena.slowest_ms
        arena.rest()
    found.blocked_s = place.sampler.seen.worst_wait_s
    found.broken.extend(_at_the_end(arena, place, run, found))
    if found.broken:
        found.broken.extend(f"said: {text}" for text in run.said)
    found.seconds = time.monotonic() - begun
    return found


def _at_the_end(arena: Arena, place: Place, run: _Run, found: Round) -> Iterator[str]:
    yield from nothing_of_ours_left(place, patience_s=5.0)
    yield from arena.sound(run.wanted)
    yield from unmoved(place, {f"public.{name}" for name in run.ours})
    yield from arena.agrees()
    yield from secrets_told(place)
    if found.blocked_s > LONGEST_WAIT_S:
        yield f"I4: {place.sampler.seen.waiter} stood behind us for {found.blocked_s:.2f} s"
    for table in sorted(place.sampler.seen.exclusive):
        yield f"I4: a session of ours held an AccessExclusiveLock on {table}"


class _Run:
    """The processes of one round, and the journals that they leave."""

    def __init__(self, arena: Arena, place: Place, plan: Plan, found: Round) -> None:
        self.arena, self.place, self.plan, self.found = arena, place, plan, found
        creates = () if plan.verb == "drop" else _CREATES[: 1 + plan.number % 2]
        self.victim = ["chaos_victim_idx"] if plan.verb in ("drop", "replace") else []
        self.names = [name for name, _ in creates]
        self.ours = {*self.names, *self.victim}
        self.wanted = [] if plan.verb == "rollback" else self.names
        self._number = 0
        self._last = ""
        self.said: list[str] = []
        """What each process of the round said at its end."""
        self.advice = advice_file(place, creates=creates, drops=self.victim)

    def undisturbed_before(self) -> None:
        """What there has to be first: a run to take back, or one that was broken off."""
        if self.plan.verb == "rollback":
            self._ended(self._apply(), (0,))
        if self.plan.verb == "resume":
            with self._apply() as tool:
                self._until(tool, "building index")
                tool.kill(signal.SIGKILL)
                tool.wait(_TOOL_S)

    def disturbed(self) -> None:
        tool = {"rollback": self._rollback, "resume": self._resume}.get(self.plan.verb, self._apply)()
        with tool, ExitStack() as others:
            self._in_the_way(tool, others)
            self.found.hit = self._until(tool, self.plan.moment)
            time.sleep(self.plan.delay)
            self._strike(tool, others)
            self.found.code = tool.wait(_TOOL_S)
        self.found.unfinished = self.found.code != 0
        self._told(tool)

    def brought_to_its_end(self) -> None:
        """As a person would: take the run up again; where it has ended, or never began, do it again."""
        code = self.found.code
        while code != 0 or not self._journals():
            self.found.attempts += 1
            assert self.found.attempts <= ATTEMPTS, f"I5: not done after {ATTEMPTS} attempts: {self._last}"
            if self.found.attempts > 1:
                time.sleep(0.3)
            tool = self._next()
            with tool:
                if self.found.attempts == 1 and self.plan.again:
                    time.sleep(0.8)
                    tool.kill(_SIGNALS[self.plan.again])
                code = tool.wait(_TOOL_S)
            self._told(tool)

    def once_more(self) -> None:
        """I5: a run that is done is done; nothing changes when it is taken up again."""
        with nothing_changes(self.place):
            self._ended(self._resume(), (0,))
            if self.plan.verb != "rollback" and self.plan.number % 4 == 0:
                self._ended(self._apply(), (0,))

    def _next(self) -> Child:
        if self.plan.verb == "rollback":
            return self._rollback()
        return self._resume() if self._open_journal() else self._apply()

    def _open_journal(self) -> bool:
        journals = self._journals()
        return bool(journals) and '"step":"run","event":"end"' not in journals[-1].read_text(encoding="utf-8")

    def _journals(self) -> list[Path]:
        return sorted(
            (self.place.folder / ".indexical" / "runs").glob("*.jsonl"),
            key=lambda path: path.stat().st_mtime_ns,
        )

    # -- the tool ----------------------------------------------------------------------------------------------------------

    def _apply(self) -> Child:
        return self._tool("apply", "--advice", self.advice, "--no-backup")

    def _resume(self) -> Child:
        return self._tool("apply", "--resume")

    def _rollback(self) -> Child:
        return self._tool("rollback")

    def _tool(self, verb: str, *words: object) -> Child:
        self._number += 1
        return Child(self.arena.nursery, self.place.folder, self._number, verb, self.place.url, *words)

    def _ended(self, tool: Child, codes: tuple[int, ...]) -> None:
        with tool:
            code = tool.wait(_TOOL_S)
        self._told(tool)
        assert code in codes, f"ended with {code}: {self._last}"

    def _told(self, tool: Child) -> None:
        self._last = f"{tool.out[-900:]} {tool.err[-400:]}"
        self.said.append(self._last)
        assert "Traceback" not in tool.err, f"a traceback: {tool.err[-1500:]}"

    # -- moments and faults ------------------------------------------------------------------------------------------------

    def _in_the_way(self, tool: Child, others: ExitStack) -> None:
        """A phase that only waits is a moment too short to be hit, unless there is something to wait for."""
        moment = self.plan.moment
        if moment in _LATE and not self._until(tool, "building index"):
            return
        if moment in _STANDS:
            self._stand(others, _STANDS[moment])

    def _until(self, tool: Child, moment: str) -> bool:
        """Waits for the moment; false when the tool ends before it, or it does not come."""
        if moment in ("start", "late"):
            time.sleep(0.3 if moment == "start" else 1.2)
            return tool.code is None
        query, values = (_DROPPING, ()) if moment == "dropping" else (_PHASE, (moment,))
        deadline = time.monotonic() + _MOMENT_S
        with self.arena.cluster.open("chaos") as connection:
            while tool.code is None and time.monotonic() < deadline:
                if connection.execute(query, values).fetchone():
                    return True
                time.sleep(0.005)
        return False

    def _strike(self, tool: Child, others: ExitStack) -> None:
        kill, cluster = self.plan.kill, self.arena.cluster
        if kill in _SIGNALS:
            tool.kill(_SIGNALS[kill])
        elif kill in ("terminate", "cancel", "terminate idle"):
            self._at_backend(
                _IDLE if kill == "terminate idle" else _WORKING, "cancel" if kill == "cancel" else "terminate"
            )
        elif kill == "crash":
            cluster.crash()
            cluster.start()
        elif kill == "immediate restart":
            cluster.restart("immediate")
        elif kill == "kill backend":
            pid = self._backend(_WORKING)
            if pid:
                with suppress(AssertionError):  # It may have ended a moment ago.
                    cluster.kill_backend(pid)
                    time.sleep(0.2)
                cluster.wait_ready()
        elif kill in ("lock", "snapshot", "writer"):
            self._stand(others, _STANDS[kill])
            time.sleep(_STANDS_S)
        elif kill == "alter":
            self._alter()
        # Whoever stood in the way has had time enough to matter.
        others.close()

    def _stand(self, others: ExitStack, statements: str) -> None:
        connection = self.arena.cluster.open("chaos")
        others.callback(connection.close)
        connection.execute("SET application_name = 'application in the way'")
        # Whoever wants a lock that a build holds waits for it by nature; longer than a second nobody is to wait.
        connection.execute("SET lock_timeout = '800ms'")
        with suppress(psycopg.errors.LockNotAvailable, psycopg.OperationalError):
            for statement in statements.split("; "):
                connection.execute(statement)

    def _alter(self) -> None:
        with self.arena.cluster.open("chaos") as connection, suppress(psycopg.Error):
            connection.execute("SET application_name = 'application altering'")
            connection.execute("SET lock_timeout = '5s'")
            with connection.transaction():
                connection.execute("LOCK TABLE public.chaos IN ACCESS EXCLUSIVE MODE")

    def _backend(self, query: str) -> int:
        with self.arena.cluster.open("chaos") as connection:
            row = connection.execute(query).fetchone()
        return int(str(row[0])) if row else 0

    def _at_backend(self, query: str, how: str) -> None:
        pid = self._backend(query)
        if pid:
            with self.arena.cluster.open("chaos") as connection:
                connection.execute(f"SELECT pg_{how}_backend({pid})")
