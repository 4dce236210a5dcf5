"""The program that no allowed set can beat: what each statement costs at least, by the chains found so far.

Where all plans of all statements are known it is a small mixed-integer program, which HiGHS solves. Where chains say what is
known it is searched by :mod:`.tree`, which writes down only those of their consequences that matter.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import ModuleType

from indexical.model import Statement
from indexical.selection.chains import Chain
from indexical.selection.plans import Plans
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Offer, Program, Solution
from indexical.selection.tree import Tree

NODES = 30
"""Nodes that the tree grows by before it suggests a set."""


class Lower:
    """One growing program; ``open_`` are the statements that chains tell of."""

    def __init__(self, highs: ModuleType, problem: Problem, open_: Iterable[Statement]) -> None:
        statements = sorted(s.id for s in open_)
        self._program = Program(highs, problem, whole=not statements)
        self._calls = {s.id: s.calls for s in problem.statements}
        costs = {id: self._program.column(1.0, highs.kHighsInf) for id in statements}
        self._tree = Tree(self._program, costs) if statements else None
        self._prices: tuple[float, float] | None = None
        self._chains: set[Chain] = set()
        self._offers: dict[str, tuple[Plans, Offer]] = {}

    @property
    def indexes(self) -> int:
        return len(self._program.x)

    @property
    def ends_hot(self) -> bool:
        """Whether any index that plans used ends heap-only updates."""
        return self._program.ends_hot

    def add(self, chains: Iterable[Chain]) -> None:
        """Add those that are new."""
        for chain in chains:
            if chain not in self._chains and self._tree is not None:
                self._chains.add(chain)
                self._tree.add(chain, self._program.scale * self._calls[chain.statement])

    def offer(self, complete: Mapping[str, Plans]) -> None:
        """Take over what is known to the end of some statements."""
        for id in sorted(complete):
            plans = complete[id]
            before = self._offers.get(id)
            if before is not None and before[0] is plans:
                continue
            factor = self._program.scale * self._calls[id]
            self._offers[id] = (
                plans,
                self._program.offer(
                    plans.plans, factor, plans.alike.__getitem__, before[1] if before is not None else None
                ),
            )
            if self._tree is not None:
                self._tree.renew()

    def ban(self, banned: Chosen) -> None:
        self._program.ban(banned)
        self._prices = None

    def solve(
        self,
        price: float,
        hot_price: float,
        seconds: float | None,
        gap: float,
        start: Chosen,
        best: float,
        known: Container[Chosen],
        nodes: int = NODES,
    ) -> Solution | None:
        """The set that could be the best, as far as the program knows, and a bound; see :meth:`.program.Program.run`.

        ``best`` is what the set ``start`` costs, planner units; ``known`` are sets that need no second look.
        """
        if self._tree is None:
            return self._program.run(price, hot_price, seconds, gap, start)
        if self._prices != (price, hot_price):
            self._tree.begin()
            self._prices = price, hot_price
        self._program.charge(price, hot_price)
        return self._tree.grow(
            (best - self._program.problem.offset) * self._program.scale, gap, nodes, seconds, known
        )
