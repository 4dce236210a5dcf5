"""``indexical check`` without a project: a database and a snapshot file of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from indexical.cli import main
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with PrivateServer(find()) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE orders (id int PRIMARY KEY, status text, made date, note text)")
            connection.execute(
                "INSERT INTO orders SELECT n, 's' || n % 500, '2026-01-01'::date + n % 900, repeat('x', 40)"
                " FROM generate_series(1, 20000) AS n"
            )
            connection.execute("CREATE INDEX status_idx ON orders (status)")
            connection.execute("CREATE INDEX status_made_idx ON orders (status, made)")
            connection.execute("CREATE INDEX note_idx ON orders (note)")
            connection.execute("VACUUM ANALYZE orders")
            connection.execute("SELECT count(*) FROM orders WHERE status = 's7' AND made > '2026-02-01'")
        yield server.url()


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def run(*arguments: str, code: int) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["check", *arguments, "--format", "json"]) == code
        return dict(json.loads(capsys.readouterr().out))

    return run


def codes(document: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in document["findings"]:
        found.setdefault(each["code"], set()).add(each["subject"])
    return found


def test_a_prefix_is_found_and_what_was_not_examined_is_told(
    shop: str, check: Callable[..., dict[str, Any]]
) -> None:
    document = check(shop, code=1)
    assert codes(document) == {"redundant": {"orders.status_idx"}}
    why = {each["what"]: each["why"] for each in document["not_examined"]}
    assert "manage.py indexes check" in why["models and migrations"]
    assert "no --workload" in why["indexes that are missing or that no statement uses"]


def test_unused_is_said_only_over_a_long_enough_window(
    shop: str, check: Callable[..., dict[str, Any]]
) -> None:
    assert "unused" not in codes(check(shop, code=1))
    document = check(shop, "--unused-after", "1ms", code=1)
    assert "orders.note_idx" in codes(document)["unused"]


def test_a_workload_asks_for_what_is_missing(
    shop: str, check: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    workload = tmp_path / "shop.sql"
    workload.write_text(
        "-- indexical: id=day calls=500\nSELECT id, note FROM orders WHERE made = '2026-03-05' ORDER BY id LIMIT 5;\n"
    )
    found = codes(check(shop, "--workload", str(workload), code=1))
    assert any(subject.startswith("orders ") and "made" in subject for subject in found["missing-index"])
    assert "orders.note_idx" in found["no-statement"]
    assert "orders.orders_pkey" not in found["no-statement"]


def test_a_snapshot_file_is_checked_without_the_database(
    shop: str, check: Callable[..., dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "shop.indexical")
    assert main(["snapshot", shop, "-o", file]) == 0
    document = check(file, code=1)
    assert codes(document) == {"redundant": {"orders.status_idx"}}
    assert any(each["what"] == "use and bloat of the indexes" for each in document["not_examined"])
    assert check(file, "--fail-on", "error", code=0)["counts"]["warning"] == 1


def test_a_snapshot_has_no_nodes(shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "shop.indexical")
    assert main(["snapshot", shop, "-o", file]) == 0
    assert main(["check", file, "--node", shop]) == 2
    assert "snapshot file" in capsys.readouterr().err
