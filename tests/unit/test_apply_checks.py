"""The checks of the preflight, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply.checks import Task
from indexical.apply.estimate import estimate
from indexical.apply.facts import Facts, Holder, Named, Server, TableFacts
from indexical.apply.findings import Finding, refuse
from indexical.apply.preflight import examine
from indexical.apply.surroundings import Surroundings
from indexical.apply.volumes import Room
from indexical.errors import PreflightRefused
from indexical.model import ExistingIndex, Index, Key

USER = Index("public", "orders", (Key.asc("user_id"),))
ORDERS = TableFacts("public", "orders", 7, "r", "shop", True, True, 1_000_000, 200_000_000)
QUIET = Facts(
    server=Server(180000, standby=False, direct=True, role="shop", database="shop"),
    tables=(ORDERS,), names=(), same=(), builders=(), snapshots=(), prepared=(),
    widths=(("public", "orders", "user_id", 4),),
    around=Surroundings(index_room=Room(10**13, device=1), wal_room=Room(10**13, device=2)),
)  # fmt: skip
BUILD = Task((("orders_user_idx", USER),))
LEFTOVER = Named("public", "orders_user_idx", 9, "i", False, True, True, 7)
DROP = ExistingIndex("old_idx", USER, oid=8)


def found(facts, task=BUILD):
    return [(finding.code, finding.severity) for finding in examine(task, facts)]


def test_a_quiet_direct_primary_has_nothing_to_say():
    assert found(QUIET) == []


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (replace(QUIET.server, standby=True), "P01"),
        (replace(QUIET.server, direct=False), "P02"),
        (replace(QUIET.server, version=140003), "P18"),
    ],
)
def test_a_server_that_cannot_be_changed_safely_is_refused(server, code):
    assert found(replace(QUIET, server=server)) == [(code, "refuse")]


@pytest.mark.parametrize("version", [130010, 140004, 150000, 180006])
def test_releases_without_the_corruption_are_not_refused(version):
    assert found(replace(QUIET, server=replace(QUIET.server, version=version))) == []


def test_an_invalid_leftover_names_the_statement_that_removes_it():
    (finding,) = examine(BUILD, replace(QUIET, names=(LEFTOVER,)))
    assert finding.code == "P07"
    assert finding.remedy == "run: DROP INDEX CONCURRENTLY public.orders_user_idx; then run this again"


@pytest.mark.parametrize(
    "flags", [(False, False, True), (False, True, True), (False, False, False), (True, True, False)]
)
def test_every_unfinished_state_of_an_index_is_a_leftover(flags):
    valid, ready, live = flags
    named = replace(LEFTOVER, valid=valid, ready=ready, live=live)
    assert found(replace(QUIET, names=(named,))) == [("P07", "refuse")]


def test_a_leftover_whose_build_may_still_run_is_not_said_to_be_dropped_at_once():
    facts = replace(QUIET, names=(LEFTOVER,), builders=(Holder("pid 1 (role x)", 3, (7,), "build"),))
    leftover, running = examine(BUILD, facts)
    assert (leftover.code, running.code) == ("P07", "P10")
    assert leftover.remedy.startswith("wait for that build to end")


def test_a_vacuum_is_only_a_warning():
    facts = replace(QUIET, builders=(Holder("pid 1 (role x)", 3, (7,), "vacuum"),))
    assert found(facts) == [("P10", "warn")]


def test_an_invalid_twin_is_a_warning_and_a_valid_one_saves_the_build():
    valid = ExistingIndex("by_hand", USER, oid=3)
    assert found(replace(QUIET, same=(("orders_user_idx", valid),))) == [("P09", "warn")]
    (finding,) = examine(BUILD, replace(QUIET, same=(("orders_user_idx", replace(valid, valid=False)),)))
    assert "DROP INDEX CONCURRENTLY public.by_hand" in finding.remedy


@pytest.mark.parametrize(
    "change",
    [
        {"constraint": "primary"}, {"constraint": "unique"}, {"constraint": "exclusion"}, {"foreign_key_target": True},
        {"replica_identity": True}, {"clustered": True}, {"parent": "all_idx"},
        {"index": Index("public", "orders", (Key.asc("user_id"),), unique=True)},
    ],
)  # fmt: skip
def test_an_index_that_more_than_reads_need_is_not_dropped(change):
    task = Task((), (replace(DROP, **change),))
    named = Named("public", "old_idx", 8, "i", True, True, True, 7)
    assert found(replace(QUIET, names=(named,)), task) == [("P17", "refuse")]


def test_a_plain_index_may_be_dropped_and_one_that_is_gone_already_too():
    task = Task((), (DROP,))
    named = Named("public", "old_idx", 8, "i", True, True, True, 7)
    assert found(replace(QUIET, names=(named,)), task) == []
    assert found(QUIET, task) == []
    assert found(replace(QUIET, names=(replace(named, oid=99),)), task) == [("P16", "refuse")]


def test_creating_is_not_asked_of_the_schema_when_only_drops_are_to_be_made():
    table = replace(ORDERS, may_create=False)
    named = Named("public", "old_idx", 8, "i", True, True, True, 7)
    assert found(replace(QUIET, tables=(table,), names=(named,)), Task((), (DROP,))) == []
    assert found(replace(QUIET, tables=(table,))) == [("P05", "refuse")]


def test_a_table_of_somebody_else_is_refused_once_and_its_names_are_not_judged():
    facts = replace(QUIET, tables=(replace(ORDERS, may_own=False, owner="dba"),), names=(LEFTOVER,))
    (finding,) = examine(BUILD, facts)
    assert (finding.code, finding.remedy) == ("P04", "connect as dba or a member of that role")


def test_a_large_build_is_announced_and_a_small_one_is_not():
    large = replace(ORDERS, rows=500_000_000, bytes=90_000_000_000)
    finding, hint = examine(BUILD, replace(QUIET, tables=(large,)))
    assert (finding.code, finding.severity) == ("P14", "warn")
    assert "MB" in finding.message
    assert (hint.code, hint.severity) == ("P39", "warn")


def test_the_estimate_is_the_size_of_a_btree_page_by_page():
    rough = estimate(QUIET, USER)
    # A real index over a million int4 values takes 21.5 MB without deduplication.
    assert 20_000_000 < rough.bytes < 24_000_000
    assert 1 < rough.seconds < 30
    assert estimate(replace(QUIET, tables=()), USER).bytes == 0


def test_a_refusal_is_one_error_with_a_line_for_each_and_warnings_are_none():
    refuse([Finding("P14", "warn", "x", "large")])
    with pytest.raises(PreflightRefused) as refused:
        refuse(
            [
                Finding("P01", "refuse", "a", "b", "c"),
                Finding("P14", "warn", "x", "y"),
                Finding("P02", "refuse", "d", "e"),
            ]
        )
    assert str(refused.value).splitlines() == ["nothing was changed:", "P01 a: b; c", "P02 d: e"]
