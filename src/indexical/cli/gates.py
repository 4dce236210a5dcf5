"""The gates of a promotion as they are run: what each looks at, and the decision that comes of it.

A gate that could not look says "not examined", which passes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from indexical.apply.journal import identity
from indexical.apply.statements import create_statement, drop_statement
from indexical.cli.door import Door
from indexical.cli.progress import progress
from indexical.cli.recorded import chosen, recorded_runs
from indexical.cli.source import open_session, read_workload, url_of
from indexical.cli.watching import watch
from indexical.errors import InputError, WorkloadEmpty
from indexical.model import DdlStatement, Recommendation, Workload
from indexical.model.promotion import (
    APPLIED,
    NO_INVALID,
    NOT_WORSE,
    TESTS,
    VERIFIED,
    WINDOW,
    Clocks,
    Observed,
    Promotion,
    Verdict,
)
from indexical.promotion.deciding import (
    Compared,
    Decision,
    differs,
    duration,
    is_promoted,
    judge_applied,
    judge_compared,
    judge_invalid,
    judge_verified,
    judge_watched,
    judge_window,
    not_advised,
    window_end,
)
from indexical.promotion.observing import clocks, observe
from indexical.report.advice_file import load
from indexical.report.measured import Run
from indexical.report.measured import load as load_measured
from indexical.verify import verify

_LEAST_MS = 0.1
_SHOWN = 200

Examined = tuple[Verdict, str, Clocks, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One gate that is to be run, with everything that was said on the command line."""

    promotion: Promotion
    source: str | None
    arguments: argparse.Namespace
    door: Door


def examine(gate: str, ask: Ask) -> Examined:
    """Runs the gate. Raises :class:`InputError` when what it needs was not given, and what asking a database may raise."""
    run = _BUILT_IN.get(gate, _command)
    if run is not _command and ask.arguments.command:
        raise InputError(f"the gate {gate} looks for itself; leave the command after -- out")
    return run(ask)


def statements_of(advice: str) -> list[DdlStatement]:
    """What an advice file would have done."""
    accepted = load(Path(advice))
    creates = [create_statement(item.name, item.index, item.made_for) for item in accepted.create]
    return creates + [drop_statement(item.existing) for item in accepted.drop]


def _applied(ask: Ask) -> Examined:
    journal = ask.arguments.journal
    runs = () if journal else recorded_runs()
    found = chosen(runs, journal=journal, run=None if journal else ask.promotion.run)
    if found.record.run != ask.promotion.run:
        raise InputError(
            f"{journal} is the journal of run {found.record.run}, and the promotion is of {ask.promotion.run}"
        )
    return *judge_applied(found.record), clocks(), (f"journal {found.path.name}",)


def _window(ask: Ask) -> Examined:
    observed = _observed(ask)
    return *judge_window(ask.promotion, observed), observed.clocks, ()


def _no_invalid(ask: Ask) -> Examined:
    observed = _observed(ask)
    return *judge_invalid(ask.promotion, observed), observed.clocks, ()


def _verified(ask: Ask) -> Examined:
    create = _expected(ask)
    try:
        workload = read_workload(_named(ask), ask.door)
    except WorkloadEmpty:
        # Whether they are there can be seen without; their use is then not measured, and the gate not examined.
        workload = Workload(())
    with open_session(ask.source, ask.door) as session:
        outcomes = verify(session, create, workload)
        observed = observe(session, identity(session), ask.promotion.changes)
    evidence = tuple(f"{type(outcome).__name__.lower()}: {outcome.what}"[:_SHOWN] for outcome in outcomes)
    return *judge_verified(ask.promotion, outcomes, observed), observed.clocks, evidence


def _not_worse(ask: Ask) -> Examined:
    arguments = ask.arguments
    if arguments.watch is not None:
        return _watched(ask)
    if arguments.before is None or arguments.after is None:
        raise InputError(
            "say what is compared: --before FILE --after FILE, two runs of measure; or --watch TIME --baseline FILE"
        )
    before, after = load_measured(Path(arguments.before)), load_measured(Path(arguments.after))
    evidence = (
        f"before {before.made_at or 'at an unknown time'}",
        f"after {after.made_at or 'at an unknown time'}",
    )
    return *_compared(ask, before, after), clocks(), evidence


def _compared(ask: Ask, before: Run, after: Run) -> Decision:
    """Two runs prove something only when the change lies between them and the later one is from after the window."""
    ended = window_end(ask.promotion)
    since = ended.at if ended is not None else ask.promotion.began
    began, end = _moment(ask.promotion.run_began), _moment(since)
    earlier, later = _moment(before.made_at), _moment(after.made_at)
    if earlier is None or later is None or began is None or end is None:
        return "not-examined", "a measured run, or the run on staging, does not say when it was made"
    if earlier > began:
        return (
            "not-examined",
            f"the run before was measured {before.made_at}, after the change on staging had begun",
        )
    if later < end:
        what = "the end of the window" if ended is not None else "the begin of the promotion"
        return "not-examined", f"the run after was measured {after.made_at}, before {what} ({since})"
    old = {read.id: read.median_ms for read in before.reads}
    new = {read.id: read.median_ms for read in after.reads}
    pairs = [Compared(id, old[id], new[id]) for id in sorted(old.keys() & new.keys())]
    gone = sorted(old.keys() - new.keys())
    return judge_compared(pairs, gone, tolerance=ask.arguments.tolerance, least_ms=_LEAST_MS)


def _moment(text: str) -> datetime | None:
    """A time with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _watched(ask: Ask) -> Examined:
    arguments = ask.arguments
    if arguments.baseline is None or not Path(arguments.baseline).exists():
        raise InputError(
            "watching compares with a window from before the change: keep one with verify --watch TIME --baseline FILE, "
            "apply, and name that FILE here"
        )
    create = _expected(ask)
    own = argparse.Namespace(
        watch=arguments.watch, baseline=arguments.baseline, auto_revert=False, journal=None
    )
    with progress() as on_event:
        url = url_of(ask.source, ask.door)
        outcomes = watch(own, url, create, program=ask.door.program, on_event=on_event).outcomes
    observed = _observed(ask)
    if differs(ask.promotion.staging, observed.target):
        return "failed", "this is not the staging database of the record", observed.clocks, ()
    return *judge_watched(outcomes), observed.clocks, (f"watched {duration(arguments.watch)}",)


def _command(ask: Ask) -> Examined:
    """A gate of the user's own: what it says is its exit code. Its output goes where ours goes and is not kept."""
    command = ask.arguments.command
    if not command:
        raise InputError("say what is to be run: promote gate NAME --run -- COMMAND")
    if ask.source is not None:
        raise InputError("this gate runs a command and asks no database; leave SOURCE out")
    started = time.monotonic()
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise InputError(f"{command[0]} could not be run: {error.strerror}") from None
    took = duration(time.monotonic() - started)
    words = f"{Path(command[0]).name} ended with {code} after {took}"
    # Only the program's name: its arguments may hold a password.
    return ("passed" if code == 0 else "failed"), words, clocks(), (f"exit code {code}",)


def _observed(ask: Ask) -> Observed:
    with open_session(ask.source, ask.door) as session:
        return observe(session, identity(session), ask.promotion.changes)


def _expected(ask: Ask) -> tuple[Recommendation, ...]:
    """The advised indexes that were built on staging; each that was built there has to be in the advice."""
    if ask.arguments.advice is None:
        raise InputError("say what was applied: --advice FILE")
    others = not_advised(ask.promotion, statements_of(ask.arguments.advice))
    if others:
        raise InputError(
            f"the advice has changed since staging was changed: {'; '.join(others[:3])}; apply it there and begin anew"
        )
    create = load(Path(ask.arguments.advice)).create
    return tuple(item for item in create if is_promoted(ask.promotion, item.index))


def _named(ask: Ask) -> argparse.Namespace:
    """The arguments as :func:`read_workload` wants them."""
    return argparse.Namespace(
        workload=ask.arguments.workload, log_line_prefix=ask.arguments.log_line_prefix, source=ask.source
    )


_BUILT_IN: Mapping[str, Callable[[Ask], Examined]] = {
    APPLIED: _applied,
    WINDOW: _window,
    VERIFIED: _verified,
    TESTS: _command,
    NOT_WORSE: _not_worse,
    NO_INVALID: _no_invalid,
}
