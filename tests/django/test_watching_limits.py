"""What watching keeps in memory has an end, and what it writes down steers nobody's terminal; no server is needed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from indexical.django.capture.places import Places
from indexical.django.logs import StatementFilter
from indexical.django.watching import metrics, middleware, slow, tally
from indexical.django.watching.texts import WITHHELD, shown
from indexical.django.watching.thresholds import Thresholds
from indexical.django.watching.watcher import Sent

PLACES = Places(Path(__file__).resolve().parent)


def sent(sql: str, seconds: float = 0.001, params: object = None) -> Sent:
    return Sent(sql, params, False, "default", seconds, None, False)


def test_text_is_shown_on_one_line_without_literals_comments_or_control_characters() -> None:
    hostile = "SELECT 'secret' AS \"a\x1b[31m\u202eb\",\n 4111 /* token=secret */"
    text = shown(hostile, False).sql
    assert "secret" not in text
    assert "4111" not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "broken", ["SELECT 'canary", "SELECT 1; SELECT 'canary'", "SELECT 'canary' %x", "\x00canary"]
)
def test_text_that_cannot_be_read_is_withheld(broken: str) -> None:
    assert shown(broken, True).sql == WITHHELD


def test_a_log_record_that_makes_the_filter_fail_passes_without_its_statement() -> None:
    class Unreadable:
        def __str__(self) -> str:
            raise RuntimeError("canary")

    record = logging.makeLogRecord(
        {"name": "django.db.backends.schema", "msg": "%s; (params %r)", "args": (Unreadable(), ["canary"]),
         "sql": Unreadable(), "params": ["canary"]}
    )  # fmt: skip
    assert StatementFilter().filter(record) is True
    assert record.getMessage() == WITHHELD
    assert "canary" not in repr(record.__dict__)


def test_records_of_other_loggers_are_left_alone() -> None:
    record = logging.makeLogRecord(
        {"name": "shop", "msg": "%s", "args": ("canary",), "sql": "SELECT 'canary'"}
    )
    assert StatementFilter().filter(record) is True
    assert (record.getMessage(), record.__dict__["sql"]) == ("canary", "SELECT 'canary'")


def test_a_request_of_thousands_of_texts_is_counted_and_not_kept() -> None:
    counted = tally.Tally(PLACES)
    for number in range(tally.MAX_TEXTS + 500):
        counted.hear(sent(f"SELECT 1 AS column_{number}"))
    assert counted.statements == tally.MAX_TEXTS + 500
    assert len(counted.groups) == tally.MAX_TEXTS


def test_only_the_largest_groups_raise_an_alarm() -> None:
    counted = tally.Tally(PLACES)
    for group in range(tally.MAX_SHOWN + 3):
        for _ in range(11 + group):
            counted.hear(sent(f"SELECT name FROM table_{group} WHERE id = %s", params=(1,)))
    limits = Thresholds(queries_warn=None, queries_alarm=None)
    assert [alarm.count for alarm in counted.alarms(limits)] == [18, 17, 16, 15, 14]
    assert counted.alarms(Thresholds(None, None, None, None)) == ()


def test_slow_statements_end_with_one_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow, "MAX_STATEMENTS", 3)
    heard = slow.SlowStatements(PLACES, 50)
    with caplog.at_level(logging.WARNING, logger="indexical.slow"):
        for number in range(6):
            heard.hear(sent(f"SELECT 1 AS column_{number}", 0.0501), "")
            heard.hear(sent(f"SELECT 2 AS column_{number}", 0.0501), "")
        heard.hear(sent("SELECT 1 AS quick", 0.05), "")
    assert len(caplog.records) == 4
    assert "no more are written down" in caplog.records[-1].getMessage()


def test_only_so_many_views_have_a_label_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = pytest.importorskip("prometheus_client").REGISTRY
    monkeypatch.setattr(metrics, "MAX_VIEWS", 2)
    meter = metrics.Meter()
    try:
        for view in ("shop.first", "shop.second", "shop.third", "shop.fourth", "", "shop.first"):
            meter.hear(sent("SELECT 1"), view)
        views = {
            sample.labels["view"]: sample.value
            for metric in registry.collect()
            for sample in metric.samples
            if sample.name == "indexical_statements_total"
        }
    finally:
        for metric in (meter.statements, meter.seconds, meter.per_request, meter.alarms, meter.slow):
            registry.unregister(metric)
    assert views == {"shop.first": 2, "shop.second": 1, "other": 2, "none": 1}


def test_an_alarm_is_silent_for_its_pause_and_then_tells_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(middleware.time, "monotonic", lambda: now[0])
    told = middleware._Told(60)
    answers = []
    for moment in (100.0, 130.0, 159.9, 160.0, 161.0):
        now[0] = moment
        answers.append(told.silent_about("similar", "shop.first", "SELECT 1"))
    assert answers == [0, None, None, 2, None]
    assert told.silent_about("similar", "shop.second", "SELECT 1") == 0
