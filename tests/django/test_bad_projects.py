"""What a project can do wrong at the Django door: one clear line, the right exit code, and nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.django.walked import Walk

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

LITE = """
from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES

DATABASES["lite"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "lite.sqlite3"}
"""
ONLY_LITE = """
from config.settings import *  # noqa: F403
from config.settings import BASE_DIR

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "lite.sqlite3"}}
"""
LEAF = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_user_approval")]
    operations = []
"""
VERBS: dict[str, Callable[[Walk], tuple[str, ...]]] = {
    "advise": lambda walk: ("--workload", str(walk.workload)),
    "write": lambda walk: ("--advice", str(walk.advice)),
    "apply": lambda walk: (),
    "verify": lambda walk: walk.workload_arguments(),
}


@pytest.fixture
def project(unwritten: Walk) -> Walk:
    return unwritten


def add(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def refused(walk: Walk, verb: str, *arguments: str, code: int = 2, settings: str = "config.settings") -> str:
    """The refusal's line, after making sure that neither a file nor the database has changed."""
    files, catalog = walk.files(), walk.catalog()
    line = walk.refused(verb, *arguments, code=code, settings=settings)
    assert walk.files() == files
    assert walk.catalog() == catalog
    return line


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_an_unknown_alias_is_answered_with_the_known_ones(walk_advised: Walk, verb: str) -> None:
    line = refused(walk_advised, verb, *VERBS[verb](walk_advised), "--database", "replica")
    assert "'replica'" in line
    assert "default" in line


def test_the_alias_may_stand_before_the_verb_too(walk_advised: Walk) -> None:
    done = walk_advised.manage("indexes", "--database", "replica", "apply", code=2)
    assert "'replica'" in done.stderr


@pytest.mark.parametrize("verb", ["apply", "write"])
def test_an_alias_of_another_database_system_is_refused(project: Walk, verb: str) -> None:
    add(project.folder, "config/settings_lite.py", LITE)
    line = refused(
        project, verb, *VERBS[verb](project), "--database", "lite", settings="config.settings_lite"
    )
    assert "sqlite" in line.lower()
    assert "PostgreSQL" in line


def test_a_project_without_postgresql_is_refused(project: Walk) -> None:
    add(project.folder, "config/settings_lite.py", ONLY_LITE)
    line = refused(project, "advise", *VERBS["advise"](project), settings="config.settings_lite")
    assert "'default' is sqlite" in line.lower()


def test_conflicting_leaves_are_named_by_write_and_by_apply(project: Walk) -> None:
    add(project.folder, "apps/accounts/migrations/0004_other.py", LEAF)
    for verb in ("write", "apply"):
        line = refused(project, verb, *VERBS[verb](project))
        assert "0004_other" in line
        assert "0004_user_payment_verified" in line
        assert "makemigrations --merge" in line


def test_a_model_change_without_a_migration_is_named(project: Walk) -> None:
    change(
        project.folder,
        "apps/invitations/models.py",
        "    event_venue = ",
        "    event_city = models.CharField(max_length=80, blank=True)\n    event_venue = ",
    )
    line = refused(project, "write", *VERBS["write"](project))
    assert "event_city" in line
    assert "makemigrations invitations" in line


def test_models_edited_since_the_advice_keep_their_edits(project: Walk) -> None:
    change(
        project.folder,
        "apps/accounts/models.py",
        "class UserActivityLog(",
        "# Kept for two years.\nclass UserActivityLog(",
    )
    project.indexes("write", "--advice", str(project.advice))
    text = (project.folder / "apps/accounts/models.py").read_text()
    assert "# Kept for two years.\nclass UserActivityLog(" in text
    made = [
        item["name"] for item in project.advised()["create"] if item["model"] == "accounts.UserActivityLog"
    ]
    assert made
    assert all(name in text for name in made)


def test_a_field_that_has_gone_since_the_advice_leaves_its_index_to_a_person(project: Walk) -> None:
    change(
        project.folder,
        "apps/invitations/models.py",
        "    approved_at = models.DateTimeField(null=True, blank=True)\n",
        "",
    )
    project.manage("makemigrations", "invitations", "--name", "no_approval_time", "--verbosity", "0")
    made = [item["name"] for item in project.advised()["create"] if "approved_at" in " ".join(item["keys"])]
    assert made
    done = project.indexes("write", "--advice", str(project.advice))
    for name in made:
        assert f"by hand  {name} on public.invitations_order: " in done.stderr
        assert name not in (project.folder / "apps/invitations/models.py").read_text()
    project.manage("makemigrations", "--check", "--dry-run")


def test_what_is_left_to_a_person_is_said_once_and_shortly(project: Walk) -> None:
    done = project.indexes("write", "--advice", str(project.advice))
    said = done.stderr.splitlines()
    assert len(said) == len(set(said))
    steps = [line for line in said if line.startswith("         ")]
    assert steps
    assert all(step.strip().startswith("DROP INDEX CONCURRENTLY public.") for step in steps)
    assert max(map(len, said)) < 200
    assert "DROP INDEX" not in done.stdout
    assert "skipped" not in done.stdout
    assert f"{len(steps)} changes are left to you: see standard error." in done.stdout
    written = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("edited", "created"))]
    assert written == sorted(written, key=lambda path: ("migrations" in path, path))
    assert all((project.folder / path).is_file() for path in written)


def test_a_file_that_is_no_advice_is_refused(walk_advised: Walk) -> None:
    manage_py = walk_advised.folder / "manage.py"
    assert "manage.py" in refused(walk_advised, "write", "--advice", str(manage_py))


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_named_without_the_password(walk_advised: Walk) -> None:
    lost = Walk(
        walk_advised.folder,
        "postgresql://somebody:canary@127.0.0.1:1/shop",
        walk_advised.advice,
        walk_advised.workload,
    )
    for verb in ("advise", "apply", "verify"):
        line = lost.refused(verb, *VERBS[verb](lost), code=3)
        assert "127.0.0.1" in line
        assert "canary" not in line
    files = lost.files()
    shown = lost.indexes("write", "--advice", str(lost.advice), "--diff")
    assert "AddIndexSafely(" in shown.stdout, "files can be planned without a server"
    assert lost.files() == files


def test_a_migration_that_cannot_be_loaded_is_one_line(project: Walk) -> None:
    add(
        project.folder,
        "apps/plans/migrations/0002_lost.py",
        LEAF.replace('"accounts", "0003_user_approval"', '"plans", "0001_gone"'),
    )
    for verb in ("write", "apply"):
        line = refused(project, verb, *VERBS[verb](project))
        assert "0001_gone" in line
