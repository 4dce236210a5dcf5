"""A rich index recorded, dropped and brought back: nothing of it may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.postgres.change.conftest import Database
from tests.postgres.majors import MAJORS, server_of

from indexical.apply.index_record import compare, read_record, record_index, restoring
from indexical.errors import DatabaseError
from indexical.model import ExistingIndex, Index, IndexRecord, Key
from indexical.pg.session import Session

pytestmark = pytest.mark.postgres

TABLE = 'shop."order lines"'
SETUP = (
    "CREATE SCHEMA shop",
    "CREATE SCHEMA helpers",
    "CREATE EXTENSION pg_trgm SCHEMA helpers",
    "CREATE FUNCTION helpers.clean(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT lower($1)'",
    f"CREATE TABLE {TABLE} (id int NOT NULL, sku text, qty int, paid boolean, note text)",
    f"INSERT INTO {TABLE} SELECT i, 'Sku ' || i % 50, i % 7, i % 9 = 0, 'x' FROM generate_series(1, 3000) i",
)
RICH = (
    (
        f'CREATE UNIQUE INDEX "rich one" ON {TABLE} (id DESC NULLS LAST, helpers.clean(sku) COLLATE "C" text_pattern_ops) '
        "INCLUDE (qty) WITH (fillfactor=70) TABLESPACE fast WHERE paid AND note <> ' WHERE '''"
    ),
    'ALTER INDEX shop."rich one" ALTER COLUMN 2 SET STATISTICS 321',
    "COMMENT ON INDEX shop.\"rich one\" IS E'it''s \\\\ 100 % rich\\nin two lines'",
    'ALTER INDEX shop."rich one" DEPENDS ON EXTENSION pg_trgm',
)
PLAIN = (
    f"CREATE UNIQUE INDEX flags ON {TABLE} (id) WITH (deduplicate_items=off) TABLESPACE fast",
    f"ALTER TABLE {TABLE} CLUSTER ON flags",
    f"ALTER TABLE {TABLE} REPLICA IDENTITY USING INDEX flags",
)


@pytest.fixture(scope="module", params=MAJORS, name="shop")
def shop_fixture(request: pytest.FixtureRequest) -> Iterator[Database]:
    with server_of(request.param, {"allow_in_place_tablespaces": "on"}) as server:
        database = Database(server.url())
        database.run("CREATE TABLESPACE fast LOCATION ''", *SETUP)
        yield database


def recorded(session: Session, name: str) -> IndexRecord:
    oid = session.rows("SELECT %s::text::regclass::oid::bigint AS oid", (f'shop."{name}"',))[0]["oid"]
    found = read_record(session, oid)
    assert found is not None
    return found


def dropped_and_restored(session: Session, record: IndexRecord) -> IndexRecord:
    session.execute(f'DROP INDEX CONCURRENTLY shop."{record.name}"')
    for statement in record.restore:
        session.execute(statement)
    return recorded(session, record.name)


@pytest.mark.parametrize(("name", "made"), [("rich one", RICH), ("flags", PLAIN)])
def test_a_dropped_index_comes_back_exactly(shop: Database, name: str, made: tuple[str, ...]) -> None:
    shop.run(*made)
    with shop.open() as session:
        before = recorded(session, name)
        after = dropped_and_restored(session, before)
        session.execute(f'DROP INDEX shop."{name}"')
    assert compare(before, after) == ()
    assert replace(after, oid=before.oid) == before
    assert after.oid != before.oid
    assert " CONCURRENTLY " in before.restore[0]


def test_the_record_holds_what_the_definition_leaves_out(shop: Database) -> None:
    shop.run(*RICH)
    with shop.open() as session:
        record = recorded(session, "rich one")
        session.execute('DROP INDEX shop."rich one"')
    assert (record.tablespace, record.statistics_targets) == ("fast", ((2, 321),))
    assert record.comment == "it's \\ 100 % rich\nin two lines"
    assert record.depends_on == ("pg_trgm",)
    assert not any(word in record.definition for word in ("fast", "321", "100 %", "pg_trgm"))
    assert "helpers.clean(sku)" in record.definition


@pytest.mark.parametrize(
    ("lost", "field"),
    [
        ("COMMENT", "comment"),
        ("SET STATISTICS", "statistics_targets"),
        ("DEPENDS ON EXTENSION", "depends_on"),
    ],
)
def test_an_index_restored_without_one_of_its_parts_is_told_apart(
    shop: Database, lost: str, field: str
) -> None:
    shop.run(*RICH)
    with shop.open() as session:
        before = recorded(session, "rich one")
        restore = tuple(statement for statement in before.restore if lost not in statement)
        assert len(restore) == len(before.restore) - 1
        after = dropped_and_restored(session, replace(before, restore=restore))
        session.execute('DROP INDEX shop."rich one"')
    assert [difference.field for difference in compare(before, after)] == [field]


def test_the_servers_definition_alone_would_lose_the_rest(shop: Database) -> None:
    shop.run(*RICH)
    with shop.open() as session:
        before = recorded(session, "rich one")
        after = dropped_and_restored(session, replace(before, restore=(before.definition,)))
        session.execute('DROP INDEX shop."rich one"')
    assert {difference.field for difference in compare(before, after)} == {
        "tablespace", "comment", "statistics_targets", "depends_on",
    }  # fmt: skip


def test_the_statistics_of_an_expression_come_back(shop: Database) -> None:
    shop.run(f"CREATE INDEX counted ON {TABLE} (helpers.clean(sku))", f"ANALYZE {TABLE}")
    counted = "SELECT n_distinct FROM pg_stats WHERE tablename = 'counted'"
    with shop.open() as session:
        before = session.rows(counted)
        dropped_and_restored(session, recorded(session, "counted"))
        assert session.rows(counted) == before
        assert before[0]["n_distinct"] == 50
        session.execute("DROP INDEX shop.counted")


def test_the_index_of_a_constraint_has_no_restore_of_its_own(shop: Database) -> None:
    shop.run("CREATE TABLE shop.keyed (id int PRIMARY KEY)")
    with shop.open() as session:
        assert recorded(session, "keyed_pkey").restore == ()


def test_reading_a_record_leaves_the_search_path_as_it_was(shop: Database) -> None:
    shop.run("CREATE TABLE shop.pathed (id int)", "CREATE INDEX pathed_id ON shop.pathed (id)")
    with shop.open() as session:
        session.set("search_path", "shop")
        recorded(session, "pathed_id")
        assert session.rows("SHOW search_path")[0]["search_path"] == "shop"


def test_an_index_that_has_gone_is_not_recorded(shop: Database) -> None:
    gone = ExistingIndex("gone", Index("shop", "keyed", (Key.asc("id"),)), oid=4_000_000_000)
    with shop.open() as session, pytest.raises(DatabaseError, match="not there any more"):
        record_index(session, gone)


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE INDEX other ON shop.t USING btree (id)",
        "CREATE INDEX safe ON shop.secrets USING btree (id)",
        "DROP TABLE shop.t",
        "CREATE INDEX CONCURRENTLY safe ON shop.t USING btree (id)",
    ],
)
def test_an_edited_record_is_not_run(definition: str) -> None:
    with pytest.raises(DatabaseError, match="is not that of an index of this name"):
        restoring(IndexRecord("shop", "safe", "t", 7, definition, restore=("DROP TABLE shop.t",)))


@pytest.mark.parametrize("name", ["a$b", "select", "Mixed", 'quo"te', "%s", "öl"])
def test_a_name_that_has_to_be_quoted_comes_back(shop: Database, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    shop.run(f"CREATE TABLE shop.{quoted} (id int)")
    shop.run(f"CREATE INDEX named ON shop.{quoted} (id) TABLESPACE fast")
    with shop.open() as session:
        before = recorded(session, "named")
        assert compare(before, dropped_and_restored(session, before)) == ()
        session.execute(f"DROP TABLE shop.{quoted}")
