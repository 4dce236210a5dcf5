"""Which candidates one statement cannot tell apart, so that the planner need not see them all.

To a statement that never mentions ``note``, an index on ``(day, note)`` is one on ``(day)``, only larger. Candidates with the
same *look* are a class of which the narrowest one speaks for all: what the statement costs with it is no more than what it costs
with any other of the class. The look keeps every key up to the last one that the statement mentions (PostgreSQL 18 can skip over
a key in front, and how dear that is depends on the key: https://www.postgresql.org/docs/18/indexes-multicolumn.html) and the
mentioned ones among all columns that the index stores, which decide whether it can answer alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from indexical.model import Catalog, Index, Key
from indexical.model.columns import names

_EXISTS = re.compile(r"\bexists\s*\(\s*select\s+\*", re.IGNORECASE)
"""``EXISTS (SELECT * ...)`` reads no column."""
_STAR = re.compile(r"(?:\b(?:select|distinct|all|returning)|[,.])\s*\*", re.IGNORECASE)
_UNKNOWN_WIDTH = 8.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a statement sees of an index."""

    table: tuple[str, str]
    method: str
    predicate: str
    keys: tuple[Key, ...]
    stored: frozenset[str]

    def does_all_of(self, other: Look) -> bool:
        """Whether an index of this look can be read wherever one of the other look is."""
        return (
            (self.table, self.method, self.predicate) == (other.table, other.method, other.predicate)
            and self.keys[: len(other.keys)] == other.keys
            and self.stored >= other.stored
        )


def words(sql: str) -> frozenset[str] | None:
    """Every name that a statement could mean by its words; None when it reads columns that it does not name."""
    if _STAR.search(_EXISTS.sub(" ", sql)):
        return None
    return names(sql)


def look(index: Index, mentioned: frozenset[str] | None) -> Look:
    """The index as a statement with these words sees it; itself when nothing is known of them."""
    table = (index.schema, index.table)
    columns = frozenset({*index.columns, *index.include})
    if mentioned is None or index.method != "btree":
        return Look(table, index.method, index.predicate, index.keys, columns)
    keys = index.keys
    while keys and keys[-1].column and keys[-1].column not in mentioned:
        keys = keys[:-1]
    return Look(table, index.method, index.predicate, keys, columns & mentioned)


class Widths:
    """Bytes of an index entry as far as the statistics tell; enough to order the members of a class."""

    def __init__(self, catalog: Catalog) -> None:
        self._columns: dict[tuple[str, str, str], float] = {
            (table.schema, table.name, column.name): float(
                column.statistics.average_width if column.statistics else _UNKNOWN_WIDTH
            )
            for table in catalog.tables
            for column in table.columns
        }

    def of(self, index: Index) -> float:
        names = [*(key.column for key in index.keys), *index.include]
        return sum(self._columns.get((index.schema, index.table, name), _UNKNOWN_WIDTH) for name in names)


@dataclass(frozen=True, slots=True)
class Classes:
    """The candidates that a statement's plan could use, by look."""

    members: Mapping[Index, frozenset[Index]]
    """Of each representative: its class, itself included."""
    looks: Mapping[Index, Look]
    """Of every candidate."""

    def able(self, index: Index) -> frozenset[Index]:
        """Every candidate that can be read where this one is."""
        mine = self.looks[index]
        return frozenset(other for other, its in self.looks.items() if its.does_all_of(mine))

    def without(self, gone: frozenset[Index]) -> Classes:
        """The same with some candidates less, none of which represents a class."""
        members = {representative: alike - gone for representative, alike in self.members.items()}
        return Classes(members, {index: its for index, its in self.looks.items() if index not in gone})


def classes(indexes: Iterable[Index], mentioned: frozenset[str] | None, widths: Widths) -> Classes:
    by_look: dict[Look, list[Index]] = {}
    looks: dict[Index, Look] = {}
    for index in sorted(indexes):
        looks[index] = look(index, mentioned)
        by_look.setdefault(looks[index], []).append(index)
    members = {
        min(alike, key=lambda index: (widths.of(index), index)): frozenset(alike)
        for alike in by_look.values()
    }
    return Classes(members, looks)


def dominated(by_statement: Mapping[str, Classes]) -> frozenset[Index]:
    """Candidates that one and the same narrower candidate represents in every statement that could use them."""
    representatives: dict[Index, set[Index]] = {}
    for found in by_statement.values():
        for representative, members in found.members.items():
            for member in members:
                representatives.setdefault(member, set()).add(representative)
    return frozenset(
        index for index, speaking in representatives.items() if len(speaking) == 1 and index not in speaking
    )
