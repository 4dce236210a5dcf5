"""How exact the planner twin is: the same plans and costs as a database whose indexes are really there?

The database has every index; a configuration is chosen on both sides by ``pg_index.indisvalid`` in a transaction that is
rolled back. The twin knows the database as it is without them, once with their true sizes and the true ends of their leading
columns, once with what it estimates itself.

    make bench-twin                       TPC-H at scale factor 1 on the bundled engine
    bench_twin.py --scale 0.1             a quick look
    bench_twin.py --example               the invitation platform with its documented queries
    bench_twin.py --server15              the database on PostgreSQL 15, the twin on 15 and on 18
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tpch
from invitations_source import example_source
from result import publish

from indexical.catalog import snapshot
from indexical.errors import EngineFailed, PlanRefused
from indexical.model import Catalog, Configuration, Index, Parameters, Plan, Statement, Table
from indexical.pg.explain import explain
from indexical.pg.session import Session, connect
from indexical.twin.engine import Engine, find
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Extent
from indexical.twin.twin import Twin, open_twin

DEBIAN_15 = "/usr/lib/postgresql/15/bin"
SETTINGS = {
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "random_page_cost": "1.5",
    "effective_cache_size": "3GB",
    "work_mem": "16MB",
    "jit": "off",
}
WHAT_IFS = 2000

Configurations = Mapping[str, tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Source:
    """A database with every index built, and what is asked about it."""

    url: str
    built: tuple[str, ...]
    """Names of the indexes that the twin must not know."""
    configurations: Configurations
    questions: tuple[tuple[Statement, Parameters], ...]
    two_tables: tuple[Statement, Parameters]
    """For the number of what-ifs a second."""


@dataclass(slots=True)
class Comparison:
    same: int = 0
    ratios: list[float] = field(default_factory=list)
    ties: int = 0
    """Different plans whose costs differ by less than a thousandth: either may be taken."""
    worst: tuple[float, str] = (1.0, "")
    """The cost ratio farthest from 1, and where."""
    different: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.ratios)

    def summary(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "same": self.same,
            "same_share": round(self.same / max(self.asked, 1), 4),
            "ties": self.ties,
            "cost_ratio_min": round(min(self.ratios, default=0.0), 5),
            "cost_ratio_median": round(statistics.median(self.ratios or [0.0]), 5),
            "cost_ratio_max": round(max(self.ratios, default=0.0), 5),
            "within_1_percent": round(sum(abs(r - 1) <= 0.01 for r in self.ratios) / max(self.asked, 1), 4),
            "refused": len(self.refused),
        }


def shape(plan: Plan) -> list[tuple[str, str, int]]:
    """What makes two plans the same; the indexes are compared apart, by their structure."""
    return [(node.type, node.relation, node.depth) for node in plan.nodes]


def without(catalog: Catalog, names: Sequence[str], *, ends: bool) -> Catalog:
    """The catalog of the database before it had the indexes.

    ``ends`` keeps what only they tell of their columns, and the heights that only an inspecting superuser can read.
    """
    gone = frozenset(names)

    def bare(table: Table) -> Table:
        indexes = tuple(
            index if ends else replace(index, height=-1) for index in table.indexes if index.name not in gone
        )
        leading = {index.index.keys[0].column for index in indexes if index.index.method == "btree"}
        columns = tuple(
            column if ends or column.name in leading else replace(column, low="", high="")
            for column in table.columns
        )
        return replace(table, indexes=indexes, columns=columns)

    return replace(catalog, tables=tuple(bare(table) for table in catalog.tables))


def real_plans(session: Session, source: Source, catalog: Catalog) -> dict[tuple[str, str], Plan]:
    """Every question under every configuration, on the database itself."""
    oids = {existing.name: existing.oid for existing in catalog.indexes()}
    by_name = {existing.name: existing.index for existing in catalog.indexes()}
    plans = {}
    for name, (added, removed) in source.configurations.items():
        hidden = [oids[each] for each in source.built if each not in added] + [oids[each] for each in removed]
        with session.transaction(roll_back=True):
            session.execute(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY (%s::oid[])", (hidden,)
            )
            for statement, values in source.questions:
                plans[(name, statement.id)] = explain(session, statement, values).plan(by_name)
    return plans


def compare(
    twin: Twin, source: Source, real: Mapping[tuple[str, str], Plan], indexes: Mapping[str, Index]
) -> Comparison:
    result = Comparison()
    for name, (added, removed) in source.configurations.items():
        configuration = Configuration(
            frozenset(indexes[each] for each in added), frozenset(indexes[each] for each in removed)
        )
        for statement, values in source.questions:
            expected = real[(name, statement.id)]
            try:
                plan = twin.plan(statement, values, configuration)
            except PlanRefused as error:
                result.refused.append(f"{name}, {statement.id}: {error}")
                continue
            ratio = plan.cost / expected.cost if expected.cost else 1.0
            result.ratios.append(ratio)
            if abs(ratio - 1) > abs(result.worst[0] - 1):
                result.worst = (ratio, f"{name}, {statement.id}")
            if shape(plan) == shape(expected) and plan.indexes == expected.indexes:
                result.same += 1
            else:
                result.ties += abs(ratio - 1) < 0.001
                result.different.append(
                    f"{name}, {statement.id}: cost {expected.cost:.0f}, twin {plan.cost:.0f}"
                )
    return result


def what_ifs_a_second(twin: Twin, source: Source, indexes: Mapping[str, Index]) -> float:
    """Plans a second when each call changes the configuration."""
    statement, values = source.two_tables
    chosen = [indexes[name] for name in source.built[:9]]
    configurations = [
        Configuration(frozenset((chosen[n % 9], chosen[(n + 4) % 9], chosen[(n * 5 + 2) % 9])))
        for n in range(9)
    ]
    for configuration in configurations:
        twin.plan(statement, values, configuration)
    begun = time.perf_counter()
    for number in range(WHAT_IFS):
        twin.plan(statement, values, configurations[number % 9])
    return WHAT_IFS / (time.perf_counter() - begun)


def on_engine(
    engine: Engine, full: Catalog, source: Source, real: Mapping[tuple[str, str], Plan]
) -> dict[str, Any]:
    """Both comparisons with the twin on one engine."""
    indexes = {existing.name: existing.index for existing in full.indexes()}
    measured = {
        existing.index: Extent(existing.size // 8192, existing.tuples, existing.height)
        for existing in full.indexes()
    }
    # In the order in which the database got them: of two equal indexes the planner takes the older one.
    by_age = sorted(full.indexes(), key=lambda existing: existing.oid)
    hypothetical = [existing.index for existing in by_age if existing.name in source.built]
    result: dict[str, Any] = {"engine": engine.version}
    for kind in ("true", "estimated"):
        begun = time.perf_counter()
        with open_twin(without(full, source.built, ends=kind == "true"), engine=engine) as twin:
            opened = time.perf_counter() - begun
            twin.add(hypothetical, measured=measured if kind == "true" else None)
            made = time.perf_counter() - begun - opened
            comparison = compare(twin, source, real, indexes)
            rate = what_ifs_a_second(twin, source, indexes)
        tell(kind, engine, comparison)
        result[kind] = comparison.summary()
        result["twin_s"] = round(opened, 2)
        result["indexes_ms"] = round(made * 1000, 1)
        result["what_ifs_per_s"] = round(rate)
    return result


def tell(kind: str, engine: Engine, comparison: Comparison) -> None:
    told = comparison.summary()
    print(
        f"{kind} sizes, engine {engine.version}: {told['same']} of {told['asked']} plans the same"
        f" ({told['same_share']:.1%}; {told['ties']} others are ties), cost ratio {told['cost_ratio_min']:.4f} to"
        f" {told['cost_ratio_max']:.4f}, median {told['cost_ratio_median']:.4f}"
    )
    if abs(comparison.worst[0] - 1) > 0.0005:
        print(f"    farthest: {comparison.worst[1]}, {comparison.worst[0]:.4f}")
    for line in (*comparison.different[:12], *comparison.refused[:5]):
        print(f"    {line}")


def tpch_source(server: PrivateServer, cache: Path, scale: float) -> Source:
    url = tpch.fill(server, cache, scale)
    two = Statement(
        id="two",
        sql="SELECT o_orderdate, l_extendedprice FROM orders JOIN lineitem ON l_orderkey = o_orderkey"
        " WHERE o_custkey = $1 AND l_shipdate > $2",
    )
    return Source(
        url=url,
        built=tuple(tpch.INDEXES),
        configurations=tpch.configurations(),
        questions=tuple((statement, ()) for statement in tpch.statements()),
        two_tables=(two, ("370", "1998-06-01")),
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H scale factor (default 1)")
    parser.add_argument("--example", action="store_true", help="the invitation platform instead of TPC-H")
    parser.add_argument("--example-scale", default="guide", help="small or guide (default guide)")
    parser.add_argument("--server15", action="store_true", help="the database runs on PostgreSQL 15")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "indexical-bench",
                        help="where databases are kept for the next run (default %(default)s)")  # fmt: skip
    return parser.parse_args()


def main() -> None:
    arguments = options()
    cache: Path = arguments.cache
    cache.mkdir(parents=True, exist_ok=True)
    cache.chmod(0o755)
    embedded = find()
    engine = find(DEBIAN_15) if arguments.server15 else embedded
    name = "invitations" if arguments.example else f"TPC-H {arguments.scale:g}"
    directory = cache / f"server-{engine.major}"
    with PrivateServer(engine, directory=directory, settings=SETTINGS, shared_buffers="512MB") as server:
        if arguments.example:
            source = Source(*example_source(server, cache, arguments.example_scale))
        else:
            source = tpch_source(server, cache, arguments.scale)
        with connect(source.url, read_only=False) as session:
            begun = time.perf_counter()
            full = snapshot(session)
            snapshot_s = time.perf_counter() - begun
            begun = time.perf_counter()
            real = real_plans(session, source, full)
            real_s = time.perf_counter() - begun
    print(
        f"{name} on PostgreSQL {engine.version}: {len(source.questions)} statements x {len(source.configurations)}"
        f" configurations of {len(source.built)} indexes, planned there in {real_s:.1f} s; snapshot {snapshot_s:.2f} s"
    )
    results = []
    for chosen in (engine, embedded) if arguments.server15 else (engine,):
        try:
            results.append(on_engine(chosen, full, source, real))
        except EngineFailed as error:
            print(f"no twin on engine {chosen.version}: {error}")
    report(name, engine, results, snapshot_s, arguments)


def report(
    name: str,
    engine: Engine,
    results: Sequence[dict[str, Any]],
    snapshot_s: float,
    arguments: argparse.Namespace,
) -> None:
    for each in results:
        print(
            f"engine {each['engine']}: twin in {each['twin_s']} s, indexes in {each['indexes_ms']} ms,"
            f" {each['what_ifs_per_s']} what-ifs a second"
        )
    same_version = [each for each in results if each["engine"].split(".")[0] == str(engine.major)]
    held = bool(same_version) and all(held_of(each, exact=not arguments.example) for each in same_version)
    result = {
        "name": "twin",
        "source": name,
        "server": engine.version,
        "snapshot_s": round(snapshot_s, 2),
        "twins": results,
        "held": held,
    }
    publish(result)


def held_of(each: Mapping[str, Any], *, exact: bool) -> bool:
    """Whether the goals are reached: every plan and cost with true sizes, 98 % and 1 % with estimated ones."""
    true, estimated = each["true"], each["estimated"]
    share = 1.0 if exact else 0.98
    return bool(
        true["same_share"] >= share
        and (not exact or (true["cost_ratio_min"] >= 0.999 and true["cost_ratio_max"] <= 1.001))
        and estimated["same_share"] >= 0.98
        and abs(estimated["cost_ratio_median"] - 1) <= 0.01
        and not true["refused"]
    )


if __name__ == "__main__":
    main()
