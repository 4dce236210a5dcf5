"""``verify --watch``: the statements and writes of a window compared with those before, and the undo of what got worse."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexical.apply.build import apply_sql
from indexical.apply.journal import new_run
from indexical.apply.journal.reading import read_run
from indexical.apply.undo import plan_undo
from indexical.cli import units
from indexical.cli.progress import OnEvent
from indexical.cli.records import new_journal, records_folder, runs_folder, shown
from indexical.cli.trialling import SAMPLES
from indexical.ddl import drop_index
from indexical.errors import FileRefused, InputError
from indexical.model import Applied, ExistingIndex, Failed, NotMeasured, Outcome, Recommendation, RunRecord
from indexical.model.usage import Reverted
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session, connect
from indexical.usage import Store, sample
from indexical.verify import baseline
from indexical.verify.concerns import concerns_of
from indexical.verify.observing import Watched, between, observe, up_to
from indexical.verify.worse import Threshold, judge

_HARMFUL = frozenset({"WORSE", "NO_GAIN"})
_STEP_S = 0.25


def add_watch(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("watching")
    group.add_argument(
        "--watch",
        metavar="TIME",
        type=units.seconds,
        help="compare the times of statements over this long with those before, and propose the undo of what got worse",
    )
    group.add_argument(
        "--baseline",
        metavar="FILE",
        help="a window to compare with: the first watch makes the file, a later one reads it; left out: everything that was "
        "counted until the watch began",
    )
    group.add_argument(
        "--auto-revert", action="store_true", help="drop an index again that made something worse, once"
    )
    group.add_argument(
        "--journal",
        metavar="FILE",
        help="the record of the run that built the indexes; left out: looked for among the runs of this folder",
    )


@dataclass(frozen=True, slots=True)
class Result:
    outcomes: tuple[Outcome, ...]
    run: str = ""
    journal: str = ""


@dataclass(frozen=True, slots=True)
class _Built:
    """The run that built an index."""

    record: RunRecord
    path: Path
    step: str


def begins_baseline(arguments: argparse.Namespace) -> bool:
    """Whether this watch makes the baseline, and so comes before the change. Raises :class:`InputError` for odd options."""
    if arguments.watch is None:
        for option in ("baseline", "auto_revert", "journal"):
            if getattr(arguments, option):
                raise InputError(
                    f"--{option.replace('_', '-')} is for --watch TIME; add that, or leave it out"
                )
        return False
    if arguments.baseline is None or Path(arguments.baseline).exists():
        return False
    if arguments.auto_revert:
        raise InputError(
            f"{arguments.baseline} is not there yet, so there is nothing to revert; watch without --auto-revert"
        )
    return True


def watch(
    arguments: argparse.Namespace,
    url: str,
    expected: Sequence[Recommendation],
    *,
    program: str,
    on_event: OnEvent | None,
) -> Result:
    """Watches for as long as asked, and judges each index that is there; with ``--auto-revert`` takes the harmful ones back.

    Raises what reading a database, a baseline and a journal may raise.
    """
    path = None if arguments.baseline is None else Path(arguments.baseline)
    making = begins_baseline(arguments)
    known = None if path is None or making else baseline.read(path)
    with connect(url) as session:
        first = observe(session)
    _wait(arguments.watch, on_event)
    with connect(url) as session:
        after = between(first, observe(session))
        if path is not None and making:
            baseline.write(after, path)
            return Result(_baseline_made(expected, path, after))
        before = known or up_to(first)
        if before.target != after.target:
            raise InputError(f"the baseline {path} is of another database or server version; make a new one")
        found = _existing(session, expected)
        outcomes = _judged(session, found, before, after, arguments.journal, program)
        if not arguments.auto_revert:
            return Result(tuple(outcome for _, outcome in outcomes))
        return _reverted(session, url, outcomes, arguments.journal)


def _wait(seconds: float, on_event: OnEvent | None) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        if on_event is not None:
            on_event("watch", 1 - left / seconds, f"{left:.0f} s left")
        time.sleep(min(_STEP_S, left))


def _baseline_made(expected: Sequence[Recommendation], path: Path, after: Watched) -> tuple[Outcome, ...]:
    why = f"; but {after.missing}" if after.missing else ""
    text = f"this window was written to {path} as the baseline; watch again after the change to compare{why}"
    return tuple(NotMeasured(f"{each.index.schema}.{each.name}", each.name, text) for each in expected)


def _existing(session: Session, expected: Sequence[Recommendation]) -> list[ExistingIndex]:
    found = []
    for each in expected:
        here = existing_indexes(session, schema=each.index.schema, table=each.index.table)
        found += [existing for existing in here if existing.name == each.name and existing.valid]
    return found


def _judged(
    session: Session,
    found: Sequence[ExistingIndex],
    before: Watched,
    after: Watched,
    journal: str | None,
    program: str,
) -> list[tuple[ExistingIndex, Outcome]]:
    concerns = concerns_of(session, after.statements, {existing.index.qualified_table for existing in found})
    outcomes = []
    for existing in found:
        undo = _how(_built(existing, journal), existing, program)
        outcomes.append((existing, judge(existing, before, after, concerns, Threshold(), undo)))
    return outcomes


def _how(built: _Built | None, existing: ExistingIndex, program: str) -> str:
    if built is None:
        drop = drop_index(existing.index.schema, existing.name, concurrently=True)
        return f"no record of the run that built it was found; to take it back, run: {drop}"
    # The URL may hold a password, and is known to whoever reads this.
    source = " URL" if program == "indexical" else ""
    return (
        f"to take it back, run: {program} rollback{source} --journal {shown(built.path)} --step {built.step}"
    )


def _built(existing: ExistingIndex, journal: str | None) -> _Built | None:
    """The latest run that built exactly this index. A record that cannot be read is no record, unless it was named."""
    if journal is not None:
        return _in_record(read_run(Path(journal)), Path(journal), existing)
    for path in sorted(runs_folder().glob("*.jsonl"), reverse=True):
        with contextlib.suppress(FileRefused):
            built = _in_record(read_run(path), path, existing)
            if built is not None:
                return built
    return None


def _in_record(record: RunRecord, path: Path, existing: ExistingIndex) -> _Built | None:
    for step in record.steps:
        made = step.statement.action == "create" and step.state == "applied"
        if made and step.index_oid == existing.oid and step.statement.name == existing.name:
            return _Built(record, path, step.statement.id)
    return None


def _reverted(
    session: Session, url: str, judged: Sequence[tuple[ExistingIndex, Outcome]], journal: str | None
) -> Result:
    outcomes: list[Outcome] = []
    run, written = "", ""
    harmful = [existing for existing, outcome in judged if _is_harmful(outcome)]
    if not harmful:
        return Result(tuple(outcome for _, outcome in judged))
    state = sample(session).state
    with Store(records_folder(create=True) / SAMPLES) as store:
        before = {each.definition: each for each in store.reverted(state)}
        for existing, outcome in judged:
            outcomes.append(outcome)
            if not isinstance(outcome, Failed) or existing not in harmful:
                continue
            earlier = before.get(existing.index.text)
            built = _built(existing, journal)
            why = _not_ours(built, earlier)
            if why or built is None:
                outcomes[-1] = replace(outcome, error=f"{outcome.error}; {why}")
                continue
            run = new_run()
            path = new_journal(run)
            undone = _undo(session, url, built, run, path)
            written = shown(path)
            outcomes += undone
            if undone and all(isinstance(each, Applied) for each in undone):
                index = existing.index
                store.revert(
                    Reverted(
                        state.system,
                        state.database_oid,
                        index.schema,
                        index.table,
                        index.text,
                        existing.name,
                        sample(session).taken_at,
                        outcome.error,
                    )
                )
    return Result(tuple(outcomes), run, written)


def _is_harmful(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.code in _HARMFUL


def _not_ours(built: _Built | None, earlier: Reverted | None) -> str:
    """Why an index is not taken back although that was asked for; empty when it is."""
    if earlier is not None:
        return f"it was taken back on {earlier.at} already and built again since, so this is left to you"
    if built is None:
        return "it was not taken back, because no record of ours says that we built it"
    step = next(step for step in built.record.steps if step.statement.id == built.step)
    if step.statement.migration:
        return f"it was not taken back, because the migration {step.statement.migration} built it"
    return ""


def _undo(session: Session, url: str, built: _Built, run: str, path: Path) -> tuple[Outcome, ...]:
    undo = plan_undo(session, built.record, steps=(built.step,))
    if not undo.statements:
        return undo.kept
    done = apply_sql(
        lambda: connect(url, read_only=False),
        undo.statements,
        journal=path,
        run=run,
        verb="rollback",
        undoes=built.record.run,
        own_way=undo.own_way,
    )
    return (*undo.kept, *done)
