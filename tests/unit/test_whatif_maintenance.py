"""What an index costs the writes."""

from __future__ import annotations

import pytest

from indexical.model import ColumnStatistics, TableWrites, UpdateProfile
from indexical.testing import catalog, common, index, table
from indexical.whatif.maintenance import DELETE, PAGE_KEPT, Maintenance
from indexical.whatif.selectivity import UNKNOWN, predicate_share

TIME = ColumnStatistics(distinct=-1, average_width=8, correlation=0.99)
TABLE = table(
    "t",
    "id uuid, status text, created timestamptz, note text, flag bool, n int",
    rows=1_000_000,
    indexes=["primary id"],
    statistics={
        "created": TIME,
        "id": ColumnStatistics(distinct=-1, average_width=16),
        "status": common({"DONE": 0.9, "NEW": 0.1}),
        "note": ColumnStatistics(distinct=-1, average_width=400),
        "flag": common({"f": 0.97, "t": 0.01}, null_fraction=0.02),
        "n": ColumnStatistics(distinct=100, null_fraction=0.5),
    },
)
CREATED, STATUS, ID = index("t", "created"), index("t", "status"), index("t", "id, status")


def prices(*updates, inserts=0.0, deletes=0.0, size=0, made=TABLE, version=180000):
    writes = TableWrites("public", "t", inserts, deletes, tuple(updates))
    return Maintenance(catalog(made, version=version), (writes,), lambda _: size)


def test_an_insert_costs_about_what_was_measured():
    # 10 to 25 microseconds at 4 to 8 microseconds a unit.
    for candidate in (CREATED, STATUS, ID):
        assert 1.2 <= prices(inserts=1).cost(candidate) <= 6.0


def test_cost_grows_with_the_rows_written():
    assert prices(inserts=100).cost(CREATED) == pytest.approx(100 * prices(inserts=1).cost(CREATED))


def test_a_random_key_is_dearer_than_a_growing_one():
    assert prices(inserts=1).cost(index("t", "id")) > 1.5 * prices(inserts=1).cost(CREATED)


def test_a_wide_key_is_dearer_than_a_narrow_one():
    assert prices(inserts=1).cost(index("t", "created, note")) > 1.5 * prices(inserts=1).cost(CREATED)


def test_included_columns_count_as_width():
    assert prices(inserts=1).cost(index("t", "created", include=["note"])) > prices(inserts=1).cost(CREATED)


def test_a_partial_index_costs_only_its_rows():
    partial = index("t", "created", where="status = 'NEW'")
    assert prices(inserts=1).cost(partial) == pytest.approx(0.1 * prices(inserts=1).cost(CREATED))


def test_a_partial_index_on_a_changing_status_is_passed_through_by_every_row():
    change = UpdateProfile(("status",), 5.0)
    partial = index("t", "created", where="status = 'NEW'")
    assert prices(change, inserts=1).insertion(partial) == pytest.approx(prices().insertion(CREATED))


def test_a_table_that_is_not_written_costs_only_the_pages():
    assert prices(size=8192 * 10).cost(CREATED) == pytest.approx(10 * PAGE_KEPT)


def test_a_smaller_index_wins_between_equals():
    small, large = prices(inserts=5, size=8192), prices(inserts=5, size=81920)
    assert small.cost(CREATED) < large.cost(CREATED)


def test_deletes_cost_little():
    assert prices(deletes=10).cost(CREATED) == pytest.approx(10 * DELETE)


def test_updates_that_stay_heap_only_cost_an_index_nothing():
    assert prices(UpdateProfile(("note",), 50.0)).cost(CREATED) == 0.0


def test_updates_of_the_indexs_own_column_insert_into_it():
    one = prices(inserts=1).cost(STATUS)
    assert prices(UpdateProfile(("status",), 50.0)).cost(STATUS) == pytest.approx(50 * one)


def test_updates_that_an_existing_index_already_ends_insert_into_every_index():
    made = table(
        "t", "id uuid, status text, created timestamptz", rows=1_000_000, indexes=["status", "primary id"]
    )
    maintenance = prices(UpdateProfile(("status",), 50.0), made=made)
    assert maintenance.cost(CREATED) == pytest.approx(50 * maintenance.insertion(CREATED))
    assert maintenance.hot_groups(STATUS) != ()
    assert maintenance.hot_groups(ID) == ()


def test_a_group_is_ended_by_key_include_predicate_and_expression():
    maintenance = prices(UpdateProfile(("note", "status"), 10.0))
    for ends in (
        STATUS,
        index("t", "created", include=["note"]),
        index("t", "created", where="status = 'NEW'"),
        index("t", "created", where='"note" IS NOT NULL'),
        index("t", "(upper(note))"),
    ):
        ((id, updates, cost, columns),) = maintenance.hot_groups(ends)
        assert (id, updates, columns) == ("public.t (note, status)", 10.0, ("note", "status"))
        assert cost > 10.0
    assert maintenance.hot_groups(CREATED) == ()


def test_a_lost_group_costs_one_insertion_in_every_existing_index():
    one = prices(UpdateProfile(("status",), 10.0))
    made = table("t", "id uuid, status text, n int", rows=1_000_000, indexes=["primary id", "n"])
    two = prices(UpdateProfile(("status",), 10.0), made=made)
    assert two.hot_groups(STATUS)[0][2] > one.hot_groups(STATUS)[0][2]


def test_brin_does_not_end_heap_only_updates_since_sixteen():
    brin = index("t", "status", method="brin")
    change = UpdateProfile(("status",), 10.0)
    assert prices(change, version=160000).hot_groups(brin) == ()
    assert prices(change, version=150000).hot_groups(brin) != ()


def test_an_index_on_an_unknown_table_costs_nothing():
    strange = index("nowhere", "a")
    assert prices(inserts=5).cost(strange) == 0.0
    assert prices(inserts=5).hot_groups(strange) == ()


@pytest.mark.parametrize(
    ("predicate", "share"),
    [
        ("", 1.0),
        ("status = 'NEW'", 0.1),
        ("(status)::text = 'NEW'::text", 0.1),
        ("status <> 'NEW'", 0.9),
        ("status IN ('NEW', 'DONE')", 1.0),
        ("flag", 0.01),
        ("NOT flag", 0.97),
        ("flag = true", 0.01),
        ("flag IS FALSE", 0.97),
        ("n IS NULL", 0.5),
        ("n IS NOT NULL", 0.5),
        ("NOT (n IS NULL)", 0.5),
        ("n = 5", 0.005),
        ("status = 'NEW' AND n IS NULL", 0.05),
        ("status = 'NEW' OR status = 'DONE'", 0.91),
        ("created > now()", UNKNOWN),
        ("((( not sql", UNKNOWN),
        ("id = 'x'", 0.01),
    ],
)
def test_the_share_of_rows_of_a_predicate(predicate, share):
    assert predicate_share(TABLE, predicate) == pytest.approx(share, abs=1e-9)
