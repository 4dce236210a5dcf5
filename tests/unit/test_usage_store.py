"""The file of samples: private, checked before it is believed, and never half-written."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from indexical.errors import FileRefused
from indexical.model.usage import IndexUse, NodeState, Reverted, Sample, TableUse
from indexical.usage import Store
from indexical.usage.thinning import enough

STATE = NodeState("71", 5, "shop", 180006, 1, resets=(("bgwriter", "b"), ("database", "d")))
SAMPLE = Sample(
    "primary", "2026-01-01T00:00:00.000000+00:00", STATE,
    (IndexUse(10, "public", "orders", "i", "x", 3, 4, 5, "", 8192),),
    (TableUse(1, "public", "orders", 1, 2, 3, 1, 9, 8, 7, 6),),
)  # fmt: skip
LATER = replace(SAMPLE, taken_at="2026-01-09T00:00:00.000000+00:00")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "usage.sqlite"


def test_a_sample_comes_back_as_it_was(path):
    with Store(path) as store:
        store.add(LATER)
        store.add(SAMPLE)
    with Store(path) as store:
        assert store.samples(STATE, "primary") == (SAMPLE, LATER)
        assert store.nodes(STATE) == ("primary",)


def test_samples_of_another_database_are_not_mixed_in(path):
    with Store(path) as store:
        store.add(SAMPLE)
        other = replace(STATE, database_oid=6)
        assert store.samples(other, "primary") == ()
        assert store.nodes(replace(STATE, system="72")) == ()


def test_the_window_is_judged_from_the_file(path):
    with Store(path) as store:
        store.add(SAMPLE)
        store.add(LATER)
        assert store.window(STATE, "public", "i", at_least=86_400).use == "unused"
        assert (
            store.window(STATE, "public", "i", ("primary", "replica 1"), at_least=1.0).use == "not-measured"
        )


def test_the_file_and_what_sqlite_puts_beside_it_are_private(path):
    with Store(path) as store:
        store.add(SAMPLE)
        for each in path.parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each.name


def test_old_samples_are_forgotten_when_asked(path):
    with Store(path) as store:
        store.add(SAMPLE)
        store.add(LATER)
        assert store.forget("2026-01-05T00:00:00+00:00") == 1
        assert store.samples(STATE, "primary") == (LATER,)


def test_what_was_taken_back_is_remembered_for_its_database(path):
    reverted = Reverted("71", 5, "public", "orders", "public.orders (a)", "i", "2026-01-01", "slower")
    with Store(path) as store:
        store.revert(reverted)
        assert store.reverted(STATE) == (reverted,)
        assert store.reverted(replace(STATE, database_oid=6)) == ()


def test_two_may_use_the_file_at_once(path):
    with Store(path) as one, Store(path) as two:
        one.add(SAMPLE)
        two.add(LATER)
        assert one.samples(STATE, "primary") == (SAMPLE, LATER)


def _text(path):
    path.write_text("not a database at all, only words " * 40)


def _foreign(path):
    sqlite3.connect(path).executescript("CREATE TABLE t (a)")


def _newer(path):
    Store(path).close()
    sqlite3.connect(path).executescript("PRAGMA user_version = 99")


def _trigger(path):
    Store(path).close()
    sqlite3.connect(path).executescript(
        "CREATE TRIGGER bad AFTER INSERT ON sample BEGIN DELETE FROM sample; END"
    )


def _view(path):
    Store(path).close()
    sqlite3.connect(path).executescript(
        "DROP TABLE reverted; CREATE VIEW reverted AS SELECT 1, 2, 3, 4, 5, 6, 7, 8"
    )


def _cut(path):
    with Store(path) as store:
        for _ in range(50):
            store.add(SAMPLE)
    path.write_bytes(path.read_bytes()[:6000])


def _link(path):
    target = path.parent / "elsewhere"
    target.write_text("")
    path.symlink_to(target)


@pytest.mark.parametrize("make", [_text, _foreign, _newer, _trigger, _view, _cut, _link])
def test_a_hostile_file_is_refused_in_one_line(path, make):
    make(path)
    with pytest.raises(FileRefused) as refusal:
        Store(path)
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    "values",
    [
        ("[]", "[]"),
        ("{}", "not json"),
        ("[[1,2,3]]", "[]"),
        ('[["10","public","orders","i","x",3,4,5,"",8192]]', "[]"),
        ('[[-10,"public","orders","i","x",3,4,5,"",8192]]', "[]"),
        ("[" * 100_000, "[]"),
    ],
)
def test_a_hostile_sample_is_refused(path, values):
    with Store(path) as store:
        store.add(SAMPLE)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE sample SET indexes = ?, tables = ?", values)
        if values == ("[]", "[]"):
            raw.execute("UPDATE sample SET state = '{\"system\": 1}'")
    raw.close()
    with Store(path) as store, pytest.raises(FileRefused, match="not one of ours"):
        store.samples(STATE, "primary")


def test_a_folder_that_is_not_there_is_said(path):
    with pytest.raises(FileRefused, match="No such file"):
        Store(path.parent / "nowhere" / "usage.sqlite")


def test_many_samples_are_thinned_to_both_ends_the_newest_days_and_one_a_week():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hourly = [(start + timedelta(hours=hour)).isoformat() for hour in range(24 * 100)]
    kept = enough(hourly)
    assert kept[0] == 0
    assert kept[-1] == len(hourly) - 1
    assert kept == sorted(set(kept))
    assert len(kept) < 100
    # The newest two days are whole, and no gap is longer than a week.
    assert set(range(len(hourly) - 48, len(hourly))) <= set(kept)
    assert max(later - earlier for earlier, later in pairwise(kept)) <= 7 * 24
    assert enough([]) == []


def test_thinning_leaves_few_samples_alone(path):
    with Store(path) as store:
        store.add(SAMPLE)
        store.add(LATER)
        assert store.samples(STATE, "primary", thinned=True) == (SAMPLE, LATER)


@pytest.mark.parametrize(
    "rows",
    ['[["1", "x", 1]]', '[["1", "x", 1, -0.5]]', '[["1", "x", 1, NaN]]', '[["1", "x", true, 1.0]]', "7"],
)
def test_statements_that_are_none_are_refused(path, rows):
    with Store(path) as store:
        store.add(SAMPLE)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE sample SET statements = ?", (f'{{"since": "", "missing": "", "rows": {rows}}}',))
    with Store(path) as store, pytest.raises(FileRefused, match="not one of ours"):
        store.samples(STATE, "primary")
