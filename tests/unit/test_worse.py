"""When an index made something worse, when it did not, and when nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.errors import FileRefused
from indexical.model import Failed, NotMeasured, Verified
from indexical.testing import existing
from indexical.verify import baseline
from indexical.verify.concerns import _by_text
from indexical.verify.observing import Counters, Times, Watched, Written, between, up_to
from indexical.verify.worse import Concern, Threshold, judge, shown

INDEX = existing("orders", "i: user_id", oid=7)
READ = Concern(uses=frozenset({"i"}), reads=frozenset({"public.orders"}))
WRITE = Concern(writes=frozenset({"public.orders"}))
OTHER = Concern(reads=frozenset({"public.users"}))


def times(id, mean, *, calls=1000.0, deviation=0.1):
    return Times(id, f"SELECT {id}", calls, mean, deviation)


def window(*statements, scans=100, **more):
    return Watched(600.0, statements, (), ((7, scans),), **more)


def verdict(before, after, concerns, threshold=None):
    return judge(INDEX, before, after, concerns, threshold or Threshold(), "undo it")


def test_a_write_that_got_slower_is_worse():
    found = verdict(window(times("w", 1.0)), window(times("w", 1.5)), {"w": WRITE})
    assert isinstance(found, Failed)
    assert (found.code, found.remedy) == ("WORSE", "undo it")
    assert "takes 1.500 ms instead of 1.000 over 1,000 calls" in found.error


def test_a_slower_write_is_paid_for_by_faster_reads():
    before = window(times("w", 1.0), times("r", 10.0))
    after = window(times("w", 1.5), times("r", 1.0))
    found = verdict(before, after, {"w": WRITE, "r": READ})
    assert isinstance(found, Verified)
    assert found.verdict == "no-worse"
    assert "2 statements compared, 1 slower; 8,500.0 ms less" in found.evidence


def test_a_read_that_uses_it_and_got_slower_is_worse():
    found = verdict(window(times("r", 1.0)), window(times("r", 3.0)), {"r": READ})
    assert isinstance(found, Failed)
    assert found.code == "WORSE"


def test_a_statement_elsewhere_that_got_slower_is_not_held_against_it():
    before = window(times("w", 1.0), times("x", 1.0))
    found = verdict(before, window(times("w", 1.0), times("x", 9.0)), {"w": WRITE, "x": OTHER})
    assert isinstance(found, Verified)


def test_a_rise_within_the_stated_share_is_nothing():
    assert isinstance(verdict(window(times("w", 1.0)), window(times("w", 1.19)), {"w": WRITE}), Verified)


def test_a_rise_that_chance_explains_is_nothing():
    before, after = window(times("w", 1.0, deviation=20.0)), window(times("w", 1.5, deviation=20.0))
    assert isinstance(verdict(before, after, {"w": WRITE}), Verified)


def test_too_few_calls_are_not_measured():
    found = verdict(window(times("w", 1.0, calls=49)), window(times("w", 9.0)), {"w": WRITE})
    assert isinstance(found, NotMeasured)
    assert "called 50 times before and after" in found.reason


def test_a_busier_server_is_not_held_against_it():
    others = [f"x{number}" for number in range(3)]
    before = window(times("w", 1.0), *(times(each, 1.0) for each in others))
    after = window(times("w", 1.5), *(times(each, 1.4) for each in others))
    found = verdict(before, after, {"w": WRITE, **dict.fromkeys(others, OTHER)})
    assert isinstance(found, NotMeasured)
    assert "busier" in found.reason


def test_missing_times_are_not_measured_and_say_why():
    found = verdict(window(), window(missing="pg_stat_statements is not in this database"), {})
    assert isinstance(found, NotMeasured)
    assert found.reason == "pg_stat_statements is not in this database"


def test_an_index_that_nothing_scans_though_its_table_is_read_is_no_gain():
    read = Concern(reads=frozenset({"public.orders"}))
    found = verdict(window(times("r", 1.0)), window(times("r", 1.0), scans=0), {"r": read})
    assert isinstance(found, Failed)
    assert found.code == "NO_GAIN"


def test_an_index_that_a_standby_may_scan_is_not_called_no_gain():
    read = Concern(reads=frozenset({"public.orders"}))
    found = verdict(window(times("r", 1.0)), window(times("r", 1.0), scans=0, standbys=1), {"r": read})
    assert isinstance(found, NotMeasured)


def test_a_quiet_table_says_nothing_about_its_index():
    assert isinstance(verdict(window(), window(scans=0), {}), NotMeasured)


def test_the_loss_of_heap_only_updates_is_told():
    before = replace(window(times("w", 1.0)), written=(Written("public.orders", 0, 100, 0, 90),))
    after = replace(window(times("w", 1.5)), written=(Written("public.orders", 0, 100, 0, 10),))
    assert "heap-only updates 10%, before 90%" in verdict(before, after, {"w": WRITE}).error


def test_no_literal_of_a_statement_is_shown():
    text = "INSERT INTO t VALUES ('a''b@secret', 4711, $1)\n-- $x$ secret $x$ and more"
    assert shown(text) == "INSERT INTO t VALUES (?, ?, $1) ?"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'unclosed secret",
        r"SELECT E'a\'secret', 1",
        "SELECT $$secret$$",
        "SELECT 1 /* secret */",
        "SELECT $a$secret$a$",
    ],
)
def test_no_kind_of_literal_is_shown(text):
    assert "secret" not in shown(text)


def counters(calls, total, *, taken=0.0, identity=("a",), epoch=("r", "0"), missing=""):
    squares = total * total / calls if calls else 0.0
    return Counters(
        taken, identity, {"1": ("SELECT 1", calls, total, squares)}, {"public.orders": (1, 2, 3, 1)}, {7: 5},
        missing, epoch, 0, ("a", "5", "18"),
    )  # fmt: skip


def test_a_window_is_the_difference_of_two_looks():
    found = between(counters(10.0, 20.0), counters(30.0, 120.0, taken=60.0))
    assert found.seconds == 60.0
    assert (found.statements[0].calls, found.statements[0].mean_ms) == (20.0, 5.0)


@pytest.mark.parametrize(
    "later", [{"identity": ("b",)}, {"epoch": ("s", "0")}, {"epoch": ("r", "1")}, {"missing": "gone"}]
)
def test_a_window_that_a_reset_cut_says_so(later):
    found = between(counters(10.0, 20.0), counters(30.0, 120.0, **later))
    assert found.missing
    assert found.statements == ()


def test_a_baseline_comes_back_without_the_statements_texts(tmp_path):
    path = tmp_path / "before.json"
    watched = up_to(counters(10.0, 20.0))
    baseline.write(watched, path)
    assert "SELECT" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    back = baseline.read(path)
    assert back == replace(watched, statements=(replace(watched.statements[0], text=""),))


def test_a_baseline_is_never_written_over(tmp_path):
    path = tmp_path / "before.json"
    path.write_text("mine")
    with pytest.raises(FileRefused):
        baseline.write(up_to(counters(1.0, 1.0)), path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 100_000, '{"format":"indexical-baseline","version":2}', '{"format":NaN}',
     '{"format":"indexical-baseline","version":1,"target":[],"seconds":1e999,"missing":"","statements":[],"written":[]}'],
)  # fmt: skip
def test_a_hostile_baseline_is_refused(tmp_path, text):
    path = tmp_path / "before.json"
    path.write_text(text)
    with pytest.raises(FileRefused):
        baseline.read(path)


@pytest.mark.parametrize(
    ("text", "writes", "reads"),
    [
        ("INSERT INTO public.orders VALUES (-$1)", True, False),
        ('/* tag */ UPDATE ONLY "public"."orders" SET a = -$1', True, False),
        ("delete from orders where a = -$1", True, False),
        ("MERGE INTO orders USING x ON true", True, False),
        ("INSERT INTO other.orders VALUES (-$1)", False, True),
        ("SELECT -$1 FROM orders", False, True),
        ("SELECT -$1 FROM preorders", False, False),
    ],
)
def test_a_statement_that_is_not_planned_is_known_by_its_text(text, writes, reads):
    found = _by_text(text, ("public.orders",))
    assert (bool(found.writes), bool(found.reads)) == (writes, reads)
