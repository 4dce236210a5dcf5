"""Any number of workload sources, of whatever kind, as one workload. A file is what its content says, not its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexical.errors import FileRefused, InputError, WorkloadEmpty
from indexical.model import Catalog, Workload
from indexical.pg.session import Session
from indexical.workload.capture import CaptureFile, is_capture
from indexical.workload.fingerprint import normalise
from indexical.workload.gathering import Observation, Observed, arrange, arrange_types, workload_of
from indexical.workload.logs.reading import LogFiles, kind_of
from indexical.workload.logs.stream import GZIP
from indexical.workload.redaction import hidden_parameters, visible
from indexical.workload.sqlfile import SqlFile
from indexical.workload.statstatements import NAME, StatStatements, from_snapshot

HOW = "name a .sql file, a folder, a server log, a capture file, or pg_stat_statements"
_LOG_ENDINGS = (".log", ".csv", ".json", ".log.gz", ".csv.gz", ".json.gz")


def open_sources(
    paths: Sequence[str | Path],
    *,
    counters: Session | Catalog | None = None,
    log_line_prefix: str = "",
    database: str = "",
    redact: bool = False,
) -> Workload:
    """The statements of all the sources, those of one shape merged.

    ``counters`` is the database, or the snapshot of one, that the source ``pg_stat_statements`` is read from. Of server
    logs, ``log_line_prefix`` is the setting they were written with (guessed when empty) and ``database`` the one whose
    statements count (empty: all). ``redact`` keeps no value but those of LIMIT and OFFSET.

    Raises :class:`FileRefused` for a source that is not what it claims and :class:`WorkloadEmpty` when no statement is left.
    """
    if not paths:
        raise InputError(f"no workload is given; {HOW}")
    sources = _Sources(counters, log_line_prefix, database, redact)
    observed = tuple(sources.observe(paths))
    if redact:
        observed = tuple(
            replace(part, observations=tuple(_without_values(seen) for seen in part.observations))
            for part in observed
        )
    workload = workload_of(observed)
    if not workload.statements:
        why = f"; the first thing skipped: {workload.skipped[0].why}" if workload.skipped else ""
        raise WorkloadEmpty(f"{', '.join(str(path) for path in paths)}: nothing in it can be examined{why}")
    return workload


@dataclass(frozen=True, slots=True)
class _Sources:
    counters: Session | Catalog | None
    log_line_prefix: str
    database: str
    redact: bool

    def observe(self, paths: Sequence[str | Path]) -> Iterator[Observed]:
        """What each source saw, in order; the logs among them are one source, so that their window is one."""
        logs: list[Path] = []
        for path in paths:
            if str(path) == NAME:
                yield self._counters()
                continue
            place = Path(path)
            if place.is_dir():
                yield from self._folder(place, logs)
            elif self._is_log(place):
                logs.append(place)
            else:
                yield self._file(place)
        if logs:
            yield LogFiles(tuple(logs), self.log_line_prefix, self.database, self.redact).observe()

    def _counters(self) -> Observed:
        if self.counters is None:
            raise InputError(
                "pg_stat_statements can be read only from a database or a snapshot of one: give its connection URL as SOURCE"
            )
        if isinstance(self.counters, Catalog):
            return from_snapshot(self.counters)
        return StatStatements(self.counters).observe()

    def _folder(self, folder: Path, logs: list[Path]) -> Iterator[Observed]:
        """``.sql`` files of the folder, and the server logs in it."""
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        found = [file for file in files if _may_be_log(file) and self._is_log(file)]
        logs.extend(found)
        if any(file.suffix == ".sql" for file in files):
            yield from SqlFile(folder).observe()
        elif not found:
            raise FileRefused(
                f"the folder {folder} holds no .sql file and no server log; name the folder that does, or a file"
            )

    def _is_log(self, path: Path) -> bool:
        return not is_capture(_beginning(path)) and kind_of(path, self._prefix_for(path)) is not None

    def _prefix_for(self, path: Path) -> str:
        # A prefix that is given says how logs begin, not that a file of SQL is one.
        return self.log_line_prefix if path.suffix != ".sql" else ""

    def _file(self, path: Path) -> Observed:
        first = _beginning(path)
        if is_capture(first):
            return CaptureFile(path).observe()
        if first.startswith(GZIP):
            raise FileRefused(f"{path} is compressed, and not a server log; unpack it first")
        if path.suffix == ".jsonl" or first.lstrip()[:1] in (b"{", b"["):
            raise FileRefused(
                f"{path} is not a capture file: its first line does not say so; record one with: indexical capture"
            )
        return SqlFile(path).observe()[0]


def _may_be_log(path: Path) -> bool:
    """By its name: files of a folder were not named one by one. A rotated log may have a number behind its ending."""
    name = path.name.lower()
    return name.endswith(_LOG_ENDINGS) or ".log." in name


def _beginning(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        # A pipe would be waited for, and is read only once; a device may never end.
        raise FileRefused(f"the workload {path} is no ordinary file; write what it gives into one first")
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise FileRefused(f"the workload {path} cannot be read: {error.strerror}; check the path") from error


def _without_values(seen: Observation) -> Observation:
    """The observation with no literal in any clause and no value of any sample but the length of a page."""
    normal = normalise(seen.normalised.sql, everywhere=True)
    hidden = hidden_parameters(normal.sql, normal.kind, len(normal.values), everything=True)
    weights: dict[tuple[str | None, ...], float] = {}
    for sample, weight in zip(seen.samples, seen.weights or (1.0,) * len(seen.samples), strict=True):
        kept = visible(arrange(normal, sample), hidden)
        if any(value is not None for value in kept):
            weights[kept] = weights.get(kept, 0.0) + weight
    return replace(
        seen,
        normalised=normal,
        types=arrange_types(normal, seen.types),
        samples=tuple(weights),
        weights=tuple(weights.values()),
    )
