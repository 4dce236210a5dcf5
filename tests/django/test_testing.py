"""`indexical.django.testing` and the pytest fixture, in a small project as its own tests would use them.

The cases stand in ``guide_cases/shop_assertions.py``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.django.shop_fixtures import shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

from indexical.catalog import snapshot
from indexical.catalog.file import save
from indexical.django.testing.serving import first_key
from indexical.pg.session import connect

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(700)]

CASES = Path(__file__).parent / "guide_cases" / "shop_assertions.py"
WITH_PYTEST = """
from shop.models import Line

def test_it_serves(indexes):
    indexes.assert_served(Line.objects.filter(sku="a").order_by("-position"), by="line_sku_idx", without_sort=True)

def test_it_does_not_serve(indexes):
    indexes.assert_served(Line.objects.filter(position=1), by="line_sku_idx")
"""
CONFTEST = """
import django
import pytest
from django.test.utils import setup_databases, teardown_databases

django.setup()

@pytest.fixture(scope="session", autouse=True)
def database():
    made = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(made, verbosity=0)
"""


@pytest.fixture(scope="module")
def project(
    shop_made: Shop,
    new_database: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    made = Shop.copy(shop_made, tmp_path_factory.mktemp("testing") / "project", new_database())
    settings = made.folder / "settings.py"
    lite = 'DATABASES["lite"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}\n'
    binding = 'DATABASES["default"]["OPTIONS"] = {"server_side_binding": "BINDING" in os.environ}\n'
    settings.write_text(settings.read_text() + lite + binding)
    (made.folder / "shop" / "test_assertions.py").write_text(CASES.read_text())
    return made


@pytest.fixture(scope="module")
def production(
    shop_made: Shop, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A snapshot of a database with many lines and orders, which lacks the index that the models declare."""
    shop = Shop.copy(shop_made, tmp_path_factory.mktemp("production") / "project", new_database())
    shop.manage("migrate", "--verbosity", "0")
    shop.fill()
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO shop_order (id, created_at, client, status, number, note, paid, cents) "
            "SELECT g, now(), 1, 'NEW', g::text, 'n', false, g FROM generate_series(501, 5000) g"
        )
        connection.execute(
            'INSERT INTO "order lines" (order_id, sku, position) '
            "SELECT (g - 1) / 10 + 1, 'sku-' || g % 500, g FROM generate_series(1, 50000) g"
        )
        connection.execute("DROP INDEX line_sku_idx")
        connection.execute("VACUUM ANALYZE")
    file = tmp_path_factory.mktemp("snapshot") / "production.indexical"
    with connect(shop.url) as session:
        save(snapshot(session), file)
    return file


def environment(project: Shop, **more: str) -> dict[str, str]:
    given = conninfo_to_dict(project.url)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(project.folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DB_NAME": str(given["dbname"]),
        "DB_HOST": str(given["host"]),
        "DB_PORT": str(given["port"]),
        **more,
    }


def test_every_case_holds(project: Shop, production: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "test", "shop", "--noinput"],
        cwd=project.folder,
        env=environment(project, SNAPSHOT=str(production)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    assert re.search(r"^OK$", done.stderr, re.MULTILINE), done.stderr[-600:]
    assert f"Ran {CASES.read_text().count('    def test_')} tests" in done.stderr


@pytest.mark.slow
def test_values_that_the_database_binds_are_asked_about_as_well(project: Shop, production: Path) -> None:
    cases = (
        "ServedTest.test_an_index_serves_condition_and_order_of_an_empty_table",
        "ServedTest.test_a_percent_sign_is_only_text",
        "ServedTest.test_another_column_is_not_served",
        "UsedTest.test_the_test_databases_own_plan_knows_its_rows",
        "SnapshotTest.test_the_planner_picks_the_declared_index_under_productions_statistics",
    )
    labels = [f"shop.test_assertions.{case}" for case in cases]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "test", *labels, "--noinput"],
        cwd=project.folder,
        env=environment(project, SNAPSHOT=str(production), BINDING="1"),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    assert "Ran 5 tests" in done.stderr


def test_the_pytest_fixture_asks_the_same(project: Shop, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_indexes.py").write_text(WITH_PYTEST)
    words = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faker",
        "-p",
        "no:locust",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]
    assert "line_sku_idx cannot serve the query: no condition and no order of it" in done.stdout


def test_the_plugin_alone_loads_no_django() -> None:
    """pytest loads it in every project, whether that has Django or not."""
    words = "import sys, indexical.django.pytest_plugin; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        ("USING btree (a)", "USING btree (a)"),
        ("USING btree (a, b DESC) INCLUDE (c) WHERE (d > 1)", "USING btree (a)"),
        (
            "USING btree (lower((a)::text) varchar_pattern_ops, b)",
            "USING btree (lower((a)::text) varchar_pattern_ops)",
        ),
        ("USING btree (((a || ','::text) || b), c)", "USING btree (((a || ','::text) || b))"),
        ('USING btree ("a, (b", c)', 'USING btree ("a, (b")'),
        ("USING gin (a, b)", "USING gin (a, b)"),
    ],
)
def test_the_first_key_of_a_b_tree_alone(keys: str, first: str) -> None:
    assert first_key(keys) == first
