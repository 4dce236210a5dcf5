"""Checks of the preflight on what surrounds the tables, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply.checks import CHECKS, CODES, Task
from indexical.apply.contents import ColumnFacts, Content
from indexical.apply.facts import Facts, Holder, Named, Server, TableFacts, other_name
from indexical.apply.findings import Finding
from indexical.apply.preflight import examine
from indexical.apply.surroundings import (
    EventTrigger,
    Reader,
    Slot,
    Standby,
    Surroundings,
    may_refuse,
    needed_standbys,
)
from indexical.apply.volumes import HIDDEN, Room
from indexical.model import ExistingIndex, Index, Key, MadeFor
from indexical.pg.sample import Sampled, Shape

MEGABYTE = 1024 * 1024
USER = Index("public", "orders", (Key.asc("user_id"),))
ORDERS = TableFacts("public", "orders", 7, "r", "shop", True, True, 1_000_000, 200_000_000)
ROOMY = Surroundings(index_room=Room(10**13, device=1), wal_room=Room(10**13, device=2))
QUIET = Facts(
    server=Server(180000, standby=False, direct=True, role="shop", database="shop"),
    tables=(ORDERS,), names=(), same=(), builders=(), snapshots=(), prepared=(),
    widths=(("public", "orders", "user_id", 4),), around=ROOMY,
)  # fmt: skip
BUILD = Task((("orders_user_idx", USER),))
DROP = Task((), (ExistingIndex("old_idx", USER, oid=8),))
STREAMING = Standby("near", True, True, 0, 0.0, False)


def around(**changes: object) -> Facts:
    return replace(QUIET, around=replace(ROOMY, **changes))  # type: ignore[arg-type]


def found(facts: Facts, task: Task = BUILD) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in examine(task, facts)]


def content(**changes: object) -> Facts:
    return replace(QUIET, contents=(Content("orders_user_idx", **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, []),
        ({"superuser": True}, [("P33", "warn")]),
        ({"sees_activity": False}, [("P19", "warn")]),
        ({"read_only": True}, [("P42", "refuse")]),
        ({"limits": (("statement_timeout", 5000),)}, [("P32", "warn")]),
        ({"tablespace": "fast"}, [("P43", "warn")]),
        ({"connections_left": 1}, [("P41", "refuse")]),
        ({"connections_left": 2}, []),
        ({"connections_left": -3}, [("P41", "refuse")]),
    ],
)
def test_our_role_and_its_settings(changes, wanted):
    assert found(around(**changes)) == wanted


@pytest.mark.parametrize(
    ("index", "log", "wanted"),
    [
        (Room(10**12, device=1), Room(10**12, device=1), []),
        (Room(30 * MEGABYTE, device=1), Room(10**12, device=2), [("P20", "refuse")]),
        (Room(10**12, device=1), Room(60 * MEGABYTE, device=2), [("P21", "refuse")]),
        # Enough for each of them, and not for both.
        (
            Room(55 * MEGABYTE, device=1),
            Room(55 * MEGABYTE, device=1),
            [("P20", "refuse"), ("P21", "refuse")],
        ),
        (Room(55 * MEGABYTE, device=1), Room(10**12, device=2), []),
        (Room(why="elsewhere"), Room(why="elsewhere"), [("P19", "warn")]),
        (Room(10**12), Room(why="not ours"), [("P19", "warn")]),
        (Room(why=HIDDEN), Room(10**12), [("P19", "warn")]),
    ],
)
def test_room_on_the_disks_is_enough_not_enough_or_not_known(index, log, wanted):
    assert found(around(index_room=index, wal_room=log)) == wanted
    assert found(around(index_room=index, wal_room=log), DROP) == []


def test_the_remedy_for_a_hidden_disk_is_the_right_that_is_missing():
    (finding,) = examine(BUILD, around(index_room=Room(why=HIDDEN)))
    assert "GRANT pg_read_all_settings TO shop" in finding.remedy


def test_a_slot_that_nobody_reads_is_named_and_one_in_use_or_lost_is_not():
    idle = Slot("it's idle", False, "reserved", 5 * MEGABYTE)
    (finding,) = examine(BUILD, around(slots=(idle,)))
    assert (finding.code, finding.severity) == ("P22", "warn")
    assert finding.remedy.endswith("pg_drop_replication_slot('it''s idle')")
    assert "without any limit" in finding.message
    assert found(around(slots=(replace(idle, active=True), replace(idle, status="lost")))) == []


def test_a_slot_keeps_all_that_is_written_so_that_more_room_is_needed():
    large = replace(ORDERS, rows=30_000_000)
    room = replace(ROOMY, wal_room=Room(500 * MEGABYTE, device=2), max_wal_bytes=100 * MEGABYTE)
    idle = Slot("idle", False, "reserved", 0)
    assert found(replace(QUIET, tables=(large,), around=room)) == []
    kept = replace(QUIET, tables=(large,), around=replace(room, slots=(idle,)))
    assert found(kept) == [("P21", "refuse"), ("P22", "warn")]


def test_a_sort_that_temp_file_limit_would_end_is_refused():
    assert found(around(temporary_bytes=MEGABYTE)) == [("P20", "refuse")]
    assert found(around(temporary_bytes=1000 * MEGABYTE)) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"standbys": (STREAMING,)}, []),
        ({"synchronous": 1, "standbys": (STREAMING,)}, []),
        ({"synchronous": 1}, [("P23", "refuse")]),
        ({"synchronous": 2, "standbys": (STREAMING,)}, [("P23", "refuse")]),
        ({"synchronous": 1, "standbys": (replace(STREAMING, synchronous=False),)}, [("P23", "refuse")]),
        ({"standbys": (replace(STREAMING, behind=300 * MEGABYTE),)}, [("P24", "refuse")]),
        ({"standbys": (replace(STREAMING, seconds=90.0),)}, [("P24", "refuse")]),
        ({"standbys": (replace(STREAMING, seconds=90.0, streaming=False),)}, []),
    ],
)
def test_standbys_that_are_missing_or_late(changes, wanted):
    assert found(around(**changes)) == wanted


def test_a_standby_that_we_may_not_see_is_not_said_to_have_gone():
    hidden = Standby("standby", False, False, 0, 0.0, False)
    assert found(around(synchronous=1, standbys=(hidden,), sees_activity=False)) == [("P19", "warn")]


def test_only_a_drop_ends_queries_on_standbys_and_one_that_waits_for_ever_ends_none():
    reader = Reader("standby near", 30_000, False, "pid 3 (role app)", 50.0)
    assert found(around(readers=(reader,))) == []
    (finding,) = examine(DROP, around(readers=(reader,)))
    assert finding.code == "P25"
    assert "pid 3 (role app), has run for 50 s" in finding.message
    assert found(around(readers=(replace(reader, delay_ms=-1),)), DROP) == []
    assert found(around(standbys=(STREAMING,)), DROP) == [("P25", "warn")]


@pytest.mark.parametrize(
    ("trigger", "build", "drop"),
    [
        (EventTrigger("guard", "ddl_command_start", "public.guard"), True, True),
        (EventTrigger("guard", "ddl_command_end", "public.guard", ("CREATE TABLE",)), False, False),
        (EventTrigger("guard", "ddl_command_end", "public.guard", ("CREATE INDEX",)), True, False),
        (EventTrigger("guard", "sql_drop", "public.guard"), False, True),
    ],
)
def test_an_event_trigger_is_named_for_what_it_fires_at(trigger, build, drop):
    assert found(around(triggers=(trigger,))) == ([("P26", "warn")] if build else [])
    assert found(around(triggers=(trigger,)), DROP) == ([("P26", "warn")] if drop else [])


@pytest.mark.parametrize(
    ("language", "body", "refuses"),
    [
        ("plpgsql", "BEGIN RAISE EXCEPTION 'no'; END", True),
        ("plpgsql", "BEGIN raise 'no'; END", True),
        ("plpgsql", "BEGIN RAISE NOTICE 'seen'; INSERT INTO log VALUES (1); END", False),
        ("c", "guard", True),
    ],
)
def test_whether_an_event_trigger_can_end_a_statement(language, body, refuses):
    assert may_refuse(language, body) is refuses


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        ("", 0),
        ("a", 1),
        ("a, b", 1),
        ("*", 1),
        ("FIRST 2 (a, b, c)", 2),
        ("any 3(a,b,c)", 3),
        ("2 (a, b)", 2),
    ],
)
def test_how_many_standbys_a_commit_waits_for(names, needed):
    assert needed_standbys(names) == needed


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"fails": "22P02"}, [("P28", "refuse")]),
        ({"repeated": 3}, [("P29", "refuse")]),
        ({"changing": ("date_trunc()",)}, [("P30", "refuse")]),
        ({"searching": (("public.f", "g"),)}, [("P31", "refuse")]),
        ({"unfit": "column does not exist"}, [("P35", "refuse")]),
        ({"unfinished": ("its size",)}, [("P19", "warn")]),
        ({"distrusted": ("public.f",)}, [("P19", "warn")]),
        ({"sample": Sampled(100, 1352)}, []),
        ({"sample": Sampled(100, 2000)}, [("P27", "warn")]),
        ({"sample": Sampled(100, 2705)}, [("P27", "refuse")]),
        ({"shape": Shape(10.0, 4)}, []),
    ],
)
def test_what_the_rows_and_the_functions_say(changes, wanted):
    assert found(content(**changes)) == wanted


def test_the_search_path_is_a_warning_before_17():
    older = replace(QUIET.server, version=160009)
    facts = replace(content(searching=(("public.f", "g"),)), server=older)
    assert found(facts) == [("P31", "warn")]


def test_an_expression_too_wide_is_a_warning_since_its_value_may_still_shrink():
    note = Index("public", "orders", (Key(expression="lower(note)"),))
    task = Task((("orders_user_idx", note),))
    assert found(content(sample=Sampled(100, 9000)), task) == [("P27", "warn")]


def test_a_hash_index_takes_any_width():
    task = Task((("orders_user_idx", replace(USER, method="hash")),))
    assert found(content(sample=Sampled(100, 9000)), task) == []


COLUMN = ColumnFacts("public", "orders", "user_id", "integer", "", False, 0)


@pytest.mark.parametrize(
    ("column", "made_for", "wanted"),
    [
        (COLUMN, MadeFor(), []),
        (COLUMN, MadeFor(7, (("user_id", "integer"),)), []),
        (COLUMN, MadeFor(999, (("user_id", "integer"),)), []),
        (COLUMN, MadeFor(7, (("user_id", "bigint"),)), [("P35", "refuse")]),
        (replace(COLUMN, name="customer_id"), MadeFor(), [("P35", "refuse")]),
        (replace(COLUMN, generated="v"), MadeFor(), [("P35", "refuse")]),
        (replace(COLUMN, schema="other"), MadeFor(7, (("user_id", "bigint"),)), []),
    ],
)
def test_the_columns_of_the_table_against_those_that_were_advised_on(column, made_for, wanted):
    task = replace(BUILD, made_for=(("orders_user_idx", made_for),))
    assert found(replace(QUIET, columns=(column,)), task) == wanted


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00b", "a\x1bb", "a\u202eb", "a\u200bb", "a\ud800b"])
def test_a_name_with_what_cannot_be_seen_is_refused_and_not_repeated(name):
    (finding,) = examine(Task(((name, USER),)), QUIET)
    assert (finding.code, finding.severity) == ("P36", "refuse")
    assert finding.text.isprintable()


@pytest.mark.parametrize("name", ["it's", 'a"b', "100%", "Ünïcode 名", "🐘", "a b"])
def test_an_odd_name_is_not_refused(name):
    assert found(QUIET, Task(((name, USER),))) == []


@pytest.mark.parametrize("name", ["a", "n" * 63, "é" * 31, "🐘" * 15])
def test_another_name_fits_as_well_and_differs(name):
    assert len(other_name(name).encode()) <= 63
    assert other_name(name) != name


def test_other_sessions_are_told_apart_by_what_they_do():
    dump = Holder("pid 1 (role app, 'pg_dump')", 5.0, snapshot=True, dump=True)
    urgent = Holder("pid 2", 5.0, (7,), "vacuum", urgent=True)
    alter = Holder("pid 3", 5.0, (7,), pid=3, query="ALTER TABLE orders ADD x int", waiting=True)
    assert found(replace(QUIET, snapshots=(dump,))) == [("P37", "refuse")]
    assert found(replace(QUIET, builders=(urgent,))) == [("P40", "refuse")]
    (finding,) = examine(BUILD, replace(QUIET, ddl=(alter,)))
    assert (finding.code, finding.severity) == ("P38", "refuse")
    assert finding.message.endswith("running: ALTER TABLE orders ADD x int")
    same = Holder("pid 3", 90.0, (7,), "active", pid=3)
    assert found(replace(QUIET, ddl=(alter,), snapshots=(same,))) == [("P12", "refuse")]


def test_the_index_of_a_partitioned_table_is_gone_on_with_although_it_is_invalid():
    parent = Named("public", "orders_user_idx", 9, "I", False, True, True, 7)
    twin = ExistingIndex("orders_user_idx", USER, oid=9, valid=False, partitioned=True)
    facts = replace(QUIET, tables=(replace(ORDERS, kind="p"),), names=(parent,))
    assert found(replace(facts, same=(("orders_user_idx", twin),))) == [("P06", "warn")]
    assert found(facts) == [("P08", "refuse")]


def test_each_part_that_is_somebody_elses_is_refused():
    facts = replace(around(foreign_parts=((7, "orders_2026", "dba"),)), tables=(replace(ORDERS, kind="p"),))
    assert found(facts) == [("P04", "refuse")]
    expression = Task((("orders_sum_idx", Index("public", "orders", (Key(expression="user_id + 1"),))),))
    assert found(facts, expression) == [("P04", "refuse"), ("P34", "warn")]


def test_every_code_is_numbered_once_and_every_check_can_find_something():
    assert list(CODES) == [f"P{number:02}" for number in range(1, len(CODES) + 1)]
    bad = Facts(
        Server(140000, True, False, "nobody", "shop"),
        (replace(ORDERS, kind="v", may_own=False),), (Named("public", "orders_user_idx", 9, "i", False, True, True, 7),), (),
        (Holder("pid 1", 1.0, (7,), ""),), (Holder("pid 2", 99.0, (), "active", True),), (Holder("g", 9.0, (7,)),), (),
        ddl=(Holder("pid 3", 1.0, (7,)),),
        contents=(
            Content(
                "orders_user_idx", fails="22P02", repeated=1, changing=("now()",), unfit="gone", sample=Sampled(1, 9000)
            ),
            Content("new_idx", shape=Shape(1e9, 2000)),
        ),
        around=Surroundings(
            superuser=True, sees_activity=False, read_only=True, synchronous=1, connections_left=0,
            readers=(Reader("standby", 0, True),), triggers=(EventTrigger("guard", "ddl_command_start", "f"),),
        ),
    )  # fmt: skip
    held = replace(bad, tables=(replace(ORDERS, kind="r"),))
    task = Task(
        (("orders_user_idx", USER), ("x" * 64, USER), ("new_idx", USER)),
        (ExistingIndex("old_idx", USER, oid=8, clustered=True),),
    )
    findings: list[Finding] = []
    silent = []
    for check in CHECKS:
        said = [*check(task, bad), *check(task, held)]
        findings += said
        silent += [] if said else [check.__name__]
    assert silent == ["wal"]
    assert {finding.code for finding in findings} <= set(CODES)
