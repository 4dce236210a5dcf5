"""The program that no allowed set can beat: what each statement costs at least, by the chains found so far.

For each chain, ``y`` says which of its steps is the first with a chosen index. Those may be fractions: spelling the "first" out
makes the linear relaxation as tight as that of a facility location problem, where a sum over the chosen indexes would count
several of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType

from indexical.selection.chains import Chain
from indexical.selection.plans import Plans
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Offer, Program, Solution


class Lower:
    """One growing program of chains."""

    def __init__(self, highs: ModuleType, problem: Problem) -> None:
        self._program = Program(highs, problem)
        self._calls = {s.id: s.calls for s in problem.statements}
        self._t = {id: self._program.column(1.0, highs.kHighsInf) for id in sorted(self._calls)}
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
        program = self._program
        for chain in chains:
            if chain in self._chains:
                continue
            self._chains.add(chain)
            factor = program.scale * self._calls[chain.statement]
            cost = {self._t[chain.statement]: 1.0}
            firsts: dict[int, float] = {}
            for indexes, gain in chain.steps:
                first = program.column(0.0, 1.0)
                firsts[first] = 1.0
                cost[first] = gain * factor
                entries = {program.index(index): -1.0 for index in indexes}
                program.row({**entries, first: 1.0}, -program.infinity, 0.0)
            program.row(cost, chain.floor * factor, program.infinity)
            if len(firsts) > 1:
                program.row(firsts, -program.infinity, 1.0)

    def offer(self, complete: Mapping[str, Plans]) -> None:
        """Take over what is known to the end of some statements."""
        for id in sorted(complete):
            plans = complete[id]
            before = self._offers.get(id)
            if before is not None and before[0] is plans:
                continue
            if before is not None:
                self._program.withdraw(before[1])
            factor = self._program.scale * self._calls[id]
            self._offers[id] = plans, self._program.offer(plans.plans, factor, plans.alike.__getitem__)

    def ban(self, banned: Chosen) -> None:
        self._program.ban(banned)

    def solve(
        self, price: float, hot_price: float, seconds: float | None, gap: float, start: Chosen
    ) -> Solution | None:
        """The set that could be the best, as far as the chains know, and a bound; see :meth:`.program.Program.run`."""
        return self._program.run(price, hot_price, seconds, gap, start)
