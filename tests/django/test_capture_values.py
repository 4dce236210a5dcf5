"""What Django hands to the driver, as PostgreSQL text, types and placeholders."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import ipaddress
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Json, Jsonb
from psycopg.types.numeric import Int8

from indexical.django.capture.changed import probe_for
from indexical.django.capture.placeholders import number_placeholders
from indexical.django.capture.places import Places
from indexical.django.capture.recorder import MAX_SAMPLES, Recorder
from indexical.django.capture.values import Unwritable, write
from indexical.errors import StatementRefused


class Status(enum.StrEnum):
    NEW = "new"


UTC = dt.UTC


@pytest.mark.parametrize(
    ("value", "text", "type_name"),
    [
        (None, None, ""),
        ("it's", "it's", ""),
        (Status.NEW, "new", ""),
        (True, "true", "bool"),
        (5, "5", "int4"),
        (Int8(5), "5", "int4"),
        (1 << 40, "1099511627776", "int8"),
        (1 << 70, "1180591620717411303424", "numeric"),
        (1.5, "1.5", "numeric"),
        (float("inf"), "inf", "float8"),
        (decimal.Decimal("1.50"), "1.50", "numeric"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001", "uuid"),
        (dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02 03:04:05+00:00", "timestamptz"),
        (dt.datetime(2024, 1, 2), "2024-01-02 00:00:00", "timestamp"),
        (dt.date(2024, 1, 2), "2024-01-02", "date"),
        (dt.time(1, 2), "01:02:00", "time"),
        (dt.timedelta(days=-1, seconds=5), "-1 days 5.000000 seconds", "interval"),
        (b"\x01\xff", "\\x01ff", "bytea"),
        (ipaddress.ip_address("10.0.0.1"), "10.0.0.1", "inet"),
        ([1, None, 1 << 40], '{"1",NULL,"1099511627776"}', "int8[]"),
        (['a"b', "c\\d", "e,f"], '{"a\\"b","c\\\\d","e,f"}', ""),
        ([[1], [2]], '{{"1"},{"2"}}', "int4[]"),
        ([], "{}", ""),
        (Jsonb({"a": 1}), '{"a": 1}', "jsonb"),
        (Json([1]), "[1]", "json"),
    ],
)
def test_a_value_is_written_as_postgresql_reads_it(value: object, text: str | None, type_name: str) -> None:
    assert write(value) == (text, type_name)


def test_a_float_bound_on_the_server_is_a_float_there() -> None:
    assert write(1.5, server_side=True) == ("1.5", "float8")


@pytest.mark.parametrize("value", [object(), "x" * 201, ["x" * 300], "a\x00b", [1, "a", dt.date(2024, 1, 1)]])
def test_what_has_no_short_plain_text_is_not_written(value: object) -> None:
    with pytest.raises(Unwritable):
        write(value)


@pytest.mark.parametrize(
    ("written", "numbered"),
    [
        ("SELECT %s, %s", "SELECT $1, $2"),
        ("SELECT '100%%', %s", "SELECT '100%', $1"),
        ("SELECT 1 WHERE a IN%s AND b=%sOR c", "SELECT 1 WHERE a IN $1 AND b=$2 OR c"),
        ("SELECT %(a)s, %(b)s, %(a)s", "SELECT $1, $2, $1"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_placeholders_are_numbered(written: str, numbered: str) -> None:
    assert number_placeholders(written).sql == numbered


@pytest.mark.parametrize("written", ["SELECT %d", "SELECT 5 % 3", "SELECT '%"])
def test_a_percent_sign_no_driver_takes_is_refused(written: str) -> None:
    with pytest.raises(StatementRefused):
        number_placeholders(written)


def test_the_update_of_a_save_is_watched_by_its_key() -> None:
    probe = probe_for(
        'UPDATE "shop_Order" SET "a" = %s, "b" = ("shop_Order"."b" + %s), "c" = NULL WHERE "shop_Order"."id" = %s'
    )
    assert probe.query == 'SELECT md5(a::text), md5(b::text), md5(c::text) FROM "shop_Order" WHERE id = %s'
    assert (probe.columns, probe.left) == (("a", "b", "c"), 20)


@pytest.mark.parametrize(
    "sql",
    [
        'UPDATE "t" SET "a" = %s WHERE "t"."id" = %s',
        'UPDATE "t" SET "a" = %s, "b" = %s',
        'UPDATE "t" SET "a" = %s, "b" = %s WHERE "t"."id" = %s AND "t"."c" = %s',
        'UPDATE "t" SET "a" = %s, "b" = %s WHERE "t"."id" IN (%s, %s)',
        'UPDATE "t" SET "a" = %s, "b" = %s WHERE "s"."id" = %s',
        'UPDATE "t" SET "a" = %s, "b" = %s WHERE "t"."id" = %s; DROP TABLE t',
        "UPDATE t SET a = %s, b = %s WHERE t.id = %s",
        "UPDATE 'unfinished",
    ],
)
def test_no_other_update_is_watched(sql: str) -> None:
    probe = probe_for(sql)
    assert (probe.query, probe.left) == ("", 0)


def _call_from(path: Path, work: Any) -> Any:
    space: dict[str, Any] = {}
    exec(compile("def call(work):\n\n    return work()", str(path), "exec"), space)
    return space["call"](work)


def test_the_innermost_project_line_is_found_and_libraries_are_not_the_project(tmp_path: Path) -> None:
    places = Places(tmp_path)
    inside = tmp_path / "shop" / "views.py"
    library = tmp_path / ".venv" / "lib" / "python3" / "site-packages" / "django" / "db.py"

    def find() -> tuple[str, int]:
        return places.find(sys._getframe())

    assert _call_from(inside, find) == ("shop/views.py", 3)
    assert _call_from(inside, lambda: _call_from(library, find)) == ("shop/views.py", 3)
    assert _call_from(library, find) == ("", 0)
    assert _call_from(tmp_path / "manage.py", find) == ("", 0)
    assert _call_from(tmp_path.parent / "elsewhere.py", find) == ("", 0)


class _Cursor:
    rowcount = 1


class _Connection:
    settings_dict: dict[str, Any] = {}  # noqa: RUF012


def _run(recorder: Recorder, sql: str, *parameters: object) -> None:
    context = {"connection": _Connection(), "cursor": _Cursor()}
    recorder(lambda *arguments: None, sql, parameters, False, context)


def test_samples_are_a_bounded_share_of_all_calls_and_repeatable(tmp_path: Path) -> None:
    def sampled() -> list[Any]:
        recorder = Recorder(Places(tmp_path))
        for number in range(1000):
            _run(recorder, "SELECT 1 WHERE a = %s", number)
        (entry,), lost = recorder.take()
        assert (entry.calls, entry.rows, lost) == (1000, 1000, 0)
        return entry.samples

    samples = sampled()
    assert samples == sampled()
    assert len(samples) == MAX_SAMPLES
    assert max(samples) > (500,)


def test_what_was_taken_is_not_taken_again(tmp_path: Path) -> None:
    recorder = Recorder(Places(tmp_path))
    _run(recorder, "SELECT 1")
    assert len(recorder.take()[0]) == 1
    assert recorder.take() == ([], 0)


def test_a_text_that_begins_with_many_comments_is_looked_at_at_once(tmp_path: Path) -> None:
    recorder = Recorder(Places(tmp_path))
    begun = time.monotonic()
    _run(recorder, "/**/" * 60 + "VACUUM")
    assert time.monotonic() - begun < 5
    assert recorder.take() == ([], 0)
    _run(recorder, "/* page */ /***/\n-- of\n" * 60 + "SELECT 1")
    assert len(recorder.take()[0]) == 1


@pytest.mark.parametrize(
    "sql", ["SAVEPOINT x1", "SET ROLE a", "ALTER ROLE a PASSWORD 'x'", "CREATE TABLE t (a int)", "selection"]
)
def test_statements_that_are_no_queries_are_not_kept(tmp_path: Path, sql: str) -> None:
    recorder = Recorder(Places(tmp_path))
    _run(recorder, sql)
    assert recorder.take() == ([], 0)


def test_more_statements_than_fit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexical.django.capture.recorder.MAX_ENTRIES", 3)
    recorder = Recorder(Places(tmp_path))
    for number in range(5):
        _run(recorder, f"SELECT {number}")
    entries, lost = recorder.take()
    assert (len(entries), lost) == (3, 2)


def test_a_statement_that_fails_raises_what_it_raised_and_is_not_counted(tmp_path: Path) -> None:
    recorder = Recorder(Places(tmp_path))

    def fail(*arguments: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        recorder(fail, "SELECT 1", (), False, {"connection": _Connection(), "cursor": _Cursor()})
    assert recorder.take() == ([], 0)
