"""A generated monolith advised: seconds, memory and growth with the number of statements; and what compression loses.

1,000 tables with 5,000 existing indexes, and 1,000, 3,000 and 10,000 distinct statements with Zipf weights (``monolith.py``):
from a snapshot file to the advice, planner twin included, each in a process of its own. Then the advice for all is judged beside
the advice that was made without any compression and without a deadline: what all statements cost under the one and the other.
Last, a small task: 40 statements on 20 tables, with the 60 candidates that most of them ask for.

    make bench-scale                      a quarter of an hour
    bench_scale.py --no-judge             without the comparison
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import monolith
from bench_snapshot import peak_of
from result import publish

from indexical.advise import advise_catalog
from indexical.candidates import generate
from indexical.catalog.file import load, save
from indexical.model import Advice, Candidates, Catalog, Configuration, Limits, Workload
from indexical.twin.twin import open_twin
from indexical.whatif import CostModel
from indexical.workload.writes import table_writes

SIZES = (1000, 3000, 10_000)
SECONDS = 120.0
MEGABYTES = 1024.0
SMALL_SECONDS = 3.0
SMALL_CANDIDATES = 60
LOSS = 0.02
"""What compression may cost at most, as a share of what the workload costs under the advice made without it."""
_HERE = Path(__file__).resolve().parent


class Watch:
    """The largest memory of our own children, which are the twin's servers, looked at twice a second; and their time."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.5):
            own = _own_megabytes()
            self.megabytes = max(self.megabytes, peak_of(os.getpid()) - own)


def _own_megabytes() -> float:
    text = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def _highest_own() -> float:
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each)
    return int(line.split()[1]) / 1024


def advise_one(snapshot: str, target: str, words: argparse.Namespace) -> None:
    """Run in a process of its own: from a snapshot file to the advice."""
    _, workload = monolith.make(words.tables, words.indexes, words.one)
    limits = Limits()
    if words.whole:
        limits = replace(limits, max_statements=words.one, deadline=None, max_planner_calls=10_000_000)
    stages: list[tuple[str, float]] = []
    begun = time.perf_counter()

    def tell(stage: str, _share: float, _detail: str) -> None:
        if not stages or stages[-1][0] != stage:
            stages.append((stage, round(time.perf_counter() - begun, 1)))

    with Watch() as watch, most_wanted(words.candidates):
        advice = advise_catalog(workload, load(snapshot), limits, on_event=tell)
        seconds = time.perf_counter() - begun
    Path(target).write_bytes(pickle.dumps(_configuration(advice)))
    own, servers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {
                "statements": words.one,
                "examined": len(advice.statements),
                "seconds": round(seconds, 1),
                "processor_s": round(own.ru_utime + own.ru_stime, 1),
                "servers_processor_s": round(servers.ru_utime + servers.ru_stime, 1),
                "megabytes": round(_highest_own()),
                "servers_megabytes": round(watch.megabytes),
                "calls": advice.planner.calls,
                "create": len(advice.create),
                "drop": len(advice.drop),
                "cost_before": advice.cost_before,
                "cost_after": advice.cost_after,
                "gap": round(advice.gap, 4),
                "cut": any("ran out" in each.why for each in advice.not_examined),
                "stages": stages,
            }
        )
    )


@contextmanager
def most_wanted(most: int | None) -> Iterator[None]:
    """Meanwhile the advice considers only so many candidates: those that most statements ask for; None for all."""

    def generated(workload: Workload, catalog: Catalog, limits: Limits) -> Candidates:
        found = generate(workload, catalog, limits)
        order = sorted(found.candidates, key=lambda each: (-len(each.statements), each.index))[:most]
        kept = {each.index for each in order}
        relevant = tuple(
            (id, tuple(each for each in indexes if each in kept)) for id, indexes in found.relevant
        )
        candidates = tuple(each for each in found.candidates if each.index in kept)
        return replace(found, candidates=candidates, relevant=relevant)

    with patch("indexical.advise.generate", generated):
        yield


def _configuration(advice: Advice) -> Configuration:
    gone = frozenset(drop.existing.index for drop in advice.drop)
    kept_equals = {drop.existing.index for drop in advice.drop if drop.reason == "duplicate"}
    return Configuration(frozenset(each.index for each in advice.create), gone - kept_equals)


def judge(snapshot: str, words: argparse.Namespace) -> None:
    """What all statements, and their writes, cost today and under each of the given advices."""
    catalog = load(snapshot)
    _, workload = monolith.make(words.tables, words.indexes, words.judge)
    found: list[float] = []
    with open_twin(catalog) as twin:
        costs = CostModel(workload, catalog, twin, Candidates(()), table_writes(workload, catalog))
        for configuration in [Configuration(), *(pickle.loads(Path(p).read_bytes()) for p in words.advice)]:
            found.append(_total(costs, workload, configuration))
    print(json.dumps(found))


def _total(costs: CostModel, workload: Workload, configuration: Configuration) -> float:
    reads = sum(s.calls * costs.cost(s, configuration) for s in workload.statements)
    return reads + costs.upkeep(configuration)


def run(*words: object) -> Any:
    command = [sys.executable, __file__, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def small(folder: Path) -> dict[str, Any]:
    """40 statements with 60 candidates, on 20 tables."""
    catalog, _ = monolith.make(20, 60, 40)
    save(catalog, folder / "small")
    shape = ("--tables", 20, "--indexes", 60, "--candidates", SMALL_CANDIDATES)
    found = run("--one", 40, *shape, folder / "small", folder / "small.advice")
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--tables", type=int, default=monolith.TABLES)
    parser.add_argument("--indexes", type=int, default=monolith.INDEXES)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--one", type=int)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--candidates", type=int)
    parser.add_argument("--judge", type=int)
    parser.add_argument("--advice", nargs="*", default=())
    parser.add_argument("--no-judge", action="store_true")
    words = parser.parse_args()
    if words.one:
        advise_one(words.files[0], words.files[1], words)
    elif words.judge:
        judge(words.files[0], words)
    else:
        measure(words)


def measure(words: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog, _ = monolith.make(words.tables, words.indexes, 1)
        save(catalog, folder / "snapshot")
        shape = ("--tables", words.tables, "--indexes", words.indexes)
        rows = []
        for size in words.sizes:
            row = run("--one", size, *shape, folder / "snapshot", folder / f"advice{size}")
            rows.append(row)
            _show(row)
        last = words.sizes[-1]
        totals: list[float] = []
        if not words.no_judge:
            whole = run("--one", last, "--whole", *shape, folder / "snapshot", folder / "whole")
            _show(whole)
            advices = (folder / f"advice{last}", folder / "whole")
            totals = run("--judge", last, *shape, folder / "snapshot", "--advice", *advices)
        tiny = small(folder)
        _show(tiny)
    report(rows, totals, tiny)


def _show(row: dict[str, Any]) -> None:
    print(
        f"{row['statements']:6} statements, {row['examined']:5} examined  {row['seconds']:6.1f} s"
        f" ({row['processor_s']:.1f} s of our processor time, {row['servers_processor_s']:.1f} s of the servers')"
        f"  {row['megabytes']} MB + {row['servers_megabytes']} MB of servers, {row['calls']} planner calls,"
        f" {row['create']} to create, {row['drop']} to drop{', cut by the deadline' if row['cut'] else ''}"
    )
    print(f"       {row['stages']}", flush=True)


def report(rows: list[dict[str, Any]], totals: list[float], tiny: dict[str, Any]) -> None:
    first, last = rows[0], rows[-1]
    busy = [row["processor_s"] + row["servers_processor_s"] for row in rows]
    growth = (busy[-1] / busy[0]) / (last["statements"] / first["statements"])
    memory = max(row["megabytes"] + row["servers_megabytes"] for row in rows)
    loss = totals[1] / totals[2] - 1 if totals else 0.0
    held = (
        all(row["seconds"] <= SECONDS for row in rows)
        and memory <= MEGABYTES
        and loss <= LOSS
        and tiny["seconds"] <= SMALL_SECONDS
    )
    if totals:
        print(f"all statements cost {totals[1] / totals[0]:.4f} of today under the advice, {totals[2] / totals[0]:.4f}"
              f" under the one without compression or deadline: {loss:+.2%}")  # fmt: skip
    print(
        f"growth of processor time over growth of statements: {growth:.2f}; at most {memory} MB; held: {held}"
    )
    result = {
        "name": "scale",
        "rows": [{name: row[name] for name in row if name != "stages"} for row in rows],
        "growth": round(growth, 2),
        "megabytes": memory,
        "shares_of_today": [round(total / totals[0], 5) for total in totals[1:]],
        "compression_loss": round(loss, 4),
        "small": {name: tiny[name] for name in ("statements", "seconds", "calls", "create")},
        "held": held,
    }
    publish(result)


if __name__ == "__main__":
    main()
