"""How many candidates come out of a workload, by stage and rule, and how generation grows with the statements.

``python bench/bench_candidates.py [SNAPSHOT]``: a generated monolith of 1,000 tables at 1,000, 3,000 and 10,000 distinct
statements; with a snapshot of a TPC-H database its 22 queries too.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from monolith import make
from result import publish
from tpch import statements

from indexical.candidates import generate
from indexical.catalog.file import load
from indexical.model import Candidates, Limits, Workload

SIZES = (1_000, 3_000, 10_000)
LIMIT_SECONDS = 15.0
"""CPU for the largest."""


def described(found: Candidates) -> dict[str, object]:
    shown = sorted(len(indexes) for _, indexes in found.relevant)
    return {
        "candidates": len(found.candidates),
        "stages": dict(sorted(Counter(each.stage for each in found.candidates).items())),
        "rules": dict(sorted(Counter(each.rule for each in found.candidates).items())),
        "relevant_median": shown[len(shown) // 2] if shown else 0,
        "relevant_most": shown[-1] if shown else 0,
    }


def monolith(size: int) -> dict[str, object]:
    catalog, workload = make(statements=size)
    begun = time.process_time()
    found = generate(workload, catalog, Limits())
    seconds = round(time.process_time() - begun, 2)
    return {"statements": size, "cpu_seconds": seconds, **described(found)}


def main() -> None:
    sizes = [monolith(size) for size in SIZES]
    result: dict[str, object] = {"name": "candidates", "monolith": sizes}
    for line in sizes:
        print(line)
    if len(sys.argv) > 1:
        found = generate(Workload(tuple(statements())), load(sys.argv[1]), Limits())
        result["tpch"] = described(found)
        print(result["tpch"])
    result["held"] = float(str(sizes[-1]["cpu_seconds"])) <= LIMIT_SECONDS
    publish(result)


if __name__ == "__main__":
    main()
