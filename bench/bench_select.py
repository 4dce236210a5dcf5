"""How good the chosen index sets are: TPC-H at several storage budgets, beside other advisors, judged on indexes really built.

    make bench-select                       tpch19, every budget, every reference
    bench_select.py --budgets 205           a quick look
    bench_select.py --workload tpch22       all 22 queries
    bench_select.py --execute               runs the sets of 350 MB instead: ours, confirmed too, and Extend's in turns
    bench_select.py --seeds                 the same advice under five hash seeds?

The database, the built indexes and every judged set are kept in the folder of ``--cache``. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tpch
from references import REFERENCES, WhatIf
from result import publish
from select_execute import TIMEOUT, execute
from select_judge import Judge
from select_known import Known
from select_ours import (
    KNOWN,
    Choice,
    choose,
    choose_confirmed,
    considering,
    limits_for,
    same_bytes,
    without_times,
)
from select_source import WORKLOADS, Source, open_copy, open_source, workload
from select_verdicts import MEGABYTE, SIZE_ERROR, TO_BEAT, Budget, repeated, row, verdicts

from indexical.advise import advise_catalog
from indexical.catalog.file import load
from indexical.model import Workload
from indexical.pg.session import connect
from indexical.twin.twin import open_twin

BUDGETS = ",".join([*map(str, TO_BEAT), "unlimited"])
EXECUTED_BUDGET = 350 * MEGABYTE
COST_ERROR = 0.02
"""A query's cost that was believed wrongly by more is named."""
VARIANTS = ("default", "none", "both")


def budgets_of(text: str) -> list[int | None]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    return [None if word == "unlimited" else round(float(word) * MEGABYTE) for word in words]


def shown(budget: int | None) -> str:
    return "unlimited" if budget is None else f"{budget / MEGABYTE:g} MB"


def ours(source: Source, queries: Workload, budgets: Sequence[int | None], floors: str) -> Iterator[Choice]:
    kinds = {"default": (True,), "none": (False,), "both": (True, False)}[floors]
    for budget in budgets:
        for kind in kinds:
            choice = choose(source.catalog, queries, budget, floors=kind)
            tell(choice)
            yield choice


def references(
    source: Source, queries: Workload, budgets: Sequence[int | None], names: Sequence[str]
) -> Iterator[Choice]:
    """Each charged for its own thinking and for what the planner took for all its distinct questions."""
    if not names:
        return
    with open_twin(source.catalog) as twin:
        what_if = WhatIf(twin, source.catalog, queries.statements)
        before = sum(what_if.costs(()).values())
        for name in names:
            for budget in budgets:
                what_if.begin()
                known = what_if.waited
                begun = time.perf_counter()
                chosen = REFERENCES[name](what_if, budget)
                thinking = time.perf_counter() - begun - (what_if.waited - known)
                seconds = thinking + what_if.planner_seconds
                calls = what_if.calls
                costs = {s.id: what_if.answer(s, chosen).cost for s in queries.statements}
                estimate = sum(what_if.costs(chosen).values()) / before
                sizes = {index: what_if.size(index) for index in sorted(chosen)}
                choice = Choice(name, budget, sizes, seconds, calls, estimate, costs)
                tell(choice)
                yield choice


def known_file(source: Source, scale: float) -> Path:
    return source.folder / f"select-{scale:g}-known.jsonl"


def all_known(source: Source, queries: Workload, arguments: argparse.Namespace) -> Iterator[Choice]:
    """Our search over every index that anybody has ever chosen: tells whether it lacks candidates or choice."""
    with connect(source.url, read_only=False, statement_timeout_ms=0) as session:
        base = Judge(session, tpch.statements()).base
    with considering(Known(known_file(source, arguments.scale), base).indexes()):
        for budget in arguments.budgets:
            choice = replace(choose(source.catalog, queries, budget, floors=False), by=KNOWN)
            tell(choice)
            yield choice


def tell(choice: Choice) -> None:
    """Progress: the judgement comes when all have chosen."""
    print(
        f"  {choice.by}, {shown(choice.budget)}: {len(choice.sizes)} indexes, {choice.seconds:.1f} s",
        file=sys.stderr,
        flush=True,
    )


def judged(source: Source, name: str, queries: Workload, arguments: argparse.Namespace) -> dict[str, Any]:
    """One workload from the choices to the verdicts."""
    choices = [*ours(source, queries, arguments.budgets, arguments.floors)]
    choices += references(source, queries, arguments.budgets, arguments.references)
    if arguments.known:
        choices += all_known(source, queries, arguments)
    ids = [statement.id for statement in queries.statements]
    with connect(source.url, read_only=False, statement_timeout_ms=0, lock_timeout_ms=0) as session:
        judge = Judge(session, tpch.statements())
        known = Known(known_file(source, arguments.scale), judge.base)
        for choice in choices:
            judge.build(choice.sizes)
        rows = [row(choice, judge, ids) for choice in choices]
        for each in rows:
            known.add(each.choice.by, each.choice.sizes, each.judgement)
        found = []
        for budget in arguments.budgets:
            best = known.best(budget, ids)
            theirs = tuple(each for each in rows if each.choice.budget == budget)
            found.append(Budget(budget, theirs, best[0] if best else 1.0))
        held = verdicts(name, arguments.scale, found, source.catalog, judge)
        print_tables(name, found, judge, ids)
        for index, why in sorted(judge.failed.items()):
            print(f"could not be built: {index.text}: {why}")
        for index in sorted(
            {i for each in rows if each.ours for i in repeated(each.choice.sizes, source.catalog)}
        ):
            print(f"repeats an existing index: {index.text}")
        if judge.built_seconds:
            print(f"built what was new in {judge.built_seconds:.0f} s")
    for by, claims in held.items():
        failed = [claim for claim, kept in claims.items() if not kept]
        print(f"{by}: {'every claim held' if not failed else 'not held: ' + ', '.join(failed)}")
    return {
        "workload": name,
        "base": sum(judge.base[id] for id in ids),
        "budgets": [figures(budget) for budget in found],
        "held": held,
    }


def figures(budget: Budget) -> dict[str, Any]:
    return {
        "mb": budget.megabytes,
        "bound": round(budget.bound, 7),
        "best_known": round(budget.best_known, 7),
        "sets": [
            {
                "by": each.choice.by,
                "rel": round(each.rel, 7),
                "geometric": round(each.geometric, 5),
                "estimated": round(each.choice.estimate, 7),
                "bound": round(each.choice.bound, 7),
                "proved": each.choice.proved,
                "indexes": len(each.choice.sizes),
                "true_mb": round(each.judgement.bytes / MEGABYTE, 1),
                "of_budget": round(each.over_budget, 4),
                "size_error": round(each.size_error, 4),
                "worst_size_error": round(each.worst_size, 4),
                "worst_cost_error": round(max(map(abs, each.cost_errors.values()), default=0.0), 4),
                "seconds": round(each.choice.seconds, 2),
                "calls": each.choice.calls,
            }
            for each in budget.rows
        ],
    }


def print_tables(name: str, budgets: Sequence[Budget], judge: Judge, ids: Sequence[str]) -> None:
    total = sum(judge.base[id] for id in ids)
    print(
        f"\n{name}: {len(ids)} queries, {total:,.0f} with primary keys only; rel and bound are relative to that"
    )
    head = (
        f"{'budget':>10} {'advisor':16} {'rel':>8} {'geo':>7} {'believed':>8} {'bound':>8}  {'true MB':>8} {'budget':>7}"
        f" {'size':>7} {'worst':>7} {'indexes':>7} {'s':>6} {'calls':>6}"
    )
    for budget in budgets:
        print(head)
        for each in budget.rows:
            choice = each.choice
            of_budget = f"{each.over_budget:.1%}" if choice.budget else ""
            bound = f"{choice.bound:.5f}" if choice.bound else ""
            print(
                f"{shown(budget.bytes):>10} {choice.by:16} {each.rel:8.5f} {each.geometric:7.4f} {choice.estimate:8.5f}"
                f" {bound:>8}{'=' if choice.proved else ' '} {each.judgement.bytes / MEGABYTE:8.1f} {of_budget:>7}"
                f" {each.size_error:+7.1%} {each.worst_size:7.1%} {len(choice.sizes):7} {choice.seconds:6.1f} {choice.calls:6}"
            )
        told = f"best known {budget.best_known:.5f}"
        if name == "tpch19" and budget.megabytes in TO_BEAT:
            told += f", to beat {TO_BEAT[budget.megabytes]:.4f}"
        print(f"{'':10} {told}")
        off = {i: e for each in budget.rows for i, e in each.size_errors.items() if abs(e) > SIZE_ERROR}
        for index, error in sorted(off.items()):
            print(f"{'':10} size estimate off by {error:+.1%}: {index.text}")
        for each in budget.rows:
            wrong = {id: e for id, e in each.cost_errors.items() if abs(e) > COST_ERROR}
            if wrong:
                told = ", ".join(f"{id} {error:+.1%}" for id, error in wrong.items())
                print(f"{'':10} cost estimates of {each.choice.by} off: {told}")


def dump(arguments: argparse.Namespace) -> None:
    """The advice from the kept snapshot, without times, for one budget."""
    catalog = load(arguments.cache / f"select-{arguments.scale:g}.indexical")
    limits = limits_for(arguments.budgets[0], floors=True)
    sys.stdout.write(without_times(advise_catalog(workload(arguments.workload[0]), catalog, limits)))


def seeds(arguments: argparse.Namespace) -> dict[str, Any]:
    """Whether every hash seed gives the same bytes, for the first workload and budget."""
    budget = arguments.budgets[0]
    words = ["--dump", "--cache", str(arguments.cache), "--scale", f"{arguments.scale:g}"]
    words += ["--workload", arguments.workload[0]]
    words += ["--budgets", "unlimited" if budget is None else f"{budget / MEGABYTE:g}"]
    digests = same_bytes(Path(__file__), words)
    same = len(set(digests.values())) == 1
    print(
        f"advice for {shown(budget)} under hash seeds {', '.join(map(str, digests))}: {'the same' if same else digests}"
    )
    return {"mb": budget and budget / MEGABYTE, "digests": digests, "held": {"deterministic": same}}


def executed(source: Source, queries: Workload, arguments: argparse.Namespace) -> dict[str, Any]:
    """All queries really run with our sets, before and after their confirmation, and with Extend's, each of 350 MB."""
    budgets = [EXECUTED_BUDGET]
    choices = [*ours(source, queries, budgets, arguments.floors)]
    with open_copy(arguments.cache, arguments.scale) as url:
        for choice in tuple(choices):
            choices.append(choose_confirmed(url, queries, choice))
            tell(choices[-1])
    choices += references(source, queries, budgets, ["extend"])
    sets = {choice.by: choice.sizes for choice in choices}
    with connect(source.url, read_only=False, statement_timeout_ms=0, lock_timeout_ms=0) as session:
        judge = Judge(session, queries.statements)
        for indexes in sets.values():
            judge.build(indexes)
        judged_ = {name: judge.judge(indexes) for name, indexes in sets.items()}
        times = execute(session, judge, sets, queries.statements)
    print(f"{'':6}" + "".join(f" {name:>16}" for name in sets) + "   seconds, medians, in turns")
    for statement in queries.statements:
        print(f"{statement.id:6}" + "".join(f" {times[name].seconds[statement.id]:16.2f}" for name in sets))
    print(f"{'total':6}" + "".join(f" {times[name].total:16.2f}" for name in sets))
    print(f"{'MB':6}" + "".join(f" {judged_[name].bytes / MEGABYTE:16.1f}" for name in sets))
    for name in sets:
        if times[name].cut:
            print(f"{name}: counted with {TIMEOUT:.0f} s: {', '.join(times[name].cut)}")
    fastest = times["extend"].total
    return {
        "mb": EXECUTED_BUDGET / MEGABYTE,
        "sets": {
            name: {
                "true_mb": round(judged_[name].bytes / MEGABYTE, 1),
                "total_s": round(found.total, 2),
                "seconds": {id: round(seconds, 3) for id, seconds in found.seconds.items()},
                "cut": found.cut,
            }
            for name, found in times.items()
        },
        "held": {
            name: {"no_slower_than_extend": found.total <= fastest}
            for name, found in times.items()
            if name != "extend"
        },
    }


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H scale factor (default 1)")
    parser.add_argument("--budgets", default=BUDGETS, type=budgets_of,
                        help="megabytes of 1,000,000 bytes, or unlimited (default %(default)s)")  # fmt: skip
    parser.add_argument("--workload", default="tpch19", type=lambda text: text.split(","),
                        help=f"{' or '.join(WORKLOADS)}, or both with a comma (default tpch19)")  # fmt: skip
    parser.add_argument("--references", default="extend,cophy,dexter",
                        type=lambda text: [word for word in text.split(",") if word],
                        help=f"of {', '.join(REFERENCES)}; '' for none (default %(default)s)")  # fmt: skip
    parser.add_argument("--floors", choices=VARIANTS, default="both",
                        help="advice with the default floors of benefit, with none, or both (default)")  # fmt: skip
    parser.add_argument(
        "--execute", action="store_true", help="execute the sets of ours and of Extend in turns"
    )
    parser.add_argument("--seeds", action="store_true", help="compare the advice under five hash seeds")
    parser.add_argument("--known", action="store_true",
                        help="our search over every index that was ever judged here, too")  # fmt: skip
    parser.add_argument("--dump", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "indexical-bench",
                        help="where the database is kept for the next run (default %(default)s)")  # fmt: skip
    arguments = parser.parse_args()
    unknown = [*(set(arguments.workload) - set(WORKLOADS)), *(set(arguments.references) - set(REFERENCES))]
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    arguments = options()
    if arguments.dump:
        dump(arguments)
        return
    result: dict[str, Any] = {"name": "select", "scale": arguments.scale}
    with open_source(arguments.cache, arguments.scale) as source:
        result["server"] = source.catalog.server_version_text
        if arguments.execute:
            result["executed"] = executed(source, workload("tpch22"), arguments)
        elif not arguments.seeds:
            found = [judged(source, name, workload(name), arguments) for name in arguments.workload]
            result["workloads"] = found
    if arguments.seeds:
        result["seeds"] = seeds(arguments)
    publish(result)


if __name__ == "__main__":
    main()
