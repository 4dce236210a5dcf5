"""Estimated sizes of hypothetical indexes against the same indexes really built, with HypoPG's estimates beside them.

Three sources: TPC-H, the invitation platform's own tables, and a table of odd columns (wide, NULL-heavy, documents, arrays).
Of the first two every column of every large table gets an index of its own, and the benchmark's and the guide's indexes come
on top. HypoPG answers on a PostgreSQL 15 where it is installed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from invitations_source import example_source
from result import publish
from tpch import INDEXES, fill

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.errors import DatabaseError, EngineFailed
from indexical.model import Catalog, Index, Key
from indexical.pg.session import Session, connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
from indexical.twin.twin import open_twin

SMALLEST = 20
"""Pages: below that one page more or less is no error worth the name."""
ODD = (
    "SELECT setseed(0.5)",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    (
        "CREATE TABLE odd (id bigint PRIMARY KEY, wide text, url text, mostly_null int, null_text text, two boolean,"
        " few smallint,"
        " skewed int, tags text[], numbers int[], doc jsonb, nested jsonb, words tsvector, body text, price numeric(12,4),"
        " ratio float8, mac macaddr, ip inet, span tstzrange, at timestamptz, grown timestamptz, code uuid, low citext)"
    ),
    (
        "INSERT INTO odd SELECT i, repeat(md5(i::text), 1 + i % 9),"
        " 'https://example.com/' || i % 3000 || '/' || md5((i % 700)::text),"
        " CASE WHEN i % 50 = 0 THEN i END, CASE WHEN i % 3 = 0 THEN 'note ' || i % 4000 END, i % 2 = 0, i % 12,"
        " (random() ^ 4 * 50000)::int, ARRAY['tag' || (random() ^ 3 * 400)::int, 'tag' || (random() * 20)::int, 'k' || i % 2],"
        " ARRAY[i % 1000, (random() * 5000)::int], jsonb_build_object('user', i % 5000, 'kind', 'k' || i % 9, 'ok', i % 2 = 0),"
        " jsonb_build_object('a', jsonb_build_object('b', i % 300, 'c', jsonb_build_array(i % 11, i % 7)), 'name',"
        " md5((i % 2000)::text)),"
        " to_tsvector('simple',"
        " 'w' || (random() ^ 2 * 8000)::int || ' v' || (random() * 300)::int || ' common ' || 'x' || i % 40),"
        " (ARRAY['alpha','beta','gamma','delta','omega'])[1 + i % 5] || ' ' ||"
        " (ARRAY['house','tree','river','stone'])[1 + (i / 7) % 4]"
        " || ' ' || (random() * 9000)::int || ' ' || md5((i % 4000)::text), random() * 1000, random(),"
        " ('08:00:2b:01:' || to_hex(i / 256 % 256) || ':' || to_hex(i % 256))::macaddr,"
        " ('10.0.' || i % 200 || '.' || i % 250)::inet,"
        " tstzrange(timestamptz '2025-01-01Z' + i * interval '1 minute',"
        " timestamptz '2025-01-01Z' + (i + i % 60) * interval '1 minute'),"
        " timestamptz '2025-01-01Z' + i * interval '1 second',"
        " timestamptz '2025-01-01Z' + (random() * 1e7)::int * interval '1 second',"
        " md5((i * 7)::text)::uuid, 'Low' || i % 77 FROM generate_series(1, 100000) i"
    ),
)


def on(table: str, *keys: str, method: str = "btree", opclass: str = "", **more: object) -> Index:
    made = tuple(
        Key(expression=key[1:-1]) if key.startswith("(") else Key(column=key, opclass=opclass) for key in keys
    )
    return Index("public", table, made, method=method, **more)  # type: ignore[arg-type]


ODD_SHAPES = (
    on("odd", "two", "few"), on("odd", "few", "at"), on("odd", "skewed", "few"), on("odd", "tags"),
    on("odd", "mostly_null", "id"),
    on("odd", "null_text", "few"), on("odd", "url", "two"), on("odd", "grown", include=("price", "few")),
    on("odd", "few", include=("wide",)), on("odd", "at", predicate="two"),
    on("odd", "mostly_null", predicate="mostly_null IS NOT NULL"),
    on("odd", "skewed", predicate="few = 3"), on("odd", "(lower(url))"), on("odd", "(id % 100)"),
    on("odd", "((doc ->> 'user'))"), on("odd", "id", "code", unique=True), on("odd", "url", "at", "few"),
    on("odd", "body", method="gin", opclass="gin_trgm_ops"), on("odd", "url", method="gin", opclass="gin_trgm_ops"),
    on("odd", "wide", method="gin", opclass="gin_trgm_ops"), on("odd", "doc", method="gin", opclass="jsonb_path_ops"),
    on("odd", "doc", method="gin"), on("odd", "nested", method="gin", opclass="jsonb_path_ops"),
    on("odd", "nested", method="gin"),
    on("odd", "tags", method="gin"), on("odd", "numbers", method="gin"), on("odd", "words", method="gin"),
    on("odd", "words", method="gist"), on("odd", "span", method="gist"),
    on("odd", "body", method="gist", opclass="gist_trgm_ops"),
    on("odd", "id", method="brin"), on("odd", "at", method="brin"), on("odd", "url", method="brin"),
    on("odd", "id", method="hash"),
    on("odd", "few", method="hash"), on("odd", "url", method="hash"), on("odd", "ip", method="gist", opclass="inet_ops"),
)  # fmt: skip
DOCUMENTS = (
    "SELECT setseed(0.25)",
    (
        "CREATE TABLE papers (id bigint PRIMARY KEY, event jsonb, profile jsonb, product jsonb, sparse jsonb, setting jsonb,"
        " repeated jsonb, account jsonb)"
    ),
    (
        "INSERT INTO papers SELECT i, jsonb_build_object('id', md5(i::text)::uuid, 'type', 'type' || i % 12,"
        " 'at', timestamptz '2025-01-01Z' + (random() * 3e7)::int * interval '1 second'),"
        " jsonb_build_object('email', 'user' || i || '@example.com', 'plan', 'plan' || (random() * 3)::int,"
        " 'tags', jsonb_build_array('t' || (random() * 50)::int, 't' || (random() ^ 2 * 50)::int)),"
        " jsonb_build_object('sku', 'SKU-' || (random() ^ 3 * 40000)::int, 'price', (random() * 500)::numeric(8, 2),"
        " 'size', jsonb_build_object('w', (random() * 100)::int, 'h', (random() * 100)::int)),"
        " CASE WHEN i % 3 > 0 THEN jsonb_build_object('f' || (random() ^ 2 * 200)::int, (random() * 1000)::int) END,"
        " jsonb_build_object('theme', i % 3, 'language', 'l' || (random() ^ 4 * 40)::int, 'beta', i % 10 = 0),"
        " jsonb_build_object('session', md5((random() * 3000)::int::text), 'score', (random() * 100000)::int),"
        " jsonb_build_object('token', md5('a' || i), 'name', md5((random() * 30000)::int::text), 'level', i % 5)"
        " FROM generate_series(1, 100000) i"
    ),
)
DOCUMENT_SHAPES = tuple(
    Index("public", "papers", (Key(column=column, opclass=opclass),), method="gin")
    for column in ("event", "profile", "product", "sparse", "setting", "repeated", "account")
    for opclass in ("", "jsonb_path_ops")
)
EXAMPLE_SHAPES = (
    on("invitations_guest", "name", method="gin", opclass="gin_trgm_ops"),
    on("invitations_guest", "user_agent", method="gin", opclass="gin_trgm_ops"),
    on("invitations_invitation", "gallery_images", method="gin", opclass="jsonb_path_ops"),
    on("invitations_guest", "viewed_at", method="brin"),
)
TPCH_SHAPES = (
    on("lineitem", "l_returnflag", "l_linestatus"), on("lineitem", "l_shipdate", "l_returnflag"),
    on("lineitem", "l_shipmode", "l_shipinstruct", "l_quantity"), on("orders", "o_clerk", "o_orderdate"),
    on("orders", "o_orderpriority", include=("o_totalprice",)), on("customer", "(lower(c_name))"),
    on("lineitem", "l_comment", method="gin", opclass="gin_trgm_ops"), on("part", "p_name", method="gin", opclass="gin_trgm_ops"),
    on("orders", "o_comment", method="gin", opclass="gin_trgm_ops"), on("lineitem", "l_shipdate", method="brin"),
    on("lineitem", "l_partkey", method="hash"),
)  # fmt: skip


def single_columns(catalog: Catalog, tables: Iterable[str] = ()) -> list[Index]:
    """An index on each column that a B-tree can hold, of each large table."""
    found = []
    for table in catalog.tables:
        if table.rows < 4000 or (tables and table.name not in tables) or table.name.startswith("bench_"):
            continue
        for column in table.columns:
            if column.type not in ("json", "jsonb", "tsvector") and column.name != "wide":
                found.append(Index(table.schema, table.name, (Key.asc(column.name),)))
    return found


def true_size(session: Session, index: Index) -> int:
    """Pages of the index when it is really built; 0 when PostgreSQL will not."""
    try:
        with session.transaction(roll_back=True):
            session.execute(create_index(index, "bench_size"))
            row = session.rows("SELECT pg_catalog.pg_relation_size('bench_size') / 8192 AS pages")[0]
            return int(row["pages"])
    except DatabaseError:
        return 0


def hypopg_size(session: Session, index: Index) -> int:
    try:
        made = session.rows("SELECT indexrelid FROM hypopg_create_index(%s)", (create_index(index, "x"),))
        row = session.rows("SELECT hypopg_relation_size(%s::oid) / 8192 AS pages", (made[0]["indexrelid"],))[
            0
        ]
        session.rows("SELECT hypopg_reset()")
        return int(row["pages"])
    except DatabaseError:
        return 0


def without(catalog: Catalog, shapes: Iterable[Index]) -> Catalog:
    """The catalog as if none of the shapes existed yet; indexes of constraints stay."""
    gone = set(shapes)
    tables = tuple(
        replace(
            table,
            indexes=tuple(e for e in table.indexes if e.backs_constraint or e.index not in gone),
            expression_statistics=(),
        )
        for table in catalog.tables
    )
    return replace(catalog, tables=tables)


def measure(url: str, more: Iterable[Index], hypopg: bool, only: str) -> list[dict[str, object]]:
    """One record a shape: what it is, its true pages, the twin's estimate and HypoPG's."""
    found: list[dict[str, object]] = []
    with connect(url, read_only=False, statement_timeout_ms=0) as session:
        session.execute("SET maintenance_work_mem = '64MB'")
        session.execute("SET max_parallel_maintenance_workers = 0")
        catalog = snapshot(session)
        shapes = list(dict.fromkeys([*more, *single_columns(catalog)]))
        if only:
            shapes = [shape for shape in shapes if shape.method == only]
        if hypopg:
            session.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
        with open_twin(without(catalog, shapes)) as twin:
            for index in shapes:
                true = true_size(session, index)
                if true < SMALLEST and index.method != "brin":
                    continue
                if true:
                    by_hypopg = hypopg_size(session, index) if hypopg else 0
                    found.append(
                        {
                            "index": index.text,
                            "method": index.method,
                            "true": true,
                            "twin": twin.extent(index).pages,
                            "hypopg": by_hypopg,
                        }
                    )
    return found


def summary(records: list[dict[str, object]], key: str) -> dict[str, float]:
    errors = sorted(abs(int(str(r[key])) / int(str(r["true"])) - 1) for r in records if r[key])
    if not errors:
        return {"shapes": 0}
    return {
        "shapes": len(errors),
        "median": round(statistics.median(errors), 4),
        "p90": round(errors[int(0.9 * (len(errors) - 1) + 0.5)], 4),
        "max": round(errors[-1], 4),
    }


def gather(major: int, options: argparse.Namespace) -> list[dict[str, object]]:
    cache = Path(options.cache)
    found = []
    with PrivateServer(
        find(major=major), directory=cache / f"sizes-{major}", settings={"autovacuum": "off"}
    ) as server:
        hypopg = major < 18 and options.hypopg
        sources: Mapping[str, tuple[str, tuple[Index, ...]]] = {}
        if "tpch" in options.sources:
            url = fill(server, cache, options.scale)
            sources = {**sources, "tpch": (url, (*INDEXES.values(), *TPCH_SHAPES))}
        if "example" in options.sources:
            url = example_source(server, cache, "guide")[0]
            with connect(url) as session:
                guide = snapshot(session)
            own = tuple(e.index for e in guide.indexes() if not e.backs_constraint)
            sources = {**sources, "example": (url, (*own, *EXAMPLE_SHAPES))}
        if "odd" in options.sources:
            with connect(server.url(), read_only=False, statement_timeout_ms=0) as session:
                session.execute("DROP DATABASE IF EXISTS odd")
                session.execute("CREATE DATABASE odd")
            with connect(server.url("odd"), read_only=False, statement_timeout_ms=0) as session:
                session.execute("CREATE EXTENSION citext")
                for sql in (*ODD, *DOCUMENTS, "VACUUM ANALYZE"):
                    session.execute(sql)
            sources = {**sources, "odd": (server.url("odd"), (*ODD_SHAPES, *DOCUMENT_SHAPES))}
        for url, shapes in sources.values():
            with connect(url, read_only=False) as session:
                session.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            found += measure(url, shapes, hypopg, options.only)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", default=str(Path(tempfile.gettempdir()) / "indexical-bench"))
    parser.add_argument("--scale", type=float, default=0.1, help="of TPC-H")
    parser.add_argument("--sources", default="tpch,example,odd")
    parser.add_argument("--only", default="", help="one kind of index, such as gin")
    parser.add_argument(
        "--hypopg", action="store_true", help="on PostgreSQL 15, which must have the extension"
    )
    options = parser.parse_args()
    Path(options.cache).mkdir(parents=True, exist_ok=True)
    try:
        records = gather(15 if options.hypopg else 18, options)
    except EngineFailed as error:
        sys.exit(str(error))
    for record in sorted(records, key=lambda r: (str(r["method"]), str(r["index"]))):
        true, twin = int(str(record["true"])), int(str(record["twin"]))
        hypopg = f" {int(str(record['hypopg'])) / true - 1:+8.1%}" if record["hypopg"] else ""
        print(f"{true:8} {twin:8} {twin / true - 1:+8.1%}{hypopg}  {record['index']}")
    methods = sorted({str(r["method"]) for r in records})
    by_method = {m: summary([r for r in records if r["method"] == m], "twin") for m in methods}
    tree, gin = by_method.get("btree"), by_method.get("gin")
    held = bool(tree or gin)
    if tree:
        held = held and tree["median"] <= 0.05 and tree["p90"] <= 0.2
    if gin:
        held = held and gin["max"] <= 0.5
    result = {
        "name": "sizes",
        "server": 15 if options.hypopg else 18,
        "twin": by_method,
        "hypopg": {m: summary([r for r in records if r["method"] == m], "hypopg") for m in methods},
        "held": held,
    }
    publish(result)


if __name__ == "__main__":
    main()
