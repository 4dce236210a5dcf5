"""Estimated sizes of B-trees against the same indexes really built."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.postgres.conftest import Database
from tests.postgres.shop import DATA, on

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.model import Index, Key
from indexical.twin.lengths import existing_height
from indexical.twin.sizes import Extent
from indexical.twin.twin import Twin, open_twin

pytestmark = pytest.mark.postgres

SHAPES: dict[str, Index] = {
    "unique_bigint": on("lines", "id", unique=True),
    "timestamps": on("orders", "created"),
    "skewed_foreign_key": on("orders", "user_id"),
    "random_foreign_key": on("lines", "order_id"),
    "five_values": on("orders", "status"),
    "boolean": on("orders", "paid"),
    "numeric": on("orders", "total"),
    "uuid": on("orders", "code"),
    "nullable_text": on("orders", "note"),
    "short_text": on("lines", "sku"),
    "date": on("lines", "day"),
    "unique_text": on("users", "email"),
    "text_and_timestamp": on("orders", "status", "created-"),
    "foreign_key_and_timestamp": on("orders", "user_id", "created"),
    "two_repeating": on("orders", "user_id", "status"),
    "three_keys": on("lines", "sku", "day", "qty"),
    "covering": on("lines", "sku", include=("day", "qty")),
    "partial_rare": on("orders", "created", predicate="paid"),
    "partial_not_null": on("orders", "note", predicate="note IS NOT NULL"),
    "expression": Index("public", "users", (Key(expression="lower(email)"),)),
}


@pytest.fixture(scope="module")
def sizes(module_database: Database) -> Iterator[tuple[dict[str, Extent], Twin]]:
    """The true extents, and a twin that knows the database without these indexes."""
    module_database.run(*DATA, "VACUUM ANALYZE")
    with module_database.open() as session:
        bare = snapshot(session)
        for name, index in SHAPES.items():
            session.execute(create_index(index, name))
        true = {
            existing.name: Extent(existing.size // 8192, existing.tuples, existing.height)
            for existing in snapshot(session).indexes()
        }
    with open_twin(bare) as twin:
        yield true, twin


def test_median_error_is_small(sizes: tuple[dict[str, Extent], Twin]) -> None:
    true, twin = sizes
    errors = {name: twin.extent(index).pages / true[name].pages - 1 for name, index in SHAPES.items()}
    print({name: f"{error:+.1%}" for name, error in errors.items()})
    assert statistics.median(abs(error) for error in errors.values()) <= 0.08
    assert all(abs(error) <= 0.35 for error in errors.values()), errors


@pytest.mark.parametrize("name", SHAPES)
def test_height_is_right(sizes: tuple[dict[str, Extent], Twin], name: str) -> None:
    true, twin = sizes
    assert twin.extent(SHAPES[name]).height == true[name].height


@pytest.mark.parametrize("name", ["partial_rare", "five_values", "timestamps"])
def test_covered_rows_are_right(sizes: tuple[dict[str, Extent], Twin], name: str) -> None:
    true, twin = sizes
    assert twin.extent(SHAPES[name]).tuples == pytest.approx(true[name].tuples, rel=0.1)


def test_height_of_an_existing_index_follows_from_its_length(sizes: tuple[dict[str, Extent], Twin]) -> None:
    """Where pageinspect may not be asked, the twin works the height out."""
    _, twin = sizes
    catalog = twin.catalog
    unknown = replace(
        catalog,
        tables=tuple(
            replace(table, indexes=tuple(replace(index, height=-1) for index in table.indexes))
            for table in catalog.tables
        ),
    )
    places = {(table.schema, table.name): table for table in unknown.tables}
    known = {existing.name: existing.height for existing in catalog.indexes()}
    assert known
    assert {existing.name: existing_height(existing, places) for existing in unknown.indexes()} == known
