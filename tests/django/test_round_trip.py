"""From advice to models, migrations and databases and back, over a project of more than 120 models.

The handmade app has every way of writing a ``Meta`` and every relation once; the generated ones have every type of field. Two
processes do it all: one that plans and writes, and one that finds the written models.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.django.round_trip import filling, generated

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]

HERE = Path(__file__).with_name("round_trip")
ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "for tests only"
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.postgres", "indexical.django",
    "handmade", "typed", "mixed",
]
AUTH_USER_MODEL = "handmade.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["fields.E210"]
USE_TZ = True
DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["DB_" + alias.upper()],
        "USER": "postgres",
        "HOST": os.environ["DB_HOST"],
        "PORT": os.environ["DB_PORT"],
    }
    for alias in ("default", "empty", "oracle")
}
"""
EXTENSIONS = ("hstore", "pg_trgm", "btree_gin", "btree_gist")


@dataclass(frozen=True)
class Trip:
    before: dict[str, str]
    """The text of every class, by ``app.Class``, before and after."""
    after: dict[str, str]
    lines_lost: tuple[str, ...]
    plan: dict[str, Any]
    proof: dict[str, Any]

    @property
    def by_hand(self) -> set[str]:
        """Names of the indexes that are left to a person."""
        return {one.split(":")[2] for one in self.plan["instructions"] if one.startswith("instruction:")}

    @property
    def changed(self) -> set[str]:
        return {label for label, text in self.before.items() if self.after[label] != text}

    def refused(self, app: str) -> dict[str, str]:
        """Model to reason, for the additions that nobody dared to write."""
        return {
            model.partition(".")[2]: self.plan["instructions"][f"instruction:create:{name}"]
            for name, model in self.plan["create"].items()
            if f"instruction:create:{name}" in self.plan["instructions"] and model.startswith(f"{app}.")
        }


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Trip:
    folder = tmp_path_factory.mktemp("round") / "project"
    urls = {alias: new_database() for alias in ("default", "empty", "oracle")}
    for url in urls.values():
        with psycopg.connect(url, autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {extension}")
    write_project(folder)
    texts = sources(folder)
    plan = run(folder, urls, "plan")
    new_texts = sources(folder)
    proof = run(folder, urls, "prove")
    lost = [line.strip() for path, text in texts.items() for line in removed_lines(text, new_texts[path])]
    return Trip(classes(texts), classes(new_texts), tuple(lost), plan, proof)


def write_project(folder: Path) -> None:
    for app in ("handmade", "typed", "mixed"):
        (folder / app / "migrations").mkdir(parents=True)
        (folder / app / "__init__.py").touch()
        (folder / app / "migrations" / "__init__.py").touch()
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "handmade" / "models").mkdir()
    for path in sorted((HERE / "handmade").glob("*.txt")):
        (folder / "handmade" / "models" / f"{path.stem}.py").write_text(path.read_text())
    (folder / "typed" / "models.py").write_text(generated.typed())
    (folder / "mixed" / "models.py").write_text(generated.mixed(seed=5))


def run(folder: Path, urls: dict[str, str], what: str) -> dict[str, Any]:
    given = conninfo_to_dict(urls["default"])
    names = {f"DB_{alias.upper()}": str(conninfo_to_dict(url)["dbname"]) for alias, url in urls.items()}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "driver.py"), what],
        cwd=folder,
        env={
            **os.environ, **names,
            "DB_HOST": str(given["host"]), "DB_PORT": str(given["port"]),
            "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True, text=True, timeout=1000, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{what}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def sources(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*.py"))
        if "migrations" not in path.parts
    }


def classes(texts: dict[str, str]) -> dict[str, str]:
    found = {}
    for path, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.name not in ("Meta", "Form"):
                found[f"{path.partition('/')[0]}.{node.name}"] = ast.get_source_segment(text, node) or ""
    return found


def removed_lines(before: str, after: str) -> list[str]:
    import difflib

    return [
        line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")
    ]


def test_there_are_models_enough(trip: Trip) -> None:
    assert trip.plan["filled"] // filling.ROWS >= 120


def test_what_no_edit_can_be_certain_of_is_left_to_a_person_with_the_reason(trip: Trip) -> None:
    reasons = {
        "Comprehension": "not a list written out there",
        "Conditional": "not a list written out there",
        "TwoStatements": "does not say indexes = ... in one plain statement",
        "MetaMadeElsewhere": "has no single, plain Meta",
        "TwoBases": "inherits indexes from what is not one named class",
        "InsideABlock": "inside another block",
        "Unmanaged": "not managed by Django",
        "Tagged_tags": "Django makes this table for handmade.Tagged.tags",
        "Account_groups": "Django makes this table for handmade.Account.groups",
        "Account_user_permissions": "Django makes this table for handmade.Account.user_permissions",
    }
    refused = trip.refused("handmade")
    assert refused.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in refused[name]


def test_of_the_generated_models_only_those_ways_of_writing_are_refused_that_leave_doubt(trip: Trip) -> None:
    doubtful = {style.name for style in generated.STYLES if style.refused}
    for app in ("typed", "mixed"):
        for name in trip.refused(app):
            style = trip.before[f"{app}.{name}"].split('"""')[1].rstrip(".")
            assert style in doubtful, (name, style)


def test_every_other_addition_is_in_the_database_under_its_name(trip: Trip) -> None:
    written = trip.plan["create"].keys() - trip.by_hand
    assert len(written) >= 100
    assert written <= set(trip.proof["indexes"])
    assert not trip.by_hand & trip.plan["create"].keys() & set(trip.proof["indexes"])


def test_every_drop_is_carried_out_or_left_to_a_person(trip: Trip) -> None:
    wanted = set(trip.plan["drop"])
    assert len(wanted - trip.by_hand) >= 30
    assert wanted & set(trip.proof["indexes"]) == wanted & trip.by_hand


def test_makemigrations_finds_nothing_to_do(trip: Trip) -> None:
    assert trip.proof["check"] == ""


def test_the_filled_database_is_what_the_schema_editor_makes_of_the_models(trip: Trip) -> None:
    assert trip.proof["filled is not what the models say"] == []


def test_an_empty_database_becomes_the_same(trip: Trip) -> None:
    assert trip.proof["empty is not what filled is"] == []


def test_backward_everything_is_as_it_was(trip: Trip) -> None:
    assert trip.proof["back is not where it was"] == []
    assert trip.proof["left of an empty one"] == []


def test_forward_again_everything_is_as_it_was_after_the_first_time(trip: Trip) -> None:
    assert trip.proof["forward again is not the same"] == []


def test_the_rows_are_all_still_there(trip: Trip) -> None:
    assert trip.proof["rows"] > 600


def test_a_second_write_changes_nothing_neither_at_once_nor_in_a_new_process(trip: Trip) -> None:
    assert trip.plan["again"] == []
    assert trip.proof["again"] == []


def test_models_without_advice_keep_every_character(trip: Trip) -> None:
    advised = set(trip.plan["create"].values()) | {model for model, _ in trip.plan["drop"].values()}
    untouched = trip.before.keys() - trip.changed
    assert not trip.changed - advised
    assert len(untouched) >= 30
    assert len(trip.changed) >= 100


def test_edits_take_nothing_away_but_what_is_about_indexes(trip: Trip) -> None:
    # The comment right above an entry goes with it.
    about = ("# rank", "index", "Index(", "pass", "Meta", "ForeignKey(", "SlugField(")
    assert [line for line in trip.lines_lost if line and not any(word in line for word in about)] == []
