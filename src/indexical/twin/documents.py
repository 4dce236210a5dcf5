"""What a GIN index would hold, from sample values: which keys, and in how large a share of the rows each one is.

Keys are taken apart as the operator classes do: trigrams as ``pg_trgm`` makes them, paths and leaves of ``jsonb``
(https://www.postgresql.org/docs/18/datatype-json.html#JSON-INDEXING), elements of arrays and lexemes from their own statistics.
Keys seen now and then stand for the many that were not seen; how many is Haas and Stokes' estimator "Duj1", which ANALYZE uses
too, within what the documents and the range of their numbers have room for.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexical.model import ColumnStatistics
from indexical.twin.arrays import elements

_RARE = 5
"""Up to so many sightings, a key's own share is not to be believed, only that of all such keys together."""
_UNLIKELY = 6.0
"""Fewer values than the square of the sightings over this would have shown one of them twice, 19 times of 20."""
_FEW = 10
"""Fewer sightings than that say nothing of a kind by itself."""
_WIDE = 10
"""A range so many times wider than what there can be says nothing."""
_CHANCE = {1: 0.051, 2: 0.355, 3: 0.818}
"""So many keys are seen twice, or more, one time of 20 where on average this many are."""
_ENTRY, _ADDRESS = 24.0, 3.0
"""Bytes of an index entry beside its key, and of a row's address, or so."""
_ANYWHERE = "V="
_HASHED_FROM = 125
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of equal standing: in what share of the rows each is, how many there are, and the bytes of one."""

    share: float
    count: float
    width: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample of documents stands for."""

    size: int
    factor: float
    """Rows for each document of the sample."""
    distinct: float
    """Different documents; 0 when that is not known."""
    different: float
    """How many combinations of values it takes for the documents to differ as they do."""


def trigrams(text: str) -> dict[str, str]:
    """Keys of ``gin_trgm_ops``; all of one kind."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        padded = f"  {word} "
        found.update(padded[start : start + 3] for start in range(len(padded) - 2))
    return dict.fromkeys(found, "")


def json_paths(text: str) -> dict[str, str]:
    """Keys of ``jsonb_path_ops``, one a leaf with the way to it; their kind is the way."""
    return {f"{path}={leaf}": path for path, leaf, _ in _leaves(_loaded(text), "")}


def json_item_bytes(key: str) -> float:
    """Bytes of a key of ``jsonb_ops``: its text after a flag and a length; a long one is hashed (``jsonb_gin.c``)."""
    text = key[1:] if key.startswith("K") else key.removeprefix(_ANYWHERE).strip('"')
    size = len(text.encode())
    return 2.0 + (size if size <= _HASHED_FROM else 8)


def json_items(text: str) -> dict[str, str]:
    """Keys of ``jsonb_ops``: field names, and values without the way to them."""
    found: dict[str, str] = {}
    for path, leaf, names in _leaves(_loaded(text), ""):
        found.update((f"K{name}", "") for name in names)
        found[f"{_ANYWHERE}{leaf}"] = path
    return found


def in_samples(
    statistics: ColumnStatistics,
    take_apart: Callable[[str], Mapping[str, str]],
    width: Callable[[str], float],
    rows: float,
) -> list[Keys]:
    """Keys of a column of documents; empty where the statistics hold no sample."""
    common = elements(statistics.common_values) if statistics.common_values else []
    weighed = list(zip(common, statistics.common_frequencies, strict=False))
    bounds = elements(statistics.histogram) if statistics.histogram else []
    frequent = sum(share for _, share in weighed)
    rest = max(0.0, 1.0 - statistics.null_fraction - frequent)
    # A common value that is hardly more common than others is one more sample of them.
    usual = [value for value, share in weighed if bounds and share * len(bounds) < 1]
    rest += sum(share for _, share in weighed if bounds and share * len(bounds) < 1)
    shares: dict[str, float] = {}
    for value, share in weighed:
        if not bounds or share * len(bounds) >= 1:
            for key in take_apart(value):
                shares[key] = shares.get(key, 0.0) + share
    seen: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    for value in (*bounds, *usual):
        keys = take_apart(value)
        seen.update(keys.keys())
        kinds.update(keys)
    sampled = max(1, len(bounds) + len(usual))
    each = rest / sampled
    found = [Keys(share + seen[key] * each, 1.0, width(key)) for key, share in sorted(shares.items())]
    unknown = {key: count for key, count in sorted(seen.items()) if key not in shares}
    found += [Keys(count * each, 1.0, width(key)) for key, count in unknown.items() if count > _RARE]
    if each <= 0:
        return found
    distinct = statistics.distinct if statistics.distinct > 0 else -statistics.distinct * rows
    # Fields filled at random leave documents as different as that only with room enough; ANALYZE looks at 300 rows a bound.
    different = min(rows, 300.0 * len(bounds)) ** 2 / _UNLIKELY
    if 0 < distinct < rows:
        different = min(different, rows * rows / (2 * (rows - distinct)))
    different = max(distinct, different)
    whole = Sample(sampled, max(1.0, each * rows), distinct, different)
    for of_kind, number in _numbers(unknown, kinds, whole, width):
        found.append(Keys(sum(of_kind.values()) * each / number, number, _mean(width, of_kind)))
    return found


def in_elements(statistics: ColumnStatistics, count: float, width: float) -> list[Keys]:
    """Keys of an array or a text search vector of so many different elements, from the common ones' frequencies."""
    common = elements(statistics.common_elements) if statistics.common_elements else []
    present = 1.0 - statistics.null_fraction
    shares = [share * present for share in statistics.common_element_frequencies[: len(common)]]
    found = [Keys(share, 1.0, width) for share in shares if share > 0]
    rest = count * present - sum(shares)
    lowest = min(shares, default=0.001)
    if rest > 0.02 * count and lowest > 0:
        # Rarer ones than any that is known.
        found.append(Keys(lowest / 3, rest / (lowest / 3), width))
    return found


def _numbers(
    seen: Mapping[str, int], kinds: Mapping[str, str], sample: Sample, width: Callable[[str], float]
) -> list[tuple[dict[str, int], float]]:
    """Of each kind: its keys that were seen now and then, and how many such keys there are in all.

    A kind of which nothing was seen twice may have a few thousand keys or one a document, and the sample of documents alone
    does not tell. What does, often, is that the documents differ: where the kinds that do repeat have no room for so many
    documents, the one that never did must tell them apart. Several that never did may well go together, as a person's name and
    address do, so none of them is counted on to make room for another.
    """
    kinds = _pooled(seen, kinds)
    rare: dict[str, dict[str, int]] = {}
    frequent: Counter[str] = Counter()
    for key, count in seen.items():
        if count > _RARE:
            frequent[kinds[key]] += 1
        else:
            rare.setdefault(kinds[key], {})[key] = count
    known = {kind: number for kind, keys in rare.items() if (number := _known(keys, sample))}
    room = 1.0
    for kind in sorted({*frequent, *known} - {""}):
        sightings = sum(count for key, count in seen.items() if kinds[key] == kind)
        number = max(1.0, frequent[kind] + known.get(kind, 0.0))
        # A list of several has room for as many more.
        room = min(room * number ** max(1.0, sightings / sample.size), 1e18)
    plain = {kind for kind, keys in rare.items() if not kind and not min(keys).startswith(("=", _ANYWHERE))}
    few = {kind for kind, keys in rare.items() if sum(keys.values()) < _FEW and not frequent[kind]} - plain
    pool: Counter[str] = Counter()
    for kind in sorted(few):
        pool.update({key.partition("=")[2]: count for key, count in rare[kind].items()})
    values = (_known(pool, sample) or _supposed(pool, sample, 0.0, _mean(width, pool))) if pool else 0.0
    found = []
    for kind, keys in sorted(rare.items()):
        if kind in few:
            # As many as that many rows hold of the values that such fields have.
            number = max(float(len(keys)), values * -math.expm1(-_most(keys, sample) / values))
        else:
            needed = 0.0 if frequent[kind] or kind in plain else sample.different / room
            number = known.get(kind) or _supposed(keys, sample, needed, _mean(width, keys))
        found.append((keys, number))
    return found


def _mean(width: Callable[[str], float], keys: Mapping[str, int]) -> float:
    return sum(width(key) for key in keys) / len(keys)


def _pooled(seen: Mapping[str, int], kinds: Mapping[str, str]) -> Mapping[str, str]:
    """The kinds, with those values put together that are kept without the way to them and whose way was hardly ever seen."""
    sightings: Counter[str] = Counter()
    for key, count in seen.items():
        sightings[kinds[key]] += count
    return {
        key: _ANYWHERE if key.startswith(_ANYWHERE) and sightings[kinds[key]] < _FEW else kinds[key]
        for key in seen
    }


def _known(seen: Mapping[str, int], sample: Sample) -> float:
    """How many keys there are of a kind, if some were seen more than once or they are numbered; else 0.

    Haas and Stokes' "Duj1". Numbers are given one after the other, so that their range says how many there are unless it has
    room for many more than there can be.
    """
    occurrences = sum(seen.values())
    most, numbered = _most(seen, sample), _numbered(seen)
    # In turn or at random: the middle.
    given = (
        (min(numbered, most) + numbered * -math.expm1(-most / numbered)) / 2 if numbered < _WIDE * most else 0
    )
    if occurrences == len(seen):
        return max(float(occurrences), given) if given else 0.0
    single = sum(1 for count in seen.values() if count == 1)
    total = occurrences * sample.factor
    number = occurrences * len(seen) / (occurrences - single + single * occurrences / total)
    pairs = sum(count * (count - 1) // 2 for count in seen.values())
    if given and pairs in _CHANCE:
        # One or two that met do not speak against the range.
        number = max(number, min(given, occurrences**2 / (2 * _CHANCE[pairs])))
    return max(float(len(seen)), min(number, numbered))


def _supposed(seen: Mapping[str, int], sample: Sample, needed: float, width: float) -> float:
    """How many keys there are of a kind of which each was seen once, given how many are needed to tell the documents apart.

    Fewer than the least that is plausible would likely have been seen twice, and more than the most do not fit into the
    documents. Between them it is the number with which the index comes out least wrong whichever is true: the sizes' harmonic
    mean.
    """
    most, rows = _most(seen, sample), len(seen) * sample.factor
    least = min(most, max(1.0, len(seen) ** 2 / _UNLIKELY))
    each = width + _ENTRY - _ADDRESS
    low, high = (number * each + rows * _ADDRESS for number in (least, most))
    middle = (2 * low * high / (low + high) - rows * _ADDRESS) / each
    return max(float(len(seen)), min(most, max(middle, needed)))


def _most(seen: Mapping[str, int], sample: Sample) -> float:
    """How many keys fit into as many rows, and as many different documents."""
    most = len(seen) * sample.factor
    return min(most, sample.distinct * max(1.0, len(seen) / sample.size)) if sample.distinct > 0 else most


def _numbered(seen: Mapping[str, int]) -> float:
    """How many values the range has room for, if they are numbers or differ in nothing but a number; else infinitely many."""
    texts = [key.partition("=")[2] for key in seen]
    if len(texts) < 2:
        return math.inf
    before = _common(texts).rstrip("0123456789.-")
    after = _common([text[::-1] for text in texts]).rstrip("0123456789.-")
    middles = [text[len(before) : len(text) - len(after)] for text in texts]
    if not all(_NUMBER.fullmatch(middle) for middle in middles):
        return math.inf
    decimals = max(len(middle.partition(".")[2]) for middle in middles)
    numbers = [round(float(middle) * 10.0**decimals) for middle in middles]
    return (max(numbers) - min(numbers) + 1) * (len(numbers) + 1) / (len(numbers) - 1)


def _common(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    first, last = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]


def _loaded(text: str) -> object:
    try:
        loaded: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return loaded


def _leaves(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each leaf: the way to it, its text, and the field names on that way."""
    if isinstance(value, dict) and value and depth < 100:
        for name, inner in value.items():
            for below, leaf, names in _leaves(inner, f"{path}.{name}", depth + 1):
                yield below, leaf, (str(name), *names)
    elif isinstance(value, list) and value and depth < 100:
        for inner in value:
            yield from _leaves(inner, path, depth + 1)
    else:
        yield path, json.dumps(value), ()
