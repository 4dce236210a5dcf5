"""A snapshot takes along what pg_stat_statements counted, and no secret with it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres.conftest import Database
from tests.postgres.majors import MAJORS, server_of

from indexical.catalog.file import load
from indexical.cli import main
from indexical.workload.statstatements import from_snapshot

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module", params=MAJORS)
def counted(request: pytest.FixtureRequest) -> Iterator[Database]:
    settings = {"autovacuum": "off", "shared_preload_libraries": "pg_stat_statements"}
    with server_of(request.param, settings) as server:
        database = Database(server.url())
        database.run("CREATE TABLE t (a int PRIMARY KEY, note text)", "CREATE EXTENSION pg_stat_statements")
        yield database


def test_statements_come_along_with_counts_and_window_but_no_password(
    counted: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with counted.open() as session:
        for number in range(7):
            session.rows(f"SELECT a FROM t WHERE a = {number}")
        session.rows("SELECT a FROM t WHERE note = 'canary-value'")
        session.execute("CREATE ROLE someone PASSWORD 'canary-password'")
        session.execute("DROP ROLE someone")
        session.execute("DO $$ BEGIN PERFORM 'canary-body'; END $$")
    target = tmp_path / "s"
    assert main(["snapshot", counted.url, "-o", str(target)]) == 0
    out, _ = capsys.readouterr()
    assert " statement" in out
    catalog = load(target)
    by_text = {row.text: row for row in catalog.statements}
    assert by_text["SELECT a FROM t WHERE a = $1"].calls == 7
    assert by_text["SELECT a FROM t WHERE note = $1"].calls == 1
    assert catalog.statements_since
    assert "canary" not in gzip.decompress(target.read_bytes()).decode()
    observed = from_snapshot(catalog)
    assert sum(seen.calls for seen in observed.observations) >= 8
    assert observed.seconds > 0


def test_a_role_that_may_not_see_them_gets_a_snapshot_that_says_so(
    counted: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with counted.open() as session:
        session.rows("SELECT a FROM t WHERE a = 1")
    counted.run("CREATE ROLE little LOGIN", "GRANT SELECT ON t TO little")
    try:
        url = counted.url.replace("//postgres@", "//little@")
        assert main(["snapshot", url, "-o", str(tmp_path / "s")]) == 0
    finally:
        counted.run("DROP OWNED BY little", "DROP ROLE little")
    _, err = capsys.readouterr()
    assert "right missing: pg_read_all_stats" in err
    assert load(tmp_path / "s").statements == ()
