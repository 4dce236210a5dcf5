"""The documented queries D1 to D28 and the demo's manifest: write paths and updates that stay heap-only."""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.django.invitations_loaded import (  # noqa: F401
    PROJECT,
    Loaded,
    copy_of,
    data,
    empty,
    played,
    run_manage,
)

from indexical.twin.server import PrivateServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


MARK = re.compile(r"-- indexical: id=(D\d+) calls=(\d+)\n(.*);\n")


@pytest.fixture(scope="module")
def documented(data: Loaded, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    target = tmp_path_factory.mktemp("documented") / "documented.sql"
    done = run_manage(data.url, "documented_queries", "-o", str(target))
    assert done.returncode == 0, done.stderr
    return [(name, int(calls), statement) for name, calls, statement in MARK.findall(target.read_text())]


def test_each_of_the_28_queries_weighs_eight_calls(documented: list[tuple[str, int, str]]) -> None:
    weights: dict[str, int] = {}
    for name, calls, _ in documented:
        weights[name] = weights.get(name, 0) + calls
    assert weights == {f"D{number}": 8 for number in range(1, 29)}


def test_every_documented_query_runs_and_most_find_rows(
    data: Loaded, documented: list[tuple[str, int, str]]
) -> None:
    found: dict[str, int] = {}
    with psycopg.connect(data.url) as connection:
        connection.read_only = True
        for name, _, statement in documented:
            found[name] = found.get(name, 0) + len(connection.execute(statement.encode()).fetchall())
    # A user with an order that waits for approval is rare in the small data; everything else has rows by construction.
    assert {name for name, rows in found.items() if rows == 0} <= {"D1", "D20", "D25"}


def test_documented_queries_keep_the_documents_limits(documented: list[tuple[str, int, str]]) -> None:
    limits = {name: re.findall(r" LIMIT (\d+)$", statement) for name, _, statement in documented}
    wanted = {"D1": "10", "D2": "20", "D11": "21", "D13": "10", "D14": "6", "D19": "20", "D21": "10"}
    assert {name: found[0] for name, found in limits.items() if found} == wanted


def test_documented_queries_are_the_same_each_time(data: Loaded, tmp_path: Path) -> None:
    files = [tmp_path / "one.sql", tmp_path / "two.sql"]
    for target in files:
        assert run_manage(data.url, "documented_queries", "-o", str(target), "--samples", "3").returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert 28 < len(MARK.findall(files[0].read_text())) <= 84


def test_documented_queries_of_an_empty_database_are_refused(empty: str, tmp_path: Path) -> None:
    done = run_manage(empty, "documented_queries", "-o", str(tmp_path / "none.sql"))
    assert done.returncode == 1
    assert "load_data" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none.sql").exists()


# --- the manifest ---


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "demo.toml").read_text(encoding="utf-8"))


WRITES = {
    "guest": "invitations_guest",
    "order": "invitations_order",
    "activity": "accounts_useractivitylog",
    "viewlog": "invitations_invitationviewlog",
    "invitation_counter": "invitations_invitation",
}
HOT = {
    "guest.attending": "invitations_guest",
    "order.status": "invitations_order",
    "template.use_count": "plans_template",
}


def test_the_manifest_names_files_and_commands_that_exist(manifest: dict[str, Any]) -> None:
    assert (PROJECT / manifest["manage"]).is_file()
    assert (PROJECT / manifest["drive"]["script"]).is_file()
    commands = {path.stem for path in (PROJECT / "datagen" / "management" / "commands").glob("*.py")}
    assert {manifest["load"]["command"], manifest["documented"]["command"]} <= commands
    assert set(manifest["drive"]["requests"]) == {"small", "guide"}
    assert [entry["id"] for entry in manifest["write"]] == list(WRITES)
    assert [entry["id"] for entry in manifest["hot"]] == list(HOT)


@pytest.mark.parametrize("id", WRITES)
def test_a_write_path_writes_its_rows_and_leaves_none_when_undone(
    played: Loaded, manifest: dict[str, Any], id: str
) -> None:
    entry = next(entry for entry in manifest["write"] if entry["id"] == id)
    before = played.one(f"SELECT count(*) FROM {WRITES[id]}")
    with psycopg.connect(played.url) as connection:
        written = connection.execute(entry["sql"], {"rows": entry["rows"]}).rowcount
        # Foreign keys are deferred: this is where a wrong one would be noticed.
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        within = connection.execute(f"SELECT count(*) FROM {WRITES[id]}").fetchone()[0]
        connection.rollback()
    assert written == entry["rows"]
    assert within - before == (0 if id == "invitation_counter" else entry["rows"])
    assert played.one(f"SELECT count(*) FROM {WRITES[id]}") == before


def test_the_probe_changes_one_row(played: Loaded, manifest: dict[str, Any]) -> None:
    with psycopg.connect(played.url) as connection:
        assert connection.execute(manifest["probe"]["sql"]).rowcount == 1
        connection.rollback()


def heap_only_share(connection: psycopg.Connection[Any], entry: dict[str, Any], table: str) -> float:
    def counters() -> tuple[int, int]:
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT pg_stat_clear_snapshot()")
        query = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s"
        return connection.execute(query, [table]).fetchone()

    ids = [row[0] for row in connection.execute(entry["pick"])]
    assert len(ids) == 20
    for id in ids:
        connection.execute(entry["sql"], {"id": id})
    updates, hot = counters()
    for _ in range(5):
        for id in ids:
            connection.execute(entry["sql"], {"id": id})
    now_updates, now_hot = counters()
    assert now_updates - updates == 5 * len(ids)
    return (now_hot - hot) / (now_updates - updates)


@pytest.mark.parametrize("id", HOT)
def test_an_update_is_heap_only_until_its_column_is_indexed(
    private_server: PrivateServer, data: Loaded, manifest: dict[str, Any], id: str
) -> None:
    entry = next(entry for entry in manifest["hot"] if entry["id"] == id)
    with psycopg.connect(copy_of(private_server, data.url), autocommit=True) as connection:
        assert heap_only_share(connection, entry, HOT[id]) >= 0.99
        column = id.split(".")[1]
        connection.execute(f"CREATE INDEX tried ON {HOT[id]} ({column})")
        assert heap_only_share(connection, entry, HOT[id]) == 0
