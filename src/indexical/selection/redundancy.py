"""Which existing indexes do no work that another one does not do as well.

Two verdicts, both through :func:`indexical.model.covers.covers`: ``duplicate`` (each could replace the other, as far as reading
goes) and ``redundant`` (a longer or stronger index does all of its work). What must stay is never named: constraints, unique
indexes, targets of foreign keys, replica identity, the clustering index (https://www.postgresql.org/docs/18/sql-altertable.html),
parts of a partitioned index, and indexes that are not valid, which :func:`not_valid` lists because they need another remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from indexical.model import Catalog, ExistingIndex, Index, Table
from indexical.model.covers import covers, equivalent
from indexical.model.keeping import needed_by
from indexical.model.opclasses import settled

_ORDINARY = frozenset({"r", "m"})
"""Kinds of relation whose indexes stand alone; those of a partitioned table belong to its partitions."""


@dataclass(frozen=True, slots=True)
class Redundancy:
    existing: ExistingIndex
    reason: str
    """duplicate | redundant"""
    covered_by: str
    """Name of the index that does its work; the structure of one that has no name yet."""
    evidence: str


@dataclass(frozen=True, slots=True)
class _Keeper:
    """An index that may do another one's work, with its place in the order in which equals are kept."""

    name: str
    index: Index
    rank: tuple[int, int, str]
    protected: str
    compared: Index | ExistingIndex
    """With what its columns' types and collations say."""


def redundancies(
    tables: Catalog | Iterable[Table],
    *,
    added: Iterable[Index] = (),
    names: Mapping[Index, str] | None = None,
) -> tuple[Redundancy, ...]:
    """Every existing index that may go, given what exists and what is to be ``added`` (with the ``names`` it will get).

    Sorted by table and name. Of equal indexes the one that must stay does stay, then the older one; an index that is only planned
    never displaces its equal.
    """
    new = sorted(set(added))
    found: list[Redundancy] = []
    collation = _collation(tables) if isinstance(tables, Catalog) else ""
    for table in tables.tables if isinstance(tables, Catalog) else tables:
        if table.kind not in _ORDINARY:
            continue
        keepers = [_keeper(entry, table, collation) for entry in table.indexes if entry.valid and entry.ready]
        keepers += [
            _Keeper(
                (names or {}).get(index, index.text),
                index,
                (2, 0, index.text),
                "",
                settled(index, table, collation),
            )
            for index in new
            if (index.schema, index.table) == (table.schema, table.name)
        ]
        found += _of_table(table, keepers)
    return tuple(sorted(found, key=lambda each: (each.existing.index.qualified_table, each.existing.name)))


def not_valid(tables: Catalog | Iterable[Table]) -> tuple[ExistingIndex, ...]:
    """Indexes of a concurrent build that failed or is still running: neither used nor safe to judge."""
    listed = tables.tables if isinstance(tables, Catalog) else tables
    return tuple(
        entry for table in listed for entry in sorted(table.indexes) if not (entry.valid and entry.ready)
    )


def protection(existing: ExistingIndex) -> str:
    """Why an index must stay whatever covers it; empty when it may go."""
    return needed_by(existing)


def _collation(catalog: Catalog) -> str:
    """How the database compares text that has no collation of its own, where that is by bytes."""
    settings = dict(catalog.settings)
    name = "lc_collate" if settings.get("locale_provider") == "c" else "locale"
    return "C" if settings.get(name) in ("C", "POSIX") else ""


def _keeper(existing: ExistingIndex, table: Table, collation: str) -> _Keeper:
    protected = protection(existing)
    rank = (0 if protected else 1, existing.oid, existing.name)
    index = settled(existing.index, table, collation)
    compared = existing if index is existing.index else replace(existing, index=index)
    return _Keeper(existing.name, existing.index, rank, protected, compared)


def _of_table(table: Table, keepers: list[_Keeper]) -> Iterable[Redundancy]:
    by_name = {keeper.name: keeper for keeper in keepers if keeper.rank[0] < 2}
    going = {
        keeper.name
        for keeper in keepers
        if keeper.rank[0] == 1 and any(_displaces(other, keeper) for other in keepers)
    }
    for existing in table.indexes:
        if existing.name not in going or not (existing.valid and existing.ready):
            continue
        mine = by_name[existing.name]
        staying = [other for other in keepers if other.rank[0] == 2 or other.name not in going]
        best = min(
            (other for other in staying if _displaces(other, mine)),
            key=lambda other: (not _reads_alike(other, mine), len(other.index.keys), other.rank),
        )
        reason = "duplicate" if _reads_alike(best, mine) else "redundant"
        yield Redundancy(existing, reason, best.name, _evidence(existing, best, reason))


def _displaces(other: _Keeper, mine: _Keeper) -> bool:
    if other is mine or other.rank == mine.rank or not covers(other.compared, mine.compared):
        return False
    return other.rank < mine.rank or not covers(mine.compared, other.compared)


def _reads_alike(other: _Keeper, mine: _Keeper) -> bool:
    """Whether the two differ in nothing but a promise of uniqueness."""
    one, two = (
        each.compared.index if isinstance(each.compared, ExistingIndex) else each.compared
        for each in (other, mine)
    )
    return equivalent(replace(one, unique=False), replace(two, unique=False))


def _evidence(existing: ExistingIndex, best: _Keeper, reason: str) -> str:
    keys = ", ".join(key.text for key in best.index.keys)
    if reason == "duplicate":
        text = f"{best.name} has the same keys ({keys})"
    else:
        text = f"its keys are the first of {best.name} ({keys})"
        if best.index.method != existing.index.method:
            text = f"{best.name} ({keys}) finds the same values"
        elif existing.index.method != "btree" or len(best.index.keys) == len(existing.index.keys):
            text = f"{best.name} ({keys}) holds all its columns"
    if best.protected:
        text = f"{text}, and stays because {best.protected}"
    return f"{text}; {existing.size} bytes, {existing.scans} scans counted"
