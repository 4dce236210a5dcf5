"""What each row of the plan showed on each version: a line for every test that has run, kept outside the repository's history."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "build" / "faults.jsonl"


@dataclass(frozen=True, slots=True)
class Result:
    """One test of one row on one version."""

    test: str
    row: int
    title: str
    major: int
    guard: bool
    """Whether it shows that the guard matters, rather than that the row holds."""
    outcome: str
    """passed | failed | skipped"""
    detail: str = ""
    """Why it was skipped."""


def record(item: pytest.Item, report: pytest.TestReport) -> None:
    """Adds a line for each row that a test is about: when it ends, or at once when it fails or is skipped."""
    if report.passed and report.when != "teardown":
        return
    earlier = item.stash.setdefault(_WORST, "passed")
    outcome = report.outcome if report.outcome != "passed" else earlier
    item.stash[_WORST] = outcome
    detail = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
    if report.passed and earlier != "passed":
        return
    lines = [json.dumps(asdict(each)) + "\n" for each in of(item, outcome, detail)]
    if lines:
        RESULTS.parent.mkdir(exist_ok=True)
        # One write of an appending file: several workers do not tear each other's lines.
        with os.fdopen(
            os.open(RESULTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "w", encoding="utf-8"
        ) as file:
            file.write("".join(lines))


_WORST = pytest.StashKey[str]()


def of(item: pytest.Item, outcome: str, detail: str = "") -> tuple[Result, ...]:
    """A result for every row that a test's markers name."""
    major = item.callspec.params.get("major", 0) if hasattr(item, "callspec") else 0
    found = []
    for name in ("fault", "guard"):
        for marker in item.iter_markers(name):
            rows = [each for each in marker.args if isinstance(each, int)]
            title = next((each for each in marker.args if isinstance(each, str)), "")
            found += [
                Result(item.nodeid, row, title, int(major), name == "guard", outcome, detail) for row in rows
            ]
    return tuple(found)


def results(path: Path = RESULTS) -> tuple[Result, ...]:
    """The last result of every test and row, sorted by row and version."""
    last: dict[tuple[str, int, bool], Result] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            found = Result(**json.loads(line))
            last[(found.test, found.row, found.guard)] = found
    return tuple(sorted(last.values(), key=lambda each: (each.row, each.major, each.test)))
