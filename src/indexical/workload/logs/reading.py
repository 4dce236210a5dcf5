"""Log files of one server as one source: their kind told by content, the window by the first and last time stamp."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexical.errors import FileRefused
from indexical.model import Skipped
from indexical.workload.gathering import Observed, printable
from indexical.workload.logs import csvlog, jsonlog, stderr
from indexical.workload.logs.entries import STAMP, Damage, Entry
from indexical.workload.logs.messages import Executions
from indexical.workload.logs.prefix import compiled, guess
from indexical.workload.logs.stream import Lines, opened
from indexical.workload.logs.tally import Tally
from indexical.workload.screening import Screen

OTHER_DATABASE = "ran in another database"
OWN = "sent by Indexical itself"
NOTHING_LOGGED = (
    "no statement is logged in it; set log_min_duration_statement (or log_min_duration_sample), "
    "and lc_messages to C or English"
)
FAILED = "ended in an error"
_SNIFF = 256 * 1024
_CSV_HEAD = re.compile(rf'{STAMP} [\w+:-]+,(?:"(?:[^"]|"")*")?,(?:"(?:[^"]|"")*")?,\d*,'.encode())
_ORDER = {"json": 0, "csv": 1, "stderr": 2}
_EPOCH = re.compile(r"\d{1,12}\.\d+\Z")


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    """json | csv | stderr"""
    head: re.Pattern[str] | None = None


def kind_of(path: Path, prefix: str = "") -> Kind | None:
    """What kind of server log a file is; None when it is none.

    Raises :class:`FileRefused` when it cannot be opened and :class:`indexical.errors.InputError` for a prefix that is none.
    """
    with opened(path) as file:
        lines = Lines(path, file)
        first: list[bytes] = []
        size = 0
        for line in lines:
            first.append(line)
            size += len(line)
            if size > _SNIFF:
                break
    filled = [line for line in first if line.strip()]
    if any(line.lstrip()[:1] == b"{" and b'"error_severity"' in line for line in filled[:50]):
        return Kind("json")
    if any(_CSV_HEAD.match(line) for line in filled[:2000]):
        return Kind("csv")
    if prefix:
        return Kind("stderr", compiled(prefix))
    head = guess(line.decode("utf-8", "replace").rstrip("\r\n") for line in filled[:2000])
    return Kind("stderr", head) if head is not None else None


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Logs of one server, in the order given.

    ``prefix`` is its ``log_line_prefix``; guessed when empty. ``database`` leaves out what ran in others; empty takes all.
    ``redact`` keeps no values.
    """

    paths: Sequence[Path]
    prefix: str = ""
    database: str = ""
    redact: bool = False

    def observe(self) -> Observed:
        """Raises :class:`FileRefused` when a file cannot be opened or is no server log."""
        names = printable(self.paths[0].name) + (
            f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        )
        reading = _Reading(Tally(names, Screen(self.redact)), self.database)
        for path, kind, same in self._kinds():
            if same:
                reading.tally.skip("the same log in another format is read instead", printable(path.name))
            else:
                reading.file(path, kind)
        return reading.observed()

    def _kinds(self) -> Iterator[tuple[Path, Kind, bool]]:
        """Each file with its kind, and whether another one holds the same messages: one server may write three formats."""
        kinds = []
        for path in self.paths:
            kind = kind_of(path, self.prefix)
            if kind is None:
                raise FileRefused(
                    f"{path} is not a server log whose lines can be told apart; give its log_line_prefix, or log as "
                    "csvlog or jsonlog"
                )
            kinds.append((path, kind))
        best: dict[Path, int] = {}
        for path, kind in kinds:
            stem = _stem(path)
            best[stem] = min(best.get(stem, 9), _ORDER[kind.name])
        for path, kind in kinds:
            yield path, kind, best[_stem(path)] < _ORDER[kind.name]


@dataclass(slots=True)
class _Reading:
    tally: Tally
    database: str
    executions: Executions = field(default_factory=Executions)
    earliest: str = ""
    latest: str = ""
    messages: int = 0

    def file(self, path: Path, kind: Kind) -> None:
        name = printable(path.name)
        with opened(path) as file:
            lines = Lines(path, file)
            for part in _parts(lines, kind):
                if isinstance(part, Damage):
                    self.tally.skip(part.why, f"{name}:{part.place}")
                else:
                    self.entry(part, name)
            if lines.damage:
                self.tally.skip(lines.damage, f"{name}:{lines.number}")

    def entry(self, entry: Entry, name: str) -> None:
        self.messages += 1
        if entry.stamp:
            if not self.earliest or entry.stamp < self.earliest:
                self.earliest = entry.stamp
            if entry.stamp > self.latest:
                self.latest = entry.stamp
        if self.database and entry.database and entry.database != self.database:
            self._foreign(entry, OTHER_DATABASE, name)
        elif entry.application.startswith("indexical"):
            self._foreign(entry, OWN, name)
        else:
            for run in self.executions.take(entry):
                self.tally.add(run, f"{name}:{run.place}")

    def _foreign(self, entry: Entry, why: str, name: str) -> None:
        if entry.severity not in ("ERROR", "FATAL", "PANIC") and " ms  parse " not in entry.message[:60]:
            self.tally.skip(why, f"{name}:{entry.place}")

    def observed(self) -> Observed:
        for run in self.executions.finish():
            self.tally.add(run, f"{self.tally.source}:{run.place}")
        if self.executions.failed:
            self.tally.skip(FAILED, f"{self.executions.failed} statements", float(self.executions.failed))
        if self.executions.unreadable_plans:
            self.tally.skip(
                "the plan does not show its statement", f"{self.executions.unreadable_plans} plans"
            )
        observations = self.tally.observations()
        skipped = tuple(_skipped(why, places) for why, places in self.tally.skips.items())
        if not observations and not skipped:
            skipped = (Skipped(self.tally.source, NOTHING_LOGGED),)
        return Observed(observations, skipped, _seconds(self.earliest, self.latest))


def _parts(lines: Lines, kind: Kind) -> Iterator[Entry | Damage]:
    if kind.name == "json":
        return jsonlog.read(lines)
    if kind.name == "csv":
        return csvlog.read(lines)
    assert kind.head is not None  # noqa: S101 - the one kind that always has one
    return stderr.read(lines, kind.head)


def _stem(path: Path) -> Path:
    name = path.name.removesuffix(".gz")
    for ending in (".json", ".csv", ".log"):
        name = name.removesuffix(ending)
    return path.with_name(name or path.name)


def _skipped(why: str, places: Sequence[tuple[str, float]]) -> Skipped:
    place, calls = places[0]
    more = f" and {places[1][1]:.0f} more" if len(places) > 1 else ""
    return Skipped(f"{place}{more}", why, calls)


def _seconds(earliest: str, latest: str) -> float:
    begin, end = _moment(earliest), _moment(latest)
    return max(0.0, end - begin) if begin is not None and end is not None else 0.0


def _moment(stamp: str) -> float | None:
    if not stamp:
        return None
    try:
        if _EPOCH.match(stamp):
            return float(stamp)
        # The zone is the same throughout a log, so that it does not matter for a difference.
        return dt.datetime.fromisoformat(stamp).replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        return None
