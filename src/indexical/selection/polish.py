"""What is left when every index of a set has to be worth its place, judged one at a time with true costs."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model import Index
from indexical.selection.problem import Chosen, Problem


@dataclass(frozen=True, slots=True)
class Worth:
    """What one index is worth beside a set of others."""

    index: Index
    saved: float
    """Reads that it saves, planner units weighted by calls."""
    upkeep: float
    """What it costs the writes itself."""
    hot: float
    """What the heap-only updates cost that only it ends."""
    best_gain: float
    """The largest share by which it makes one statement cheaper."""
    best_statement: str
    ends_hot: bool = False
    """Whether some heap-only updates end because of it alone."""

    @property
    def net(self) -> float:
        return self.saved - self.upkeep - self.hot


def worth(problem: Problem, others: Chosen, index: Index) -> Worth:
    """The index judged beside ``others``, whether or not it is one of them."""
    without, with_ = others - {index}, others | {index}
    saved = best = 0.0
    best_id = ""
    for statement in problem.asking.get(index, ()):
        before, after = problem.cost(statement, without), problem.cost(statement, with_)
        saved += statement.calls * (before - after)
        gain = 1.0 - after / before if before > 0 else 0.0
        if gain > best:
            best, best_id = gain, statement.id
    more, own = problem.upkeep(with_) - problem.upkeep(without), problem.upkeep_of(index)
    # What the writes lose beyond the index's own upkeep are heap-only updates that only it ends.
    hot = more - own if problem.groups_of(index) and more > own else 0.0
    ended = {id for other in without for id, _ in problem.groups_of(other)}
    ends = any(id not in ended for id, _ in problem.groups_of(index))
    return Worth(index, saved, more - hot, hot, best, best_id, ends)


def verdict(problem: Problem, judged: Worth) -> str:
    """Why the index is not worth its place, as a reason word; empty when it is."""
    if judged.saved <= 0:
        return "not-used"
    if judged.net < problem.threshold or judged.net <= 0:
        return (
            "keeps-hot"
            if judged.hot > 0 and judged.net + judged.hot >= problem.threshold
            else "below-min-benefit"
        )
    if judged.ends_hot and judged.net < problem.threshold + problem.hot_threshold:
        return "keeps-hot"
    return "inside-noise" if judged.best_gain < problem.limits.min_statement_gain else ""


def polish(problem: Problem, chosen: Chosen) -> tuple[Chosen, tuple[Worth, ...]]:
    """Take away what is not worth its place, the least worth first; also who had to go, and with which figures."""
    gone: list[Worth] = []
    while chosen - problem.optional:
        judged = sorted(
            (worth(problem, chosen, index) for index in sorted(chosen - problem.optional)),
            key=lambda w: (w.net, w.index),
        )
        failing = next((each for each in judged if verdict(problem, each)), None)
        if failing is None:
            break
        gone.append(failing)
        chosen -= {failing.index}
    return chosen, tuple(gone)
