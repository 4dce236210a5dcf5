"""The recorded runs: which there are, and the one that is meant."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexical.apply.journal import difference, read_run
from indexical.apply.journal.identity import named
from indexical.cli.records import runs_folder, shown
from indexical.errors import FileRefused, InputError
from indexical.model.run import RunRecord, TargetIdentity
from indexical.report.units import printable

_MOST = 10_000
"""Journals that are looked at, the newest first."""
_KEPT = frozenset({"rollback", "maintain"})
"""Verbs whose runs are not taken back unless they are named: what is maintained is as it was, only tidier."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run and where its journal is."""

    path: Path
    record: RunRecord


def recorded_runs() -> tuple[Recorded, ...]:
    """Every run in the folder of journals, the newest first; a file that is none is named on standard error."""
    found = []
    for path in sorted(runs_folder().glob("*.jsonl"), reverse=True)[:_MOST]:
        try:
            found.append(Recorded(path, read_run(path)))
        except FileRefused as error:
            print(printable(f"passed over: {error}"), file=sys.stderr)
    # Two files of one second are in no order by their names.
    return tuple(sorted(found, key=lambda each: each.record.began, reverse=True))


def chosen(
    runs: Sequence[Recorded], *, journal: str | None, run: str | None, here: TargetIdentity | None = None
) -> Recorded:
    """The run of the journal that is named, or of the id, or the newest that is no rollback or upkeep and did something.

    ``here`` is the database that it has to be about: another one's is refused when it was named, and passed over when it was
    not. Raises :class:`FileRefused` and :class:`InputError`.
    """
    if journal is not None:
        path = Path(journal)
        found = Recorded(path, read_run(path))
        if run is not None and found.record.run != run:
            raise InputError(
                f"{journal} is the journal of run {found.record.run}, not of {run}; leave one of them out"
            )
    elif run is not None:
        found = _by_id(runs, run)
    else:
        return _newest(runs, here)
    if here is not None and not _is_about(found.record, here):
        raise FileRefused(
            f"the run {found.record.run} was on {named(found.record.target)}, and this is {named(here)}; nothing was "
            "changed, connect to the database that the run was on"
        )
    return found


def of_database(runs: Sequence[Recorded], here: TargetIdentity) -> tuple[Recorded, ...]:
    """The runs on this database."""
    return tuple(each for each in runs if _is_about(each.record, here))


def _is_about(record: RunRecord, here: TargetIdentity) -> bool:
    """A server that has taken the place of the run's has its indexes, with their oids."""
    return difference(record.target, here) in ("", "timeline")


def _by_id(runs: Sequence[Recorded], run: str) -> Recorded:
    found = [each for each in runs if each.record.run == run]
    if not found:
        known = ", ".join(each.record.run for each in runs[:10]) or "none"
        raise InputError(f"there is no run {run} in {shown(runs_folder())}; the newest there are: {known}")
    return found[0]


def _did_something(record: RunRecord) -> bool:
    """Not one that found everything as it was to be."""
    return any(step.state not in ("planned", "skipped") for step in record.steps)


def _newest(runs: Sequence[Recorded], here: TargetIdentity | None) -> Recorded:
    # One that was taken back already is still the one that is meant: asking twice must not go further back.
    able = [e for e in runs if e.record.verb not in _KEPT and (here is None or _is_about(e.record, here))]
    if able:
        return next((each for each in able if _did_something(each.record)), able[0])
    of = f" of database {here.database}" if here is not None else ""
    raise FileRefused(
        f"there is no run{of} in {shown(runs_folder())}; go to the folder in which it was begun, or name its journal with "
        "--journal FILE"
    )
