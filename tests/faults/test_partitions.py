"""Rows 42 and 43 of the plan: an index on a partitioned table of three levels, ended at each part and gone on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply import creation, partitions
from indexical.apply.build import create_statement, drop_statement
from indexical.apply.partitions import part_name
from indexical.apply.removal import drop
from indexical.apply.run import Site
from indexical.model import Index, Key
from tests.faults.harness import (
    apply_here,
    at_phase,
    build_in_thread,
    expect,
    hold,
    nothing_changes,
    waits_until,
)

NAME = "sales_day_idx"
DAY = Index("public", "sales", (Key.asc("day"), Key.asc("shop")))
LEAVES = ("sales_a1", "sales_a2", "sales_b")


@pytest.fixture
def sales(place):
    """Three levels: sales -> sales_a -> sales_a1, sales_a2; sales -> sales_b."""
    place.run(
        "CREATE TABLE sales (id bigint, shop int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day)",
        "CREATE TABLE sales_a PARTITION OF sales FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (shop)",
        "CREATE TABLE sales_a1 PARTITION OF sales_a FOR VALUES IN (1)",
        "CREATE TABLE sales_a2 PARTITION OF sales_a FOR VALUES IN (2)",
        "CREATE TABLE sales_b PARTITION OF sales FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
        "INSERT INTO sales SELECT i, 1 + i % 2, '2026-01-01'::date + i % 700 FROM generate_series(1, 3000) i",
        "ANALYZE sales",
    )
    place.expect_change("sales_*")
    return place


def parts(place):
    """Name and validity of every index of the tree."""
    return {
        row["name"]: row["valid"]
        for row in place.rows(
            "SELECT c.relname::text AS name, i.indisvalid AS valid FROM pg_partition_tree('public.sales') t "
            "JOIN pg_index i ON i.indrelid = t.relid JOIN pg_class c ON c.oid = i.indexrelid ORDER BY 1"
        )
    }


def test_every_level_gets_its_index_and_the_parent_is_valid(sales):
    (outcome,) = apply_here(sales, create_statement(NAME, DAY))
    expect(outcome, "applied")
    assert parts(sales) == dict.fromkeys(
        [NAME, f"{NAME}_sales_a", *(f"{NAME}_{leaf}" for leaf in LEAVES)], True
    )
    with nothing_changes(sales):
        expect(apply_here(sales, create_statement(NAME, DAY))[0], "skipped")


@pytest.mark.fault(42, "three levels, ended at each part")
@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("way", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_run_ended_at_any_part_is_gone_on_with(sales, leaf, way):
    _ended_at(sales, leaf, way)


def _ended_at(sales, leaf, way):
    with hold(sales, "writer", leaf):
        build = build_in_thread(sales, create_statement(NAME, DAY), cleanup_wait_s=60)
        pid = at_phase(sales, "before build", table=leaf)
        sales.value(f"SELECT {way}({pid})")
        waits_until(lambda: not sales.rows("SELECT 1 FROM pg_stat_progress_create_index"))
    (outcome,) = build.result()
    expect(outcome, "failed", "CANCELLED" if "cancel" in way else "TERMINATED")
    assert leaf in outcome.error
    left = parts(sales)
    assert not left[NAME]
    assert all(valid for name, valid in left.items() if name not in (NAME, f"{NAME}_sales_a")), left
    built = {name: sales.value(f"SELECT '{name}'::regclass::oid") for name, valid in left.items() if valid}
    expect(apply_here(sales, create_statement(NAME, DAY))[0], "applied")
    assert all(parts(sales).values())
    assert len(parts(sales)) == 5
    for name, oid in built.items():
        assert sales.value(f"SELECT '{name}'::regclass::oid") == oid, "what was built is not built again"


@pytest.mark.guard(42)
def test_an_index_that_only_its_parent_has_never_serves(sales, monkeypatch):
    monkeypatch.setattr(partitions, "_attach", lambda *_: None)
    with pytest.raises(AssertionError):
        expect(apply_here(sales, create_statement(NAME, DAY))[0], "applied")


@pytest.mark.fault(42, "three levels, ended at each part")
def test_a_partition_that_is_added_on_the_way_has_the_index_at_the_end(sales):
    sales.allow(catalog={"public.sales*"})
    with hold(sales, "writer", "sales_b"):
        build = build_in_thread(sales, create_statement(NAME, DAY))
        at_phase(sales, "before build", table="sales_b")
        sales.run(
            "CREATE TABLE sales_c (LIKE sales)",
            "INSERT INTO sales_c VALUES (1, 1, '2028-05-05')",
            "ALTER TABLE sales ATTACH PARTITION sales_c FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')",
        )
    expect(build.result()[0], "applied")
    found = parts(sales)
    assert all(found.values())
    assert len(found) == 6


def test_an_index_that_a_part_has_already_is_attached_and_not_built_again(sales):
    sales.run("CREATE INDEX by_hand ON sales_b (day, shop)")
    sales.expect_change("by_hand")
    expect(apply_here(sales, create_statement(NAME, DAY))[0], "applied")
    assert "by_hand" in parts(sales)
    assert f"{NAME}_sales_b" not in parts(sales)


def test_duplicates_in_any_part_are_found_before_anything_is_made(sales):
    unique = Index("public", "sales", (Key.asc("shop"), Key.asc("day")), unique=True)
    (outcome,) = apply_here(sales, create_statement(NAME, unique))
    expect(outcome, "failed", "DUPLICATES")
    assert parts(sales) == {}


def test_a_unique_index_without_the_partitions_key_is_refused_and_leaves_nothing(sales):
    unique = Index("public", "sales", (Key.asc("id"),), unique=True)
    (outcome,) = apply_here(sales, create_statement(NAME, unique))
    expect(outcome, "failed", "NOT_CONCURRENT", "0A000")
    assert parts(sales) == {}


@pytest.mark.fault(43, "the invalid index of a partitioned table")
def test_the_invalid_index_of_a_partitioned_table_is_never_taken_for_a_leftover(place):
    index = Index("public", "events", (Key.asc("day"),))
    place.expect_change("events_2026_day_idx")
    before = place.value("SELECT 'public.events_day_idx'::regclass::oid")
    (outcome,) = apply_here(
        place, create_statement("events_new_idx", Index("public", "events", (Key.asc("id"),)))
    )
    expect(outcome, "applied")
    assert place.value("SELECT 'public.events_day_idx'::regclass::oid") == before
    place.expect_change("events_*")
    # Asked for by its own name it is completed, not replaced.
    expect(apply_here(place, create_statement("events_day_idx", index))[0], "applied")
    assert place.value("SELECT 'public.events_day_idx'::regclass::oid") == before


@pytest.mark.guard(43)
def test_taken_for_a_leftover_it_would_be_refused(place, monkeypatch):
    real = creation.described
    monkeypatch.setattr(creation, "described", lambda *words: replace(real(*words), partitioned=False))
    place.expect_change("events_*")
    index = Index("public", "events", (Key.asc("day"),))
    with pytest.raises(AssertionError):
        expect(apply_here(place, create_statement("events_day_idx", index))[0], "applied")


def test_the_index_of_a_partitioned_table_is_not_dropped_unasked(sales):
    apply_here(sales, create_statement(NAME, DAY))
    statement = drop_statement(sales.indexes("sales")[NAME])
    (outcome,) = apply_here(sales, statement)
    expect(outcome, "failed", "NOT_CONCURRENT")
    assert f"DROP INDEX public.{NAME}" in outcome.remedy
    assert all(parts(sales).values())


def test_a_drop_that_says_that_it_is_not_concurrent_takes_the_whole_tree(sales):
    sales.allow(waits=True)  # There is no other way.
    apply_here(sales, create_statement(NAME, DAY))
    statement = replace(drop_statement(sales.indexes("sales")[NAME]), concurrent=False)
    with sales.open_ours() as monitor:
        outcome = drop(Site(sales.open_ours, monitor, lambda *_: None), statement)
    expect(outcome, "applied")
    assert parts(sales) == {}


def test_names_of_parts_are_the_same_in_every_run_and_never_too_long():
    assert part_name("i", "s", "t") == "i_t"
    long = part_name("i" * 40, "public", "é" * 30)
    assert len(long.encode()) <= 63
    assert long == part_name("i" * 40, "public", "é" * 30)
    assert long != part_name("i" * 40, "other", "é" * 30)
