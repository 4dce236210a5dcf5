"""What is kept before a change brings the database back: same rows, columns, constraints and indexes in a new one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.postgres.change.conftest import Database

from indexical.apply.backup import back_up
from indexical.twin.engine import find

pytestmark = pytest.mark.postgres

ROWS = "SELECT count(*) || ' ' || md5(string_agg(o::text, E'\\n' ORDER BY o.id)) FROM orders o"
COLUMNS = """
SELECT string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', ' ORDER BY ordinal_position)
  FROM information_schema.columns WHERE table_name = 'orders'
"""
INDEXES = "SELECT string_agg(indexdef, '; ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'orders'"
CONSTRAINTS = """
SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'orders'::regclass
"""


def shape(database: Database) -> tuple[object, ...]:
    return tuple(database.value(query) for query in (ROWS, COLUMNS, INDEXES, CONSTRAINTS))


def restore(dump: str, url: str) -> None:
    engine = find()
    subprocess.run(
        [engine.program("pg_restore"), "--exit-on-error", "--no-owner", "--dbname", url, dump],
        env={**os.environ, "LD_LIBRARY_PATH": engine.library_path},
        check=True,
        capture_output=True,
    )


def test_a_new_database_gets_the_rows_columns_constraints_and_indexes_that_were_there(
    orders: Database, tmp_path: Path
) -> None:
    orders.run(
        "CREATE INDEX orders_user_created ON orders (user_id, created_at DESC) WHERE status = 'PENDING'"
    )
    before = shape(orders)
    made = back_up(orders.url, tmp_path, tables=[("public", "orders")])
    # What a change could do at its worst.
    orders.run(
        "DROP INDEX orders_user_created",
        "DELETE FROM orders WHERE id % 2 = 0",
        "ALTER TABLE orders DROP COLUMN note",
    )
    assert shape(orders) != before
    copy = Database(orders.url.replace("/change_", "/restored_"))
    (name,) = re.findall(r"restored_\d+", copy.url)
    orders.run(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        restore(made.path, copy.url)
        assert shape(copy) == before
    finally:
        orders.run(f"DROP DATABASE {name} WITH (FORCE)")
