"""A snapshot holds what the database has, and changes nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.postgres.conftest import Database

from indexical.catalog import snapshot
from indexical.catalog.file import load, save
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect

pytestmark = pytest.mark.postgres

HOSTILE = "o\"d%s\n'; DROP TABLE canary; --"
QUOTED = '"' + HOSTILE.replace('"', '""') + '"'

TABLES = (
    "CREATE TABLE canary (id int)",
    "CREATE TYPE mood AS ENUM ('fine', 'so so')",
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    "CREATE TABLE parent (id int PRIMARY KEY, name text UNIQUE)",
    (
        f'CREATE TABLE {QUOTED} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {QUOTED} text COLLATE "C",'
        " parent int REFERENCES parent, m mood, p positive, a int[], at timestamptz, CHECK (p < 500))"
    ),
    "INSERT INTO parent SELECT i, 'n' || i FROM generate_series(1, 500) i",
    (
        f"INSERT INTO {QUOTED} ({QUOTED}, parent, m, p, a, at) SELECT 'x' || i, 1 + i % 500, 'fine', 1 + i % 400, '{{1,2}}',"
        " now() - i * interval '1 minute' FROM generate_series(1, 5000) i"
    ),
)


def test_hostile_names_and_every_kind_of_type_live_through_snapshot_and_file(
    database: Database, tmp_path: Path
) -> None:
    database.run(
        *TABLES, f'CREATE INDEX {QUOTED[:-1]}i" ON {QUOTED} (lower({QUOTED}), at DESC)', "VACUUM ANALYZE"
    )
    with database.read() as session:
        catalog = snapshot(session)
        assert session.rows("SELECT count(*) AS n FROM canary") == [{"n": 0}]
    save(catalog, tmp_path / "s")
    assert load(tmp_path / "s") == catalog
    table = catalog.table("public", HOSTILE)
    assert table is not None
    assert [(c.name, c.type, c.collation, c.type_kind) for c in table.columns] == [
        ("id", "bigint", "", "b"), (HOSTILE, "text", "C", "b"), ("parent", "integer", "", "b"), ("m", "public.mood", "", "e"),
        ("p", "public.positive", "", "d"), ("a", "integer[]", "", "b"), ("at", "timestamp with time zone", "", "b"),
    ]  # fmt: skip
    assert table.rows == 5000
    assert table.pages == table.visible_pages > 0
    assert table.writes.inserts == 5000
    assert [key.target_table for key in table.foreign_keys] == ["parent"]
    assert len(table.checks) == 1
    identity = table.column("id")
    assert identity is not None
    assert (identity.low, identity.high) == ("1", "5000")
    elements = table.column("a")
    assert elements is not None
    assert elements.statistics is not None
    assert elements.statistics.common_elements == "{1,2}"
    assert catalog.enums[0].labels == ("fine", "so so")
    assert catalog.domains[0].base == "integer"
    assert catalog.not_examined == ()
    assert catalog.missing_rights == ()
    assert [each.position for each in table.expression_statistics] == [1]


@pytest.mark.parametrize(
    ("ddl", "expected"),
    [
        ("(a)", Index("public", "t", (Key.asc("a"),))),
        ("(a DESC, b)", Index("public", "t", (Key.desc("a"), Key.asc("b")))),
        ("(a NULLS FIRST)", Index("public", "t", (Key(column="a", nulls_first=True),))),
        ("(a DESC NULLS LAST)", Index("public", "t", (Key(column="a", descending=True),))),
        ("(b varchar_pattern_ops)", Index("public", "t", (Key(column="b", opclass="varchar_pattern_ops"),))),
        ("(b text_pattern_ops)", Index("public", "t", (Key(column="b", opclass="text_pattern_ops"),))),
        ('(c COLLATE "C")', Index("public", "t", (Key(column="c", collation="C"),))),
        ("(a) INCLUDE (b, c)", Index("public", "t", (Key.asc("a"),), include=("b", "c"))),
        (
            "(a) WHERE b = 'x' AND a > 1",
            Index("public", "t", (Key.asc("a"),), predicate="((b)::text = 'x'::text) AND (a > 1)"),
        ),
        ("(a) WHERE c IS NULL", Index("public", "t", (Key.asc("a"),), predicate="c IS NULL")),
        ("(upper(c))", Index("public", "t", (Key(expression="upper(c)"),))),
        ("((a + 1), b)", Index("public", "t", (Key(expression="a + 1"), Key.asc("b")))),
        ("USING hash (a)", Index("public", "t", (Key.asc("a"),), method="hash")),
        ("USING gin (d)", Index("public", "t", (Key.asc("d"),), method="gin")),
        (
            "USING gin (e jsonb_path_ops)",
            Index("public", "t", (Key(column="e", opclass="jsonb_path_ops"),), method="gin"),
        ),
        ("USING brin (a)", Index("public", "t", (Key.asc("a"),), method="brin")),
    ],
)
def test_structures_come_from_the_catalog(database: Database, ddl: str, expected: Index) -> None:
    database.run(
        "CREATE TABLE t (a int, b varchar(9), c text, d int[], e jsonb)", f"CREATE INDEX i ON t {ddl}"
    )
    with database.read() as session:
        (found,) = existing_indexes(session, "public", "t")
    assert found.index == expected
    assert found.definition.startswith("CREATE INDEX i ON public.t USING")


def test_what_an_index_is_for_is_told(database: Database) -> None:
    database.run(
        "CREATE TABLE a (id int PRIMARY KEY, u int NOT NULL CONSTRAINT au UNIQUE, plain int NOT NULL,"
        " EXCLUDE USING gist (box(point(plain, plain), point(plain, plain)) WITH &&))",
        "CREATE UNIQUE INDEX target ON a (plain)",
        "CREATE TABLE b (x int REFERENCES a (plain))",
        "CREATE UNIQUE INDEX ri ON b (x) WHERE x > 0",
        "CREATE INDEX cl ON b (x)",
        "ALTER TABLE b CLUSTER ON cl",
        "ALTER TABLE a REPLICA IDENTITY USING INDEX target",
        "COMMENT ON INDEX cl IS 'kept'",
    )
    with database.read() as session:
        found = {index.name: index for index in existing_indexes(session)}
    assert found["a_pkey"].constraint == "primary"
    assert (found["au"].constraint, found["au"].constraint_name) == ("unique", "au")
    assert [index.constraint for index in found.values()].count("exclusion") == 1
    assert found["target"].foreign_key_target
    assert found["target"].replica_identity
    assert not found["target"].constraint
    assert found["cl"].clustered
    assert found["cl"].comment == "kept"
    assert not found["ri"].foreign_key_target


def test_an_invalid_index_is_shown_as_that(database: Database) -> None:
    database.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)")
    with pytest.raises(DatabaseError) as refused:
        database.run("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    assert refused.value.code == "23505"
    with database.read() as session:
        (found,) = existing_indexes(session)
    assert (found.valid, found.ready) == (False, False)


def test_a_snapshot_leaves_no_trace_in_the_use_counters(database: Database) -> None:
    database.run(
        "CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 5000)", "ANALYZE"
    )
    with database.read() as session:
        catalog = snapshot(session)
        column = catalog.tables[0].columns[0]
        assert (column.low, column.high) == ("1", "5000")
    with database.open() as session:
        session.rows("SELECT pg_stat_force_next_flush()")
        assert existing_indexes(session)[0].scans == 0


def test_what_the_role_may_not_see_is_named_and_no_error(database: Database) -> None:
    database.run(
        "CREATE TABLE seen (a int PRIMARY KEY)",
        "CREATE TABLE secret (a int PRIMARY KEY)",
        "INSERT INTO secret SELECT generate_series(1, 3000)",
        "INSERT INTO seen SELECT generate_series(1, 3000)",
        "ANALYZE",
        "DROP ROLE IF EXISTS little",
        "CREATE ROLE little LOGIN",
        "GRANT SELECT ON seen TO little",
    )
    try:
        with connect(database.url.replace("//postgres@", "//little@")) as session:
            catalog = snapshot(session)
    finally:
        database.run("DROP OWNED BY little", "DROP ROLE little")
    assert {table.name for table in catalog.tables} == {"secret", "seen"}
    assert [what for what, _ in catalog.not_examined] == ["public.secret"]
    secret = catalog.table("public", "secret")
    assert secret is not None
    assert secret.columns[0].statistics is None
    assert secret.indexes[0].index.unique
    # Little's own look would count: an index without a scan is left alone.
    seen = catalog.table("public", "seen")
    assert seen is not None
    assert seen.columns[0].statistics is not None
    assert seen.columns[0].low == ""


def test_a_table_that_was_never_analysed_is_named(database: Database) -> None:
    database.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    with database.read() as session:
        catalog = snapshot(session)
    assert [(what, "ANALYZE" in why) for what, why in catalog.not_examined] == [("public.t", True)]


def test_a_snapshot_is_read_only_and_needs_its_own_transaction(database: Database) -> None:
    with database.open() as session, session.transaction(), pytest.raises(DatabaseError, match="of its own"):
        snapshot(session)


def test_settings_that_plans_depend_on_are_there(database: Database) -> None:
    with database.read() as session:
        settings = dict(snapshot(session).settings)
    assert settings["random_page_cost"] == "4"
    assert settings["work_mem"] == "4MB"
    assert settings["search_path"] == '"public"'
    assert {
        "effective_cache_size",
        "jit",
        "max_parallel_workers_per_gather",
        "hash_mem_multiplier",
        "lc_collate",
    } <= set(settings)
