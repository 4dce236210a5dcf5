"""The system checks: each finding where it belongs, nothing where it does not, and never a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).with_name("checks_project")
INVITATIONS = Path(__file__).resolve().parents[2] / "examples" / "invitations"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    model: str
    text: str
    hint: str
    silenced: bool


def run(*arguments: str, folder: Path = PROJECT, **environment: str) -> tuple[Finding, ...]:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "checks_driver.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(PROJECT))), **environment},
    )
    assert done.returncode == 0, done.stderr
    return tuple(Finding(code.removeprefix("indexical."), *rest) for code, *rest in json.loads(done.stdout))


@pytest.fixture(scope="module")
def found() -> tuple[Finding, ...]:
    return run()


def of(found: tuple[Finding, ...], code: str, app: str = "") -> list[tuple[str, str]]:
    """Model and sentence of the findings with that code."""
    return sorted((f.model, f.text) for f in found if f.code == code and f.model.startswith(app))


def subjects(found: tuple[Finding, ...], code: str, app: str = "") -> list[str]:
    """What each finding is about: ``Model.field`` of a foreign key, else the index's name."""
    named = []
    for model, text in of(found, code, app):
        words = text.split(" does nothing ")[0].split(" has the same ")[0].split()
        foreign = words[:5] == ["the", "index", "of", "the", "foreign"]
        named.append(f"{model.split('.')[1]}.{words[-1]}" if foreign else words[-1])
    return named


def test_the_learning_guides_one_duplicate_is_named_and_no_other(found: tuple[Finding, ...]) -> None:
    assert subjects(found, "W001", "learning.") == ["blogcat_slug_idx"]


def test_the_learning_guides_one_left_prefix_is_named_and_no_other(found: tuple[Finding, ...]) -> None:
    assert subjects(found, "W002", "learning.") == ["trustlevel_level_idx"]


def test_the_learning_guides_foreign_keys_made_redundant_are_named_and_no_others(
    found: tuple[Finding, ...],
) -> None:
    assert subjects(found, "W005", "learning.") == [
        "Course.category",
        "Course.instructor",
        "CourseEnrollment.course",
        "CourseEnrollment.user",
        "Exercise.exercise_type",
        "Exercise.lesson",
        "LearningPath.creator",
        "Lesson.course",
        "StudySession.lesson",
        "StudySession.user",
        "UserProgress.lesson",
        "UserProgress.user",
        "WagtailCourseEnrollment.course",
        "WagtailCourseEnrollment.user",
    ]


def test_the_invitation_guides_duplicates_and_prefixes_are_named_and_no_others() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DB_NAME": "none"}
    before = run(folder=INVITATIONS, **environment)
    after = run("+guide", folder=INVITATIONS, **environment)
    new = {
        code: sorted(set(subjects(after, code)) - set(subjects(before, code)))
        for code in ("W001", "W002", "W005")
    }
    assert new == {
        "W001": [
            "category_code_idx",
            "invitation_order_idx",
            "invitation_template_idx",
            "plan_code_idx",
            "user_current_plan_idx",
        ],
        "W002": ["order_status_idx", "order_user_status_idx", "template_active_idx"],
        "W005": [
            "Invitation.user",
            "InvitationViewLog.invitation",
            "Order.user",
            "PhoneVerification.user",
            "Template.category",
            "Template.plan",
            "UserActivityLog.user",
        ],
    }
    assert "Guest.invitation" in subjects(before, "W005"), "its unique_together made it redundant before"


def test_the_invitation_guides_boolean_indexes_are_named() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DB_NAME": "none"}
    before, after = run(folder=INVITATIONS, **environment), run("+guide", folder=INVITATIONS, **environment)
    new = {f.text.split()[0] for f in after if f.code == "W003"} - {f.text.split()[0] for f in before}
    assert new == {
        "guest_attending_idx",
        "user_phone_verified_idx",
        "user_blocked_idx",
        "user_active_verified_idx",
        "template_premium_active_idx",
        "template_active_idx",
    }


def test_indexes_that_only_the_model_knows_are_named_with_the_command_that_helps() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DB_NAME": "none"}
    after = run("+guide", folder=INVITATIONS, **environment)
    missing = [f for f in after if f.code == "W009"]
    assert len(missing) == 42
    assert {f.hint for f in missing} == {
        f"Run manage.py makemigrations {app}." for app in ("accounts", "invitations", "plans")
    }


def test_an_index_read_backwards_is_a_duplicate_and_the_later_one_is_named(
    found: tuple[Finding, ...],
) -> None:
    assert subjects(found, "W001", "cases.") == ["backwards_down"]


def test_other_keys_methods_conditions_and_operator_classes_are_no_duplicates(
    found: tuple[Finding, ...],
) -> None:
    about = [f for f in found if f.model == "cases.Kinds"]
    assert about == []


def test_only_indexes_of_nothing_but_booleans_are_called_so(found: tuple[Finding, ...]) -> None:
    named = [text.split()[0] for _, text in of(found, "W003", "cases.")]
    assert len(named) == 2
    assert "flags_both" in named
    assert any(name.startswith("cases_flags_off_") for name in named)


def test_unique_and_db_index_together_are_named_once(found: tuple[Finding, ...]) -> None:
    assert of(found, "W004") == [("cases.Owner", "code has unique=True and db_index=True.")]


def test_a_generic_foreign_key_is_named_unless_an_index_leads_on_both_columns(
    found: tuple[Finding, ...],
) -> None:
    assert [model for model, _ in of(found, "W007")] == ["cases.Note"]


def test_model_and_migration_are_compared_both_ways(found: tuple[Finding, ...]) -> None:
    declared = [("cases.Drifted", "the index drifted_model_only is declared, but no migration makes it.")]
    assert of(found, "W009", "cases.") == declared
    ((model, text),) = of(found, "W010", "cases.")
    assert model == "cases.Drifted"
    assert text.startswith(
        "a migration makes the index drifted_migration_only, but the model does not declare it"
    )


def test_unmanaged_and_unmigrated_models_are_not_compared_with_migrations(found: tuple[Finding, ...]) -> None:
    assert not [f for f in found if f.code in ("W009", "W010") and f.model != "cases.Drifted"]


def test_installed_packages_are_left_alone_unless_asked_for(found: tuple[Finding, ...]) -> None:
    assert {f.model.split(".")[0] for f in found} == {"learning", "cases"}
    everything = run("INDEXICAL_CHECK_INSTALLED=true")
    theirs = [f for f in everything if f.model == "auth.Permission"]
    assert [f.code for f in theirs] == ["W005"]
    assert "belongs to an installed package" in theirs[0].hint


def test_a_silenced_check_is_silent() -> None:
    quiet = run('SILENCED_SYSTEM_CHECKS=["indexical.W003"]')
    assert {f.code for f in quiet if f.silenced} == {"W003"}


def workload(folder: Path, *statements: str) -> str:
    """The setting that names a capture file with these statements."""
    path = folder / "capture.jsonl"
    lines = [{"format": "indexical-capture", "version": 1}, *({"sql": sql, "calls": 5} for sql in statements)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return f"INDEXICAL_WORKLOAD={json.dumps(str(path))}"


READS = 'SELECT "learning_lesson"."id" FROM "learning_lesson" WHERE "learning_lesson"."slug" = $1'
SEARCHES = 'SELECT "learning_lesson"."id" FROM "learning_lesson" WHERE "learning_lesson"."slug"::text LIKE $1'


def test_a_like_index_that_the_workload_never_searches_by_is_named(tmp_path: Path) -> None:
    found = run(workload(tmp_path, READS))
    assert [model for model, _ in of(found, "W006")] == ["learning.Lesson"]


def test_a_like_index_that_the_workload_searches_by_is_needed(tmp_path: Path) -> None:
    assert of(run(workload(tmp_path, READS, SEARCHES)), "W006") == []


def test_like_indexes_are_not_judged_without_a_workload(found: tuple[Finding, ...]) -> None:
    assert of(found, "W006") == []


def test_a_workload_that_cannot_be_read_is_said_and_nothing_is_judged(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("no capture file")
    found = [f for f in run(f"INDEXICAL_WORKLOAD={json.dumps(str(broken))}") if f.code == "W006"]
    assert len(found) == 1
    assert str(broken) in found[0].text


def test_every_check_has_its_section_in_the_documentation() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "checks.md").read_text()
    codes = [f"W{number:03}" for number in range(1, 11)]
    assert [code for code in codes if f"## indexical.{code}" not in page] == []
