"""What leaving out the values costs is what the snapshot says it costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.postgres.conftest import Database

from indexical.catalog import snapshot
from indexical.catalog.values import without_values
from indexical.model import Configuration, Statement
from indexical.twin.engine import find
from indexical.twin.twin import Twin, open_twin

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def twins(module_database: Database) -> Iterator[tuple[Twin, Twin]]:
    module_database.run(
        "CREATE TABLE t (id int PRIMARY KEY, status text, at timestamptz)",
        "INSERT INTO t SELECT i, CASE WHEN i % 10 < 9 THEN 'common' ELSE 's' || i % 100 / 10 END,"
        " timestamptz '2025-01-01 00:00Z' + i * interval '1 minute' FROM generate_series(1, 10000) i",
        "CREATE INDEX t_at ON t (at)",
        "VACUUM ANALYZE",
    )
    with module_database.read() as session:
        catalog = snapshot(session)
    engine = find()
    with open_twin(catalog, engine=engine) as full, open_twin(without_values(catalog), engine=engine) as bare:
        yield full, bare


@pytest.mark.parametrize(
    ("condition", "with_values", "without"),
    [
        ("id = 5", 1, 1),
        ("status = 'common'", 9000, 909),
        ("status = 's3'", 100, 909),
        ("at > '2025-01-07'", 1360, 5000),
        ("at BETWEEN '2025-01-02' AND '2025-01-03'", 1440, 1),
        ("status IS NULL", 1, 1),
    ],
)
def test_rows_are_estimated_as_documented(
    twins: tuple[Twin, Twin], condition: str, with_values: int, without: int
) -> None:
    statement = Statement(id="s", sql=f"SELECT * FROM t WHERE {condition}")
    full, bare = (twin.plan(statement, (), Configuration()).nodes[0].rows for twin in twins)
    assert full == pytest.approx(with_values, rel=0.02, abs=1)
    assert bare == pytest.approx(without, rel=0.02, abs=1)
