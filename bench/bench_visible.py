"""What a plan costs with many hypothetical indexes present and few of them visible.

TPC-H's catalog, hundreds of candidates of one and two columns, and questions that go from one configuration to the next as a
search does: two indexes leave, two come. What is measured is the time a plan takes; processor time is told beside, since a
machine that does other things as well stretches the first more than the second.

    make bench-visible
    bench_visible.py --scale 0.1 --present 500 --workers 2
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import tpch
from result import publish

from indexical.catalog import snapshot
from indexical.model import Catalog, Configuration, Index, Key, Statement
from indexical.pg.session import connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
from indexical.twin.twin import Twin, open_twin

VISIBLE = (0, 2, 10, 30, 100)
SLOW = frozenset({"q2", "q5", "q7", "q8", "q9", "q21"})
"""Statements over so many tables that their joins take the planner longer than any index does."""


def candidates(catalog: Catalog, statements: Sequence[Statement], count: int) -> list[Index]:
    found = []
    for table in catalog.tables:
        names = [column.name for column in table.columns if any(column.name in s.sql for s in statements)]
        keys = [(name,) for name in names] + list(itertools.permutations(names, 2))
        found += [Index("public", table.name, tuple(Key.asc(name) for name in each)) for each in keys]
    random.Random(1).shuffle(found)
    return sorted(found[:count])


def ask(
    twin: Twin,
    relevant: dict[str, list[Index]],
    statements: Sequence[Statement],
    visible: int,
    count: int,
    seed: int,
) -> None:
    chance = random.Random(seed)
    for number in range(count):
        if number % 10 == 0:
            statement = statements[chance.randrange(len(statements))]
            known = relevant[statement.id]
            chosen = set(chance.sample(known, min(visible, len(known))))
        elif visible:
            chosen -= set(chance.sample(sorted(chosen), min(2, len(chosen))))
            chosen |= set(chance.sample(known, min(2, len(known))))
        twin.plan(statement, (), Configuration(frozenset(chosen)))


def processor_seconds(twin: Twin) -> float:
    total = time.process_time()
    for lane in twin._lanes:
        for session in lane._sessions:
            fields = Path(f"/proc/{session.backend_pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / 100
    return total


def measure(twin: Twin, catalog: Catalog, indexes: Sequence[Index], count: int) -> dict[str, dict[str, int]]:
    statements = [statement for statement in tpch.statements() if statement.id not in SLOW]
    relevant = {s.id: [index for index in indexes if index.table in s.sql] for s in statements}
    found = {}
    # The first round, which is not told, has every engine make its indexes and meet every statement.
    for visible in (100, *VISIBLE):
        before, begun = processor_seconds(twin), time.perf_counter()
        threads = [
            threading.Thread(target=ask, args=(twin, relevant, statements, visible, count, seed))
            for seed in range(twin.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        plans = count * twin.workers
        rate = plans / (time.perf_counter() - begun)
        spent = (processor_seconds(twin) - before) / plans
        if visible == 100 and not found:
            found["warm"] = {}
            continue
        found[str(visible)] = {"plans_per_s": round(rate), "processor_us": round(spent * 1e6)}
        print(
            f"{len(indexes):5} present, {visible:3} visible: {rate:6.0f} plans/s, {spent * 1e6:6.0f} us of processor time each"
        )
    del found["warm"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--present", type=int, nargs="+", default=[150, 600])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "indexical-bench")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    options.cache.chmod(0o755)
    engine = find()
    with (
        PrivateServer(engine, directory=options.cache / f"server-{engine.major}") as server,
        connect(tpch.fill(server, options.cache, options.scale, bare=True)) as session,
    ):
        catalog = snapshot(session)
    measured = {}
    for present in options.present:
        indexes = candidates(catalog, tpch.statements(), present)
        with open_twin(catalog, workers=options.workers) as twin:
            begun = time.perf_counter()
            twin.add(indexes)
            made = len(indexes) / (time.perf_counter() - begun)
            print(f"{made:.0f} indexes made a second")
            measured[str(present)] = {
                "made_per_s": round(made),
                "visible": measure(twin, catalog, indexes, options.count),
            }
    result = {
        "name": "visible",
        "scale": options.scale,
        "workers": options.workers,
        "present": measured,
    }
    publish(result)


if __name__ == "__main__":
    main()
