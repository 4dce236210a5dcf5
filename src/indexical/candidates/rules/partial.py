"""An index over only the rows with a rare constant: small, cheap to keep, and made for exactly the statements that ask for it.

https://www.postgresql.org/docs/18/indexes-partial.html. Several constants together count when their shares, multiplied as the
planner does it, are small although none of them alone is. A constant that up to a third of the rows have counts where it
says which rows are alive at all (``deleted_at IS NULL``, a boolean) and the statement looks rows up by something else: the
index is then at most a third as large, and takes in none of the other rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal, arrangements, fit, ordered, plain
from indexical.candidates.rarity import ALIVE, RARE, Rarity, rarities
from indexical.model import Catalog, Limits


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal]:
    for table in facts.tables:
        known = rarities(table, facts.statement)
        rare = [each for each in known if each.share <= RARE]
        for each in rare:
            yield from _over(table, (each,), limits)
        for each in known:
            if RARE < each.share <= ALIVE:
                yield from _alive(table, each, limits)
        together = tuple(rare if len(rare) > 1 else known)[:3]
        if len(together) > 1 and prod(each.share for each in together) <= RARE:
            yield from _over(table, together, limits)


def _alive(table: TableFacts, constant: Rarity, limits: Limits) -> Iterator[Proposal]:
    bound = [name for name in (*table.equal, *table.driven) if name != constant.column]
    flags = {term.column for term in table.terms if term.kind in ("null", "notnull", "true", "false")}
    if constant.column not in flags or not set(bound) - flags:
        return
    head = fit(arrangements(table, bound)[0], limits.max_width)
    yield plain(table, head, constant.predicate)
    sorts = tuple(sort for sort in table.sorts if sort.column != constant.column)
    room = limits.max_width - len(head)
    if sorts and room > 0:
        yield ordered(table, head, sorts[:room], constant.predicate)


def _over(table: TableFacts, constants: tuple[Rarity, ...], limits: Limits) -> Iterator[Proposal]:
    predicate = " AND ".join(each.predicate for each in constants)
    settled = {each.column for each in constants}
    equal = [name for name in (*table.equal, *table.listed, *table.driven) if name not in settled]
    sorts = tuple(sort for sort in table.sorts if sort.column not in settled)
    ranges = [name for name in table.ranges if name not in settled]
    for arranged in arrangements(table, equal):
        if arranged:
            yield plain(table, fit(arranged, limits.max_width), predicate)
    bound = [name for name in table.equal if name not in settled]
    if sorts:
        yield ordered(table, (), sorts[: limits.max_width], predicate)
        if bound and limits.max_width > 1:
            head = arrangements(table, bound)[0][: limits.max_width - 1]
            yield ordered(table, head, sorts[: limits.max_width - len(head)], predicate)
    for ranged in ranges:
        yield plain(table, (ranged,), predicate)
    if not equal and not sorts and not ranges:
        key = _row_name(table)
        if key:
            yield plain(table, (key,), predicate)


def _row_name(table: TableFacts) -> str:
    """The primary key's column: useful to whoever finds the row, and never changed by an update."""
    for entry in table.table.indexes:
        if entry.constraint == "primary" and len(entry.index.columns) == 1:
            return entry.index.columns[0]
    return table.table.columns[0].name if table.table.columns else ""
