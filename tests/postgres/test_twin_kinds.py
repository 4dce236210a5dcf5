"""Everything a schema can hold is planned alike: partitions, other index methods, expressions, extended statistics, views.

On PostgreSQL 18, and on 15 with an engine of its own version where one is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from tests.postgres.conftest import Database, make_database

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.errors import EngineFailed
from indexical.model import Catalog, Configuration, Index, Key, Plan, Statement, Tablespace
from indexical.pg.explain import explain
from indexical.pg.session import Session
from indexical.twin.engine import Engine, find
from indexical.twin.server import PrivateServer
from indexical.twin.twin import Twin, open_twin

pytestmark = pytest.mark.postgres

SCHEMA = (
    "SELECT setseed(0.7)",
    "CREATE EXTENSION pg_trgm",
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')",
    "CREATE DOMAIN amount AS numeric(10,2) CHECK (value >= 0)",
    "CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$",
    (
        "CREATE TABLE visits (id bigint NOT NULL, at timestamptz NOT NULL, who int NOT NULL, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)"
    ),
    "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2025-01-01Z') TO ('2025-04-01Z')",
    "CREATE TABLE visits_2 (who int NOT NULL, at timestamptz NOT NULL, id bigint NOT NULL)",
    "ALTER TABLE visits ATTACH PARTITION visits_2 FOR VALUES FROM ('2025-04-01Z') TO ('2025-07-01Z')",
    "CREATE TABLE visits_rest PARTITION OF visits DEFAULT",
    "CREATE INDEX visits_who ON visits (who)",
    (
        "INSERT INTO visits SELECT i, timestamptz '2025-01-01Z' + i * interval '8 minutes', (random() * 500)::int"
        " FROM generate_series(1, 30000) i"
    ),
    "CREATE TABLE base (id int PRIMARY KEY, v int)",
    "CREATE TABLE derived (extra text) INHERITS (base)",
    "INSERT INTO base SELECT i, i % 10 FROM generate_series(1, 3000) i",
    "INSERT INTO derived SELECT i, i % 300, 'x' FROM generate_series(1, 9000) i",
    "CREATE INDEX derived_v ON derived (v)",
    (
        "CREATE TABLE docs (id int PRIMARY KEY, title text, tags text[], body jsonb, words tsvector, state mood, price amount,"
        " during int4range, city text, country text, code text, UNIQUE (code) DEFERRABLE)"
        " WITH (parallel_workers = 3, fillfactor = 80)"
    ),
    (
        "INSERT INTO docs SELECT i, md5(i::text) || ' ' || md5((i % 50)::text), ARRAY['t' || i % 7, 't' || i % 90],"
        " jsonb_build_object('a', i % 100, 'b', md5(i::text)), to_tsvector('simple', 'w' || i % 30 || ' v' || i % 700),"
        " (ARRAY['sad','ok','ok','glad'])[1 + i % 4]::mood, i % 977, int4range(i % 500, i % 500 + i % 20),"
        " 'city' || i % 200, 'country' || i % 200 / 10, 'c' || i FROM generate_series(1, 15000) i"
    ),
    "CREATE INDEX docs_tags ON docs USING gin (tags)",
    "CREATE INDEX docs_folded ON docs (folded(title))",
    "CREATE INDEX docs_glad ON docs (price) WHERE state = 'glad'",
    "CREATE INDEX docs_brin ON docs USING brin (id) WITH (pages_per_range = 8)",
    "CREATE INDEX docs_hash ON docs USING hash (city)",
    "CREATE INDEX docs_during ON docs USING gist (during)",
    "CREATE STATISTICS docs_places (mcv, dependencies, ndistinct) ON city, country FROM docs",
    "CREATE STATISTICS docs_state ON (upper(country)), state FROM docs",
    "CREATE VIEW glad AS SELECT id, price FROM docs WHERE state = 'glad'",
    "CREATE MATERIALIZED VIEW per_city AS SELECT city, count(*) AS n FROM docs GROUP BY city",
    "CREATE INDEX per_city_n ON per_city (n)",
)

QUERIES = {
    "one partition": "SELECT * FROM visits WHERE who = 7 AND at < '2025-02-01Z'",
    "every partition": "SELECT * FROM visits WHERE who = 7",
    "partitions in order": "SELECT * FROM visits WHERE who = 7 ORDER BY at LIMIT 5",
    "group over partitions": "SELECT who, count(*) FROM visits GROUP BY who",
    "inheritance": "SELECT * FROM base WHERE v = 5",
    "only the parent": "SELECT * FROM ONLY base WHERE v = 5",
    "enum": "SELECT * FROM docs WHERE state = 'glad' AND price = 5",
    "domain": "SELECT * FROM docs WHERE price < 3",
    "range": "SELECT * FROM docs WHERE during && int4range(10, 12)",
    "array": "SELECT * FROM docs WHERE tags @> ARRAY['t5']",
    "text search": "SELECT * FROM docs WHERE words @@ 'w3 & v41'",
    "expression": "SELECT * FROM docs WHERE folded(title) = 'x'",
    "expression range": "SELECT * FROM docs WHERE folded(title) < '1'",
    "correlated columns": "SELECT * FROM docs WHERE city = 'city20' AND country = 'country2'",
    "columns that never meet": "SELECT * FROM docs WHERE city = 'city20' AND country = 'country3'",
    "groups of both": "SELECT city, country, count(*) FROM docs GROUP BY city, country",
    "statistics of an expression": "SELECT * FROM docs WHERE upper(country) = 'COUNTRY7'",
    "view": "SELECT * FROM glad WHERE price = 9",
    "materialised view": "SELECT * FROM per_city WHERE n > 100 ORDER BY n LIMIT 3",
    "deferrable is not unique": "SELECT DISTINCT code FROM docs",
    "block range": "SELECT * FROM docs WHERE id BETWEEN 100 AND 300",
    "hash": "SELECT * FROM docs WHERE city = 'city9'",
}


@dataclass(frozen=True, slots=True)
class Sides:
    real: Session
    twin: Twin
    catalog: Catalog


def installed(major: int) -> Engine:
    try:
        return find(major=major)
    except EngineFailed as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=[18, 15])
def sides(request: pytest.FixtureRequest) -> Iterator[Sides]:
    with PrivateServer(installed(request.param), settings={"autovacuum": "off"}) as server:
        database = Database(make_database(server))
        database.run(*SCHEMA, "VACUUM ANALYZE")
        with database.open() as real:
            catalog = snapshot(real)
            with open_twin(catalog) as twin:
                yield Sides(real, twin, catalog)


def _real(sides: Sides, sql: str) -> Plan:
    by_name = {existing.name: existing.index for existing in sides.catalog.indexes()}
    return explain(sides.real, Statement(id="q", sql=sql), ()).plan(by_name)


def test_nothing_is_left_out(sides: Sides) -> None:
    assert sides.twin.not_examined == ()
    assert sides.twin.server_version.split(".")[0] == str(sides.catalog.server_version // 10000)


@pytest.mark.parametrize("name", QUERIES)
def test_same_plan_and_cost(sides: Sides, name: str) -> None:
    if name == "range" and sides.catalog.server_version < 170000:
        pytest.skip("PostgreSQL before 17 shows nobody its statistics of ranges")
    # How many keys a GIN index has is not in the statistics; it is estimated, and costs a little.
    near = 0.01 if name == "array" else 0.001
    real = _real(sides, QUERIES[name])
    twin = sides.twin.plan(Statement(id="q", sql=QUERIES[name]), (), Configuration())
    assert [(n.type, n.relation, n.index) for n in twin.nodes] == [
        (n.type, n.relation, n.index) for n in real.nodes
    ]
    assert (twin.cost, twin.rows) == pytest.approx((real.cost, real.rows), rel=near)


def test_a_range_of_partitions_gets_an_index_on_each_of_them(sides: Sides) -> None:
    index = Index("public", "visits", (Key.asc("who"), Key.desc("at")))
    statement = Statement(id="q", sql="SELECT * FROM visits WHERE who = 7 ORDER BY at DESC LIMIT 5")
    before = sides.twin.plan(statement, (), Configuration())
    with sides.real.transaction(roll_back=True):
        sides.real.execute("CREATE INDEX really ON visits (who, at DESC)")
        sides.real.execute("UPDATE pg_index SET indisvalid = false WHERE NOT indisvalid")
        real = explain(sides.real, statement, ()).plan({})
        size = sides.real.rows(
            "SELECT sum(pg_relation_size(inhrelid)) AS bytes FROM pg_inherits WHERE inhparent = 'really'::regclass"
        )[0]["bytes"]
    plan = sides.twin.plan(statement, (), Configuration().with_added(index))
    assert plan.indexes == {index}
    assert plan.index_names == ()
    assert [node.type for node in plan.nodes] == [node.type for node in real.nodes]
    assert plan.cost == pytest.approx(real.cost, rel=0.01)
    assert plan.cost < before.cost
    assert sides.twin.size(index) == pytest.approx(int(size), rel=0.1)
    assert sides.twin.plan(statement, (), Configuration()) == before


def test_a_partitioned_index_is_used_where_its_parts_are_and_goes_with_them(sides: Sides) -> None:
    index = Index("public", "visits", (Key.asc("who"),))
    statement = Statement(id="q", sql="SELECT * FROM visits WHERE who = 7")
    plan = sides.twin.plan(statement, (), Configuration())
    assert index in plan.indexes
    assert {node.type for node in sides.twin.plan(statement, (), Configuration().without(index)).nodes} == {
        "Append",
        "Seq Scan",
    }
    assert sides.twin.plan(statement, (), Configuration()) == plan


@pytest.mark.parametrize(
    ("index", "sql"),
    [
        (Index("public", "docs", (Key(column="title", opclass="gin_trgm_ops"),), "gin"), "title LIKE '%abcdef%'"),
        (Index("public", "docs", (Key(column="body", opclass="jsonb_path_ops"),), "gin"), "body @> '{\"a\": 5}'"),
        (Index("public", "docs", (Key.asc("words"),), "gin"), "words @@ 'w3 & v41'"),
        (Index("public", "docs", (Key.asc("price"),), "brin"), "price < 5"),
        (Index("public", "docs", (Key.asc("code"),), "hash"), "code = 'c7'"),
        (Index("public", "docs", (Key.asc("during"),), "gist", predicate="state = 'ok'"), "during && '[1,2)' AND state = 'ok'"),
    ],
    ids=["trigrams", "json", "words", "brin", "hash", "gist"],
)  # fmt: skip
def test_an_index_of_another_kind_is_planned_with_before_it_exists(
    sides: Sides, index: Index, sql: str
) -> None:
    if index.method == "gist" and sides.catalog.server_version < 170000:
        pytest.skip("PostgreSQL before 17 shows nobody its statistics of ranges")
    statement = Statement(id="q", sql=f"SELECT * FROM docs WHERE {sql}")
    with sides.real.transaction(roll_back=True):
        sides.real.execute(create_index(index, "really"))
        real = explain(sides.real, statement, ()).plan({})
        size = sides.real.rows("SELECT pg_relation_size('really') AS bytes")[0]["bytes"]
    plan = sides.twin.plan(statement, (), Configuration().with_added(index))
    assert [node.type for node in plan.nodes] == [node.type for node in real.nodes]
    # A GIN index costs by its number of keys, which is a guess from samples.
    assert plan.cost == pytest.approx(real.cost, rel=0.5 if index.method == "gin" else 0.05)
    assert sides.twin.size(index) == pytest.approx(size, rel=0.5, abs=16384)


def test_several_threads_get_the_answers_of_one(sides: Sides) -> None:
    indexes = [Index("public", "docs", (Key.asc(column),)) for column in ("city", "country", "price", "code")]
    questions = [
        (Statement(id=name, sql=sql), Configuration(frozenset(indexes[: number % 5])))
        for number, (name, sql) in enumerate(sorted(QUERIES.items()) * 6)
    ]
    alone = [sides.twin.plan(statement, (), configuration) for statement, configuration in questions]
    with (
        open_twin(sides.catalog, workers=3) as twin,
        ThreadPoolExecutor(max_workers=6) as pool,
    ):
        twin.add(indexes)
        together = list(pool.map(lambda each: twin.plan(each[0], (), each[1]), questions))
        assert twin.calls == len(questions)
    assert together == alone


def test_an_older_engine_plans_a_newer_server_and_says_so(database: Database) -> None:
    database.run(
        "CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 9000)", "ANALYZE"
    )
    with database.read() as session:
        catalog = snapshot(session)
    with open_twin(catalog, engine=installed(15)) as twin:
        assert [note.what for note in twin.not_examined] == ["the planner's version"]
        assert "what is new since then" in twin.not_examined[0].why
        plan = twin.plan(Statement(id="q", sql="SELECT * FROM t WHERE a = 5"), (), Configuration())
        assert plan.index_names == ("t_pkey",)


def test_a_foreign_table_is_planned_as_if_its_rows_were_here(database: Database) -> None:
    database.run("CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 9000)", "ANALYZE")
    with database.read() as session:
        catalog = snapshot(session)
    table = catalog.tables[0]
    foreign = replace(table, kind="f", pages=0, analysed_pages=table.pages, server="elsewhere")
    with open_twin(replace(catalog, tables=(foreign,))) as twin:
        assert [(note.what, "foreign table" in note.why) for note in twin.not_examined] == [
            ("public.t", True)
        ]
        assert twin.plan(Statement(id="q", sql="SELECT * FROM t"), (), Configuration()).rows == 9000


def test_costs_of_a_tablespace_are_planned_with(database: Database) -> None:
    database.run("CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 9000)", "ANALYZE")
    with database.read() as session:
        catalog = snapshot(session)
    slow = Tablespace("slow", (("random_page_cost", "40"), ("seq_page_cost", "10")))
    moved = replace(catalog.tables[0], tablespace="slow")
    statement = Statement(id="q", sql="SELECT * FROM t")
    index = Index("public", "t", (Key.asc("a"),))
    with (
        open_twin(catalog) as twin,
        open_twin(replace(catalog, tables=(moved,), tablespaces=(slow,))) as dear,
    ):
        assert dear.not_examined == ()
        pages = catalog.tables[0].pages
        plain = twin.plan(statement, (), Configuration())
        assert dear.plan(statement, (), Configuration()).cost == pytest.approx(plain.cost + 9 * pages)
        assert dear.plan(
            Statement(id="r", sql="SELECT * FROM t WHERE a = 5"), (), Configuration().with_added(index)
        ).indexes
