"""What the reference algorithms ask: what a statement costs under a set of indexes, answered by the planner twin.

They get the same true costs and sizes as Indexical, which is more than they had in their papers. A cost is kept by the
statement and the indexes that share a column with it, as their authors' own implementations do; one memory serves all
algorithms and budgets, and each run is charged for every distinct question it asked, in calls and in planner seconds.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from indexical.model import Catalog, Configuration, Index, Key, Statement
from indexical.protocols import Planner

Indexes = frozenset[Index]

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Answer:
    cost: float
    used: Indexes
    seconds: float


class WhatIf:
    """The workload's statements under hypothetical indexes. Column names must be unique in the schema, as TPC-H's are."""

    def __init__(self, planner: Planner, catalog: Catalog, statements: Sequence[Statement]) -> None:
        self._planner = planner
        self.statements = tuple(statements)
        self._memory: dict[tuple[str, Indexes], Answer] = {}
        self._sizes: dict[Index, int] = {}
        self._asked: set[tuple[str, Indexes]] = set()
        self.waited = 0.0
        """Seconds for the planner so far, in all."""
        self._columns: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
        self._existing = tuple(each.index for each in catalog.indexes())
        for statement in statements:
            words = set(_WORD.findall(statement.sql.lower()))
            self._columns[statement.id] = {
                (table.schema, table.name): here
                for table in catalog.tables
                if (here := tuple(column.name for column in table.columns if column.name in words))
            }
        self._words = {
            id: frozenset(name for names in tables.values() for name in names)
            for id, tables in self._columns.items()
        }

    def begin(self) -> None:
        """A new run starts: its questions are counted from here."""
        self._asked.clear()

    @property
    def calls(self) -> int:
        return len(self._asked)

    @property
    def planner_seconds(self) -> float:
        """What the run's questions took when they were first answered."""
        return sum(self._memory[each].seconds for each in self._asked)

    def answer(self, statement: Statement, indexes: Iterable[Index]) -> Answer:
        words = self._words[statement.id]
        part = frozenset(index for index in indexes if not words.isdisjoint(index.columns))
        key = (statement.id, part)
        self._asked.add(key)
        found = self._memory.get(key)
        if found is None:
            begun = time.perf_counter()
            plan = self._planner.plan(statement, (), Configuration(part))
            found = Answer(plan.cost, plan.indexes & part, time.perf_counter() - begun)
            self.waited += found.seconds
            self._memory[key] = found
        return found

    def cost(self, statement: Statement, indexes: Iterable[Index]) -> float:
        """All its calls together."""
        return statement.calls * self.answer(statement, indexes).cost

    def costs(self, indexes: Iterable[Index]) -> dict[str, float]:
        chosen = frozenset(indexes)
        return {statement.id: self.cost(statement, chosen) for statement in self.statements}

    def changed(
        self, costs: Mapping[str, float], indexes: Indexes, changes: Sequence[Index]
    ) -> dict[str, float]:
        """The costs under ``indexes``, when those under a set that differs by ``changes`` are known."""
        columns = frozenset(column for index in changes for column in index.columns)
        return {
            s.id: costs[s.id] if self._words[s.id].isdisjoint(columns) else self.cost(s, indexes)
            for s in self.statements
        }

    def size(self, index: Index) -> int:
        if index not in self._sizes:
            self._sizes[index] = self._planner.size(index)
        return self._sizes[index]

    def columns(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Every table's columns that any statement speaks of."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for tables in self._columns.values():
            for table, names in tables.items():
                found[table].update(names)
        return {table: tuple(sorted(found[table])) for table in sorted(found)}

    def candidates(self, statement: Statement, width: int) -> tuple[Index, ...]:
        """All permutations of up to ``width`` of a table's columns in the statement that are no prefix of an existing index."""
        made = (
            btree(table, columns)
            for table, names in sorted(self._columns[statement.id].items())
            for wide in range(1, width + 1)
            for columns in permutations(names, wide)
        )
        return tuple(index for index in made if not self.exists(index))

    def exists(self, index: Index) -> bool:
        """Whether an existing index begins with the same columns."""
        return any(
            e.qualified_table == index.qualified_table and e.keys[: len(index.keys)] == index.keys
            for e in self._existing
        )


def btree(table: tuple[str, str], columns: Sequence[str]) -> Index:
    return Index(*table, tuple(Key.asc(column) for column in columns))
