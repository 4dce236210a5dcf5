"""How long it takes to judge what covers what: pairs of indexes of one table, and a catalog of 5,000 indexes.

Pure; no server. Deterministic indexes of up to four of eight columns, a third of them partial.
"""

from __future__ import annotations

import random
import time

from result import publish

from indexical.model import Index, Table
from indexical.model.covers import covers
from indexical.selection.redundancy import redundancies
from indexical.testing import existing, index, table

COLUMNS = "abcdefgh"
PREDICATES = ("", "", "", "", "a = 1", "b IS NULL", "c > 5", "d IN (1, 2)")
TARGET_US = 5.0
TARGET_CATALOG_S = 2.0


def indexes(count: int) -> list[Index]:
    draw = random.Random(7)
    return [
        index(
            "public.t",
            ", ".join(
                column + draw.choice(("", " DESC")) for column in draw.sample(COLUMNS, draw.randint(1, 4))
            ),
            where=draw.choice(PREDICATES),
            include=draw.sample(COLUMNS, draw.choice((0, 0, 2))),
        )
        for _ in range(count)
    ]


def catalog(tables: int, each: int) -> list[Table]:
    draw = random.Random(7)
    columns = ", ".join(f"{column} int" for column in COLUMNS)
    return [
        table(
            f"public.t{number}",
            columns,
            indexes=[
                existing(
                    f"public.t{number}",
                    f"i{n}: {', '.join(draw.sample(COLUMNS, draw.randint(1, 4)))}",
                    oid=n,
                )
                for n in range(each)
            ],
        )
        for number in range(tables)
    ]


def main() -> None:
    made = indexes(800)
    pairs = len(made) ** 2
    begun = time.perf_counter()
    found = sum(covers(one, other) for one in made for other in made)
    each_us = (time.perf_counter() - begun) / pairs * 1e6
    tables = catalog(1000, 5)
    begun = time.perf_counter()
    redundant = len(redundancies(tables))
    seconds = time.perf_counter() - begun
    print(f"covers(a, b), one table   {each_us:8.2f} us a pair, {found:,} of {pairs:,} hold")
    print(f"5,000 indexes             {seconds:8.2f} s, {redundant} redundant")
    result = {
        "name": "covers",
        "pair_us": round(each_us, 3),
        "catalog_s": round(seconds, 3),
        "redundant": redundant,
        "held": each_us <= TARGET_US and seconds <= TARGET_CATALOG_S,
    }
    publish(result)


if __name__ == "__main__":
    main()
