"""The choice without a solver, or when the problem is too large for one: greedy growth, then swaps, then pruning.

Growth takes single indexes and, where indexes only help together, the whole sets that plans used; with a storage budget by
benefit per byte, and also by benefit alone, because neither order is always the better one.
"""

from __future__ import annotations

from collections.abc import Iterable

from indexical.model import Index
from indexical.selection.problem import Chosen, Problem

ROUNDS = 4
_SAME = 1e-9


def search(problem: Problem, pool: Iterable[Index], moves: Iterable[Chosen], start: Chosen) -> Chosen:
    """The best set found; deterministic as long as the clock does not cut it short."""
    singles = [frozenset({index}) for index in sorted(set(pool))]
    together = sorted({move for move in moves if len(move) > 1}, key=lambda move: sorted(move))
    best = start if problem.fits(start) else problem.optional
    orders = (True, False) if problem.limits.storage_budget is not None else (False,)
    for per_byte in orders:
        grown = _grow(problem, singles + together, problem.optional, per_byte)
        best = _better(problem, best, _improve(problem, grown, singles))
    return _better(problem, best, _improve(problem, best, singles))


def _better(problem: Problem, a: Chosen, b: Chosen) -> Chosen:
    return b if problem.wanted(b) < problem.wanted(a) - _SAME else a


def _grow(problem: Problem, moves: list[Chosen], chosen: Chosen, per_byte: bool) -> Chosen:
    """Add the best move until none helps. Gains mostly shrink as the set grows, so stale ones are asked again lazily."""
    gains = {move: _gain(problem, chosen, move, per_byte) for move in moves}
    while not problem.clock.over:
        fresh: set[Chosen] = set()
        best: Chosen | None = None
        while True:
            open_ = [m for m in moves if gains[m] > _SAME and not m <= chosen and problem.fits(chosen | m)]
            if not open_:
                return chosen
            best = min(open_, key=lambda move: (-gains[move], sorted(move)))
            if best in fresh or problem.clock.over:
                break
            gains[best] = _gain(problem, chosen, best, per_byte)
            fresh.add(best)
        if gains[best] <= _SAME:
            return chosen
        chosen = chosen | best
        for move in moves:
            # An index may have become worth more beside the new one: let it be asked again.
            if _shares_statement(problem, move, best):
                gains[move] = _gain(problem, chosen, move, per_byte)
    return chosen


def _gain(problem: Problem, chosen: Chosen, move: Chosen, per_byte: bool) -> float:
    new = move - chosen
    if not new or problem.clock.over:
        return 0.0
    asking = {s.id: s for index in sorted(new) for s in problem.asking.get(index, ())}
    listed = [asking[id] for id in sorted(asking)]
    after = chosen | new
    saved = problem.reads(chosen, listed) - problem.reads(after, listed)
    net = (
        saved
        - (problem.upkeep(after) - problem.upkeep(chosen))
        - problem.threshold * len(new - problem.optional)
    )
    return (
        net / max(1, sum(problem.size(index) for index in sorted(new - problem.optional)))
        if per_byte
        else net
    )


def _improve(problem: Problem, chosen: Chosen, singles: list[Chosen]) -> Chosen:
    """Leave one out, take one in, or exchange one for another, as long as that helps."""
    for _ in range(ROUNDS):
        before = chosen
        for index in sorted(chosen):
            if problem.clock.over:
                return chosen
            chosen = _better(problem, chosen, chosen - {index})
        for index in sorted(chosen):
            others = [
                s for s in singles if not s <= chosen and _shares_statement(problem, s, frozenset({index}))
            ]
            for other in others:
                if problem.clock.over:
                    return chosen
                swapped = (chosen - {index}) | other
                if index in chosen and problem.fits(swapped):
                    chosen = _better(problem, chosen, swapped)
        for single in singles:
            if not single <= chosen and not problem.clock.over and problem.fits(chosen | single):
                chosen = _better(problem, chosen, chosen | single)
        if chosen == before:
            return chosen
    return chosen


def _shares_statement(problem: Problem, a: Chosen, b: Chosen) -> bool:
    mine = {s.id for index in a for s in problem.asking.get(index, ())}
    return any(s.id in mine for index in b for s in problem.asking.get(index, ()))
