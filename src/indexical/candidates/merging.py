"""Index merging: one index for statements that asked for two.

The index-preserving merge of S. Chaudhuri and V. Narasayya, "Index Merging", ICDE 1999: the keys of one index, then those of the
other that it lacks; what either includes is included. Only indexes that hold the leading key are merged into one that begins
with it, since the other one's searches must still find their rows by it. One exception: an index on a column of few values may
go behind another of one key, because reading all of the two is not much more than reading the large part that one value has.
Bounded: of the indexes that hold a key those that serve most calls are merged, and of all the merged ones those that serve
most are kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import permutations

from indexical.model import Index, Key, Limits
from indexical.model.covers import covers
from indexical.model.sqltext import normalised

PARENTS = 8
"""Of the indexes that begin with one key, how many are merged with each other: those that serve most calls."""
GUESTS = 4
"""Of the indexes that hold the key further behind, how many are merged into the one on the key alone."""
SINGLES = 6
"""Of the indexes of one key of a table, how many are put behind each other: those that serve most calls."""
SHARE = 0.25
"""Merged indexes at most, as a share of those they are made of."""
ALWAYS = 100
"""Merged indexes that are kept however few there are to merge."""

Asked = Mapping[Index, frozenset[str]]
"""Indexes, each with the ids of the statements that asked for it."""


def merge(first: Index, second: Index, limits: Limits) -> Index | None:
    """The index that holds all of both and serves ``first`` in full; None when there is none, or nothing is gained.

    Every key of ``first`` keeps its place; every key and included column of ``second`` is in it somewhere.
    """
    if not _mergeable(first, second):
        return None
    mine = {_name(key) for key in first.keys}
    leading, other = first.keys[0], second.keys[0]
    turn = _name(leading) == _name(other) and leading.descending != other.descending
    theirs = _turned(second.keys) if turn else second.keys
    keys = first.keys + tuple(key for key in theirs if _name(key) not in mine)
    held = {key.column for key in keys}
    include = tuple(sorted({*first.include, *second.include} - held))
    if len(keys) > limits.max_width or len(include) > limits.max_include:
        return None
    made = replace(first, keys=keys, include=include)
    return None if made == first or covers(second, made) else made


def merges(
    asked: Asked,
    calls: Mapping[str, float],
    limits: Limits,
    fits: Callable[[Index], bool],
    few: Callable[[Index], bool] = lambda index: False,
) -> dict[Index, frozenset[str]]:
    """Merged indexes that nobody asked for, with the statements of all that went into them.

    ``calls`` says how often each statement runs, ``fits`` whether an index is narrow enough, ``few`` whether the one key of an
    index has few values. The order of ``asked`` is no matter.
    """
    begin: dict[tuple[object, ...], list[Index]] = defaultdict(list)
    hold: dict[tuple[object, ...], list[Index]] = defaultdict(list)
    for index in asked:
        if index.method == "btree" and not index.unique:
            for place, key in enumerate(index.keys):
                (hold if place else begin)[(*_rows(index), _name(key))].append(index)
    weights = {index: _weight(statements, calls) for index, statements in asked.items()}
    found: dict[Index, frozenset[str]] = {}
    for leading, group in begin.items():
        parents = _busiest(group, weights, PARENTS)
        guests = _busiest(hold.get(leading, ()), weights, GUESTS)
        narrow = [index for index in parents if len(index.keys) == 1 and not index.include]
        pairs = (*_pairs(parents, parents, asked, limits), *_pairs(narrow, guests, asked, limits))
        for index, statements in (*pairs, *_unions(parents, asked, limits)):
            found[index] = found.get(index, frozenset()) | statements
    for group in _single(asked).values():
        for index, statements in _beside(_busiest(group, weights, SINGLES), asked, limits, few):
            found[index] = found.get(index, frozenset()) | statements
    return _best(found, asked, calls, fits)


def _busiest(indexes: Iterable[Index], weights: Mapping[Index, float], most: int) -> list[Index]:
    return sorted(indexes, key=lambda index: (-weights[index], index))[:most]


def _best(
    found: Asked, asked: Asked, calls: Mapping[str, float], fits: Callable[[Index], bool]
) -> dict[Index, frozenset[str]]:
    known = set(map(_shape, asked))
    room = max(ALWAYS, int(SHARE * len(asked)))
    best: dict[Index, frozenset[str]] = {}
    weights = {index: _weight(statements, calls) for index, statements in found.items()}
    for index in sorted(found, key=lambda index: (-weights[index], index)):
        if len(best) == room:
            break
        if _shape(index) not in known and fits(index):
            best[index] = found[index]
    return best


def _pairs(
    parents: Iterable[Index], others: Iterable[Index], asked: Asked, limits: Limits
) -> Iterator[tuple[Index, frozenset[str]]]:
    for first in parents:
        for second in others:
            one, other = asked[first], asked[second]
            if one <= other or other <= one:
                continue
            index = merge(first, second, limits)
            if index is not None:
                yield index, one | other


def _single(asked: Asked) -> Mapping[tuple[str, str, str], list[Index]]:
    """The indexes of one key and nothing else, by the rows they are over."""
    found: dict[tuple[str, str, str], list[Index]] = defaultdict(list)
    for index in asked:
        if index.method == "btree" and len(index.keys) == 1 and not index.unique and not index.include:
            found[_rows(index)].append(index)
    return found


def _beside(
    singles: Iterable[Index], asked: Asked, limits: Limits, few: Callable[[Index], bool]
) -> Iterator[tuple[Index, frozenset[str]]]:
    """A one-key index with another on a column of few values behind it."""
    if limits.max_width < 2:
        return
    for first, second in permutations(singles, 2):
        one, other = asked[first], asked[second]
        if (
            few(second)
            and _name(first.keys[0]) != _name(second.keys[0])
            and not (one <= other or other <= one)
        ):
            yield replace(first, keys=first.keys + second.keys), one | other


def _unions(parents: Iterable[Index], asked: Asked, limits: Limits) -> Iterator[tuple[Index, frozenset[str]]]:
    """One key part with what more and more of its statements read, the most called first."""
    grown: dict[tuple[Key, ...], tuple[Index, frozenset[str]]] = {}
    for index in parents:
        if not index.include:
            continue
        so_far = grown.get(index.keys)
        if so_far is None:
            grown[index.keys] = index, asked[index]
            continue
        union = merge(so_far[0], index, limits)
        if union is not None:
            grown[index.keys] = union, so_far[1] | asked[index]
            yield grown[index.keys]


def _mergeable(first: Index, second: Index) -> bool:
    if not first.method == second.method == "btree" or first.unique or second.unique:
        return False
    return _rows(first) == _rows(second) and _name(first.keys[0]) in map(_name, second.keys)


def _rows(index: Index) -> tuple[str, str, str]:
    """The rows of which table an index is over."""
    return index.schema, index.table, normalised(index.predicate)


def _shape(index: Index) -> tuple[object, ...]:
    """The index without directions: two that differ only in those are not worth asking about both."""
    return *_rows(index), tuple(map(_name, index.keys)), frozenset(index.include)


def _name(key: Key) -> tuple[str, str, str, str]:
    """A key without its direction."""
    return key.column, key.expression, key.opclass, key.collation


def _turned(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(replace(key, descending=not key.descending, nulls_first=not key.nulls_first) for key in keys)


def _weight(statements: frozenset[str], calls: Mapping[str, float]) -> float:
    return sum(calls.get(id, 0.0) for id in sorted(statements))
