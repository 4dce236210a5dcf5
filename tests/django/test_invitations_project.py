"""The invitation platform from outside: its migrations, its own tests, its indexes, and the guide's on top."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest

pytestmark = pytest.mark.postgres

Manage = Callable[..., CompletedProcess[str]]
GUIDE = "config.settings_guide"
TABLES = (
    "accounts_user",
    "accounts_phoneverification",
    "accounts_useractivitylog",
    "plans_plan",
    "plans_invitationcategory",
    "plans_template",
    "invitations_order",
    "invitations_invitation",
    "invitations_guest",
    "invitations_invitationviewlog",
)
LINK_TABLES = ("accounts_user_groups", "accounts_user_user_permissions")


def indexes(url: str, tables: tuple[str, ...] = (*TABLES, *LINK_TABLES)) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [list(tables)]
        ).fetchall()
    return dict(rows)


@pytest.fixture(scope="module")
def migrated(new_database: Callable[[], str], manage: Manage) -> str:
    url = new_database()
    manage(url, "migrate", "--verbosity", "0")
    return url


def test_a_new_database_has_the_45_prior_indexes_and_53_with_the_link_tables(migrated: str) -> None:
    assert len(indexes(migrated, TABLES)) == 45
    assert len(indexes(migrated)) == 53


def test_the_prior_redundancy_is_there_to_be_found(migrated: str) -> None:
    found = indexes(migrated)
    columns = [definition.partition(" USING ")[2] for definition in found.values()]
    assert columns.count("btree (slug)") == 2
    assert columns.count("btree (invitation_id, device_fingerprint)") == 2
    assert "btree (invitation_id)" in columns


@pytest.mark.slow
def test_the_platforms_own_tests_pass(migrated: str, manage: Manage) -> None:
    said = manage(migrated, "test", "--noinput").stderr
    ran = re.search(r"Ran (\d+) tests", said)
    assert ran is not None
    assert int(ran[1]) >= 100
    assert said.rstrip().endswith("Destroying test database for alias 'default'...")


def test_models_and_migrations_agree_under_both_settings(migrated: str, manage: Manage) -> None:
    for settings in ("config.settings", GUIDE):
        assert (
            "No changes detected" in manage(migrated, "makemigrations", "--check", settings=settings).stdout
        )


def test_the_deployment_check_finds_no_error(migrated: str, manage: Manage) -> None:
    manage(migrated, "check", "--database", "default")


def test_the_guide_adds_exactly_its_42_and_takes_them_back(migrated: str, manage: Manage) -> None:
    before = indexes(migrated)
    manage(migrated, "migrate", "--verbosity", "0", settings=GUIDE)
    added = {name: text for name, text in indexes(migrated).items() if name not in before}
    assert len(added) == 42
    assert before.items() <= indexes(migrated).items()
    assert added["order_user_status_created_idx"].endswith("USING btree (user_id, status, created_at)")
    assert not [text for text in added.values() if "UNIQUE" in text or "WHERE" in text or "DESC" in text]
    manage(migrated, "migrate", "comparison", "zero", "--verbosity", "0", settings=GUIDE)
    assert indexes(migrated) == before


def test_the_plan_of_the_guides_migration_names_each_index_and_changes_nothing(
    migrated: str, manage: Manage
) -> None:
    before = indexes(migrated)
    plan = manage(migrated, "migrate", "--plan", settings=GUIDE).stdout
    assert plan.count("Build index ") == 42
    assert indexes(migrated) == before


def test_every_app_can_go_back_to_nothing_and_forth(new_database: Callable[[], str], manage: Manage) -> None:
    url = new_database()
    manage(url, "migrate", "--verbosity", "0")
    before = indexes(url)
    for app in ("admin_dashboard", "invitations"):
        manage(url, "migrate", app, "zero", "--verbosity", "0")
    assert not indexes(url, ("invitations_order", "invitations_guest"))
    manage(url, "migrate", "--verbosity", "0")
    # Django puts a hash of the table's and the columns' names into the names it makes: the same ones come back.
    assert indexes(url) == before


def test_a_bad_database_url_ends_in_one_clear_sentence_without_the_password(manage: Manage) -> None:
    said = manage("nonsense:s3cret", "check", code=1).stderr
    assert "DATABASE_URL is not a PostgreSQL connection URL" in said
    assert "s3cret" not in said


def test_rate_limits_are_off_until_they_are_asked_for(migrated: str, manage: Manage) -> None:
    ask = "from rest_framework.views import APIView; print(*[each.__name__ for each in APIView.throttle_classes])"
    assert "Throttle" not in manage(migrated, "shell", "-v", "0", "-c", ask).stdout
    limited = manage(migrated, "shell", "-v", "0", "-c", ask, environment={"THROTTLES": "1"}).stdout
    assert limited.split() == ["AnonRateThrottle", "UserRateThrottle"]


def test_the_projects_files_name_no_package_that_is_not_declared(invitations_project: Path) -> None:
    declared = {
        "django",
        "rest_framework",
        "rest_framework_simplejwt",
        "psycopg",
        "apps",
        "config",
        "comparison",
    }
    for path in sorted((invitations_project / "apps").rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(?:from|import) ([a-z_]+)", line)
            if found and found[1] not in declared:
                assert found[1] in sys.stdlib_module_names, f"{path}: {line}"
