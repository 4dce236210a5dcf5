"""The part of a mixed-integer program that knows which sets are allowed and what they cost the writes; by HiGHS, https://highs.dev.

Variables: ``x`` for each index (there or not), and one for the price of each group of heap-only updates. What reads cost is added
by :mod:`.lower` and :mod:`.upper`. Everything is scaled so that the workload's reads today are 1000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from indexical.model import Index
from indexical.selection.problem import Chosen, Problem

SCALE = 1000.0
RELATIVE_GAP = 1e-4
LEAST_NODES, MOST_NODES = 100, 1000
"""Nodes of one search tree at the most, of a large program and of a small one ..."""
MOST_WORK = 200_000
"""... and nodes times rows between them: ends a hopeless search at the same place on every machine."""

_Weight = Callable[[Index], float]


def solver() -> ModuleType | None:
    """HiGHS, when the ``solver`` extra is installed."""
    try:
        import highspy
    except ImportError:
        return None
    return highspy


@dataclass(frozen=True, slots=True)
class Solution:
    chosen: Chosen
    bound: float
    """No allowed set costs less, in planner units, as far as the program knows."""
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the plans of a statement stand in a program."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]


class Program:
    """One growing program: columns and rows are added between runs, prices of indexes may change."""

    def __init__(self, highs: ModuleType, problem: Problem) -> None:
        self.highs = highs
        self.problem = problem
        self.scale = SCALE / problem.reads_before if problem.reads_before > 0 else 1.0
        self.infinity = highs.kHighsInf
        self._model: Any = highs.Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 1),
            ("mip_abs_gap", 1e-6),
            # A restart solves the root again, which is most of the work of programs as small as these.
            ("mip_allow_restart", False),
            # Nor do they need sub-programs to find a good set: they are started from one.
            ("mip_heuristic_run_rins", False),
            ("mip_heuristic_run_rens", False),
            ("mip_heuristic_run_root_reduced_cost", False),
        ):
            self._model.setOptionValue(option, value)
        self.x: dict[Index, int] = {}
        self._group_prices: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._banned: Chosen = frozenset()
        self._limits: list[tuple[int, _Weight, float]] = []
        limits = problem.limits
        self._limit(limits.max_indexes, lambda index: 1.0)
        self._limit(limits.storage_budget, lambda index: float(problem.size(index)))
        self._overhead = len(self._limits) if problem.overhead_allowed is not None else -1
        self._limit(problem.overhead_allowed, problem.upkeep_of)
        self._tables: dict[tuple[str, str], int] = {}
        for index in sorted(problem.optional):
            self.index(index)

    @property
    def ends_hot(self) -> bool:
        """Whether any index of the program ends heap-only updates."""
        return bool(self._ended)

    def ban(self, banned: Chosen) -> None:
        """Keep these, and only these, from being chosen."""
        self._banned = banned
        for index, column in self.x.items():
            self._model.changeColBounds(column, 0.0, 0.0 if index in banned else 1.0)

    def run(
        self,
        price: float,
        hot_price: float,
        seconds: float | None,
        gap: float = RELATIVE_GAP,
        start: Chosen = frozenset(),
    ) -> Solution | None:
        """The best set as far as the program knows, within a relative ``gap``; None when time ran out without one.

        It begins with the set ``start``, which has to be an allowed one.

        Each new index is charged ``price`` on top, and each group of heap-only updates that ends ``hot_price``.
        """
        problem = self.problem
        for column in self._ended.values():
            self._model.changeColCost(column, hot_price * self.scale)
        for index, column in self.x.items():
            charged = problem.upkeep_of(index) + (0.0 if index in problem.optional else price)
            self._model.changeColCost(column, charged * self.scale)
        self._model.setOptionValue("time_limit", self.infinity if seconds is None else max(seconds, 0.05))
        self._model.setOptionValue("mip_rel_gap", gap)
        nodes = min(max(LEAST_NODES, MOST_WORK // (1 + self._model.getNumRow())), MOST_NODES)
        self._model.setOptionValue("mip_max_nodes", nodes)
        self._model.clearSolver()
        if self.x:
            columns = list(self.x.values())
            there = [float(index in start) for index in self.x]
            self._model.setSolution(len(columns), columns, there)
        self._model.run()
        info = self._model.getInfo()
        bound = info.mip_dual_bound if self.x else info.objective_function_value
        values = tuple(self._model.getSolution().col_value)
        if not values or info.primal_solution_status != 2:
            return None
        chosen = frozenset(index for index, column in self.x.items() if values[column] > 0.5)
        return Solution(chosen, bound / self.scale + problem.offset, values)

    def index(self, index: Index) -> int:
        """The column that says whether the index is there, made at its first use."""
        if index in self.x:
            return self.x[index]
        column = self.column(0.0, 0.0 if index in self._banned else 1.0, integer=True)
        self.x[index] = column
        if index not in self.problem.optional:
            for other in sorted(
                self.problem.rivals(index) & self.x.keys(), key=self.problem.rank.__getitem__
            ):
                self.row({column: 1.0, self.x[other]: 1.0}, -self.infinity, 1.0)
            for row, weight, scale in self._limits:
                self._model.changeCoeff(row, column, weight(index) * scale)
            self._limit_table(index, column)
        self._lose_groups(index, column)
        return column

    def column(self, cost: float, high: float, *, integer: bool = False) -> int:
        number = int(self._model.getNumCol())
        self._model.addCol(cost, 0.0, high, 0, [], [])
        if integer:
            self._model.changeColIntegrality(number, self.highs.HighsVarType.kInteger)
        return number

    def row(self, entries: dict[int, float], low: float, high: float) -> None:
        columns = sorted(entries)
        self._model.addRow(low, high, len(columns), columns, [entries[column] for column in columns])

    def offer(
        self,
        plans: Iterable[tuple[Chosen, float]],
        factor: float,
        able: Callable[[Index], Iterable[Index]],
    ) -> Offer:
        """A statement has one of these plans, and no more of each than there is of what is ``able`` to be its indexes."""
        shares: dict[int, float] = {}
        serving: dict[Index, dict[int, float]] = {}
        for used, cost in plans:
            share = self.column(cost * factor, 1.0)
            shares[share] = 1.0
            for index in used:
                serving.setdefault(index, {})[share] = 1.0
        entries = [shares]
        for index in sorted(serving, key=self.problem.rank.__getitem__):
            columns = [self.index(other) for other in able(index)]
            entries.append({**serving[index], **dict.fromkeys(columns, -1.0)})
        first = int(self._model.getNumRow())
        self.row(shares, 1.0, 1.0)
        for each in entries[1:]:
            self.row(each, -self.infinity, 0.0)
        return Offer(tuple(shares), tuple(range(first, first + len(entries))))

    def withdraw(self, offer: Offer) -> None:
        """The statement's plans count no longer: something better is known of it."""
        for row in offer.rows:
            self._model.changeRowBounds(row, -self.infinity, self.infinity)
        for column in offer.columns:
            self._model.changeColBounds(column, 0.0, 0.0)

    def _limit(self, most: float | None, weight: _Weight) -> None:
        """A row of its own for a limit; indexes enter it as they enter the program."""
        if most is None:
            return
        scale = 1.0 / most if most > 0 else 1.0
        row = self._model.getNumRow()
        self._model.addRow(-self.infinity, most * scale, 0, [], [])
        self._limits.append((row, weight, scale))

    def _limit_table(self, index: Index, column: int) -> None:
        most = self.problem.limits.max_table_indexes
        if most is None:
            return
        table = (index.schema, index.table)
        if table not in self._tables:
            self._tables[table] = self._model.getNumRow()
            self._model.addRow(-self.infinity, float(most), 0, [], [])
        self._model.changeCoeff(self._tables[table], column, 1.0)

    def _lose_groups(self, index: Index, column: int) -> None:
        """``z_g >= price * x``: a group is paid once, at the price of the index that makes it dearest."""
        for id, cost in self.problem.groups_of(index):
            if id not in self._group_prices:
                self._group_prices[id] = self._charged()
            self.row({self._group_prices[id]: 1.0, column: -cost * self.scale}, 0.0, self.infinity)
            if index not in self.problem.optional:
                self.row({self._end(id): 1.0, column: -1.0}, 0.0, self.infinity)
        for id, cost in self.problem.after_hot(index):
            if cost > 0 and self.problem.ends(id):
                # It pays only where another one has ended the group.
                paid = self._charged()
                entries = {paid: 1.0, column: -cost * self.scale, self._end(id): -cost * self.scale}
                self.row(entries, -cost * self.scale, self.infinity)

    def _end(self, id: str) -> int:
        """Whether a new index ends the group."""
        if id not in self._ended:
            self._ended[id] = self.column(0.0, 1.0, integer=True)
        return self._ended[id]

    def _charged(self) -> int:
        """A column for a price that the writes pay."""
        column = self.column(1.0, self.infinity)
        if self._overhead >= 0:
            row, _, scale = self._limits[self._overhead]
            self._model.changeCoeff(row, column, scale / self.scale)
        return column
