"""Which existing indexes may go, and above all which may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Node
from indexical.selection import select
from indexical.testing import existing, index
from tests.unit.fakes_selection import indexes, open_limits, world

NONE = frozenset()
A, B, C, D = indexes(4)
H = index("t", "h")
SINCE = "2026-01-01T00:00:00+00:00"
UNTIL = "2026-02-01T00:00:00+00:00"


def only(*members):
    return frozenset(members)


def drops(made, *, since="", until=UNTIL, seconds=0.0, limits=None):
    workload, catalog, candidates, costs = made
    catalog = replace(catalog, statistics_since=since, taken_at=until if since else "")
    return select(replace(workload, seconds=seconds), catalog, candidates, costs, limits or open_limits())


def names(result):
    return [(d.existing.name, d.reason) for d in result.drops]


def test_of_two_equal_indexes_one_goes_without_asking_the_planner():
    made = world({"q": {NONE: 100.0, only(H): 2.0}}, existing=("one: h", "two: h"))
    result = drops(made)
    assert names(result) == [("two", "duplicate")]
    assert result.drops[0].covered_by == "one"
    assert result.drops[0].ddl == "DROP INDEX public.two"
    assert result.configuration.removed == NONE
    assert result.reads_after == 2.0


def test_a_left_prefix_goes_when_the_longer_one_serves_as_well():
    wide = index("t", "h, g")
    made = world({"q": {NONE: 100.0, only(H): 2.0, only(wide): 2.001}}, existing=("short: h", "long: h, g"))
    result = drops(made)
    assert names(result) == [("short", "redundant")]
    assert result.configuration.removed == {H}


def test_a_left_prefix_stays_when_a_statement_would_get_worse():
    wide = index("t", "h, g")
    made = world({"q": {NONE: 100.0, only(H): 2.0, only(wide): 3.0}}, existing=("short: h", "long: h, g"))
    result = drops(made)
    assert result.drops == ()
    (refusal,) = [r for r in result.refused if r.reason == "still-used"]
    assert refusal.subject == "short"
    assert "q would cost 3.0 instead of 2.0" in refusal.detail


def test_a_small_rise_in_reads_must_be_paid_by_the_writes():
    wide = index("t", "h, g")
    options = {"q": {NONE: 1000.0, only(H): 200.0, only(wide): 201.0}}
    shape = {"existing": ("short: h", "long: h, g"), "calls": {"q": 10.0}}
    assert drops(world(options, **shape)).drops == ()
    assert names(drops(world(options, maintenance={H: 50.0}, **shape))) == [("short", "redundant")]


def test_a_new_composite_makes_the_foreign_keys_own_index_go():
    wide = index("t", "h, a")
    made = world(
        {"q": {NONE: 100.0, only(H): 90.0, only(wide): 2.0}},
        existing=("t_h_fk: h",),
        foreign_keys={"h": "u.id"},
    )
    result = drops(made)
    assert [c.index for c in result.chosen] == [wide]
    assert names(result) == [("t_h_fk", "redundant")]
    assert result.drops[0].covered_by == wide.text


@pytest.mark.parametrize(
    "protected",
    [
        existing("t", "keep: primary h"),
        existing("t", "keep: unique constraint h"),
        existing("t", "keep: unique h"),
        existing("t", "keep: h", foreign_key_target=True),
        existing("t", "keep: h", replica_identity=True),
        existing("t", "keep: h", clustered=True),
        existing("t", "keep: h", valid=False),
        existing("t", "keep: h", ready=False),
    ],
)
def test_what_must_stay_is_never_dropped(protected):
    made = world({"q": {NONE: 1.0}}, existing=(protected, existing("t", "busy: g, a", scans=5)))
    assert names(drops(made, since=SINCE)) == []


BUSY = existing("t", "busy: g", scans=9)


def test_an_unused_index_goes_with_its_window_as_evidence():
    made = world({"q": {NONE: 1.0, only(index("t", "g")): 0.5}}, existing=(BUSY, "idle: h"))
    result = drops(made, since=SINCE)
    assert names(result) == [("idle", "unused")]
    assert SINCE in result.drops[0].evidence
    assert "0 scans" in result.drops[0].evidence


def test_the_workloads_own_window_counts_too():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h"))
    result = drops(made, seconds=30 * 86_400.0)
    assert names(result) == [("idle", "unused")]
    assert "30 days of the workload" in result.drops[0].evidence


def test_no_scans_without_a_known_window_say_nothing():
    assert drops(world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h"))).drops == ()


def test_counters_that_never_counted_anything_say_nothing():
    assert drops(world({"q": {NONE: 1.0}}, existing=("one: g", "idle: h")), since=SINCE).drops == ()


@pytest.mark.parametrize("until", ["2026-01-01T00:08:00+00:00", "2026-01-07T23:00:00+00:00"])
def test_a_young_window_is_too_early_for_a_verdict(until):
    result = drops(world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h")), since=SINCE, until=until)
    assert result.drops == ()
    (refusal,) = [r for r in result.refused if r.reason == "too-early"]
    assert refusal.subject == "idle"


def test_the_window_that_is_asked_for_can_be_shortened():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h"))
    result = drops(made, since=SINCE, until="2026-01-01T00:08:00+00:00", limits=open_limits(unused_after=0.0))
    assert names(result) == [("idle", "unused")]
    assert "in the 8 minutes since" in result.drops[0].evidence


def test_an_index_of_a_small_table_is_never_called_unused():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h"))
    assert names(drops(made, since=SINCE, limits=open_limits(min_table_pages=10**9))) == []


def test_an_index_that_was_scanned_is_not_unused():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, existing("t", "seldom: h", scans=1)))
    assert drops(made, since=SINCE).drops == ()


def test_an_index_that_takes_over_anothers_scans_is_not_unused():
    made = world({"q": {NONE: 1.0}}, existing=(existing("t", "short: h", scans=900), "long: h, g"))
    assert names(drops(made, since=SINCE)) == [("short", "redundant")]


def test_an_index_that_takes_over_nothing_goes_with_the_redundant_one():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "short: h", "long: h, a"))
    assert names(drops(made, since=SINCE)) == [("long", "unused"), ("short", "redundant")]


def test_an_index_that_a_plan_uses_is_not_unused():
    made = world({"q": {NONE: 100.0, only(H): 2.0}}, existing=(BUSY, "idle: h"))
    assert drops(made, since=SINCE).drops == ()


def test_the_only_index_of_a_foreign_key_is_not_unused():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "fk: h"), foreign_keys={"h": "u.id"})
    assert drops(made, since=SINCE).drops == ()


def test_of_two_indexes_that_serve_a_foreign_key_only_one_is_unused():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "fk: h, a", "other: h, b"), foreign_keys={"h": "u.id"})
    assert len(drops(made, since=SINCE).drops) == 1


def test_heap_only_updates_that_a_drop_gives_back_lower_the_upkeep():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "idle: h"), maintenance={H: 5.0, BUSY.index: 90.0})
    alone = made[3].upkeep
    # Beside its own upkeep the idle index ends heap-only updates, which costs the busy one 40.
    made[3].upkeep = lambda configuration: alone(configuration) + 40.0 * (H not in configuration.removed)
    result = drops(made, since=SINCE)
    assert result.maintenance_before == 135.0
    assert result.maintenance_after == 90.0


def test_drops_are_sorted_and_name_their_reason_once():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, "z: h", "y: h", "x: f"))
    assert names(drops(made, since=SINCE)) == [("x", "unused"), ("y", "duplicate"), ("z", "unused")]


def test_an_index_that_plans_name_by_chance_is_unused():
    """Two indexes serve the statement equally well; the counters say which one really does."""
    made = world(
        {"q": {NONE: 100.0, only(A): 8.0, only(H): 8.0}},
        existing=(existing("t", "busy: a", scans=9), "idle: h"),
    )
    assert names(drops(made, since=SINCE)) == [("idle", "unused")]


def test_an_index_without_scans_stays_when_a_plan_would_get_dearer():
    made = world({"q": {NONE: 100.0, only(H): 8.0}}, existing=(existing("t", "busy: a", scans=9), "idle: h"))
    assert names(drops(made, since=SINCE)) == []


# Creates and drops chosen together.

HOT = index("t", "h, g")


def busy_writes(**details):
    """An index that one statement uses, on columns whose updates make it dear to keep; A would do nearly as well."""
    options = {"q": {NONE: 100.0, only(HOT): 10.0, only(A): 10.2}}
    shape = {
        "existing": (BUSY, existing("t", "dear: h, g", **{"scans": 50, **details})),
        "maintenance": {HOT: 60.0, A: 1.0},
    }
    return world(options, **shape)


def test_a_dear_index_goes_with_the_creation_of_one_that_is_cheap_to_keep():
    result = drops(busy_writes(), since=SINCE)
    assert [c.index for c in result.chosen] == [A]
    assert names(result) == [("dear", "superseded")]
    assert result.drops[0].ddl == "DROP INDEX public.dear"
    assert "the writes cost 60.0 less" in result.drops[0].evidence
    assert "50 scans in the 31 days" in result.drops[0].evidence
    assert result.configuration == result.configuration.with_added(A).without(HOT)
    assert result.maintenance_after == result.maintenance_before - 59.0
    assert result.bound == pytest.approx(result.reads_after + result.maintenance_after, rel=1e-3)


def test_a_dear_index_stays_when_nothing_does_its_work():
    made = world(
        {"q": {NONE: 100.0, only(HOT): 10.0}},
        existing=(BUSY, existing("t", "dear: h, g", scans=50)),
        maintenance={HOT: 60.0},
    )
    assert names(drops(made, since=SINCE)) == []


def test_a_dear_index_stays_when_one_statement_would_get_much_worse():
    made = world(
        {"q": {NONE: 100.0, only(HOT): 10.0}, "big": {NONE: 5000.0}},
        existing=(BUSY, existing("t", "dear: h, g", scans=50)),
        maintenance={HOT: 95.0},
    )
    result = drops(made, since=SINCE)
    assert names(result) == []
    (refusal,) = [r for r in result.refused if r.reason == "still-used"]
    assert "its upkeep is high, but without it q would cost 100.0 instead of 10.0" in refusal.detail
    assert result.reads_after == 5010.0


@pytest.mark.parametrize(
    "details",
    [
        {"foreign_key_target": True},
        {"replica_identity": True},
        {"clustered": True},
        {"constraint": "unique", "constraint_name": "dear"},
        {"parent": "whole"},
        {"valid": False},
    ],
)
def test_a_dear_index_that_must_stay_is_no_choice(details):
    assert names(drops(busy_writes(**details), since=SINCE)) == []


def test_a_dear_index_stays_when_nobody_knows_how_long_its_scans_were_counted():
    assert names(drops(busy_writes())) == []
    assert names(drops(busy_writes(), since=SINCE, until="2026-01-02T00:00:00+00:00")) == []


def test_a_dear_index_stays_when_the_workload_does_not_explain_its_scans():
    made = world(
        {"q": {NONE: 100.0, only(A): 10.0}},
        existing=(BUSY, existing("t", "dear: h, g", scans=50)),
        maintenance={HOT: 60.0},
    )
    assert names(drops(made, since=SINCE)) == []


def test_the_index_of_a_foreign_key_is_no_choice():
    made = world(
        {"q": {NONE: 100.0, only(H): 10.0, only(A): 10.2}},
        existing=(BUSY, existing("t", "fk: h", scans=50)),
        maintenance={H: 60.0, A: 1.0},
        foreign_keys={"h": "u.id"},
    )
    assert names(drops(made, since=SINCE)) == []


def test_only_create_drops_nothing_that_is_dear():
    assert names(drops(busy_writes(), since=SINCE, limits=open_limits(only="create"))) == []


def test_only_drop_weighs_dear_indexes_without_new_ones():
    result = drops(busy_writes(), since=SINCE, limits=open_limits(only="drop"))
    assert (result.chosen, result.drops) == ((), ())


def test_nothing_is_called_unused_while_a_standby_was_not_looked_at():
    workload, catalog, candidates, costs = made = world({"q": {NONE: 1.0}}, existing=(BUSY, "lone: h"))
    assert names(drops(made, since=SINCE)) == [("lone", "unused")]
    found = drops((workload, replace(catalog, standbys=1), candidates, costs), since=SINCE)
    assert names(found) == []
    (refusal,) = [each for each in found.refused if each.subject == "lone"]
    assert refusal.reason == "too-early"
    assert "1 standby" in refusal.detail


def test_a_standby_that_was_looked_at_is_in_nobodys_way():
    workload, catalog, candidates, costs = world({"q": {NONE: 1.0}}, existing=(BUSY, "lone: h"))
    seen = replace(catalog, standbys=1, nodes=(Node("source"), Node("replica 1", standby=True)))
    assert names(drops((workload, seen, candidates, costs), since=SINCE)) == [("lone", "unused")]


def test_a_standby_alone_says_nothing_of_the_primary():
    workload, catalog, candidates, costs = world({"q": {NONE: 1.0}}, existing=(BUSY, "lone: h"))
    found = drops((workload, replace(catalog, standby=True), candidates, costs), since=SINCE)
    assert names(found) == []
    assert "the primary was not looked at" in next(r for r in found.refused if r.subject == "lone").detail


def test_an_unscanned_index_that_is_needed_says_by_what():
    made = world({"q": {NONE: 1.0}}, existing=(BUSY, existing("t", "lowered: lower(h)")))
    found = drops(made, since=SINCE)
    assert names(found) == []
    (refusal,) = [each for each in found.refused if each.subject == "lowered"]
    assert refusal.reason == "needed"
    assert "statistics of the expression" in refusal.detail
