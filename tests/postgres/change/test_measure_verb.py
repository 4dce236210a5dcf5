"""``measure`` beyond its statements: write paths on a disposable database only, storage always, claims, and a run compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexical.cli import main
from indexical.measure.scaling import measure_size
from indexical.measure.storage import measure_storage
from indexical.model import Statement, Workload

PATHS = """
[[write]]
id = "order"
rows = 50
sql = "INSERT INTO orders SELECT 900000 + i, 1, 'NEW', i, '', now() FROM generate_series(1, %(rows)s::integer) AS i"

[[hot]]
id = "orders.note"
pick = "SELECT id FROM orders WHERE id <= 5"
sql = "UPDATE orders SET note = 'x' WHERE id = %(id)s"
"""
CLAIMS = """
[[claim]]
id = "faster"
kind = "statement"
what = "orders of a user"
target = "of-user"
unit = "x"
after = 3

[[claim]]
id = "storage"
kind = "storage"
what = "the new index"
target = "index-growth"
unit = "%"
after = 90

[[claim]]
id = "cpu"
kind = "database"
what = "CPU"
target = "cpu"
unit = "%"
after = -40
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "paths.toml").write_text(PATHS)
    (tmp_path / "claims.toml").write_text(CLAIMS)
    (tmp_path / "workload.sql").write_text(
        "-- indexical: id=of-user calls=10\nSELECT id FROM orders WHERE user_id = 7;\n"
    )
    return tmp_path


def measure(orders, files: Path, *more: str) -> int:
    return main(["measure", orders.url, "--workload", str(files / "workload.sql"), "--runs", "3", *more])


def test_write_paths_are_refused_on_a_database_without_the_mark(orders, files, capsys):
    before = orders.value("SELECT count(*) FROM orders")
    assert measure(orders, files, "--paths", str(files / "paths.toml")) == 2
    said = capsys.readouterr()
    assert "not marked as disposable, and the write paths of --paths really write to it" in said.err
    assert "indexical.disposable = on" in said.err
    assert said.out == "", "nothing was measured before the refusal"
    assert orders.value("SELECT count(*) FROM orders WHERE note = 'x'") == 0
    assert orders.value("SELECT count(*) FROM orders") == before


def test_a_run_with_writes_and_storage_is_saved_compared_and_held_against_claims(orders, files, capsys):
    orders.run(
        "INSERT INTO orders SELECT i, i % 500, 'PAID', i, '', now() FROM generate_series(5001, 40000) AS i",
        "VACUUM ANALYZE orders",
    )
    name = orders.value("SELECT current_database()")
    orders.run(f"ALTER DATABASE {name} SET indexical.disposable = on")
    first, second = files / "first.json", files / "second.json"
    assert measure(orders, files, "--paths", str(files / "paths.toml"), "-o", str(first)) == 0
    saved = json.loads(first.read_text())
    assert saved["version"] == 1
    (write,), (hot,) = saved["writes"], saved["hot"]
    assert (write["id"], write["rows"]) == ("order", 50)
    assert write["us_per_row"] > 0
    assert (hot["id"], hot["updates"]) == ("orders.note", 25)
    assert saved["storage"]["index_bytes"] == sum(each["index_bytes"] for each in saved["storage"]["tables"])
    assert saved["reads"][0]["plan"]["nodes"][0]["type"]
    assert orders.value("SELECT count(*) FROM orders WHERE id >= 900000") == 0, "writes are rolled back"
    orders.run("CREATE INDEX orders_user_new ON orders (user_id)", "VACUUM ANALYZE orders")
    page = files / "run.html"
    arguments = ("--compare", str(first), "--claims", str(files / "claims.toml"), "-o", str(second))
    assert measure(orders, files, *arguments, "--report", str(page)) == 0
    out = capsys.readouterr().out
    assert "more than before" in out
    assert "orders_user_new" in out
    verdicts = {each["id"]: each["verdict"] for each in json.loads(second.read_text())["claims"]}
    assert verdicts == {"faster": "met", "storage": "met", "cpu": "not-measured"}
    text = page.read_text()
    assert "Plans of the dearest statements" in text
    assert "Seq Scan" in text, "the earlier run's plan stands beside this one's"


def test_only_write_paths_need_no_workload(orders, files, capsys):
    name = orders.value("SELECT current_database()")
    orders.run(f"ALTER DATABASE {name} SET indexical.disposable = on")
    assert main(["measure", orders.url, "--paths", str(files / "paths.toml")]) == 0
    out = capsys.readouterr().out
    assert "Heap-only updates (1)" in out
    assert "Writes (1)" in out


def test_a_path_that_the_database_refuses_is_not_measured(orders, files, capsys):
    name = orders.value("SELECT current_database()")
    orders.run(f"ALTER DATABASE {name} SET indexical.disposable = on")
    broken = files / "broken.toml"
    broken.write_text('[[write]]\nid = "gone"\nsql = "INSERT INTO nowhere VALUES (1)"\n')
    assert main(["measure", orders.url, "--paths", str(broken)]) == 0
    assert "the database refused it" in " ".join(capsys.readouterr().out.split())


def test_storage_counts_what_postgresql_counts(orders):
    with orders.read() as session:
        found = measure_storage(session)
        (table,) = [each for each in found.tables if each.table == "public.orders"]
        row = session.rows("SELECT pg_table_size('orders') AS rows, pg_indexes_size('orders') AS indexes")[0]
        assert (table.table_bytes, table.index_bytes) == (row["rows"], row["indexes"])
        assert found.database_bytes > found.table_bytes + found.index_bytes > 0


def test_a_size_has_every_index_set_and_says_what_it_lacks(orders):
    statement = Statement("one", "SELECT note FROM orders WHERE id = 1", calls=1)
    with orders.read() as without, orders.read() as with_it:
        point = measure_size(
            "2000", {"without": without, "with": with_it}, Workload((statement,)), ("one", "absent"), runs=3
        )
    assert point.find("without", "one") is not None
    assert point.find("with", "one") is not None
    assert point.find("with", "absent") is None
    (missed,) = point.not_measured
    assert (missed.id, missed.reason) == ("absent", "there is no such statement at this size")
