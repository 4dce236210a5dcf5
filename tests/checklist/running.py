"""Runs exactly the tests that the lines are bound to, each once, and says what became of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.checklist.recording import VARIABLE

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 1800
"""For one test: on a busy machine what is slow must not be taken for what is wrong."""
_INTERRUPTED = 2
_NOTHING_COLLECTED = 5


class NotRun(Exception):
    """pytest itself broke off."""


@dataclass(frozen=True, slots=True)
class Outcome:
    test: str
    """The node id."""
    state: str
    """``passed``, ``failed`` or ``skipped``."""
    seconds: float = 0.0
    detail: str = ""
    """The end of the failure, or the reason for skipping."""
    figures: tuple[tuple[str, str], ...] = ()
    """What the test recorded with ``record_property``."""


def belongs(test: str, binding: str) -> bool:
    """Whether a node id is the one that a line names, a case of it, or a test of the file it names."""
    return test == binding or test.startswith((f"{binding}[", f"{binding}::"))


def collect(bindings: Iterable[str], root: Path = ROOT) -> tuple[str, ...]:
    """The node ids below the files that the bindings name; a file that is not there or does not load has none."""
    files = sorted({binding.partition("::")[0] for binding in bindings})
    present = [file for file in files if (root / file).exists()]
    if not present:
        return ()
    words = ["--collect-only", "-q", "--continue-on-collection-errors", *present]
    entries = _pytest(words, root, quiet=True)
    return tuple(str(entry["collected"]) for entry in entries if "collected" in entry)


def needed(bindings: Iterable[str], collected: Iterable[str]) -> tuple[str, ...]:
    """What to name to pytest: bindings that have a test, without those that another one holds already."""
    wanted, collected = list(dict.fromkeys(bindings)), tuple(collected)
    return tuple(
        each
        for each in wanted
        if any(belongs(test, each) for test in collected)
        and not any(other != each and belongs(each, other) for other in wanted)
    )


def run(
    tests: Sequence[str], *, workers: int = 2, root: Path = ROOT, xml: Path | None = None
) -> tuple[Outcome, ...]:
    """Runs what :func:`needed` names, with its output on this terminal.

    Raises :class:`NotRun`, and KeyboardInterrupt when interrupted.
    """
    if not tests:
        return ()
    words = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
    words += ["-q", "-ra", "--timeout", str(_PATIENCE_S), *([f"--junitxml={xml}"] if xml else [])]
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "tests"
        names.write_text("\n".join(tests), encoding="utf-8")
        entries = _pytest([*words, f"@{names}"], root)
    return tuple(_outcome(entry) for entry in entries if "test" in entry)


def _outcome(entry: Mapping[str, object]) -> Outcome:
    figures = entry["figures"]
    assert isinstance(figures, list)
    return Outcome(
        str(entry["test"]),
        str(entry["outcome"]) or "skipped",
        float(str(entry["seconds"])),
        str(entry["detail"]),
        tuple((str(name), str(value)) for name, value in figures),
    )


def _pytest(words: Sequence[str], root: Path, *, quiet: bool = False) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "entries.jsonl"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.checklist.recording",
            "-p",
            "no:cacheprovider",
            *words,
        ]
        environment = {
            # A worker of xdist may be the one who calls us.
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            VARIABLE: str(file),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        }
        done = subprocess.run(
            command, cwd=root, env=environment, check=False, capture_output=quiet, text=True
        )
        if done.returncode == _INTERRUPTED and not quiet:
            raise KeyboardInterrupt
        if done.returncode not in (0, 1, _NOTHING_COLLECTED, *((_INTERRUPTED,) if quiet else ())):
            said = f":\n{done.stdout[-2000:]}{done.stderr[-2000:]}" if quiet else ""
            raise NotRun(f"pytest ended with {done.returncode}{said}")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]
