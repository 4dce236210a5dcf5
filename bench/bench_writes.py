"""What an index costs the writes, measured on indexes that are really built, beside what the model of upkeep predicts.

One table, one index at a time: the processor time of the backend for each inserted row, for each update that changes the
indexed column, and for each dead row that VACUUM clears away, less the same without the index. Processor time and not the
clock, so that other work on the machine does not count. A planner unit's worth on the same machine comes from a set of reads:
their processor time over their cost. The model's constants in ``indexical/whatif/prices.py`` are fitted to this.

    make bench-writes                     300,000 rows on the bundled engine, five minutes
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from result import publish

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.model import Catalog, Index, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session, connect
from indexical.testing import index
from indexical.twin import engine
from indexical.twin.server import PrivateServer
from indexical.whatif.maintenance import HEAP_VERSION
from indexical.whatif.prices import Prices

ROWS = 300_000
WRITTEN = 6_000
RUNS = 5
BAND = 2.0
"""A prediction is right when it is at most this many times too high or too low,"""
BLUR_US = 1.0
"""or when it is off by less than two measurements of the same differ."""
_HERE = Path(__file__).resolve().parent
_WORD = "(array['red','blue','green','small','large','round','heavy','light','rapid','quiet','early','late'])"
_ROW = f"""
    i AS id, gen_random_uuid() AS token, timestamptz '2026-01-01 00:00Z' + i * interval '7 seconds' AS created_at,
    (random() * 100000)::int AS k, (random() * 50)::int AS few,
    (array['new','open','paid','done','done','done','done','done','done','done'])[1 + (random() * 9)::int] AS state,
    'user' || (random() * 1e9)::bigint || '@example.com' AS email, (random() * 100000)::numeric(12,2) AS total,
    repeat(md5(random()::text), 3) AS wide, NULL::text AS note,
    jsonb_build_object('colour', {_WORD}[1 + (random() * 11)::int], 'size', (random() * 1000)::int, 'tag', md5(random()::text)) AS doc,
    array['t' || (random() * 500)::int, 't' || (random() * 500)::int, 't' || (random() * 500)::int] AS tags,
    concat_ws(' ', {_WORD}[1 + (random() * 11)::int], md5(random()::text), {_WORD}[1 + (random() * 11)::int]) AS words,
    to_tsvector('simple', concat_ws(' ', {_WORD}[1 + (random() * 11)::int], (random() * 5000)::int, {_WORD}[1 + (random() * 11)::int])) AS lexemes,
    int4range((random() * 100000)::int, 100001 + (random() * 1000)::int) AS span, point(random(), random()) AS place
"""  # noqa: E501
_COLUMNS = (
    "id, token, created_at, k, few, state, email, total, wide, note, doc, tags, words, lexemes, span, place"
)


@dataclass(frozen=True, slots=True)
class Spec:
    index: Index
    change: str
    """The SET list of updates that change what the index holds."""
    columns: tuple[str, ...]


def _spec(keys: str, change: str, column: str, **more: Any) -> Spec:
    return Spec(index("public.t", keys, **more), change, (column,))


_K, _STATE = "k = t.k + 1", "state = CASE state WHEN 'new' THEN 'open' ELSE 'new' END"
SPECS = (
    _spec("created_at", "created_at = t.created_at + interval '1 hour'", "created_at"),
    _spec("k", _K, "k"),
    _spec("few", "few = t.few + 1", "few"),
    _spec("state", _STATE, "state"),
    _spec("token", "token = gen_random_uuid()", "token"),
    _spec("email", "email = 'x' || t.email", "email"),
    _spec("wide", "wide = 'x' || t.wide", "wide"),
    _spec("k, state", _K, "k"),
    _spec("k, created_at", _K, "k"),
    _spec("k, created_at, total", _K, "k"),
    _spec("k, state, created_at, total", _K, "k"),
    _spec("state, created_at", _STATE, "state"),
    _spec("k", _K, "k", include=["total"]),
    _spec("k", _K, "k", include=["total", "email", "state"]),
    _spec("k", _K, "k", where="state = 'new'"),
    _spec("created_at", "created_at = t.created_at + interval '1 hour'", "created_at", where="note IS NOT NULL"),
    _spec("lower(email)", "email = 'x' || t.email", "email"),
    _spec("(k + few)", _K, "k"),
    _spec("token", "token = gen_random_uuid()", "token", method="hash"),
    _spec("email", "email = 'x' || t.email", "email", method="hash"),
    _spec("created_at", "created_at = t.created_at + interval '1 hour'", "created_at", method="brin"),
    _spec("k, created_at", _K, "k", method="brin"),
    _spec("doc", "doc = t.doc || jsonb_build_object('size', 1 + t.k)", "doc", method="gin"),
    _spec("doc jsonb_path_ops", "doc = t.doc || jsonb_build_object('size', 1 + t.k)", "doc", method="gin"),
    _spec("tags", "tags = t.tags || 't1'::text", "tags", method="gin"),
    _spec("words gin_trgm_ops", "words = 'x' || t.words", "words", method="gin"),
    _spec("lexemes", "lexemes = t.lexemes || 'x:1'::tsvector", "lexemes", method="gin"),
    _spec("span", "span = int4range(t.k, 200000)", "span", method="gist"),
    _spec("place", "place = point(random(), random())", "place", method="gist"),
)  # fmt: skip
READS = (
    "SELECT count(*) FROM t",
    "SELECT count(*) FROM t WHERE total > 50000 AND few < 10",
    "SELECT state, count(*), sum(total) FROM t GROUP BY state",
    "SELECT k, count(*) FROM t GROUP BY k",
    "SELECT * FROM t ORDER BY email LIMIT 50",
    "SELECT total FROM t ORDER BY total",
    "SELECT count(*) FROM t a JOIN t b ON a.id = b.k",
    "SELECT sum(total) FROM t WHERE id BETWEEN 1000 AND 90000",
    "SELECT sum(b.total) FROM (SELECT k FROM t ORDER BY token LIMIT 3000) a JOIN t b ON b.id = a.k",
    "SELECT count(*) FROM t WHERE email LIKE '%77%'",
)


def processor_seconds(pid: int) -> float:
    """Of another process, exact to the moment: Linux lets its clock be named by its id (clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


class Bench:
    """Two tables that differ by one index, the statements that write them row by row, and what they take."""

    def __init__(self, session: Session, rows: int, written: int) -> None:
        self.session = session
        self.rows = rows
        self.written = written
        self.pid = session.backend_pid

    def set_up(self) -> None:
        run = self.session.execute
        run("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        run("SELECT setseed(0.5)")
        first, last = self.rows + 1, self.rows + (RUNS + 1) * self.written
        run(f"CREATE TABLE t WITH (fillfactor=80) AS SELECT {_ROW} FROM generate_series(1, {self.rows}) i")
        run("CREATE TABLE plain WITH (fillfactor=80) AS TABLE t")
        run(f"CREATE TABLE more AS SELECT {_ROW} FROM generate_series({first}, {last}) i")
        changed = f"SELECT id FROM t ORDER BY random() LIMIT {(RUNS + 1) * self.written}"
        run(f"CREATE TABLE victims AS SELECT id, row_number() OVER () AS place FROM ({changed}) v")
        for table in ("t", "plain", "more"):
            run(f"ALTER TABLE {table} ADD PRIMARY KEY (id)")
            run(f"VACUUM ANALYZE {table}")

    def spent(self, *statements: str) -> float:
        """Microseconds of the backend's processor time for each written row."""
        before = processor_seconds(self.pid)
        for sql in statements:
            self.session.execute(sql)
        return (processor_seconds(self.pid) - before) * 1e6 / self.written

    def written_to(self, table: str, loop: str) -> float:
        """One statement a row, as an application writes; a pending list is emptied as part of it."""
        pending = table == "t" and bool(
            self.session.rows(
                "SELECT 1 FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.relname = 'measured' AND a.amname = 'gin'"
            )
        )
        with self.session.transaction(roll_back=True):
            body = [
                f"DO $$ DECLARE r more%ROWTYPE; v victims%ROWTYPE; BEGIN {loop.format(table=table)} END $$"
            ]
            return self.spent(*body, *(["SELECT gin_clean_pending_list('measured')"] if pending else []))

    def insertion(self) -> float:
        """More for each row inserted in the order of the ids, because of the index."""
        found = []
        for run in range(RUNS + 1):
            first = self.rows + 1 + run * self.written
            loop = (
                f"FOR r IN SELECT * FROM more WHERE id >= {first} AND id < {first + self.written} ORDER BY id LOOP"
                " INSERT INTO {table} VALUES (r.*); END LOOP;"
            )
            found.append(self._more(run, loop))
        self.session.execute("VACUUM t")
        self.session.execute("VACUUM plain")
        return statistics.median(found[1:])

    def update(self, change: str) -> tuple[float, float]:
        """More for each of random rows updated, and for each dead row that VACUUM then clears away."""
        found, cleared = [], []
        for run in range(RUNS + 1):
            first = run * self.written
            chosen = f"SELECT * FROM victims WHERE place > {first} AND place <= {first + self.written}"
            change_each = "UPDATE {table} AS t SET " + change + " WHERE id = v.id"
            found.append(self._more(run, f"FOR v IN {chosen} LOOP {change_each}; END LOOP;"))
            cleared.append(self.spent("VACUUM t") - self.spent("VACUUM plain"))
        return statistics.median(found[1:]), statistics.median(cleared[1:])

    def _more(self, run: int, loop: str) -> float:
        spent = {}
        for table in ("t", "plain") if run % 2 else ("plain", "t"):
            self.session.execute("CHECKPOINT")
            spent[table] = self.written_to(table, loop)
        return spent["t"] - spent["plain"]

    def microseconds_a_unit(self) -> list[tuple[str, float]]:
        found = []
        for number, sql in enumerate(READS):
            cost = explain(self.session, Statement(f"read{number}", sql), ()).plan({}).cost
            times = []
            for _ in range(3):
                before = processor_seconds(self.pid)
                self.session.rows(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) {sql}")
                times.append(processor_seconds(self.pid) - before)
            found.append((sql, min(times) * 1e6 / cost))
        return found

    def measure(self, spec: Spec) -> dict[str, float]:
        self.session.execute(create_index(spec.index, "measured"))
        self.session.execute("VACUUM ANALYZE t")
        inserted = self.insertion()
        changed, cleared = self.update(spec.change)
        size = self.session.rows("SELECT pg_relation_size('measured') AS bytes")[0]["bytes"]
        self.session.execute("DROP INDEX measured")
        return {"insert_us": inserted, "update_us": changed, "vacuum_us": cleared, "bytes": size}


def predicted(catalog: Catalog, spec: Spec, size: int, written: int) -> tuple[float, float, float]:
    """Planner units for an inserted row, for an update that changes the index's column, and for a dead row's clearing."""
    prices = Prices(catalog, {})
    primary = next(e for table in catalog.tables if table.name == "t" for e in table.indexes)
    dead_share = written / max(sum(table.rows for table in catalog.tables if table.name == "t"), 1.0)
    insert = prices.entry(spec.index, size)
    update = prices.entry(spec.index, size, moved=True)
    clearing = prices.clearing(spec.index, size, dead_share)
    if spec.index.method != "brin":
        # No update is heap-only any more: the primary key takes an entry too.
        update += HEAP_VERSION + prices.entry(primary.index, primary.size, moved=True)
        clearing += prices.clearing(primary.index, primary.size, dead_share)
    return insert, update, clearing


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--written", type=int, default=WRITTEN)
    parser.add_argument("--save", help="also writes every figure to this file")
    words = parser.parse_args()
    used = engine.find()
    settings = {"autovacuum": "off", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "jit": "off",
                "max_parallel_workers_per_gather": "0", "random_page_cost": "1.1"}  # fmt: skip
    begun = time.perf_counter()
    with (
        PrivateServer(used, settings=settings, shared_buffers="512MB") as server,
        connect(server.url(), read_only=False, statement_timeout_ms=0) as session,
    ):
        bench = Bench(session, words.rows, words.written)
        bench.set_up()
        reads = bench.microseconds_a_unit()
        unit = statistics.median(value for _, value in reads)
        for sql, value in reads:
            print(f"{value:8.2f} us a unit   {sql}")
        print(f"{unit:8.2f} us a unit is the median")
        catalog = snapshot(session)
        lines = [_line(bench, catalog, spec, unit, words.written) for spec in SPECS]
    report(words, used, unit, lines, time.perf_counter() - begun)


def _line(bench: Bench, catalog: Catalog, spec: Spec, unit: float, written: int) -> dict[str, Any]:
    found = bench.measure(spec)
    insert, update, vacuum = predicted(catalog, spec, int(found["bytes"]), written)
    line = {
        "index": spec.index.text, **{name: round(value, 2) for name, value in found.items()},
        "insert_predicted_us": round(insert * unit, 2), "update_predicted_us": round(update * unit, 2),
        "vacuum_predicted_us": round(vacuum * unit, 2),
    }  # fmt: skip
    print(
        f"{spec.index.text[9:]:52.52} {line['insert_us']:8.2f} ({line['insert_predicted_us']:8.2f})"
        f" {line['update_us']:8.2f} ({line['update_predicted_us']:8.2f})"
        f" {line['vacuum_us']:8.2f} ({line['vacuum_predicted_us']:8.2f})",
        flush=True,
    )
    return line


def _ratio(line: dict[str, Any], what: str) -> float:
    """Predicted over measured; 1 within the blur."""
    measured, expected = line[f"{what}_us"], line[f"{what}_predicted_us"]
    return 1.0 if abs(measured - expected) <= BLUR_US else max(expected, 0.1) / max(measured, 0.1)


def report(
    words: argparse.Namespace, used: engine.Engine, unit: float, lines: list[dict[str, Any]], seconds: float
) -> None:
    errors = {what: [_ratio(line, what) for line in lines] for what in ("insert", "update", "vacuum")}
    apart = {what: statistics.median(max(e, 1 / e) for e in found) for what, found in errors.items()}
    within = {
        what: sum(1 / BAND <= error <= BAND for error in found) / len(found) for what, found in errors.items()
    }
    for what in errors:
        print(f"{what}: median factor {apart[what]:.2f}, {within[what]:.0%} within a factor of {BAND:g}")
    if words.save:
        Path(words.save).write_text(json.dumps({"unit": unit, "lines": lines}, indent=1))
    result = {
        "name": "writes",
        "rows": words.rows,
        "indexes": len(lines),
        "us_a_unit": round(unit, 2),
        "median_factor": {what: round(value, 2) for what, value in apart.items()},
        "within_band": {what: round(value, 3) for what, value in within.items()},
        "band": BAND,
        "measured": {line["index"][9:]: [line["insert_us"], line["update_us"]] for line in lines},
        "seconds": round(seconds),
        "held": within["insert"] >= 0.9 and within["update"] >= 0.8,
    }  # fmt: skip
    publish(result, postgres=used.version)


if __name__ == "__main__":
    main()
