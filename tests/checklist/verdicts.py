"""What the tests say of each line: shown, failed, or still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.checklist.lines import Line
from tests.checklist.running import Outcome, belongs

SHOWN, FAILED, OPEN, NOT_RUN = "shown", "failed", "open", "not run"


@dataclass(frozen=True, slots=True)
class Verdict:
    line: Line
    state: str
    evidence: str
    """One sentence: how many tests, or what is missing."""
    outcomes: tuple[Outcome, ...] = ()

    @property
    def figures(self) -> tuple[tuple[str, str], ...]:
        return tuple(figure for outcome in self.outcomes for figure in outcome.figures)


def judge(line: Line, collected: Iterable[str], outcomes: Sequence[Outcome]) -> Verdict:
    """A line is shown when each test that it names exists, ran, and passed at least once without ever failing.

    A skipped test is no evidence, a name that collects nothing is a failure, and a line that names no test stays open.
    """
    if not line.tests:
        return Verdict(line, OPEN, "no test shows it yet")
    collected = tuple(collected)
    missing = [name for name in line.tests if not any(belongs(test, name) for test in collected)]
    mine = tuple(each for each in outcomes if any(belongs(each.test, name) for name in line.tests))
    failed = [each for each in mine if each.state == FAILED]
    if missing:
        return Verdict(line, FAILED, f"there is no test {', '.join(missing)}", mine)
    if failed:
        return Verdict(
            line,
            FAILED,
            f"{len(failed)} of {len(mine)} failed: {', '.join(each.test for each in failed[:3])}",
            mine,
        )
    silent = [name for name in line.tests if not _passed(name, mine)]
    if silent:
        return Verdict(line, OPEN, f"not proven: {_reason(silent[0], mine)}", mine)
    passed = sum(each.state == "passed" for each in mine)
    skipped = len(mine) - passed
    told = f"{passed} test{'s' if passed != 1 else ''} passed"
    return Verdict(line, SHOWN, f"{told}, {skipped} skipped" if skipped else told, mine)


def _passed(name: str, outcomes: Iterable[Outcome]) -> bool:
    return any(each.state == "passed" and belongs(each.test, name) for each in outcomes)


def _reason(name: str, outcomes: Iterable[Outcome]) -> str:
    reasons = sorted({each.detail for each in outcomes if belongs(each.test, name) and each.detail})
    return f"{name} was skipped ({'; '.join(reasons)})" if reasons else f"{name} did not run"
