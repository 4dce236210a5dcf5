"""What a workload writes to each table."""

from __future__ import annotations

import pytest

from indexical.model import Catalog, Column, Statement, Table, TableWrites, UpdateProfile, Workload
from indexical.workload.writes import table_writes


def _table(schema: str, name: str, *columns: str) -> Table:
    return Table(schema, name, tuple(Column(column, "integer") for column in columns))


CATALOG = Catalog(
    "shop",
    180000,
    "18.0",
    (_table("other", "t", "x"), _table("public", "t", "id", "a", "b", "C"), _table("other", "u", "id", "a")),
)


def _writes(*statements: Statement) -> tuple[TableWrites, ...]:
    return table_writes(Workload(statements), CATALOG)


def test_rows_of_an_insert_are_counted_where_they_were_and_else_by_its_values() -> None:
    sql = "INSERT INTO t (id, a) VALUES ($1, $2), ($3, $4)"
    assert _writes(Statement("i", sql, "insert", calls=3)) == (TableWrites("public", "t", inserts=6),)
    assert _writes(Statement("i", sql, "insert", calls=3, rows=10)) == (
        TableWrites("public", "t", inserts=30),
    )


def test_deletes_are_counted_in_rows() -> None:
    assert _writes(Statement("d", "DELETE FROM ONLY other.u WHERE a = $1", "delete", calls=2, rows=5)) == (
        TableWrites("other", "u", deletes=10),
    )


def test_an_update_counts_for_the_columns_it_sets_less_those_set_to_themselves() -> None:
    sql = 'UPDATE "t" SET a = $1, "b" = "t"."b", "C" = "C" + 1 WHERE "t"."id" = $2'
    assert _writes(Statement("u", sql, "update", calls=4)) == (
        TableWrites("public", "t", updates=(UpdateProfile(("C", "a"), 4, ("u",)),)),
    )


def test_watched_updates_are_split_by_what_changed() -> None:
    sql = 'UPDATE "t" SET "a" = $1, "b" = $2, "C" = $3 WHERE "t"."id" = $4'
    (writes,) = _writes(
        Statement("u", sql, "update", calls=100, changed_columns=(("C", 0.0), ("a", 1.0), ("b", 0.25)))
    )
    assert writes.updates == (UpdateProfile(("a",), 75, ("u",)), UpdateProfile(("a", "b"), 25, ("u",)))


def test_an_update_that_changes_nothing_is_still_an_update() -> None:
    sql = 'UPDATE "t" SET "a" = $1, "b" = $2 WHERE "t"."id" = $3'
    (writes,) = _writes(Statement("u", sql, "update", calls=8, changed_columns=(("a", 0.0), ("b", 0.0))))
    assert writes.updates == (UpdateProfile((), 8, ("u",)),)


def test_updates_of_the_same_columns_are_one_profile() -> None:
    (writes,) = _writes(
        Statement("x", "UPDATE t SET a = $1, b = $2", "update", calls=1, rows=50),
        Statement("y", "UPDATE t SET b = $1, a = 5 WHERE id = $2", "update", calls=7),
    )
    assert writes.updates == (UpdateProfile(("a", "b"), 57, ("x", "y")),)


def test_an_upsert_is_half_insert_and_half_update() -> None:
    sql = "INSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE t.a > 5 RETURNING id"
    assert _writes(Statement("i", sql, "insert", calls=10)) == (
        TableWrites("public", "t", inserts=5, updates=(UpdateProfile(("a",), 5, ("i",)),)),
    )


def test_doing_nothing_on_conflict_is_an_insert() -> None:
    sql = "INSERT INTO t (id) VALUES ($1) ON CONFLICT DO NOTHING"
    assert _writes(Statement("i", sql, "insert", calls=10)) == (TableWrites("public", "t", inserts=10),)


def test_writes_inside_a_with_are_found() -> None:
    sql = (
        "WITH gone AS (DELETE FROM t WHERE id = $1 RETURNING id) INSERT INTO other.u (id) SELECT id FROM gone"
    )
    assert _writes(Statement("w", sql, "delete", calls=3, rows=9)) == (
        TableWrites("other", "u", inserts=3),
        TableWrites("public", "t", deletes=3),
    )


def test_an_update_too_deep_to_parse_may_change_every_column() -> None:
    deep = "(" * 190 + "1" + ")" * 190
    sql = f"UPDATE t SET a = CASE WHEN {deep} = ANY ALL $1 THEN END"
    (writes,) = _writes(Statement("u", sql, "update", calls=2))
    assert writes.updates == (UpdateProfile(("C", "a", "b", "id"), 2, ("u",)),)


@pytest.mark.parametrize(
    "statement",
    [
        Statement("s", "SELECT a FROM t FOR UPDATE", "select"),
        Statement("i", "INSERT INTO nowhere VALUES (1)", "insert"),
        Statement("i", "INSERT INTO wrong.t VALUES (1)", "insert"),
        Statement("d", "DELETE FROM t WHERE a = $1", "delete", rows=0),
    ],
)
def test_what_writes_nothing_to_a_known_table_counts_nothing(statement: Statement) -> None:
    assert _writes(statement) == ()
