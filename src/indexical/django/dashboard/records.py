"""What lies in files beside the project: samples of use, journals of runs, the newest advice. Reading them changes none.

The folder is the one that the commands use, ``.indexical`` in the directory the server was started from, or the setting
``INDEXICAL_FOLDER``. No name of a file ever comes from a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from indexical.apply.journal.reading import read_run
from indexical.cli.records import RUNS, SAMPLES, records_folder
from indexical.django import samples
from indexical.errors import FileRefused
from indexical.model.run import RunRecord
from indexical.model.usage import NodeState, Sample
from indexical.report import advice_file
from indexical.report.advice_file import AcceptedAdvice
from indexical.report.document import read
from indexical.usage import SampleStore, Store

FOLDER = "INDEXICAL_FOLDER"
ADVICE = "INDEXICAL_ADVICE"
MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class Journals:
    """The newest runs first, and what of the folder is no journal."""

    runs: tuple[tuple[str, RunRecord], ...]
    """(file name, run)."""
    refused: tuple[str, ...]
    more: int = 0
    """Older journals that were not read."""


@dataclass(frozen=True, slots=True)
class SavedAdvice:
    accepted: AcceptedAdvice
    document: Mapping[str, Any]
    path: str


def folder(create: bool = False) -> Path:
    """The folder of records. Raises :class:`FileRefused` when it is to be made and cannot be."""
    wanted = getattr(settings, FOLDER, None)
    if wanted is None:
        return records_folder(create)
    path = Path(wanted)
    if create:
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FileRefused(
                f"the folder of {FOLDER} could not be made ({error.strerror}); make it, or name another"
            ) from None
    return path


def kept_samples(state: NodeState) -> dict[str, tuple[Sample, ...]]:
    """The samples of a database by server, oldest first; nothing where none were kept. Raises :class:`InputError`."""
    table = samples.chosen()
    if table is not None:
        return _all(table, state)
    path = folder() / SAMPLES
    if not path.exists():
        return {}
    with Store(path) as store:
        return _all(store, state)


def keep(sample: Sample) -> None:
    """Adds a sample to those that are kept. Raises :class:`InputError`."""
    table = samples.chosen()
    if table is not None:
        table.add(sample)
        return
    with Store(folder(create=True) / SAMPLES) as store:
        store.add(sample)


def _all(store: SampleStore, state: NodeState) -> dict[str, tuple[Sample, ...]]:
    return {node: store.samples(state, node) for node in store.nodes(state)}


def journals() -> Journals:
    """What the journals say. Raises :class:`FileRefused` when the folder cannot be used."""
    found: list[tuple[str, RunRecord]] = []
    refused: list[str] = []
    place = folder() / RUNS
    paths = sorted(place.glob("*.jsonl"), key=lambda path: path.name, reverse=True) if place.is_dir() else []
    for path in paths[:MOST_RUNS]:
        try:
            status = path.lstat()
            found.append((path.name, _run(path, status.st_mtime_ns, status.st_size)))
        except FileRefused as error:
            refused.append(str(error).replace(str(path), path.name))
        except FileNotFoundError:
            # Deleted while we looked.
            continue
    return Journals(tuple(found), tuple(refused), max(0, len(paths) - MOST_RUNS))


@lru_cache(maxsize=2 * MOST_RUNS)
def _run(path: Path, changed: int, size: int) -> RunRecord:
    """The journal in the state that its time and size say."""
    return read_run(path)


def saved_advice() -> SavedAdvice | None:
    """The advice that the setting names; None when none is named. Raises :class:`FileRefused`."""
    wanted = getattr(settings, ADVICE, None)
    if not wanted:
        return None
    path = Path(wanted)
    accepted = advice_file.load(path)
    return SavedAdvice(accepted, read(path, "advice", f"write it with: advise --save {path}"), path.name)
