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
from indexical.twin.arrays import array, elements

_RARE = 5
"""Up to so many sightings, a key's own share is not to be believed, only that of all such keys together."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of equal standing: in what share of the rows each is, how many there are, and the bytes of one."""

    share: float
    count: float
    width: float


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


def json_items(text: str) -> dict[str, str]:
    """Keys of ``jsonb_ops``: field names, and values without the way to them."""
    found: dict[str, str] = {}
    for path, leaf, names in _leaves(_loaded(text), ""):
        found.update((f"K{name}", "") for name in names)
        found[f"V={leaf}"] = path
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
    each = rest / max(1, len(bounds) + len(usual))
    found = [Keys(share + seen[key] * each, 1.0, width(key)) for key, share in sorted(shares.items())]
    found += [
        Keys(count * each, 1.0, width(key))
        for key, count in sorted(seen.items())
        if count > _RARE and key not in shares
    ]
    rare: dict[str, dict[str, int]] = {}
    for key, count in sorted(seen.items()):
        if count <= _RARE and key not in shares:
            rare.setdefault(kinds[key], {})[key] = count
    documents = statistics.distinct if statistics.distinct > 0 else -statistics.distinct * rows
    for _, keys_of_kind in sorted(rare.items()):
        if each > 0:
            number = _all_of(
                keys_of_kind,
                max(1.0, each * rows),
                documents,
                max(1.0, sum(keys_of_kind.values()) / max(1, len(bounds) + len(usual))),
            )
            mean = sum(width(key) for key in keys_of_kind) / len(keys_of_kind)
            found.append(Keys(sum(keys_of_kind.values()) * each / number, number, mean))
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


def samples(statistics: ColumnStatistics) -> list[str]:
    """Values of a column: one for each hundredth of its rows or so, and the common ones."""
    bounds = elements(statistics.histogram) if statistics.histogram else []
    common = elements(statistics.common_values) if statistics.common_values else []
    return bounds + common


def expression_statistics(
    values: Sequence[str | None], known: ColumnStatistics, rows: float
) -> ColumnStatistics:
    """Statistics of an expression, from what it gives for :func:`samples` of its column."""
    bounds = len(elements(known.histogram)) if known.histogram else 0
    frequencies = known.common_frequencies[: len(values) - bounds]
    rest = max(0.0, 1.0 - known.null_fraction - sum(frequencies))
    weights = [rest / bounds] * bounds + list(frequencies) if bounds else list(frequencies)
    shares: dict[str, float] = {}
    for value, weight in zip(values, weights, strict=False):
        if value is not None:
            shares[value] = shares.get(value, 0.0) + weight
    present = sum(shares.values())
    seen = Counter(value for value in values if value is not None)
    if not seen:
        return ColumnStatistics(null_fraction=1.0, average_width=4, distinct=1.0)
    occurrences, single = sum(seen.values()), sum(1 for count in seen.values() if count == 1)
    distinct = known.distinct
    if single < occurrences:
        total = max(rows * present, float(occurrences))
        distinct = occurrences * len(seen) / (occurrences - single + single * occurrences / total)
    common = sorted((value for value, count in seen.items() if count > _RARE), key=lambda v: (-shares[v], v))
    return ColumnStatistics(
        null_fraction=max(0.0, 1.0 - present),
        average_width=round(sum(len(v.encode()) * s for v, s in shares.items()) / max(present, 1e-9)) + 1,
        distinct=distinct,
        common_values=array(common) if common else "",
        common_frequencies=tuple(shares[value] for value in common),
        histogram=array(sorted(value for value in seen if value not in common)),
    )


def _all_of(seen: Mapping[str, int], factor: float, documents: float, largest: float) -> float:
    """How many different keys of one kind there are in ``factor`` times as many rows.

    There are so many different documents, with so many keys of the kind in one.

    Whole numbers cannot be more than their range has room for.
    """
    occurrences = sum(seen.values())
    single = sum(1 for count in seen.values() if count == 1)
    total = occurrences * factor
    number = occurrences * len(seen) / (occurrences - single + single * occurrences / total)
    if single == occurrences:
        # No key was seen twice: there are likely more than half the square of what was seen, and at most as many as fit
        # into the documents that differ. The middle between the two.
        most = min(number, documents * largest) if documents > 0 else number
        number = min(most, max(math.sqrt(most * occurrences * occurrences / 2), 1.0))
    whole = [
        int(text) for key in seen if (text := key.rpartition("=")[2]).lstrip("-").isdigit() and len(text) < 19
    ]
    if len(whole) == len(seen) and len(whole) > 1:
        number = min(number, (max(whole) - min(whole) + 1) * (len(whole) + 1) / (len(whole) - 1))
    return max(float(len(seen)), number)


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
