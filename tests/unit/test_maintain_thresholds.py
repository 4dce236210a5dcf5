"""When a table is due: autovacuum's formulas, with a table's own parameters before the server's."""

from __future__ import annotations

from typing import Any

import pytest

from indexical.maintain.thresholds import due, thresholds

SETTINGS = {
    "autovacuum": "on",
    "autovacuum_analyze_scale_factor": "0.1",
    "autovacuum_analyze_threshold": "50",
    "autovacuum_freeze_max_age": "200000000",
    "autovacuum_multixact_freeze_max_age": "400000000",
    "autovacuum_vacuum_insert_scale_factor": "0.2",
    "autovacuum_vacuum_insert_threshold": "1000",
    "autovacuum_vacuum_scale_factor": "0.2",
    "autovacuum_vacuum_threshold": "50",
    "vacuum_freeze_table_age": "150000000",
    "vacuum_multixact_freeze_table_age": "150000000",
}


def table(**more: Any) -> dict[str, Any]:
    quiet = {
        "kind": "r",
        "tuples": 1000.0,
        "pages": 10,
        "all_visible": 10,
        "all_frozen": 0,
        "heap_bytes": 81920,
        "changed": 0,
        "dead": 0,
        "inserted": 0,
        "index_scans": 0,
        "age": 100,
        "multixact_age": 1,
        "options": {},
        "toast_tuples": 0.0,
        "toast_dead": 0,
        "parent_behind": False,
    }
    assert more.keys() <= quiet.keys()
    return {**quiet, **more}


def test_a_quiet_table_is_not_due() -> None:
    found = due(table(), SETTINGS)
    assert (found.vacuum, found.analyze) == ("", "")


@pytest.mark.parametrize(
    ("figure", "at"), [("dead", 250), ("inserted", 1200), ("toast_dead", 50), ("age", 150_000_000)]
)
def test_a_vacuum_is_due_above_the_threshold_and_not_at_it(figure: str, at: int) -> None:
    assert not due(table(**{figure: at}), SETTINGS).vacuum
    assert due(table(**{figure: at + 1}), SETTINGS).vacuum


def test_an_analyze_is_due_above_the_threshold_and_not_at_it() -> None:
    assert not due(table(changed=150), SETTINGS).analyze
    assert due(table(changed=151), SETTINGS).analyze == (
        "151 rows changed since it was last analysed, threshold 150"
    )


def test_the_tables_own_parameters_come_before_the_servers() -> None:
    own = {"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "5"}
    assert due(table(dead=6, options=own), SETTINGS).vacuum == "6 dead rows, threshold 5"


def test_an_insert_threshold_of_minus_one_switches_it_off() -> None:
    own = {"autovacuum_vacuum_insert_threshold": "-1"}
    assert not due(table(inserted=10**9, options=own), SETTINGS).vacuum


def test_since_postgresql_18_a_threshold_has_an_upper_end_and_frozen_pages_do_not_count() -> None:
    newer = {**SETTINGS, "autovacuum_vacuum_max_threshold": "100000000"}
    assert thresholds(table(tuples=1e10), newer).vacuum == 100_000_000
    assert thresholds(table(tuples=1e10), SETTINGS).vacuum == 2_000_000_050
    half = table(tuples=10_000.0, pages=100, all_frozen=50)
    assert thresholds(half, newer).insert == 2000


def test_a_table_is_frozen_before_postgresql_does_it_by_force() -> None:
    own = {"autovacuum_freeze_max_age": "100000000"}
    assert thresholds(table(options=own), SETTINGS).age == pytest.approx(95_000_000)


def test_a_share_of_the_thresholds_brings_work_forward_but_not_freezing() -> None:
    half = thresholds(table(), SETTINGS, 0.5)
    assert (half.vacuum, half.analyze, half.insert) == (125, 75, 600)
    assert half.age == thresholds(table(), SETTINGS).age


def test_pages_that_are_not_all_visible_matter_only_where_indexes_read_and_somebody_wrote() -> None:
    dim = table(pages=1000, all_visible=400, tuples=1e5, index_scans=9, inserted=1)
    assert "only 40% of its pages" in due(dim, SETTINGS).vacuum
    for quiet in (
        {"index_scans": 0},
        {"inserted": 0},
        {"pages": 100, "all_visible": 40},
        {"all_visible": 500},
    ):
        assert not due({**dim, **quiet}, SETTINGS).vacuum, quiet


def test_an_empty_table_that_was_never_analysed_is_left_alone() -> None:
    assert not due(table(tuples=-1.0, heap_bytes=0), SETTINGS).analyze
    assert due(table(tuples=-1.0), SETTINGS).analyze


def test_a_partitioned_table_is_analysed_and_never_vacuumed() -> None:
    found = due(table(kind="p", parent_behind=True, dead=10**6, age=None, multixact_age=None), SETTINGS)
    assert found.vacuum == ""
    assert "autovacuum never makes them" in found.analyze
