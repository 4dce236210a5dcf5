"""``python -m tests.faults.table`` writes what the last runs showed into docs/reliability.md, row by row.

A row without any test stops it, unless the plan says why there is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.plan import NOT_TESTED, ROWS
from tests.faults.results import Result, results

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "reliability.md"
_BEGIN = "<!-- rows: written by python -m tests.faults.table -->"
_END = "<!-- end of rows -->"
_MAJORS = (15, 18)


def collected() -> tuple[Result, ...]:
    """Every test of every row as pytest collects them, with the outcome ``not run``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        words = [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/faults",
        ]
        environment = {**os.environ, "INDEXICAL_FAULT_ROWS": str(path)}
        done = subprocess.run(words, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the tests cannot be collected:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return tuple(Result(**each) for each in json.loads(path.read_text(encoding="utf-8")))


def without_tests(tests: Iterable[Result]) -> tuple[int, ...]:
    """The rows of the plan that no test is about and that nobody has given a reason for."""
    named = {each.row for each in tests if not each.guard}
    return tuple(row for row in ROWS if row not in named and row not in NOT_TESTED)


def outcomes(tests: Sequence[Result], seen: Iterable[Result]) -> tuple[Result, ...]:
    """The collected tests with what became of each when it ran last."""
    last = {(each.test, each.row, each.guard): each for each in seen}
    return tuple(last.get((each.test, each.row, each.guard), each) for each in tests)


def cell(tests: Sequence[Result], major: int) -> str:
    """What a row's tests showed on one version."""
    here = [each for each in tests if not each.guard and each.major in (0, major)]
    if not here:
        return "no test"
    states = [each.outcome for each in here]
    if "failed" in states:
        return f"**fails** ({states.count('failed')} of {len(here)})"
    if "not run" in states:
        return "not run"
    if "passed" not in states:
        return "not proven: " + "; ".join(sorted({each.detail.removeprefix("not proven: ") for each in here}))
    skipped = states.count("skipped")
    return "holds" + (f" ({skipped} of {len(here)} not proven)" if skipped else "")


def guard(tests: Sequence[Result]) -> str:
    """Whether the row was seen to fail without what guards it."""
    states = {each.outcome for each in tests if each.guard}
    if not states:
        return "no"
    return "yes" if states == {"passed"} else "not run" if "not run" in states else "no"


def table(tests: Sequence[Result]) -> str:
    lines = [
        "| row | what goes wrong | what has to hold | 15 | 18 | guard shown |",
        "|---|---|---|---|---|---|",
    ]
    proven = dict.fromkeys(_MAJORS, 0)
    for row, (fault, holds) in ROWS.items():
        here = [each for each in tests if each.row == row]
        cells = [NOT_TESTED[row] if row in NOT_TESTED else cell(here, major) for major in _MAJORS]
        for major, text in zip(_MAJORS, cells, strict=True):
            proven[major] += text.startswith("holds")
        lines.append(f"| {row} | {fault} | {holds} | {cells[0]} | {cells[1]} | {guard(here)} |")
    told = ", ".join(f"{count} of {len(ROWS)} on PostgreSQL {major}" for major, count in proven.items())
    return "\n".join([f"Rows that hold: {told}.", "", *lines])


def put(page: str, text: str) -> str:
    """The page with the text between its marks."""
    before, found, rest = page.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise SystemExit(f"{_PAGE} has lost the marks between which the rows stand: {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}"


def main() -> int:
    tests = collected()
    missing = without_tests(tests)
    _PAGE.write_text(
        put(_PAGE.read_text(encoding="utf-8"), table(outcomes(tests, results()))), encoding="utf-8"
    )
    if missing:
        print(
            f"no test is about row {', '.join(map(str, missing))}; write one, or give the reason in tests/faults/plan.py"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
