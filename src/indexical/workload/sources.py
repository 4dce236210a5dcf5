"""Any number of workload sources, of whatever kind, as one workload. A file is what its content says, not its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexical.errors import FileRefused, InputError, WorkloadEmpty
from indexical.model import Workload
from indexical.workload.capture import CaptureFile, is_capture
from indexical.workload.gathering import Observed, workload_of
from indexical.workload.sqlfile import SqlFile


def open_sources(paths: Sequence[str | Path]) -> Workload:
    """The statements of all the sources, those of one shape merged.

    Raises :class:`FileRefused` for a source that is not what it claims and :class:`WorkloadEmpty` when no statement is left.
    """
    if not paths:
        raise InputError("no workload is given; name a .sql file, a folder of them or a capture file")
    observed = tuple(part for path in paths for part in _observe(Path(path)))
    workload = workload_of(observed)
    if not workload.statements:
        why = f"; the first thing skipped: {workload.skipped[0].why}" if workload.skipped else ""
        raise WorkloadEmpty(f"{', '.join(str(path) for path in paths)}: nothing in it can be examined{why}")
    return workload


def _observe(path: Path) -> tuple[Observed, ...]:
    if path.is_dir():
        return SqlFile(path).observe()
    try:
        with path.open("rb") as file:
            first = file.read(4096)
    except OSError as error:
        raise FileRefused(f"the workload {path} cannot be read: {error.strerror}; check the path") from error
    if is_capture(first):
        return (CaptureFile(path).observe(),)
    if first.startswith(b"\x1f\x8b"):
        raise FileRefused(f"{path} is compressed; unpack it first")
    if path.suffix == ".jsonl" or first.lstrip()[:1] in (b"{", b"["):
        raise FileRefused(
            f"{path} is not a capture file: its first line does not say so; record one with: indexical capture"
        )
    return SqlFile(path).observe()
