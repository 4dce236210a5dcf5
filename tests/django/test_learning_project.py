"""The learning platform from outside: its migrations on both databases, its own tests, its indexes, and the guide's on top."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest
from tests.django.conftest import EXAMPLES

from indexical.catalog.snapshot import snapshot
from indexical.pg.session import connect
from indexical.selection.redundancy import Redundancy, redundancies

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1500)]

Manage = Callable[..., CompletedProcess[str]]
GUIDE = "config.settings_guide"
PRIOR = {
    "learning_course": 5,
    "learning_lesson": 5,
    "learning_exercise": 7,
    "learning_courseenrollment": 5,
    "learning_userprogress": 4,
    "learning_learningpath": 4,
    "learning_studysession": 3,
    "blog_blogcategory": 3,
    "blog_wagtailcourseenrollment": 5,
    "users_userprofile": 2,
    "forum_integration_trustlevel": 4,
}
CONTENT_PAGES = {"blog_coursepage": 6, "blog_exercisepage": 1, "blog_stepbasedexercisepage": 1}
FORUM = {"forum_conversation_topic": 14, "forum_conversation_post": 6}


def indexes(url: str) -> dict[str, tuple[str, str]]:
    """Every index of the public schema: its name, then its table and its definition."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        ).fetchall()
    return {name: (table, definition) for name, table, definition in rows}


def per_table(found: dict[str, tuple[str, str]], tables: dict[str, int]) -> dict[str, int]:
    counted = Counter(table for table, _ in found.values())
    return {table: counted[table] for table in tables}


def superfluous(url: str) -> dict[str, Redundancy]:
    with connect(url) as session:
        return {each.existing.name: each for each in redundancies(snapshot(session))}


@pytest.fixture(scope="module")
def migrated(new_learning_database: Callable[[], str]) -> str:
    return new_learning_database()


@pytest.fixture(scope="module")
def compared(new_learning_database: Callable[[], str], manage_learning: Manage) -> str:
    url = new_learning_database()
    manage_learning(url, "migrate", "--verbosity", "0", settings=GUIDE)
    return url


def test_eleven_tables_start_with_47_indexes(migrated: str) -> None:
    found = indexes(migrated)
    assert per_table(found, PRIOR) == PRIOR
    assert (len(PRIOR), sum(PRIOR.values())) == (11, 47)
    assert per_table(found, CONTENT_PAGES) == CONTENT_PAGES
    assert per_table(found, FORUM) == FORUM


def test_the_posts_of_the_forum_have_no_index_by_time(migrated: str) -> None:
    columns = {
        definition.partition(" USING ")[2]
        for table, definition in indexes(migrated).values()
        if table == "forum_conversation_post"
    }
    assert "btree (topic_id)" in columns
    assert not [text for text in columns if "created" in text]


def test_the_prior_duplicates_are_found(migrated: str) -> None:
    found = superfluous(migrated)
    assert {name for name, each in found.items() if each.reason == "duplicate"} >= {
        "activity_user_date_idx",
        "flag_flagger_idx",
        "reading_topic_idx",
        "userbadge_badge_idx",
    }
    assert found["activity_user_date_idx"].covered_by.startswith("users_useractivity_user_id_date_")


def test_the_guide_adds_39_and_8_and_19_columns_of_the_39_descend(migrated: str, compared: str) -> None:
    before, after = indexes(migrated), indexes(compared)
    assert before.items() <= after.items()
    added = {name: after[name] for name in after.keys() - before.keys()}
    first = {name: found for name, found in added.items() if found[0] in PRIOR}
    second = {name: found for name, found in added.items() if name not in first}
    assert (len(first), len(second)) == (39, 8)
    apps = ("learning", "blog", "users", "forum_integration")
    assert Counter(app for table, _ in first.values() for app in apps if table.startswith(f"{app}_")) == {
        "learning": 27,
        "blog": 5,
        "users": 4,
        "forum_integration": 3,
    }
    assert sum(definition.count(" DESC") for _, definition in first.values()) == 19
    assert {table for table, _ in second.values()} == set(CONTENT_PAGES)
    assert not [name for name, (_, text) in added.items() if "UNIQUE" in text or " WHERE " in text]
    assert added["session_user_lesson_idx"][1].endswith("USING btree (user_id, lesson_id, started_at DESC)")
    assert not [name for name, (_, text) in second.items() if " DESC" in text]


def test_the_guides_exact_duplicate_is_found_and_its_prefixes(compared: str) -> None:
    found = superfluous(compared)
    assert (found["blogcat_slug_idx"].reason, found["blogcat_slug_idx"].covered_by) == (
        "duplicate",
        "blog_blogcategory_slug_key",
    )
    assert (found["course_page_featured_idx"].reason, found["course_page_featured_idx"].covered_by) == (
        "redundant",
        "course_page_feat_diff_idx",
    )
    # An index of the platform's own becomes the beginning of two of the guide's.
    assert found["trust_level_idx"].reason == "redundant"


def test_going_back_takes_away_exactly_what_was_added(
    migrated: str, new_learning_database: Callable[[], str], manage_learning: Manage
) -> None:
    before = indexes(migrated)
    url = new_learning_database()
    manage_learning(url, "migrate", "comparison", "0001", "--verbosity", "0", settings=GUIDE)
    assert len(indexes(url)) == len(before) + 39
    manage_learning(url, "migrate", "comparison", "zero", "--verbosity", "0", settings=GUIDE)
    assert indexes(url) == before


@pytest.mark.slow
def test_the_plan_of_the_guides_migrations_names_each_index_and_changes_nothing(
    migrated: str, manage_learning: Manage
) -> None:
    before = indexes(migrated)
    plan = manage_learning(migrated, "migrate", "--plan", settings=GUIDE).stdout
    assert plan.count("Build index ") == 47
    assert indexes(migrated) == before


@pytest.mark.parametrize("settings", [pytest.param("config.settings", marks=pytest.mark.slow), GUIDE])
def test_models_and_migrations_agree(migrated: str, manage_learning: Manage, settings: str) -> None:
    said = manage_learning(migrated, "makemigrations", "--check", settings=settings).stdout
    assert "No changes detected" in said


def test_the_check_finds_nothing(migrated: str, manage_learning: Manage) -> None:
    said = manage_learning(migrated, "check", "--database", "default").stdout
    assert "no issues (0 silenced)" in said


def test_a_bad_database_url_ends_in_one_clear_sentence_without_the_password(manage_learning: Manage) -> None:
    said = manage_learning("nonsense:s3cret", "check", code=1).stderr
    assert "DATABASE_URL is neither a PostgreSQL connection URL nor sqlite" in said
    assert "s3cret" not in said


def test_the_projects_files_name_no_package_that_is_not_declared() -> None:
    declared = {
        "django",
        "rest_framework",
        "rest_framework_simplejwt",
        "psycopg",
        "wagtail",
        "machina",
        # wagtail brings these along, and its pages cannot be written without them.
        "modelcluster",
        "taggit",
        "apps",
        "config",
        "comparison",
    }
    for path in sorted(
        path for room in ("apps", "config") for path in (EXAMPLES / "learning" / room).rglob("*.py")
    ):
        for line in path.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(?:from|import) ([a-z_]+)", line)
            if found and found[1] not in declared:
                assert found[1] in sys.stdlib_module_names, f"{path}: {line}"


@pytest.mark.slow
def test_sqlite_takes_the_migrations_there_and_back(tmp_path: Path, manage_learning: Manage) -> None:
    url = f"sqlite://{tmp_path}/learning.sqlite3"
    manage_learning(url, "migrate", "--verbosity", "0", settings=GUIDE)
    assert "no issues" in manage_learning(url, "check", "--database", "default", settings=GUIDE).stdout
    assert "No changes" in manage_learning(url, "makemigrations", "--check", settings=GUIDE).stdout
    manage_learning(url, "migrate", "comparison", "zero", "--verbosity", "0", settings=GUIDE)
    with pytest.raises(AssertionError, match="ended with 1"):
        # What was taken away cannot be missed by accident: the plan would build all 47 again.
        manage_learning(url, "migrate", "--check", "--verbosity", "0", settings=GUIDE)
    manage_learning(url, "migrate", "--check", "--verbosity", "0")


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_the_platforms_own_tests_pass(
    database: str, migrated: str, tmp_path: Path, manage_learning: Manage
) -> None:
    url = migrated if database == "postgresql" else f"sqlite://{tmp_path}/own.sqlite3"
    said = manage_learning(url, "test", "--noinput").stderr
    ran = re.search(r"Ran (\d+) tests", said)
    assert ran is not None
    assert int(ran[1]) >= 100
    assert re.search(r"^OK", said, re.MULTILINE)
