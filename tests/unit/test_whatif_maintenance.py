"""What an index costs the writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import ColumnStatistics, Configuration, TableWrites, UpdateProfile
from indexical.testing import catalog, common, index, table
from indexical.whatif.maintenance import HEAP_CLEARED, HEAP_VERSION, PAGE_KEPT, Maintenance
from indexical.whatif.prices import BRIN, PREDICATE, Prices
from indexical.whatif.selectivity import UNKNOWN, predicate_share

TIME = ColumnStatistics(distinct=-1, average_width=8, correlation=0.99)
TABLE = table(
    "t",
    "id uuid, status text, created timestamptz, note text, flag bool, n int, uid uuid, k int, mail text, place point,"
    " tags text[], words text, rare int",
    rows=300_000,
    indexes=["primary id"],
    statistics={
        "created": TIME,
        "id": ColumnStatistics(distinct=-1, average_width=16),
        "status": common({"DONE": 0.9, "NEW": 0.1}),
        "note": ColumnStatistics(distinct=-1, average_width=400),
        "flag": common({"f": 0.97, "t": 0.01}, null_fraction=0.02),
        "n": ColumnStatistics(distinct=100, null_fraction=0.5, average_width=6),
        "uid": ColumnStatistics(distinct=-1, average_width=16),
        "rare": ColumnStatistics(distinct=-0.1, null_fraction=0.9),
        "k": ColumnStatistics(distinct=100_000, average_width=4),
        "mail": ColumnStatistics(distinct=-1, average_width=28),
        "place": ColumnStatistics(distinct=-1, average_width=16),
        "tags": ColumnStatistics(average_width=40, element_count_histogram=(3.0, 3.0, 3.0)),
        "words": ColumnStatistics(distinct=-1, average_width=48),
    },
)
CREATED, STATUS, ID = index("t", "created"), index("t", "status"), index("t", "id, status")


def prices(*updates, inserts=0.0, deletes=0.0, size=0, made=TABLE, version=180000):
    writes = TableWrites("public", "t", inserts, deletes, tuple(updates))
    return Maintenance(catalog(made, version=version), (writes,), lambda _: size)


def entry(candidate, *, size=0, moved=False, made=TABLE, settings=()):
    return Prices(replace(catalog(made), settings=settings), {}).entry(candidate, size, moved=moved)


def cleared(candidate, made=TABLE):
    return Prices(catalog(made), {}).clearing(candidate, 0)


@pytest.mark.parametrize(
    ("candidate", "microseconds"),
    [
        (CREATED, 1.5),
        (STATUS, 1.1),
        (index("t", "uid"), 4.1),
        (index("t", "k"), 3.5),
        (index("t", "mail"), 5.7),
        (index("t", "k, status, created, n"), 5.3),
        (index("t", "k", include=["n", "mail", "status"]), 10.0),
        (index("t", "(lower(mail))"), 8.4),
        (index("t", "uid", method="hash"), 3.7),
        (index("t", "place", method="gist"), 6.3),
        (index("t", "tags", method="gin"), 4.0),
        (index("t", "words gin_trgm_ops", method="gin"), 22.6),
    ],
)
def test_an_entry_costs_about_what_was_measured(candidate, microseconds):
    assert 0.5 <= entry(candidate) * 3.1 / microseconds <= 2.0


def test_an_entry_of_gin_is_dearer_for_an_updated_row_than_for_a_new_one():
    gin = index("t", "tags", method="gin")
    assert entry(gin, moved=True) > 1.5 * entry(gin)


def test_a_growing_time_is_cheap_for_new_rows_only():
    assert entry(CREATED, moved=True) > 1.8 * entry(CREATED)


def test_an_index_larger_than_the_cache_is_dearer_to_keep_in_order():
    size = 8 << 30
    small = (("effective_cache_size", "1GB"), ("random_page_cost", "4"))
    large = (("effective_cache_size", "64GB"), ("random_page_cost", "4"))
    random, growing = index("t", "uid"), CREATED
    assert entry(random, size=size, settings=small) > 2 * entry(random, size=size, settings=large)
    assert entry(growing, size=size, settings=small) < 1.5 * entry(growing, size=size, settings=large)


@pytest.mark.parametrize("nonsense", ["", "much", "4 parsecs"])
def test_settings_that_cannot_be_read_count_as_the_defaults(nonsense):
    settings = (("effective_cache_size", nonsense), ("random_page_cost", nonsense))
    assert entry(CREATED, size=8 << 30, settings=settings) == pytest.approx(entry(CREATED, size=8 << 30))


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
    whole = prices(inserts=1).cost(CREATED)
    assert prices(inserts=1).cost(partial) == pytest.approx(0.1 * whole + PREDICATE)


def test_a_partial_index_on_a_changing_status_is_passed_through_by_every_row():
    change = UpdateProfile(("status",), 5.0)
    partial = index("t", "created", where="status = 'NEW'")
    assert prices(change, inserts=1).insertion(partial) == pytest.approx(
        prices().insertion(CREATED) + PREDICATE
    )


def test_a_table_that_is_not_written_costs_only_the_pages():
    assert prices(size=8192 * 10).cost(CREATED) == pytest.approx(10 * PAGE_KEPT)


def test_a_smaller_index_wins_between_equals():
    small, large = prices(inserts=5, size=8192), prices(inserts=5, size=81920)
    assert small.cost(CREATED) < large.cost(CREATED)


def test_deletes_cost_little():
    assert prices(deletes=10).cost(CREATED) < 0.5 * prices(inserts=10).cost(CREATED)
    assert prices(deletes=10).cost(CREATED) == pytest.approx(10 * cleared(CREATED))


def test_updates_that_stay_heap_only_cost_an_index_nothing():
    assert prices(UpdateProfile(("note",), 50.0)).cost(CREATED) == 0.0


def test_updates_of_the_indexs_own_column_insert_into_it():
    one = entry(STATUS, moved=True) + cleared(STATUS)
    assert prices(UpdateProfile(("status",), 50.0)).cost(STATUS) == pytest.approx(50 * one)


def test_updates_that_an_existing_index_already_ends_insert_into_every_index():
    made = table(
        "t", "id uuid, status text, created timestamptz", rows=1_000_000, indexes=["status", "primary id"]
    )
    maintenance = prices(UpdateProfile(("status",), 50.0), made=made)
    one = entry(CREATED, moved=True, made=made) + cleared(CREATED, made)
    assert maintenance.cost(CREATED) == pytest.approx(50 * one)
    assert maintenance.after_hot(CREATED) == ()
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
        assert maintenance.after_hot(ends) == ()
    assert maintenance.hot_groups(CREATED) == ()


def test_a_lost_group_costs_one_insertion_in_every_existing_index():
    one = prices(UpdateProfile(("status",), 10.0))
    made = table("t", "id uuid, status text, n int", rows=1_000_000, indexes=["primary id", "n"])
    two = prices(UpdateProfile(("status",), 10.0), made=made)
    assert two.hot_groups(STATUS)[0][2] > one.hot_groups(STATUS)[0][2]


def test_once_a_group_has_ended_an_index_that_left_it_alone_pays_for_its_entries():
    maintenance = prices(UpdateProfile(("status",), 10.0))
    one = entry(CREATED, moved=True) + cleared(CREATED)
    assert maintenance.after_hot(CREATED) == (("public.t (status)", pytest.approx(10.0 * one)),)
    assert maintenance.after_hot(STATUS) == ()


def test_the_upkeep_of_a_set_is_the_sum_of_its_parts():
    change = UpdateProfile(("status",), 10.0)
    maintenance = prices(change, inserts=7.0, deletes=3.0, size=81920)
    (primary,) = (existing.index for existing in TABLE.indexes)
    today = maintenance.upkeep(Configuration())
    assert today == pytest.approx(maintenance.cost(primary))
    apart = maintenance.upkeep(Configuration(frozenset({CREATED})))
    assert apart == pytest.approx(today + maintenance.cost(CREATED))
    ((id, _, lost, _),) = maintenance.hot_groups(STATUS)
    ((late, more),) = maintenance.after_hot(CREATED)
    assert late == id
    both = maintenance.upkeep(Configuration(frozenset({CREATED, STATUS})))
    assert both == pytest.approx(apart + maintenance.cost(STATUS) + lost + more)


def test_dropping_the_index_that_ends_a_group_wins_its_heap_only_updates_back():
    made = table("t", "id uuid, status text", rows=1_000_000, indexes=["status", "primary id"])
    maintenance = prices(UpdateProfile(("status",), 10.0), made=made)
    kept = maintenance.upkeep(Configuration())
    without = maintenance.upkeep(Configuration(frozenset(), frozenset({STATUS})))
    ((_, _, lost, _),) = maintenance.hot_groups(STATUS)
    assert kept - without == pytest.approx(maintenance.cost(STATUS) + lost)
    assert lost > 10 * (HEAP_VERSION + HEAP_CLEARED)


def test_tables_that_a_set_leaves_alone_do_not_change_its_price():
    other = table("u", "a int", rows=1_000, indexes=["a"])
    writes = (TableWrites("public", "t", 5.0), TableWrites("public", "u", 5.0))
    maintenance = Maintenance(catalog(TABLE, other), writes, lambda _: 0)
    more = Configuration(frozenset({CREATED}), frozenset({index("t", "nothing")}))
    grown = maintenance.upkeep(more) - maintenance.upkeep(Configuration())
    assert grown == pytest.approx(maintenance.cost(CREATED))


def test_brin_does_not_end_heap_only_updates_since_sixteen():
    brin = index("t", "status", method="brin")
    change = UpdateProfile(("status",), 10.0)
    assert prices(change, version=160000).hot_groups(brin) == ()
    assert prices(change, version=160000).cost(brin) == pytest.approx(10 * (BRIN + cleared(brin)))
    assert prices(change, version=160000).after_hot(brin) == ()
    assert prices(change, version=150000).hot_groups(brin) != ()


def test_an_index_on_an_unknown_table_costs_nothing():
    strange = index("nowhere", "a")
    assert prices(inserts=5).cost(strange) == 0.0
    assert prices(inserts=5).hot_groups(strange) == ()
    assert prices(inserts=5).after_hot(strange) == ()
    assert prices(inserts=5).upkeep(Configuration(frozenset({strange}))) == prices(inserts=5).upkeep(
        Configuration()
    )


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
        ("rare IS NULL", 0.9),
        ("rare IS NOT NULL", 0.1),
        ("NOT (rare IS NULL)", 0.1),
        ("flag IS NOT TRUE", 0.99),
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
