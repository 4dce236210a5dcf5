"""A large schema: how long a snapshot and its twin take, how much memory, and how large the file is beside a dump.

1,000 tables with 5,000 indexes and some rows each, on a private server. The dump is ``pg_dump -Fc`` of the same database:
the more rows, the larger it gets, while a snapshot stays as it is; so few rows make the comparison hard.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from result import publish

from indexical.catalog import snapshot
from indexical.catalog.file import load, save
from indexical.pg.session import Session, connect
from indexical.twin import engine
from indexical.twin.server import PrivateServer

TABLES = 1000
ROWS = 2000
SNAPSHOT_SECONDS = 15.0
BOTH_SECONDS = 60.0
MEGABYTES = 400.0
SHARE = 0.05
_HERE = Path(__file__).resolve().parent


def make_schema(session: Session, tables: int, rows: int) -> None:
    """Tables with eight columns and five indexes each, filled with skewed values."""
    session.execute("CREATE SCHEMA bench")
    for number in range(tables):
        name = f"bench.table_{number:04d}"
        create = (
            f"CREATE TABLE {name} (id bigint PRIMARY KEY, owner_id int NOT NULL, status text NOT NULL, email varchar(120),"
            " total numeric(12,2), created_at timestamptz NOT NULL, tags text[], note text)"
        )
        fill = (
            f"INSERT INTO {name} SELECT i, (random() * random() * {rows})::int,"
            " (array['new','paid','sent','done','lost'])[1 + (random() * random() * 5)::int % 5],"
            f" 'person' || (i * 7919) % {rows} || '@example.com', (random() * 1000)::numeric(12,2),"
            " timestamptz '2026-01-01 00:00Z' + i * interval '97 seconds', array['t' || i % 20, 't' || i % 7],"
            f" CASE WHEN i % 3 = 0 THEN md5(i::text) END FROM generate_series(1, {rows}) i"
        )
        keys = (
            "(owner_id, created_at DESC)",
            "(email)",
            "(lower(email)) INCLUDE (status)",
            "(created_at) WHERE status = 'new'",
        )
        indexes = [f"CREATE INDEX ON {name} {key}" for key in keys]
        session.script(["BEGIN", create, fill, *indexes, "COMMIT"])
    session.execute("VACUUM ANALYZE")


def peak_of(pid: int) -> float:
    """Megabytes of proportional memory of a process and its children now; shared pages count by share."""
    total = 0.0
    for process in (pid, *_children(pid)):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = [int(word) for word in (entry / "children").read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_children(child)]
    return found


def take(url: str, target: str) -> None:
    """Run in a process of its own, so that its peak is its own: prints seconds and megabytes."""
    begun = time.perf_counter()
    with connect(url) as session:
        catalog = snapshot(session)
    taken = time.perf_counter() - begun
    save(catalog, target)
    saved = time.perf_counter() - begun - taken
    load(target)
    loaded = time.perf_counter() - begun - taken - saved
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": taken, "save": saved, "load": loaded, "megabytes": peak}))


def plan(target: str) -> None:
    """Also in a process of its own: opens the twin of the snapshot file."""
    from indexical.twin.twin import open_twin

    begun = time.perf_counter()
    with open_twin(load(target)) as twin:
        seconds = time.perf_counter() - begun
        servers = peak_of(os.getpid())
        print(json.dumps({"seconds": seconds, "megabytes": servers, "not_examined": len(twin.not_examined)}))


def run(*words: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def dump_size(url: str, used: engine.Engine, target: Path) -> int:
    words = [used.program("pg_dump"), "-Fc", "-d", url, "-f", str(target)]
    subprocess.run(words, check=True, env=used.environment())
    return target.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--take", nargs=2)
    parser.add_argument("--plan")
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--major", type=int)
    words = parser.parse_args()
    if words.take:
        take(*words.take)
        return
    if words.plan:
        plan(words.plan)
        return
    used = engine.find(major=words.major)
    with (
        PrivateServer(used, settings={"autovacuum": "off"}) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        with connect(server.url(), read_only=False, statement_timeout_ms=0) as session:
            make_schema(session, words.tables, words.rows)
        target = Path(folder) / "snapshot"
        taken = run("--take", server.url(), str(target))
        size = target.stat().st_size
        dump = dump_size(server.url(), used, Path(folder) / "dump")
        twin = run("--plan", str(target))
    report(words, used, taken, size, dump, twin)


def report(
    words: argparse.Namespace,
    used: engine.Engine,
    taken: dict[str, Any],
    size: int,
    dump: int,
    twin: dict[str, Any],
) -> None:
    both = taken["seconds"] + taken["save"] + twin["seconds"]
    memory = max(taken["megabytes"], twin["megabytes"])
    held = (
        taken["seconds"] <= SNAPSHOT_SECONDS
        and both <= BOTH_SECONDS
        and memory <= MEGABYTES
        and size <= SHARE * dump
    )
    print(
        f"snapshot   {taken['seconds']:7.2f} s, {taken['megabytes']:.0f} MB (target {SNAPSHOT_SECONDS:.0f} s)"
    )
    print(f"saving     {taken['save']:7.2f} s, loading {taken['load']:.2f} s")
    print(
        f"file       {size / 1e6:7.2f} MB, dump of the same rows {dump / 1e6:.1f} MB: {size / dump:.1%} (target {SHARE:.0%})"
    )
    print(
        f"twin       {twin['seconds']:7.2f} s, {twin['megabytes']:.0f} MB with its server; not examined: {twin['not_examined']}"
    )
    print(
        f"both       {both:7.2f} s (target {BOTH_SECONDS:.0f} s), at most {memory:.0f} MB (target {MEGABYTES:.0f} MB)"
    )
    result = {
        "name": "snapshot",
        "tables": words.tables,
        "indexes": words.tables * 5,
        "rows": words.rows,
        "snapshot_s": round(taken["seconds"], 2),
        "save_s": round(taken["save"], 2),
        "load_s": round(taken["load"], 2),
        "twin_s": round(twin["seconds"], 2),
        "snapshot_mb": round(taken["megabytes"]),
        "twin_mb": round(twin["megabytes"]),
        "file_bytes": size,
        "dump_bytes": dump,
        "held": held,
    }
    publish(result, postgres=used.version)


if __name__ == "__main__":
    main()
