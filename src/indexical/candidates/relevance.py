"""Which candidates a statement's plan could use: the planner is shown no others, since each one it sees costs it time.

A plan can use an index for any key that the statement searches, joins, sorts or groups by, not only the leading one (a full index
scan filters by the others); for all the columns it reads, index-only; and for a predicate that the statement implies. An
expression counts where the statement has the same one, GIN and GiST where it asks their kind of question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from indexical.candidates.facts import TableFacts
from indexical.candidates.settling import settled, settled_keys
from indexical.model import Index, Statement
from indexical.model.covers import canonical
from indexical.model.sqltext import normalised

_BY_COLUMN = frozenset({"btree", "hash", "brin"})
"""Access methods that answer plain comparisons of a column."""


@dataclass(slots=True)
class _Shelf:
    """The candidates of one table by their places in the order of all, where a statement finds them."""

    by_column: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_expression: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_question: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Of GIN and GiST, by access method and key."""
    by_predicate: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Partial ones, by each word of the predicate."""
    bits: dict[str, int] = field(default_factory=dict)
    """A bit for each column."""
    holding: list[tuple[int, int]] = field(default_factory=list)
    """The bits of the columns that a candidate holds, and its place."""

    def add(self, index: Index, place: int) -> None:
        for key in index.keys:
            name = key.column or normalised(key.expression)
            if index.method not in _BY_COLUMN:
                self.by_question[index.method, name].append(place)
            elif key.column:
                self.by_column[name].append(place)
            else:
                self.by_expression[name].append(place)
        for word in canonical(index).predicate.split() if index.predicate else ():
            self.by_predicate[word.strip('"()')].append(place)
        if index.method == "btree":
            held = 0
            for name in (*index.columns, *index.include):
                held |= self.bits.setdefault(name, 1 << len(self.bits))
            self.holding.append((held, place))

    def holds(self, names: Iterable[str]) -> Iterable[int]:
        """Candidates that hold all of the columns."""
        wanted = 0
        for name in names:
            if name not in self.bits:
                return ()
            wanted |= self.bits[name]
        return (place for held, place in self.holding if held & wanted == wanted)


class Relevance:
    """Finds the candidates that a statement's plan could use, by table and column."""

    def __init__(self, indexes: Iterable[Index]) -> None:
        self._indexes = tuple(sorted(indexes))
        self._shelves: dict[str, _Shelf] = defaultdict(_Shelf)
        for place, index in enumerate(self._indexes):
            self._shelves[index.qualified_table].add(index, place)

    def relevant(self, statement: Statement, tables: Iterable[TableFacts]) -> tuple[Index, ...]:
        """Sorted as the indexes are."""
        found: set[int] = set()
        for facts in tables:
            if facts.table.qualified not in self._shelves:
                continue
            shelf = self._shelves[facts.table.qualified]
            for name in facts.used:
                found.update(shelf.by_column.get(name, ()))
                found.update(shelf.by_predicate.get(name, ()))
            if not facts.reads_all:
                found.update(shelf.holds(facts.read))
            if shelf.by_expression or shelf.by_question:
                found.update(_by_expression(statement, facts, shelf))
        return tuple(self._indexes[place] for place in sorted(found))


def _by_expression(statement: Statement, facts: TableFacts, shelf: _Shelf) -> Iterator[int]:
    for search in settled(facts, statement):
        name = search.key.column or normalised(search.key.expression)
        if search.key.expression:
            yield from shelf.by_expression.get(name, ())
        for method in ("gin", "gist"):
            yield from shelf.by_question.get((method, name), ())
    for key in (*settled_keys(facts.sort_keys, statement), *settled_keys(facts.group_keys, statement)):
        if key.expression:
            yield from shelf.by_expression.get(normalised(key.expression), ())
