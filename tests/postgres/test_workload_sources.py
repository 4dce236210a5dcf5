"""One statement through every source of real servers is one fingerprint; a server that cannot tell says why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexical.cli import main
from indexical.errors import EngineFailed, ExtraMissing, RightMissing, WorkloadEmpty
from indexical.pg.session import Session, connect
from indexical.twin.engine import Engine, find
from indexical.twin.server import PrivateServer
from indexical.workload.capture import CaptureWriter, Record
from indexical.workload.fingerprint import normalise
from indexical.workload.sources import open_sources

STATEMENTS = (
    "SELECT 1 AS one FROM t WHERE a=-5 AND d = true",
    "SELECT a FROM t WHERE a IN (1,2,3) ORDER BY 1, a+2 LIMIT 10",
    "SELECT extract(year from c), a -5 FROM t WHERE b='it''s\n a' AND c > now() - interval '1 day' AND c > date '2020-01-01'",
    "SELECT a FROM t WHERE a = NULL OR e::numeric(10,1) > 1.5 AND f[1] = 4 AND a BETWEEN -1 AND +3",
    "SELECT a FROM t WHERE a = ANY(ARRAY[1,2]) AND c < timestamp with time zone '2021-01-01' LIMIT ALL",
    "SELECT a FROM t WHERE c > now() - interval '1' day AND a IN (1::bigint,2::bigint)",
    "SELECT date_trunc('day', c), count(*) FROM t GROUP BY date_trunc('day', c) HAVING count(*) > 5",
    "SELECT a FROM t WHERE b LIKE 'x%' ESCAPE '!' AND b IS NOT NULL /* why */ -- end",
    "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL)",
    "UPDATE t SET b = 'y', d = false WHERE a = 4",
    "DELETE FROM t WHERE a = 99",
)
FINGERPRINTS = {normalise(sql).fingerprint for sql in STATEMENTS}
LOGGED = {
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "server.log",
    "log_destination": "stderr,csvlog,jsonlog",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "0",
    "auto_explain.log_min_duration": "0",
    "lc_messages": "C",
}


@dataclass(frozen=True)
class Busy:
    """A server that logged and counted the statements."""

    server: PrivateServer
    logs: Path


def _engine(major: int) -> Engine:
    try:
        return find(f"/usr/lib/postgresql/{major}/bin" if major < 18 else None, major)
    except (EngineFailed, ExtraMissing):
        pytest.skip(f"PostgreSQL {major} is not installed here")


def _files(server: PrivateServer) -> dict[str, Path]:
    folder = server.data_directory / "log"
    return {ending: folder / f"server.{ending}" for ending in ("log", "csv", "json")}


def _wait_for_the_logs(server: PrivateServer) -> None:
    """Until all that was logged so far is in the files, which another process writes."""
    with connect(server.url()) as session:
        session.rows("SELECT 'the last line'")
    deadline, before = time.monotonic() + 60, ()
    while True:
        found = tuple(path.read_bytes() for path in _files(server).values() if path.exists())
        if len(found) == 3 and all(b"the last line" in each for each in found) and found == before:
            return
        assert time.monotonic() < deadline, "the logs are not written"
        before = found
        time.sleep(0.3)


@pytest.fixture(scope="module", params=[18, 15])
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    engine = _engine(request.param)
    form = "json" if engine.major >= 18 else "text"
    with PrivateServer(engine, settings={**LOGGED, "auto_explain.log_format": form}) as server:
        with connect(server.url(), read_only=False, application_name="web") as session:
            session.execute("CREATE EXTENSION pg_stat_statements")
            session.execute("CREATE TABLE t (a int, b text, c timestamptz, d bool, e numeric(10,2), f int[])")
            session.rows("SELECT pg_stat_statements_reset()")
            for sql in STATEMENTS:
                session.rows(sql) if sql.startswith("SELECT") else session.execute(sql)
            session.rows("SELECT a FROM t WHERE b = %s AND a = %s", ("it's\n\tb", 7))
            # The simple protocol, in which the plan is logged before the statement.
            session.script([STATEMENTS[0]])
        _wait_for_the_logs(server)
        logs = tmp_path_factory.mktemp("logs")
        for ending, path in _files(server).items():
            (logs / f"server.{ending}").write_bytes(path.read_bytes())
        yield Busy(server, logs)


def test_the_counters_know_every_statement_by_its_fingerprint(busy: Busy) -> None:
    with connect(busy.server.url()) as session:
        workload = open_sources(["pg_stat_statements"], counters=session)
    found = {statement.fingerprint: statement for statement in workload.statements}
    assert set(found) >= FINGERPRINTS
    assert found[normalise(STATEMENTS[0]).fingerprint].calls == 2
    assert found[normalise(STATEMENTS[8]).fingerprint].rows == 2
    assert all(statement.total_ms > 0 for statement in workload.statements)
    assert 0 < workload.seconds < 600
    assert not any("pg_catalog" in statement.sql for statement in workload.statements)


@pytest.mark.parametrize("ending", ["log", "csv", "json"])
def test_every_log_format_tells_the_same_once(busy: Busy, ending: str) -> None:
    workload = open_sources([busy.logs / f"server.{ending}"], database="postgres")
    found = {statement.fingerprint: statement for statement in workload.statements}
    assert set(found) >= FINGERPRINTS
    assert {found[mark].calls for mark in FINGERPRINTS} == {1, 2}
    assert found[normalise(STATEMENTS[0]).fingerprint].calls == 2
    bound = found[normalise("SELECT a FROM t WHERE b = $1 AND a = $2").fingerprint]
    assert (bound.calls, bound.samples) == (1, (("it's\n\tb", "7"),))


def test_capture_and_sql_file_agree_and_all_sources_are_one_workload(busy: Busy, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(";\n".join(STATEMENTS[:7]) + ";")
    writer = CaptureWriter(tmp_path / "a.jsonl")
    writer.write(Record(normalise(sql).sql, 1) for sql in STATEMENTS)
    writer.close()
    sources = [tmp_path / "a.sql", tmp_path / "a.jsonl", busy.logs, "pg_stat_statements"]
    with connect(busy.server.url()) as session:
        workload = open_sources(sources, counters=session)
    calls = {statement.fingerprint: statement.calls for statement in workload.statements}
    assert len(calls) == len(workload.statements)
    assert calls[normalise(STATEMENTS[0]).fingerprint] == 6
    assert calls[normalise(STATEMENTS[8]).fingerprint] == 3


def test_without_a_workload_the_database_answers_itself(
    busy: Busy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", busy.server.url(), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert '"statements"' in out
    assert err == ""


def test_a_role_without_rights_is_told_which(busy: Busy) -> None:
    with connect(busy.server.url(), read_only=False) as session:
        session.execute("CREATE ROLE low LOGIN")
    with (
        connect(busy.server.url(user="low")) as low,
        pytest.raises(RightMissing, match="GRANT pg_read_all_stats"),
    ):
        open_sources(["pg_stat_statements"], counters=low)


def _refusal(session: Session) -> str:
    with pytest.raises(WorkloadEmpty) as refused:
        open_sources(["pg_stat_statements"], counters=session)
    return str(refused.value)


@pytest.mark.parametrize("major", [18, 15])
def test_a_server_without_the_library_is_told_what_to_do(
    major: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with PrivateServer(_engine(major)) as server, connect(server.url(), read_only=False) as session:
        assert "CREATE EXTENSION pg_stat_statements" in _refusal(session)
        assert main(["advise", server.url()]) == 2
        assert (
            "no --workload is given, and database postgres has no pg_stat_statements"
            in capsys.readouterr().err
        )
        session.execute("CREATE EXTENSION pg_stat_statements")
        assert "its library is not loaded" in _refusal(session)


def _wait_for_setting(server: PrivateServer, name: str, value: str) -> None:
    """Until new sessions have it; the server reads its file again when it comes to it."""
    deadline = time.monotonic() + 60
    while True:
        with connect(server.url()) as session:
            if session.rows(f"SHOW {name}") == [{name: value}]:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_switches_counting_off_is_named(tmp_path: Path) -> None:
    settings = {"shared_preload_libraries": "pg_stat_statements", "compute_query_id": "off"}
    with PrivateServer(_engine(18), settings=settings) as server:
        with connect(server.url(), read_only=False) as session:
            assert "its library is loaded, so run in this database" in _refusal(session)
            session.execute('CREATE SCHEMA "Odd ""place"')
            session.execute('CREATE EXTENSION pg_stat_statements SCHEMA "Odd ""place"')
            assert "compute_query_id is off" in _refusal(session)
            session.execute("ALTER SYSTEM SET compute_query_id = auto")
            session.execute("ALTER SYSTEM SET pg_stat_statements.track = none")
            session.rows("SELECT pg_reload_conf()")
        _wait_for_setting(server, "pg_stat_statements.track", "none")
        with connect(server.url(), read_only=False) as session:
            assert "pg_stat_statements.track is none" in _refusal(session)
            session.execute("CREATE ROLE low LOGIN")
        with (
            connect(server.url(user="low")) as low,
            pytest.raises(RightMissing, match='SCHEMA "Odd ""place"'),
        ):
            open_sources(["pg_stat_statements"], counters=low)


@pytest.mark.parametrize("major", [18, 15])
def test_an_old_version_of_the_extension_is_read_by_its_own_columns(major: int) -> None:
    settings = {"shared_preload_libraries": "pg_stat_statements"}
    with (
        PrivateServer(_engine(major), settings=settings) as server,
        connect(server.url(), read_only=False) as session,
    ):
        session.execute("CREATE EXTENSION pg_stat_statements VERSION '1.7'")
        session.execute("CREATE TABLE t (a int)")
        session.rows("SELECT a FROM t WHERE a = 5")
        workload = open_sources(["pg_stat_statements"], counters=session)
    (one,) = workload.statements
    assert (one.sql, one.calls, workload.seconds) == ("SELECT a FROM t WHERE a = $1", 1, 0)


def test_hostile_lines_of_a_log_are_planned_at_most_and_never_executed(
    busy: Busy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(busy.server.url(), read_only=False) as session:
        session.execute("DROP TABLE IF EXISTS canary")
        session.execute("CREATE TABLE canary AS SELECT 1 AS a")
    hostile = (
        "SELECT a FROM canary WHERE a = 1",
        "SELECT 1; DROP TABLE canary",
        "SELECT a FROM canary WHERE a = 1; COMMIT; DELETE FROM canary",
        "ANALYZE DELETE FROM canary",
        "EXPLAIN ANALYZE DELETE FROM canary",
        "WITH gone AS (DELETE FROM canary RETURNING a) SELECT a FROM gone",
        "SELECT a INTO stolen FROM canary",
        "PREPARE p AS DELETE FROM canary",
        "SELECT pg_terminate_backend(pg_backend_pid()) FROM canary",
    )
    head = "2026-03-01 10:00:00.000 UTC [7] app@postgres "
    (tmp_path / "a.log").write_text(
        "".join(f"{head}LOG:  duration: 1.0 ms  statement: {sql}\n" for sql in hostile)
    )
    assert main(["advise", busy.server.url(), "--workload", str(tmp_path / "a.log")]) == 0
    assert "Traceback" not in capsys.readouterr().err
    with connect(busy.server.url()) as session:
        assert session.rows("SELECT a FROM canary") == [{"a": 1}]
        assert session.rows("SELECT to_regclass('stolen') AS it") == [{"it": None}]
