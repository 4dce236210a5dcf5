"""Progress, wording, statements and the journal of an apply, without a server."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.apply import build, course
from indexical.apply.journal import Journal, TargetIdentity
from indexical.apply.progress import PHASES, progress
from indexical.apply.statements import create_statement, drop_statement, statements_for
from indexical.apply.wording import wording
from indexical.errors import ConnectionFailed, DatabaseError, FileRefused, PreflightRefused
from indexical.model import Advice, Applied, Drop, ExistingIndex, Index, Key, PlannerUse, Recommendation

HERE = TargetIdentity("123", 5, "shop")
USER = Index("public", "orders", (Key.asc("user_id"),))


def row(phase, **counters):
    zero = dict.fromkeys(
        [
            "blocks_done",
            "blocks_total",
            "tuples_done",
            "tuples_total",
            "lockers_done",
            "lockers_total",
            "locker_pid",
        ],
        0,
    )
    return {"phase": phase, **zero, **counters}


def test_half_of_the_table_scan_is_said_in_words_and_lies_within_the_phase():
    share, text = progress(
        row("building index: scanning table", blocks_done=50, blocks_total=100, tuples_total=9)
    )
    assert text == "building index: scanning table 50%"
    assert 0.03 < share < 0.35


def test_a_wait_names_whom_it_is_for():
    _, text = progress(row("waiting for old snapshots", lockers_done=1, lockers_total=4, locker_pid=4711))
    assert text == "waiting for old snapshots 25%, for pid 4711"


def test_counters_of_an_earlier_phase_do_not_count():
    share, text = progress(row("building index: sorting live tuples", blocks_done=100, blocks_total=100))
    assert (share, text) == (0.35, "building index: sorting live tuples")


def test_a_phase_that_is_not_known_has_no_share():
    assert progress(row("doing something new")) == (-1.0, "doing something new")


def test_the_phases_begin_one_after_the_other():
    starts = [start for _, start in PHASES]
    assert starts == sorted(starts)


@given(st.sampled_from(PHASES), st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_share_lies_within_its_phase(phase, done, total):
    name, start = phase
    share, _ = progress(row(name, blocks_done=done, blocks_total=total, tuples_done=done, tuples_total=total))
    later = [other for _, other in PHASES if other > start] + [1.0]
    assert start <= share <= later[0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("23505", "duplicate values"), ("22P02", "does not fit"), ("54000", "too wide"), ("55P03", "held a lock"),
        ("57014", "cancelled"), ("57P01", "somebody ended our session"), ("57P02", "the server ended it"),
        ("42501", "lacks a right"), ("42703", "is not what the advice"),
        ("53100", "disk is full"), ("P0001", "trigger on DDL"), ("E200", "refused it (SQLSTATE E200)"),
    ],
)  # fmt: skip
def test_a_refusal_is_worded_by_its_state_and_never_quotes_the_server(state, words):
    text, remedy = wording(
        DatabaseError('Key (email)=(canary@example.org) is duplicated "canary"', code=state)
    )
    assert words in text
    assert remedy
    assert "canary" not in text + remedy


def test_a_lost_connection_without_a_state_is_called_one():
    assert wording(ConnectionFailed("canary"))[0] == "the connection to the server was lost"


def test_an_advice_becomes_creates_before_drops_with_stable_ids_and_undos():
    existing = ExistingIndex(
        "old_idx", USER, oid=5, definition="CREATE INDEX old_idx ON public.orders USING btree (user_id)"
    )
    advice = Advice(
        create=(Recommendation(USER, "new_idx", "", 0, 0.0, 0.0),), drop=(Drop(existing, "redundant", "new_idx"),),
        refused=(), statements=(), not_examined=(), planner=PlannerUse("fake", "18", 0, 0.0),
        cost_before=0, cost_after=0, bound=0,
    )  # fmt: skip
    create, drop = statements_for(advice)
    assert (create.id, create.action) == ("create:public.new_idx", "create")
    assert create.sql == "CREATE INDEX CONCURRENTLY new_idx ON public.orders (user_id)"
    assert create.undo == "DROP INDEX CONCURRENTLY public.new_idx"
    assert (drop.id, drop.action, drop.oid) == ("drop:public.old_idx", "drop", 5)
    assert drop.sql == "DROP INDEX CONCURRENTLY public.old_idx"
    assert drop.undo == "CREATE INDEX CONCURRENTLY old_idx ON public.orders USING btree (user_id)"
    assert statements_for(advice) == (create, drop)


def test_a_hostile_name_stays_one_identifier():
    statement = create_statement('x"; DROP TABLE orders; --', USER)
    assert statement.sql.startswith('CREATE INDEX CONCURRENTLY "x""; DROP TABLE orders; --" ON')
    assert drop_statement(ExistingIndex('a"b', USER)).sql == 'DROP INDEX CONCURRENTLY public."a""b"'


def test_the_undo_of_a_unique_index_is_built_concurrently_too():
    existing = ExistingIndex(
        "u", USER, definition="CREATE UNIQUE INDEX u ON public.orders USING btree (user_id)"
    )
    assert drop_statement(existing).undo.startswith("CREATE UNIQUE INDEX CONCURRENTLY u ON")


def test_the_journal_has_one_object_a_line_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "run.jsonl"
    with Journal.begin(path, "r1", TargetIdentity("123", 5, "shop", 7, "h:1")) as journal:
        journal.record("create:a", "before", sql="CREATE INDEX\nx")
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first["target"] == {
        "system_identifier": "123", "database_oid": 5, "database": "shop", "timeline": 7, "address": "h:1",
    }  # fmt: skip
    assert (second["run"], second["step"], second["event"], second["sql"]) == (
        "r1",
        "create:a",
        "before",
        "CREATE INDEX\nx",
    )
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_journal_is_never_written_over_another(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text("precious")
    with pytest.raises(FileRefused):
        Journal.begin(path, "r1", TargetIdentity("", 0, "shop"))
    assert path.read_text() == "precious"


def test_a_journal_without_a_folder_is_refused_in_one_line(tmp_path):
    with pytest.raises(FileRefused, match="choose another place"):
        Journal.begin(tmp_path / "gone" / "run.jsonl", "r1", TargetIdentity("", 0, "shop"))


def test_each_line_is_on_disk_before_the_step_goes_on(tmp_path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), real(file)))
    with Journal.begin(tmp_path / "j", "r1", TargetIdentity("", 0, "shop")) as journal:
        before = len(synced)
        journal.record("s", "before")
        assert len(synced) == before + 1


def test_a_full_disk_stops_the_run(tmp_path):
    with Journal.begin(tmp_path / "j", "r1", TargetIdentity("", 0, "shop")) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        kept, journal._file = journal._file, full
        with pytest.raises(FileRefused, match="nothing further was begun"):
            journal.record("s", "before")
        journal._file = kept
        os.close(full)


class Unreachable:
    """A session that is only opened, set and closed here."""

    answer_within_s = 0.0

    def close_path(self):
        return None

    def set(self, name, value):
        return None

    def __enter__(self):
        return self

    def __exit__(self, *details):
        return None


def restarted(monkeypatch, *, done):
    """A server that restarts after ``done`` statements, and whose turn somebody else takes meanwhile."""
    turns = iter([True, False])
    answered = iter([True] * done + [False])

    @contextmanager
    def turn(session, *, wait_s):
        if not next(turns):
            raise PreflightRefused("nothing was changed: another run changes indexes of this database")
        yield

    monkeypatch.setattr(course, "turn", turn)
    monkeypatch.setattr(course, "answers", lambda session: next(answered))
    monkeypatch.setattr(course.Course, "_step", lambda self, site, statement: Applied(statement.id, ""))
    monkeypatch.setattr(build, "identity", lambda session: HERE)
    monkeypatch.setattr(course, "identity", lambda session: HERE)


def test_what_was_done_before_the_turn_was_lost_is_told(monkeypatch):
    restarted(monkeypatch, done=1)
    first, second = build.apply_sql(Unreachable, [create_statement("a", USER), create_statement("b", USER)])
    assert first == Applied("create:public.a", "")
    assert (second.id, second.remedy) == ("create:public.b", "run this again")


def test_a_turn_that_is_lost_before_anything_was_done_is_an_error(monkeypatch):
    restarted(monkeypatch, done=0)
    with pytest.raises(PreflightRefused):
        build.apply_sql(Unreachable, [create_statement("a", USER)])
