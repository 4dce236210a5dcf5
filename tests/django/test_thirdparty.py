"""Wagtail, django-machina, django-oscar and django-allauth: mapped whole, never edited, checked without a false word."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

for package in ("wagtail", "machina", "oscar", "allauth"):
    pytest.importorskip(
        package,
        reason=f"{package} is not installed: pip install 'indexical[thirdparty]'",
        exc_type=ImportError,
    )

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1500)]

PROJECT = Path(__file__).with_name("thirdparty_project")
PREFIX = {"indexical.W001", "indexical.W002", "indexical.W005"}


@dataclass(frozen=True)
class Site:
    folder: Path
    url: str

    def run(self, *steps: str) -> dict[str, Any]:
        """The driver's steps in one new process."""
        given = conninfo_to_dict(self.url)
        done = subprocess.run(
            [sys.executable, "driver.py", *steps],
            cwd=self.folder,
            env={
                **os.environ,
                "DB_NAME": str(given["dbname"]), "DB_HOST": str(given["host"]), "DB_PORT": str(given["port"]),
                "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{steps}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Site:
    site = Site(tmp_path_factory.mktemp("packages") / "project", new_database())
    shutil.copytree(PROJECT, site.folder)
    site.run("migrate")
    return site


@pytest.fixture(scope="module")
def seen(made: Site) -> dict[str, Any]:
    return made.run("map", "check")


@pytest.fixture(params=["write", "write-plain"])
def written(request: pytest.FixtureRequest, made: Site, tmp_path: Path) -> tuple[Site, dict[str, Any]]:
    """The advice written into a copy of the project and of its database, by one style or the other."""
    name = f"packages_{request.param.replace('-', '_')}_{os.getpid()}"
    template = sql.Identifier(str(conninfo_to_dict(made.url)["dbname"]))
    with psycopg.connect(
        made.url.replace(str(conninfo_to_dict(made.url)["dbname"]), "postgres"), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    site = Site(tmp_path / "project", made.url.replace(str(conninfo_to_dict(made.url)["dbname"]), name))
    shutil.copytree(made.folder, site.folder)
    return site, site.run(request.param)[request.param]


def test_every_table_but_djangos_own_list_of_migrations_has_a_model(seen: dict[str, Any]) -> None:
    tables = seen["map"]["tables"]
    assert len(tables) > 140
    assert [name for name, model in tables.items() if not model] == ["django_migrations"]


def test_every_index_has_an_origin(seen: dict[str, Any]) -> None:
    indexes = seen["map"]["indexes"]
    assert len(indexes) > 600
    assert [name for name, (what, _) in indexes.items() if not what] == []


def test_what_no_model_declares_any_more_is_told_from_what_one_does(seen: dict[str, Any]) -> None:
    odd = {
        name: tuple(one)
        for name, one in seen["map"]["indexes"].items()
        if one[0].startswith(("earlier", "migration", "RunSQL"))
    }
    assert odd == {
        "customer_notification_date_sent_9b6baeda": ("earlier db_index", "customer_notification"),
        "catalogue_product_category_hierarchy_idx": ("migration code", "catalogue.0030_auto_20250217_1247"),
    }


def test_the_checks_name_exactly_the_prefixes_that_the_catalog_shows(seen: dict[str, Any]) -> None:
    """The catalog's own columns, operator classes and orders decide, by a query that shares nothing with the checks."""
    through = set(seen["check"]["through"])
    tables = {model: table for table, model in seen["map"]["tables"].items()}
    there = Counter(table for table, _ in seen["check"]["prefixes"] if table not in through)
    said = Counter(tables[model] for code, model, _ in seen["check"]["found"] if code in PREFIX)
    # Its covering index is declared by the package without a migration, so that no database has it: W009 says so.
    said["forum_forum"] -= 1
    assert ["indexical.W009", "forum.Forum"] in [one[:2] for one in seen["check"]["found"]]
    assert said - there == Counter()
    assert there - said == Counter()


def test_no_file_outside_the_project_is_edited(written: tuple[Site, dict[str, Any]]) -> None:
    site, answer = written
    assert len(answer["edits"]) == 3
    assert all(Path(path).is_relative_to(site.folder) for path in answer["edits"])


def test_without_an_app_named_for_them_they_stay_by_hand_and_the_option_is_named(
    written: tuple[Site, dict[str, Any]],
) -> None:
    assert len(written[1]["by_hand"]) == 5
    assert all("--outside-app" in text for text in written[1]["by_hand"])


def test_the_indexes_come_and_go_and_the_state_never_knows(written: tuple[Site, dict[str, Any]]) -> None:
    site, answer = written
    proof = site.run("prove")["prove"]
    names = set(answer["names"])
    assert proof["again"] == []
    assert proof["pending"] == answer["pending"], "makemigrations sees a difference"
    assert names <= set(proof["made"])
    assert not names & set(proof["back"])
    assert proof["again_made"] == proof["made"]
    assert len(proof["applicable"]) == 1


def test_each_migration_depends_on_the_one_that_made_the_columns(
    written: tuple[Site, dict[str, Any]],
) -> None:
    text = written[1]["texts"][-1].replace('"', "'")
    for dependency in (
        "('account', '0",
        "('auth', '0012",
        "('catalogue', '0029",
        "('forum_conversation', '0012",
        "('wagtailcore', '0094",
    ):
        assert dependency in text
