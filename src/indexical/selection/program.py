"""The part of a mixed-integer program that knows which sets are allowed and what they cost the writes; by HiGHS, https://highs.dev.

Variables: ``x`` for each index (there or not), and one for the price of each group of heap-only updates. What reads cost is added
by :mod:`.lower` and :mod:`.upper`. Everything is scaled so that the workload's reads today are 1000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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

_TOGETHER = 1e-6
"""By how much the shares of two rivals may pass 1."""

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
    final: bool = True
    """Whether the program was solved as closely as was asked."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the plans of a statement stand in a program."""

    one: int
    """The row that says that the statement has one of them."""
    plans: Mapping[Chosen, int]
    """Column of each, by what it uses."""
    serving: Mapping[Index, int]
    """For each index of a plan the row that says that it has to be there."""
    standing: Mapping[Index, tuple[int, ...]]
    """Columns of what can be it."""


class Program:
    """One growing program: columns and rows are added between runs, prices of indexes may change.

    Without ``whole`` numbers it is the linear relaxation, for :mod:`.tree`; there rivals are parted only where it puts them
    together.
    """

    def __init__(self, highs: ModuleType, problem: Problem, *, whole: bool = True) -> None:
        self.highs = highs
        self.problem = problem
        self._whole = whole
        self._parted: set[tuple[int, int]] = set()
        self._named: dict[int, Index] = {}
        self._beside: dict[int, tuple[int, list[int]]] = {}
        self.scale = SCALE / problem.reads_before if problem.reads_before > 0 else 1.0
        self.infinity = highs.kHighsInf
        self._model: Any = highs.Highs()
        if not whole:
            # One program after the other, each a little different: what presolve would spare is known already.
            self._model.setOptionValue("presolve", "off")
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
        self.charge(price, hot_price)
        self.prepare(seconds, gap, start)
        self.solve()
        return self.answer()

    def prepare(
        self,
        seconds: float | None,
        gap: float = RELATIVE_GAP,
        start: Chosen = frozenset(),
        nodes: int = MOST_NODES,
    ) -> None:
        """What :meth:`run` does before the solver works, for at most so many ``nodes``."""
        self._model.setOptionValue("time_limit", self.infinity if seconds is None else max(seconds, 0.05))
        self._model.setOptionValue("mip_rel_gap", gap)
        most = min(max(LEAST_NODES, MOST_WORK // (1 + self._model.getNumRow())), nodes)
        self._model.setOptionValue("mip_max_nodes", most)
        self._model.clearSolver()
        if self.x:
            columns = list(self.x.values())
            there = [float(index in start) for index in self.x]
            self._model.setSolution(len(columns), columns, there)

    def solve(self) -> None:
        """Lets the solver work. It needs nothing of Python meanwhile, so that another thread can go on."""
        self._model.run()

    def answer(self) -> Solution | None:
        """What the solver found; None when that is nothing."""
        info = self._model.getInfo()
        bound = info.mip_dual_bound if self.x else info.objective_function_value
        values = tuple(self._model.getSolution().col_value)
        if not values or info.primal_solution_status != 2:
            return None
        chosen = frozenset(index for index, column in self.x.items() if values[column] > 0.5)
        return Solution(chosen, bound / self.scale + self.problem.offset)

    def charge(self, price: float, hot_price: float) -> None:
        """Each new index is charged ``price`` on top, and each group of heap-only updates that ends ``hot_price``."""
        for column in self._ended.values():
            self._model.changeColCost(column, hot_price * self.scale)
        for index, column in self.x.items():
            charged = self.problem.upkeep_of(index) + (0.0 if index in self.problem.optional else price)
            self._model.changeColCost(column, charged * self.scale)

    def relaxed(self) -> tuple[float, list[float]] | None:
        """Value and columns of the linear relaxation; None when it allows nothing, no value when it could not be solved."""
        status = self.highs.HighsModelStatus
        for _ in range(2):
            self._model.run()
            found = self._model.getModelStatus()
            if found == status.kOptimal:
                return self._model.getInfo().objective_function_value, self._model.getSolution().col_value
            if found == status.kInfeasible:
                return None
            # From a basis of its own, since the one before was no good.
            self._model.clearSolver()
        return -self.infinity, [0.0] * int(self._model.getNumCol())

    def fix(self, before: Mapping[int, float], now: Mapping[int, float]) -> None:
        """Give the columns that were fixed before their freedom back, and fix these."""
        for column in sorted(before.keys() - now.keys()):
            self._model.changeColBounds(column, 0.0, 0.0 if self._named[column] in self._banned else 1.0)
        for column, value in now.items():
            if before.get(column) != value:
                self._model.changeColBounds(column, value, value)

    def weight(self, column: int) -> float:
        """Bytes of the column's index."""
        return float(self.problem.size(self._named[column]))

    def part_rivals(self, x: Mapping[int, float]) -> bool:
        """Forbid the rivals that this solution holds together; whether there were any."""
        found = False
        for column, value in x.items():
            for other in self._rivals(column):
                if other not in x or value + x[other] <= 1.0 + _TOGETHER:
                    continue
                pair = (min(column, other), max(column, other))
                if pair not in self._parted:
                    self._parted.add(pair)
                    self.row({column: 1.0, other: 1.0}, -self.infinity, 1.0)
                    found = True
        return found

    def _rivals(self, column: int) -> Sequence[int]:
        """Columns of the indexes that no set should hold beside this one."""
        known = self._beside.get(column)
        if known is None or known[0] != len(self.x):
            index = self._named[column]
            rivals = frozenset[Index]() if index in self.problem.optional else self.problem.rivals(index)
            known = self._beside[column] = (
                len(self.x),
                sorted(self.x[each] for each in rivals & self.x.keys()),
            )
        return known[1]

    def index(self, index: Index) -> int:
        """The column that says whether the index is there, made at its first use."""
        if index in self.x:
            return self.x[index]
        column = self.column(0.0, 0.0 if index in self._banned else 1.0, integer=True)
        self.x[index] = column
        self._named[column] = index
        if index not in self.problem.optional:
            beside = self.problem.rivals(index) & self.x.keys() if self._whole else frozenset[Index]()
            for other in sorted(beside, key=self.problem.rank.__getitem__):
                self.row({column: 1.0, self.x[other]: 1.0}, -self.infinity, 1.0)
            for row, weight, scale in self._limits:
                self._model.changeCoeff(row, column, weight(index) * scale)
            self._limit_table(index, column)
        self._lose_groups(index, column)
        return column

    def column(self, cost: float, high: float, *, integer: bool = False) -> int:
        number = int(self._model.getNumCol())
        self._model.addCol(cost, 0.0, high, 0, [], [])
        if integer and self._whole:
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
        before: Offer | None = None,
    ) -> Offer:
        """A statement has one of these plans, and no more of each than there is of what is ``able`` to be its indexes.

        ``before`` is what was known of it until now: where it stands is used again, since most of it is as it was.
        """
        offer = before or Offer(self._empty(1.0, 1.0), {}, {}, {})
        shares, serving, standing = dict(offer.plans), dict(offer.serving), dict(offer.standing)
        offered: set[Chosen] = set()
        for used, cost in plans:
            offered.add(used)
            if used in shares:
                self._model.changeColCost(shares[used], cost * factor)
                self._model.changeColBounds(shares[used], 0.0, 1.0)
                continue
            shares[used] = self.column(cost * factor, 1.0)
            self._model.changeCoeff(offer.one, shares[used], 1.0)
            for index in sorted(used, key=self.problem.rank.__getitem__):
                if index not in serving:
                    serving[index] = self._empty(-self.infinity, 0.0)
                self._model.changeCoeff(serving[index], shares[used], 1.0)
        for used in shares.keys() - offered:
            self._model.changeColBounds(shares[used], 0.0, 0.0)
        for index in sorted(frozenset[Index]().union(*offered), key=self.problem.rank.__getitem__):
            columns = tuple(self.index(other) for other in able(index))
            for column in sorted(set(standing.get(index, ())) - set(columns)):
                self._model.changeCoeff(serving[index], column, 0.0)
            for column in sorted(set(columns) - set(standing.get(index, ()))):
                self._model.changeCoeff(serving[index], column, -1.0)
            standing[index] = columns
        return Offer(offer.one, shares, serving, standing)

    def _empty(self, low: float, high: float) -> int:
        row = int(self._model.getNumRow())
        self._model.addRow(low, high, 0, [], [])
        return row

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
