"""Alarms inside a real Django project on a real server: raised exactly at their limits, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.django.watching import (  # noqa: F401 - fixtures
    PROJECT,
    Watched,
    python,
    shelf_fixture,
    watched_fixture,
)

pytestmark = pytest.mark.postgres


def raised(found: Watched) -> list[tuple[str, int]]:
    return [
        (record["kind"], record["count"])
        for record in found["records"]
        if record["logger"] == "indexical.alarms" and "kind" in record
    ]


EVERY = {"repeat_seconds": 0, "slow_ms": None}


def test_each_alarm_is_raised_above_its_limit_and_not_at_it(watched: Callable[..., Watched]) -> None:
    at = ["GET:/authors/10/", "GET:/different/20/"]
    above = ["GET:/authors/11/", "GET:/different/21/", "GET:/different/50/", "GET:/different/51/"]
    found = watched(*at, *above, INDEXICAL_ALARMS=EVERY)
    assert raised(found) == [
        ("similar", 11),
        ("queries-warn", 21),
        ("queries-warn", 50),
        ("queries-alarm", 51),
    ]
    assert [record["level"] for record in found["records"]] == ["WARNING", "WARNING", "WARNING", "ERROR"]


def test_the_n_plus_one_names_its_line_its_view_and_its_statement(watched: Callable[..., Watched]) -> None:
    (record,) = watched("GET:/authors/12/", INDEXICAL_ALARMS=EVERY)["records"]
    lines = (PROJECT / "shelf/views.py").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "one question for each" in text)
    assert record["code"] == f"shelf/views.py:{line}"
    assert record["view"] == "shelf.views.authors"
    assert record["sql"].startswith('SELECT "shelf_author"."id"')
    assert f"shelf/views.py:{line} in shelf.views.authors" in record["text"]
    assert "prefetch_related" in record["text"]
    assert record["params"] is None


def test_an_asynchronous_view_is_counted_like_any_other(watched: Callable[..., Watched]) -> None:
    found = watched("AGET:/later/10/", "AGET:/later/11/", INDEXICAL_ALARMS=EVERY)
    assert raised(found) == [("similar", 11)]
    assert found["records"][0]["view"] == "shelf.views.authors_later"


def test_literals_in_the_text_make_no_difference_and_are_not_logged(watched: Callable[..., Watched]) -> None:
    found = watched(
        "GET:/written/11/", INDEXICAL_ALARMS={**EVERY, "queries_warn": None, "queries_alarm": None}
    )
    assert raised(found) == [("similar", 11)], "savepoints are not similar statements"
    assert "canary" not in json.dumps(found["records"])


def test_requests_do_not_add_up(watched: Callable[..., Watched]) -> None:
    assert (
        raised(watched("GET:/authors/10/", "GET:/authors/10/", "AGET:/later/10/", INDEXICAL_ALARMS=EVERY))
        == []
    )


def test_a_view_that_fails_is_counted_and_its_error_is_its_own(watched: Callable[..., Watched]) -> None:
    found = watched("GET:/broken/11/", INDEXICAL_ALARMS=EVERY)
    assert raised(found) == [("similar", 11)]
    assert found["answers"][0]["status"] == 500


def test_a_busy_view_is_logged_once_a_minute_and_in_debug_each_time(watched: Callable[..., Watched]) -> None:
    requests = ["GET:/authors/11/"] * 3
    assert len(raised(watched(*requests))) == 1
    assert len(raised(watched(*requests, DEBUG=True))) == 3


def test_a_slow_statement_is_logged_once_with_its_time_and_without_its_values(
    watched: Callable[..., Watched],
) -> None:
    found = watched("GET:/slow/0.06/", "GET:/slow/0.07/", "GET:/slow/0.001/")
    (record,) = found["records"]
    assert record["logger"] == "indexical.slow"
    assert 0.06 <= record["duration"] < 5
    assert record["sql"] == "SELECT pg_sleep($1), $2"
    assert record["alias"] == "default"
    assert "canary" not in json.dumps(record)
    assert record["text"].startswith(
        f"slow statement, {record['duration'] * 1000:.1f} ms (the limit is 50) at shelf/views.py:"
    )


def test_a_quick_statement_is_not_logged(watched: Callable[..., Watched]) -> None:
    assert watched("GET:/slow/0.001/", INDEXICAL_ALARMS={"slow_ms": 2000})["records"] == []


def test_the_header_is_for_development_only(watched: Callable[..., Watched]) -> None:
    answer = watched("GET:/different/51/", "GET:/different/2/", DEBUG=True)["answers"]
    assert answer[0]["headers"]["Indexical-Alarms"] == "queries-alarm=51"
    assert "Indexical-Alarms" not in answer[1]["headers"]
    assert "Indexical-Alarms" not in watched("GET:/different/51/")["answers"][0]["headers"]


def test_nothing_listens_when_alarms_are_off(watched: Callable[..., Watched]) -> None:
    found = watched("GET:/authors/60/", "GET:/slow/0.06/", INDEXICAL_ALARMS=False)
    assert (found["records"], found["watched"], found["metrics"]) == ([], [], "")
    assert [answer["status"] for answer in found["answers"]] == [200, 200]


@pytest.mark.parametrize("broken", ["BREAK", "BREAK-END"])
def test_a_failure_of_ours_is_logged_once_and_breaks_no_request(
    watched: Callable[..., Watched], broken: str
) -> None:
    found = watched(broken, "GET:/authors/11/", "GET:/authors/11/", INDEXICAL_ALARMS=EVERY)
    assert [answer["body"] for answer in found["answers"]] == ["done", "done"]
    (record,) = found["records"]
    assert "switched off" in record["text"]


def test_metrics_count_statements_by_view_and_kind_and_alarms_by_kind(
    watched: Callable[..., Watched],
) -> None:
    lines = watched("GET:/authors/11/", "GET:/slow/0.06/", INDEXICAL_METRICS=True)["metrics"].splitlines()
    assert 'indexical_statements_total{kind="select",view="shelf.views.authors"} 11.0' in lines
    assert 'indexical_statement_seconds_count{kind="select",view="shelf.views.authors"} 11.0' in lines
    assert 'indexical_statement_seconds_bucket{kind="select",le="0.05",view="shelf.views.slow"} 0.0' in lines
    assert 'indexical_request_statements_bucket{le="10.0",view="shelf.views.authors"} 0.0' in lines
    assert 'indexical_alarms_total{kind="similar"} 1.0' in lines
    assert 'indexical_slow_statements_total{view="shelf.views.slow"} 1.0' in lines
    assert not any("canary" in line or "SELECT" in line for line in lines)


def test_metrics_work_with_alarms_off_and_are_not_registered_unasked(watched: Callable[..., Watched]) -> None:
    found = watched("GET:/authors/11/", INDEXICAL_METRICS=True, INDEXICAL_ALARMS=False)
    assert 'indexical_statements_total{kind="select",view="shelf.views.authors"} 11.0' in found["metrics"]
    assert found["records"] == []
    assert "indexical_" not in watched("GET:/authors/11/", INDEXICAL_ALARMS=EVERY)["metrics"]


_SPAN = """
import json, django; django.setup()
from django.test import Client
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
client = Client()
client.get("/authors/1/")
with trace.get_tracer("test").start_as_current_span("GET") as span:
    client.get("/authors/11/"); first = dict(span.attributes)
with trace.get_tracer("test").start_as_current_span("GET") as span:
    client.get("/slow/0.06/"); second = dict(span.attributes)
print(json.dumps([first, second]))
"""


def test_the_current_span_gets_attributes_without_values(shelf: str) -> None:
    many, slow = json.loads(python(shelf, "-c", _SPAN, INDEXICAL_SPANS=True))
    assert many["indexical.statement.count"] == 11
    assert many["indexical.alarms"] == ["similar"]
    assert slow["indexical.slowest.db.query.text"] == "SELECT pg_sleep($1), $2"
    assert slow["indexical.slowest.duration"] >= 0.06
    assert slow["indexical.slowest.code.file.path"] == "shelf/views.py"
    assert "indexical.alarms" not in slow
    unasked = json.loads(python(shelf, "-c", _SPAN))
    assert unasked == [{}, {}]


_LOGGED = """
import django; django.setup()
from django.test import Client
Client().get("/authors/1/")
from django.db import connection
from shelf.models import Author
list(Author.objects.filter(name="canary"))
with connection.cursor() as cursor:
    cursor.executemany("INSERT INTO shelf_author (name) VALUES (%s)", [["canary"], ["canary"]])
    cursor.execute("DELETE FROM shelf_author WHERE name = 'canary'")
    try:
        cursor.execute("SELECT 'canary")
    except Exception:
        pass
"""
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"statements": {"()": "indexical.django.logs.StatementFilter"}},
    "formatters": {"line": {"format": "{code}|{alias}|{message}", "style": "{"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line",
                "filters": ["statements"]},
    },
    "loggers": {"django.db.backends": {"level": "DEBUG", "handlers": ["out"]}},
}  # fmt: skip


def test_the_logging_filter_takes_values_out_and_names_the_line(shelf: str) -> None:
    said = python(shelf, "-c", _LOGGED, DEBUG=True, LOGGING=_LOGGING).splitlines()
    assert not [line for line in said if "canary" in line]
    assert [line for line in said if line.startswith("shelf/views.py:")], "the line that sent it"
    assert any('WHERE "shelf_author"."name" = $1' in line and "alias=default" in line for line in said)
    assert any("DELETE FROM shelf_author WHERE name = $1" in line for line in said)
    assert any("withheld: no statement" in line for line in said)


_REFUSED = """
import django; django.setup()
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
for given in ({"similiar": 3}, {"similar": "many"}, {"slow_ms": -1}, "yes"):
    with override_settings(INDEXICAL_ALARMS=given):
        try:
            Client().get("/different/1/")
        except ImproperlyConfigured as error:
            print(error)
"""


def test_a_setting_that_means_nothing_is_refused_at_the_start(shelf: str) -> None:
    said = python(shelf, "-c", _REFUSED).splitlines()
    assert [line.partition(";")[0] for line in said] == [
        "INDEXICAL_ALARMS has 'similiar', which is no threshold",
        "INDEXICAL_ALARMS['similar'] is 'many'",
        "INDEXICAL_ALARMS['slow_ms'] is -1",
        "INDEXICAL_ALARMS is 'yes'",
    ]
