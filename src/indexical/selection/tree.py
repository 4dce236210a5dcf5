"""Branch and bound that grows with what is learnt: chains come into its relaxation only where that has overlooked them.

A chain needs a variable for each of its steps when it is written down whole (as :mod:`.lower` means it: which step is the first
with a chosen index?). Those variables can be done without: a chain allows the index variables ``x`` no less than

    ``floor - gain[k] - sum over j < k of (gain[j] - gain[k]) * sum of x over step j``

for every ``k``, the dual of a fractional knapsack: inequalities of the kind of Nemhauser and Wolsey ("Maximizing Submodular Set
Functions", 1981). A solution of the relaxation violates few of them, and those are added; so its linear programs have a few
hundred rows and begin from each other's basis. Nodes outlive what is learnt: a bound that held with less knowledge holds with
more.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from indexical.model import Index
from indexical.selection.chains import Chain
from indexical.selection.problem import Chosen
from indexical.selection.program import Program, Solution

_INFINITE = float("inf")
WHOLE = 1e-6
"""By how much a variable that counts as 0 or 1 may differ from it."""
VIOLATED = 1e-3
"""By how much a chain must be overlooked to come in; all reads today are 1000."""
AT_ONCE = 3
"""Inequalities about one statement that come in at a time."""
TIMES = 6
"""Times that a node's program is solved again with what it had overlooked; its children see the rest."""
AT_FIRST = 50
"""The same at the root."""
PATIENCE = 4
"""Times the nodes that were asked for, after which a known set is suggested for want of another."""
HINT = 0.1
"""Share of an index in a fractional solution from which on it belongs into the set that this suggests."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """A chain over columns."""

    cost: int
    """Column of what the statement costs."""
    floor: float
    gains: tuple[float, ...]
    columns: tuple[tuple[int, ...], ...]
    """Of each step's indexes, without those of a step before it: only the first one counts."""
    where: Mapping[int, int]
    """The step in which a column stands."""


@dataclass(order=True, slots=True)
class _Node:
    bound: float
    number: int
    fixed: Mapping[int, float] = field(compare=False)
    """Columns that were decided."""
    x: Mapping[int, float] = field(compare=False)
    """The index variables of its solution that are not 0."""
    knowing: int = field(compare=False)
    """How much was known when it was solved."""
    settled: bool = field(compare=False)
    """Whether nothing that was known was overlooked in the end."""

    @property
    def split(self) -> Iterator[int]:
        """The columns that are neither 0 nor 1."""
        return (column for column, value in self.x.items() if value < 1.0 - WHOLE)


class Tree:
    """One search over a program without integrality; ``statements`` are the columns of what they cost, by id."""

    def __init__(self, program: Program, statements: Mapping[str, int]) -> None:
        self._program = program
        self._statements = statements
        self._steps: list[_Steps] = []
        self._nodes: list[_Node] = []
        self._number = 0
        self._fixed: Mapping[int, float] = {}
        self._known = 0
        self._inside: set[tuple[int, int]] = set()
        self._closed = _INFINITE
        """The least bound of the nodes that ended in a set which the planner was asked about."""

    def add(self, chain: Chain, factor: float) -> None:
        """``factor`` is what a planner unit of one call counts."""
        where: dict[int, int] = {}
        columns: list[tuple[int, ...]] = []
        for number, (indexes, _) in enumerate(chain.steps):
            own = [column for column in map(self._program.index, indexes) if column not in where]
            where.update(dict.fromkeys(own, number))
            columns.append(tuple(own))
        gains = tuple(gain * factor for _, gain in chain.steps)
        cost = self._statements[chain.statement]
        self._steps.append(_Steps(cost, chain.floor * factor, gains, tuple(columns), where))
        self.renew()

    def renew(self) -> None:
        """More is known than when the nodes were solved."""
        self._known += 1

    def begin(self) -> None:
        """From the root again: what is allowed, or what it costs, has changed."""
        self._nodes.clear()
        self._closed = _INFINITE
        self._program.fix(self._fixed, {})
        self._fixed = {}

    def grow(
        self, best: float, gap: float, nodes: int, seconds: float | None, known: Container[Chosen]
    ) -> Solution | None:
        """The set that the node with the least bound suggests, after so many more nodes, and the bound that holds by now.

        ``best`` is what the best set costs so far; nothing is looked at that cannot be better by the share ``gap``. A known set
        is suggested only for want of another. The solution is ``final`` when nothing is left; None when no set is allowed.
        """
        enough = best - gap * abs(best)
        ends = None if seconds is None else time.monotonic() + seconds
        if not self._nodes and self._closed == _INFINITE:
            root = self._solved({}, -_INFINITE, _INFINITE, AT_FIRST)
            if root is None:
                return None
            heapq.heappush(self._nodes, root)
        left = nodes
        while self._nodes:
            node = heapq.heappop(self._nodes)
            if node.bound >= enough:
                heapq.heappush(self._nodes, node)
                break
            whole = not any(node.split)
            if node.knowing < self._known or (whole and not node.settled):
                again = self._solved(node.fixed, node.bound, enough, AT_FIRST if whole else TIMES)
                if again is None or (self._nodes and again.bound > self._nodes[0].bound):
                    if again is not None:
                        heapq.heappush(self._nodes, again)
                    continue
                node = again
            over = ends is not None and time.monotonic() >= ends
            split = sorted(node.split)
            if left <= 0 or not split or over:
                trial = self._suggested(node)
                if over or trial not in known or left <= -PATIENCE * nodes:
                    heapq.heappush(self._nodes, node)
                    return self._solution(trial, best, final=False)
                if not split:
                    # The planner was asked about it, and no bound says more.
                    self._closed = min(self._closed, node.bound)
                    continue
            left -= 1
            self._branch(node, self._widest(node, split), enough)
        return self._solution(frozenset(), best, final=True)

    def _widest(self, node: _Node, split: list[int]) -> int:
        """The column to decide next: a large one, since what that leaves of a budget decides about the others."""
        return max(split, key=lambda c: (self._program.weight(c) * min(node.x[c], 1 - node.x[c]), -c))

    def _solution(self, trial: Chosen, best: float, *, final: bool) -> Solution:
        least = min([best, self._closed, *(node.bound for node in self._nodes[:1])])
        program = self._program
        return Solution(trial, least / program.scale + program.problem.offset, final)

    def _branch(self, node: _Node, column: int, enough: float) -> None:
        for value in (1.0, 0.0):
            child = self._solved({**node.fixed, column: value}, node.bound, enough, TIMES)
            if child is not None:
                heapq.heappush(self._nodes, child)

    def _solved(self, fixed: Mapping[int, float], least: float, enough: float, times: int) -> _Node | None:
        """The node where these columns are decided; None where no allowed set is."""
        program = self._program
        program.fix(self._fixed, fixed)
        self._fixed = fixed
        x: dict[int, float] = {}
        # Who asks for the most has to be content with what comes of it.
        settled = times >= AT_FIRST
        for _ in range(times):
            found = program.relaxed()
            if found is None:
                return None
            value, values = found
            least = max(least, value)
            x = {column: values[column] for column in program.x.values() if values[column] > WHOLE}
            if least >= enough:
                break
            if not self._cut(x, values):
                settled = True
                break
        self._number += 1
        return _Node(least, self._number, fixed, x, self._known, settled)

    def _cut(self, x: Mapping[int, float], values: Any) -> bool:
        """Add what the solution violates most of each statement; whether there was anything."""
        violated: dict[int, list[tuple[float, int, int]]] = {}
        for number, steps in enumerate(self._steps):
            shares: dict[int, float] = {}
            for column, value in x.items():
                step = steps.where.get(column)
                if step is not None:
                    shares[step] = shares.get(step, 0.0) + value
            least, first = steps.floor, len(steps.gains)
            room = 1.0
            for step in sorted(shares):
                if room <= WHOLE:
                    break
                taken = min(room, shares[step])
                least -= taken * steps.gains[step]
                room -= taken
                if room <= WHOLE:
                    first = step
            excess = least - values[steps.cost]
            if excess > VIOLATED and (number, first) not in self._inside:
                violated.setdefault(steps.cost, []).append((-excess, number, first))
        for cost in sorted(violated):
            for _, number, first in sorted(violated[cost])[:AT_ONCE]:
                self._inside.add((number, first))
                self._add_inequality(self._steps[number], first)
        return self._program.part_rivals(x) or bool(violated)

    def _add_inequality(self, steps: _Steps, first: int) -> None:
        gain = steps.gains[first] if first < len(steps.gains) else 0.0
        entries = {steps.cost: 1.0}
        for step in range(first):
            entries.update(dict.fromkeys(steps.columns[step], steps.gains[step] - gain))
        self._program.row(entries, steps.floor - gain, self._program.infinity)

    def _suggested(self, node: _Node) -> Chosen:
        """The set nearest to the node's solution that is allowed."""
        problem = self._program.problem
        named: dict[int, Index] = {column: index for index, column in self._program.x.items()}
        chosen: Chosen = frozenset()
        for column in sorted(node.x, key=lambda column: (-node.x[column], column)):
            index, share = named[column], node.x[column]
            wanted = share >= (0.5 if index in problem.optional else HINT)
            if wanted and (share >= 1.0 - WHOLE or problem.fits(chosen | {index})):
                chosen |= {index}
        return chosen
