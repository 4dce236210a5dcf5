"""A snapshot carries what tables, indexes and statements are made of, from PostgreSQL 15 and from 18."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres.conftest import Database, make_database
from tests.postgres.majors import MAJORS, server_of

from indexical.catalog import snapshot
from indexical.catalog.file import load, save
from indexical.catalog.values import without_values
from indexical.errors import DatabaseError
from indexical.model import Catalog, Collation, CompositeType, ExistingIndex, RangeType, ScopedSetting, Table
from indexical.pg.session import connect

pytestmark = pytest.mark.postgres

# One database with everything; canaries stand where a snapshot must not look.
SCHEMA = (
    "CREATE SCHEMA app",
    'CREATE COLLATION app.mine FROM "C"',
    "CREATE TYPE app.mood AS ENUM ('fine', 'so so')",
    'CREATE DOMAIN app.label AS text COLLATE "C" NOT NULL CONSTRAINT short CHECK (length(VALUE) < 90)',
    'CREATE TYPE app.pair AS (x int, y text COLLATE "C")',
    "CREATE TYPE app.span AS RANGE (subtype = float8)",
    "CREATE TYPE app.odd AS RANGE (subtype = float8, subtype_diff = float8mi)",
    "CREATE FUNCTION app.plain(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)'",
    "CREATE FUNCTION app.next(i int) RETURNS int LANGUAGE plpgsql STABLE COST 500 AS 'BEGIN RETURN i + 1; END'",
    "CREATE FUNCTION app.remote() RETURNS text LANGUAGE sql AS $$ SELECT 'host=x password=canary-function' $$",
    "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE app.events (id bigint, at timestamptz NOT NULL, kind text, v int) PARTITION BY RANGE (at)",
    (
        "CREATE TABLE app.january PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')"
        " WITH (parallel_workers = 3, fillfactor = 80)"
    ),
    (
        "CREATE TABLE app.february PARTITION OF app.events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')"
        " PARTITION BY LIST (kind)"
    ),
    "CREATE TABLE app.february_a PARTITION OF app.february FOR VALUES IN ('a', 'b')",
    "CREATE TABLE app.rest PARTITION OF app.events DEFAULT",
    "CREATE INDEX events_at ON app.events (at, kind)",
    (
        "INSERT INTO app.events SELECT i, timestamptz '2025-01-01 00:00Z' + i * interval '10 minutes',"
        " (array['a','b'])[1 + i % 2], i % 7 FROM generate_series(1, 8000) i"
    ),
    "CREATE TABLE app.parent (id int PRIMARY KEY, n int)",
    "CREATE TABLE app.child (extra int) INHERITS (app.parent)",
    "INSERT INTO app.parent SELECT i, i % 10 FROM generate_series(1, 1000) i",
    "INSERT INTO app.child SELECT i, i % 500, i FROM generate_series(1, 3000) i",
    (
        "CREATE TABLE app.people (id int CONSTRAINT late UNIQUE DEFERRABLE INITIALLY DEFERRED, city text COLLATE app.mine,"
        " zip int, name text, low text GENERATED ALWAYS AS (lower(name)) STORED, mood app.mood, pair app.pair)"
    ),
    (
        "INSERT INTO app.people (id, city, zip, name) SELECT i, 'c' || i % 50, i % 50, 'canary-name ' || i"
        " FROM generate_series(1, 5000) i"
    ),
    "CREATE STATISTICS app.couple (ndistinct, dependencies, mcv) ON city, zip FROM app.people",
    "CREATE STATISTICS app.sums ON (zip + 1), city FROM app.people",
    "CREATE STATISTICS app.empty ON id, name FROM app.people",
    "CREATE INDEX people_plain ON app.people (app.plain(name), zip) WITH (fillfactor = 70)",
    "CREATE UNIQUE INDEX people_one ON app.people (zip, id) NULLS NOT DISTINCT",
    "CREATE VIEW app.lower_view AS SELECT id, city FROM app.people",
    "CREATE VIEW app.a_view WITH (security_barrier) AS SELECT * FROM app.lower_view WHERE id > 5",
    "CREATE MATERIALIZED VIEW app.counts AS SELECT city, count(*) AS n FROM app.people GROUP BY city",
    "CREATE INDEX counts_city ON app.counts (city)",
    "CREATE UNLOGGED TABLE app.scratch (a int)",
    "CREATE EXTENSION file_fdw",
    "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
    "CREATE FOREIGN TABLE app.far (a int) SERVER files OPTIONS (filename '/canary-file')",
    "VACUUM ANALYZE",
    "ANALYZE app.events",
    "DROP STATISTICS app.empty",
    "CREATE STATISTICS app.empty ON id, name FROM app.people",
)


@pytest.fixture(scope="module", params=MAJORS)
def full(request: pytest.FixtureRequest) -> Iterator[Database]:
    with server_of(request.param, {"autovacuum": "off"}) as server:
        database = Database(make_database(server))
        name = database.url.partition("?")[0].rpartition("/")[2]
        database.run(
            *SCHEMA,
            f"ALTER DATABASE {name} SET random_page_cost = 1.1",
            f"ALTER DATABASE {name} SET app.key = 'canary-setting'",
            f"ALTER ROLE postgres IN DATABASE {name} SET work_mem = '8MB'",
            "ALTER ROLE postgres SET work_mem = '16MB'",
            "ALTER TABLESPACE pg_default SET (random_page_cost = 1.5)",
        )
        yield database


@pytest.fixture(scope="module")
def catalog(full: Database) -> Catalog:
    with full.read() as session:
        return snapshot(session)


def table(catalog: Catalog, name: str) -> Table:
    found = catalog.table("app", name)
    assert found is not None
    return found


def index(catalog: Catalog, name: str) -> ExistingIndex:
    (found,) = [each for each in catalog.indexes() if each.name == name]
    return found


def test_partitions_know_their_key_their_bounds_and_their_parents_index(catalog: Catalog) -> None:
    events, january = table(catalog, "events"), table(catalog, "january")
    assert (events.kind, events.partition_key, events.rows, events.pages) == ("p", "RANGE (at)", 8000, 0)
    assert january.parents == (("app", "events"),)
    assert january.partition_bound.startswith("FOR VALUES FROM ('2025-01-01 00:00:00+00')")
    assert january.options == (("fillfactor", "80"), ("parallel_workers", "3"))
    assert table(catalog, "february").partition_key == "LIST (kind)"
    assert table(catalog, "february_a").parents == (("app", "february"),)
    assert table(catalog, "rest").partition_bound == "DEFAULT"
    top = index(catalog, "events_at")
    assert (top.partitioned, top.parent, top.size) == (True, "", 0)
    below = index(catalog, "january_at_kind_idx")
    assert (below.partitioned, below.parent_schema, below.parent) == (False, "app", "events_at")
    assert index(catalog, "february_a_at_kind_idx").parent == "february_at_kind_idx"


def test_statistics_of_a_tree_of_tables_are_told_apart_from_those_of_its_top(catalog: Catalog) -> None:
    column = table(catalog, "parent").column("n")
    assert column is not None
    assert column.statistics is not None
    assert column.inherited_statistics is not None
    assert (column.statistics.distinct, column.statistics.inherited) == (10, False)
    assert (column.inherited_statistics.distinct, column.inherited_statistics.inherited) == (-0.125, True)
    assert table(catalog, "child").parents == (("app", "parent"),)
    at = table(catalog, "events").column("at")
    assert at is not None
    assert at.statistics is not None
    assert at.statistics.inherited
    assert at.inherited_statistics is None


def test_extended_statistics_come_with_what_they_hold(catalog: Catalog) -> None:
    by_name = {each.name: each for each in table(catalog, "people").extended_statistics}
    both = by_name["couple"]
    assert both.definition == "CREATE STATISTICS app.couple ON city, zip FROM app.people"
    assert both.columns == ("city", "zip")
    assert both.distinct == '{"2, 3": 50}'
    assert both.dependencies == '{"2 => 3": 1.000000, "3 => 2": 1.000000}'
    assert len(both.common_frequencies) == len(both.common_base_frequencies) == 50
    assert both.common_values.startswith("{{c0,0},{c1,1}")
    assert both.common_nulls.startswith("{{f,f},{f,f}")
    sums = by_name["sums"]
    assert sums.expressions == ("(zip + 1)",)
    assert [each.distinct for each in sums.expression_statistics] == [50]
    assert by_name["empty"].distinct == ""
    assert (
        "app.people: statistics object empty",
        "ANALYZE has not filled it; run ANALYZE",
    ) in catalog.not_examined


def test_statistics_of_index_expressions_are_there(catalog: Catalog) -> None:
    (only,) = table(catalog, "people").expression_statistics
    assert (only.index, only.position) == ("people_plain", 1)
    assert only.statistics.distinct == -1
    assert "canary-name" in only.statistics.histogram


def test_indexes_keep_their_options_and_the_terms_of_their_constraints(catalog: Catalog) -> None:
    assert index(catalog, "people_plain").options == (("fillfactor", "70"),)
    assert index(catalog, "people_one").nulls_not_distinct
    late = index(catalog, "late")
    assert (late.deferrable, late.initially_deferred, late.nulls_not_distinct) == (True, True, False)
    assert late.constraint_definition == "UNIQUE (id) DEFERRABLE INITIALLY DEFERRED"
    assert not index(catalog, "parent_pkey").deferrable


def test_types_views_and_functions_come_as_definitions(catalog: Catalog) -> None:
    assert catalog.composites == (CompositeType("app", "pair", (("x", "integer", ""), ("y", "text", "C"))),)
    assert catalog.ranges == (RangeType("app", "span", "double precision", multirange="span_multirange"),)
    assert catalog.collations == (Collation("app", "mine", "libc", "", "C", "C"),)
    (label,) = catalog.domains
    assert (label.collation, label.nullable) == ("C", False)
    assert label.checks == (("short", "CHECK ((length(VALUE) < 90))"),)
    # A view comes after the one it reads from, whatever they are called.
    assert [(view.name, view.columns) for view in catalog.views] == [
        ("lower_view", ("id", "city")), ("a_view", ("id", "city"))
    ]  # fmt: skip
    assert catalog.views[1].options == (("security_barrier", "true"),)
    assert [(each.name, each.language) for each in catalog.functions] == [
        ("next", "plpgsql"),
        ("plain", "sql"),
    ]
    assert "COST 500" in catalog.functions[0].definition
    low = table(catalog, "people").column("low")
    assert low is not None
    assert (low.generated, low.expression) == ("s", "lower(name)")
    assert "GROUP BY" in table(catalog, "counts").definition
    assert (table(catalog, "far").kind, table(catalog, "far").server) == ("f", "files")
    assert table(catalog, "scratch").persistence == "u"


def test_planner_settings_of_roles_database_and_tablespaces_are_there_and_no_others(catalog: Catalog) -> None:
    assert catalog.scoped_settings == (
        ScopedSetting("random_page_cost", "1.1"),
        ScopedSetting("work_mem", "16MB", "postgres", everywhere=True),
        ScopedSetting("work_mem", "8MB", "postgres"),
    )
    (default,) = [each for each in catalog.tablespaces if each.default]
    assert (default.name, default.options) == ("pg_default", (("random_page_cost", "1.5"),))
    # Its own role's setting is not the application's.
    assert any(what == "settings work_mem" for what, _ in catalog.not_examined)


def test_what_is_left_out_is_named(catalog: Catalog) -> None:
    named = dict(catalog.not_examined)
    assert "password" in named["function app.remote()"]
    assert "functions of its own" in named["type app.odd"]
    assert "another server" in named["app.far"]


def test_no_password_setting_or_option_is_in_the_file(full: Database, tmp_path: Path) -> None:
    with connect(full.url.replace("//postgres@", "//postgres:canary-password@")) as session:
        taken = snapshot(session)
    save(taken, tmp_path / "s")
    text = gzip.decompress((tmp_path / "s").read_bytes()).decode()
    for canary in (
        "canary-password",
        "canary-function",
        "canary-setting",
        "canary-file",
        "postgresql://",
        "host=",
    ):
        assert canary not in text
    assert "canary-name" in text
    assert load(tmp_path / "s") == taken


def test_without_values_nothing_of_any_row_is_in_the_file(catalog: Catalog, tmp_path: Path) -> None:
    bare = without_values(catalog)
    save(bare, tmp_path / "s")
    text = gzip.decompress((tmp_path / "s").read_bytes()).decode()
    assert "canary-name" not in text
    assert "c49" not in text
    for each in bare.tables:
        for column in each.columns:
            assert (column.low, column.high) == ("", "")
            assert (
                column.statistics is None or not column.statistics.histogram + column.statistics.common_values
            )
    zip_code = table(bare, "people").column("zip")
    assert zip_code is not None
    assert zip_code.statistics is not None
    assert (zip_code.statistics.distinct, zip_code.statistics.average_width) == (50, 4)
    assert bare.values_left_out
    assert "planned like a rare one" in dict(bare.not_examined)["sample values of columns"]
    assert load(tmp_path / "s") == bare


def test_every_right_that_a_role_lacks_is_named_with_its_cost(full: Database) -> None:
    role = "CREATE ROLE looker LOGIN"
    full.run(
        role, "GRANT USAGE ON SCHEMA app TO looker", "GRANT SELECT ON ALL TABLES IN SCHEMA app TO looker"
    )
    full.run("REVOKE SELECT ON app.parent FROM looker", "ALTER TABLE app.child ENABLE ROW LEVEL SECURITY")
    full.run("CREATE EXTENSION pg_stat_statements")
    url = full.url.replace("//postgres@", "//looker@")
    try:
        with connect(url) as session:
            seen = snapshot(session)
            major = session.server_version // 10000
        full.run("GRANT pg_read_all_stats, pg_read_all_data TO looker", "ALTER ROLE looker BYPASSRLS")
        full.run("GRANT SET ON PARAMETER track_counts TO looker")
        with connect(url) as session:
            better = snapshot(session)
    finally:
        full.run("DROP EXTENSION pg_stat_statements", "ALTER TABLE app.child DISABLE ROW LEVEL SECURITY")
        full.run(
            "REVOKE SET ON PARAMETER track_counts FROM looker", "DROP OWNED BY looker", "DROP ROLE looker"
        )
    costs = dict(seen.missing_rights)
    assert major in MAJORS
    assert [right.partition(" (")[0] for right in costs] == [
        "SELECT on every table", "BYPASSRLS", "pg_read_all_stats", "SELECT on indexes",
        "membership in the owner of the tables", "SET on track_counts",
    ]  # fmt: skip
    assert "1 tables cannot be examined" in next(iter(costs.values()))
    assert table(seen, "people").expression_statistics == ()
    assert [right for right, _ in better.missing_rights] == ["membership in the owner of the tables"]
    assert len(table(better, "people").expression_statistics) == 1
    id = table(better, "people").column("id")
    assert id is not None
    assert (id.low, id.high) == ("1", "5000")


def test_a_table_that_somebody_changes_ends_the_snapshot_in_one_line(full: Database) -> None:
    with full.open() as other, other.transaction(roll_back=True):
        other.execute("LOCK TABLE app.parent IN ACCESS EXCLUSIVE MODE")
        with connect(full.url, lock_timeout_ms=200) as session, pytest.raises(DatabaseError) as refused:
            snapshot(session)
    assert refused.value.code == "55P03"
    assert "locked by somebody" in str(refused.value)
