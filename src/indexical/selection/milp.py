"""The exact choice: a mixed-integer program over the chains found so far, solved by HiGHS (https://highs.dev).

Variables: ``x`` for each index (chosen or not), ``t`` for what each statement's calls cost, ``z`` for the price of each group of
heap-only updates, and for each chain ``y``: which of its steps is the first with a chosen index. Those may be fractions:
spelling the "first" out makes the linear relaxation as tight as that of a facility location problem, where a sum over the
chosen indexes would count several of them at once. Everything is scaled so that the workload's reads today are 1000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from indexical.model import Index
from indexical.selection.chains import Chain
from indexical.selection.problem import Chosen, Problem

SCALE = 1000.0
RELATIVE_GAP = 1e-4
MOST_NODES = 20_000
"""Nodes of one search tree: ends a hopeless search at the same place on every machine."""


def solver() -> ModuleType | None:
    """HiGHS, when the ``solver`` extra is installed."""
    try:
        import highspy
    except ImportError:
        return None
    return highspy


@dataclass(frozen=True, slots=True)
class Proposal:
    chosen: Chosen
    bound: float
    """No allowed set costs less, in planner units, as far as the cuts know."""
    costs: dict[str, float]
    """What the program believes each statement costs, all calls together."""


class Program:
    """One growing program: cuts are added between runs, prices of indexes may change."""

    def __init__(self, highs: ModuleType, problem: Problem) -> None:
        self._highs = highs
        self._problem = problem
        self._scale = SCALE / problem.reads_before if problem.reads_before > 0 else 1.0
        self._model: Any = highs.Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 1),
            ("mip_rel_gap", RELATIVE_GAP),
            ("mip_abs_gap", 1e-6),
            ("mip_max_nodes", MOST_NODES),
        ):
            self._model.setOptionValue(option, value)
        self._x: dict[Index, int] = {}
        self._t: dict[str, int] = {}
        self._z: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._chains: set[Chain] = set()
        self._banned: Chosen = frozenset()
        self._limits = [
            limit
            for limit in (
                self._limit(problem.limits.max_indexes, lambda index: 1.0),
                self._limit(problem.limits.storage_budget, lambda index: float(problem.size(index))),
                self._limit(problem.overhead_allowed, problem.upkeep_of),
            )
            if limit is not None
        ]
        self._overhead_row = len(self._limits) - 1 if problem.overhead_allowed is not None else -1
        calls = {s.id: s.calls for s in problem.statements}
        for id in sorted(calls):
            self._t[id] = self._column(1.0, highs.kHighsInf)
        self._calls = calls

    @property
    def indexes(self) -> int:
        return len(self._x)

    def add(self, chains: Iterable[Chain]) -> None:
        """Add those that are new."""
        for chain in chains:
            if chain in self._chains:
                continue
            self._chains.add(chain)
            factor = self._scale * self._calls[chain.statement]
            cost = {self._t[chain.statement]: 1.0}
            firsts: dict[int, float] = {}
            for indexes, gain in chain.steps:
                first = self._column(0.0, 1.0)
                firsts[first] = 1.0
                cost[first] = gain * factor
                entries = {self._index(index): -1.0 for index in indexes}
                self._row({**entries, first: 1.0}, -self._highs.kHighsInf, 0.0)
            self._row(cost, chain.floor * factor, self._highs.kHighsInf)
            if len(firsts) > 1:
                self._row(firsts, -self._highs.kHighsInf, 1.0)

    def ban(self, banned: Chosen) -> None:
        """Keep these, and only these, from being chosen."""
        self._banned = banned
        for index, column in self._x.items():
            self._model.changeColBounds(column, 0.0, 0.0 if index in banned else 1.0)

    def solve(self, price: float, hot_price: float, seconds: float | None) -> Proposal | None:
        """The best set as far as the cuts know; None when time ran out without one.

        Each index is charged ``price`` on top, and each group of heap-only updates that ends ``hot_price``.
        """
        for column in self._ended.values():
            self._model.changeColCost(column, hot_price * self._scale)
        for index, column in self._x.items():
            self._model.changeColCost(column, (self._problem.upkeep_of(index) + price) * self._scale)
        if seconds is not None:
            self._model.setOptionValue("time_limit", max(seconds, 0.05))
        self._model.run()
        info = self._model.getInfo()
        bound = info.mip_dual_bound if self._x else info.objective_function_value
        values = list(self._model.getSolution().col_value)
        if not values or info.primal_solution_status != 2:
            return None
        chosen = frozenset(index for index, column in self._x.items() if values[column] > 0.5)
        believed = {id: values[column] / self._scale for id, column in self._t.items()}
        return Proposal(chosen, max(bound, 0.0) / self._scale, believed)

    def _limit(
        self, most: float | None, weight: Callable[[Index], float]
    ) -> tuple[int, Callable[[Index], float], float] | None:
        """A row of its own for a limit; indexes enter it as they enter the program."""
        if most is None:
            return None
        scale = 1.0 / most if most > 0 else 1.0
        row = self._model.getNumRow()
        self._model.addRow(-self._highs.kHighsInf, most * scale, 0, [], [])
        return row, weight, scale

    def _index(self, index: Index) -> int:
        if index not in self._x:
            column = self._column(0.0, 0.0 if index in self._banned else 1.0, integer=True)
            for other, its in self._x.items():
                if self._problem.repeats(index, other):
                    self._row({column: 1.0, its: 1.0}, -self._highs.kHighsInf, 1.0)
            self._x[index] = column
            for row, weight, scale in self._limits:
                self._model.changeCoeff(row, column, weight(index) * scale)
            self._lose_groups(index, column)
        return self._x[index]

    def _lose_groups(self, index: Index, column: int) -> None:
        """``z_g >= price * x``: a group is paid once, at the price of the index that makes it dearest."""
        for id, cost in self._problem.groups_of(index):
            if id not in self._z:
                self._z[id] = self._column(1.0, self._highs.kHighsInf)
                self._ended[id] = self._column(0.0, 1.0)
                if self._overhead_row >= 0:
                    row, _, scale = self._limits[self._overhead_row]
                    self._model.changeCoeff(row, self._z[id], scale / self._scale)
            self._row({self._z[id]: 1.0, column: -cost * self._scale}, 0.0, self._highs.kHighsInf)
            self._row({self._ended[id]: 1.0, column: -1.0}, 0.0, self._highs.kHighsInf)

    def _column(self, cost: float, high: float, *, integer: bool = False) -> int:
        number = int(self._model.getNumCol())
        self._model.addCol(cost, 0.0, high, 0, [], [])
        if integer:
            self._model.changeColIntegrality(number, self._highs.HighsVarType.kInteger)
        return number

    def _row(self, entries: dict[int, float], low: float, high: float) -> None:
        columns = sorted(entries)
        self._model.addRow(low, high, len(columns), columns, [entries[column] for column in columns])
