"""Every SQL text that is shipped is understood by PostgreSQL 15 and 18: its tables, columns, functions and types are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import psycopg
import pytest
from psycopg.pq import ExecStatus
from tests.postgres.majors import MAJORS, server_of

from indexical.pg.session import connect
from indexical.twin.preparing import prepare

pytestmark = pytest.mark.postgres

TEXTS = {
    each.name.removesuffix(".sql"): each.read_text(encoding="utf-8")
    for each in files("indexical.pg.queries").iterdir()
    if each.name.endswith(".sql")
}
EXTENSIONS = ("pg_stat_statements", "pgstattuple", "pageinspect", "pg_buffercache", "amcheck")
VERSIONS = {
    "pgss_statements_before_1_8": range(13),
    "served_io": range(18, 100),
    "served_io_before_18": range(16, 18),
    "statistics": range(17, 100),
    "twin_extended_before_15": range(15),
    "twin_statistics": range(18, 100),
}
"""Texts that are for some majors only; each has another one for the others, or its caller does without."""
NOT_HERE = {"schedule_end": "pg_cron", "schedule_job": "pg_cron", "schedule_there": "pg_cron"}
"""Texts that need an extension which no server of the tests has."""


def prepared_form(text: str) -> str:
    """The driver's placeholders as PostgreSQL's own."""
    numbers: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        key = match[0] if match[0] != "%s" else f"%s{len(numbers)}"
        return f"${numbers.setdefault(key, len(numbers) + 1)}"

    return re.sub(r"%%|%s|%\(\w+\)s", place, text)


@pytest.fixture(scope="module", params=MAJORS)
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    with (
        server_of(request.param, {"shared_preload_libraries": "pg_stat_statements"}) as server,
        psycopg.connect(server.url(), autocommit=True, prepare_threshold=None) as connection,
    ):
        for extension in EXTENSIONS:
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        # The twin's texts are for its own engine, which has been made ready for them.
        with connect(server.url(), read_only=False) as session:
            prepare(session)
            for kind in ("pg_ndistinct", "pg_dependencies", "pg_mcv_list"):
                session.execute(f"CREATE CAST (bytea AS pg_catalog.{kind}) WITHOUT FUNCTION")
        yield connection


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_server_understands_it(connection: psycopg.Connection, name: str) -> None:
    major = connection.info.server_version // 10000
    if name in NOT_HERE:
        pytest.skip(f"needs {NOT_HERE[name]}")
    if major not in VERSIONS.get(name, (major,)):
        pytest.skip(f"is not for PostgreSQL {major}")
    result = connection.pgconn.prepare(f"shipped_{name}".encode(), prepared_form(TEXTS[name]).encode())
    assert result.status == ExecStatus.COMMAND_OK, result.error_message.decode()


def test_there_are_texts() -> None:
    assert len(TEXTS) > 90
    assert not (set(VERSIONS) | set(NOT_HERE)) - set(TEXTS)


def test_the_test_sees_a_column_that_is_not_there(connection: psycopg.Connection) -> None:
    """The guides' own texts ask pg_stat_user_indexes for tablename and indexname, which it does not have."""
    result = connection.pgconn.prepare(b"", b"SELECT tablename, indexname FROM pg_stat_user_indexes")
    assert result.status == ExecStatus.FATAL_ERROR
