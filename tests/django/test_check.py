"""``manage.py indexes check``: the gate over a real project and a real database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.django.conftest import Manage

pytestmark = pytest.mark.postgres

DUPLICATES = {
    "invitations_invitation.invitation_order_idx",
    "invitations_invitation.invitation_template_idx",
    "accounts_user.user_current_plan_idx",
    "plans_plan.plan_code_idx",
    "plans_invitationcategory.category_code_idx",
}
PREFIXES = {
    "invitations_order.order_status_idx",
    "invitations_order.order_user_status_idx",
    "plans_template.template_active_idx",
}


@dataclass(frozen=True)
class Site:
    url: str
    run: Callable[..., subprocess.CompletedProcess[str]]

    def findings(self, *arguments: str, code: int = 1) -> dict[str, Any]:
        done = self.run(*arguments, "--format", "json", code=code)
        return dict(json.loads(done.stdout))

    def of(self, document: dict[str, Any], code: str) -> set[str]:
        return {each["subject"] for each in document["findings"] if each["code"] == code}


@pytest.fixture(scope="module")
def guided(new_database: Callable[[], str], manage: Manage) -> Site:
    """The invitation platform with the index guide's 42 indexes in its database and in no model."""
    url = new_database()
    manage(url, "migrate", "--verbosity", "0", settings="config.settings_guide")

    def run(*arguments: str, code: int = 1) -> subprocess.CompletedProcess[str]:
        return manage(url, "indexes", "check", *arguments, code=code, environment={"INDEXICAL_APP": "1"})

    return Site(url, run)


def test_duplicates_and_left_prefixes_of_the_guide_are_found_and_nothing_else_of_it(guided: Site) -> None:
    document = guided.findings()
    guide = DUPLICATES | PREFIXES
    assert guided.of(document, "duplicate") & guide == DUPLICATES
    assert guided.of(document, "redundant") & guide == PREFIXES


def test_redundancies_from_before_the_guide_are_found_with_the_line_that_declares_them(guided: Site) -> None:
    document = guided.findings()
    old = [
        each
        for each in document["findings"]
        if each["code"] == "duplicate" and each["subject"] not in DUPLICATES
    ]
    tables = {each["subject"].partition(".")[0] for each in old}
    assert {"invitations_invitation", "invitations_guest"} <= tables
    for each in old:
        assert each["file"] == "apps/invitations/models.py"
        assert each["line"] > 0


def test_indexes_that_no_model_declares_are_told(guided: Site) -> None:
    document = guided.findings()
    undeclared = guided.of(document, "undeclared")
    assert len(undeclared) == 42
    assert undeclared >= DUPLICATES | PREFIXES
    assert guided.of(document, "not-built") == set()


def test_a_dropped_index_is_told_as_not_built(guided: Site) -> None:
    with psycopg.connect(guided.url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'accounts_useractivitylog'"
            " AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchone()
        assert row is not None
        connection.execute(f'DROP INDEX "{row[0]}"')
        try:
            document = guided.findings()
        finally:
            connection.execute(row[1])
    assert guided.of(document, "not-built") == {f"accounts_useractivitylog.{row[0]}"}
    assert document["counts"]["error"] == 1


def test_an_invalid_index_is_an_error(guided: Site) -> None:
    with psycopg.connect(guided.url, autocommit=True) as connection:
        connection.execute("CREATE INDEX broken_idx ON plans_plan (name)")
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_idx'::regclass")
        try:
            document = guided.findings("--fail-on", "error")
        finally:
            connection.execute("DROP INDEX broken_idx")
    assert guided.of(document, "invalid") == {"plans_plan.broken_idx"}


def test_young_counters_are_not_examined_and_no_finding(guided: Site) -> None:
    document = guided.findings()
    assert guided.of(document, "unused") == set()
    assert any("use of " in each["what"] for each in document["not_examined"])
    assert any("no --workload" in each["why"] for each in document["not_examined"])


def test_a_baseline_makes_the_same_findings_pass_and_a_new_one_fail(guided: Site, tmp_path: Path) -> None:
    baseline = str(tmp_path / "baseline.json")
    guided.run("--write-baseline", baseline, code=0)
    passed = guided.findings("--baseline", baseline, code=0)
    assert passed["findings"] == []
    assert len(passed["known"]) > 42
    with psycopg.connect(guided.url, autocommit=True) as connection:
        connection.execute("CREATE INDEX another_idx ON plans_plan (code)")
        try:
            document = guided.findings("--baseline", baseline)
        finally:
            connection.execute("DROP INDEX another_idx")
    assert {each["subject"] for each in document["findings"]} == {"plans_plan.another_idx"}


def test_fail_on_decides_the_exit_code(guided: Site) -> None:
    guided.run("--fail-on", "error", code=0)
    guided.run("--fail-on", "never", code=0)
    guided.run("--fail-on", "note", code=1)


def test_sarif_names_every_finding_with_its_rule_and_place(guided: Site) -> None:
    document = json.loads(guided.run("--format", "sarif").stdout)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == len(guided.findings()["findings"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    placed = [r for r in run["results"] if "physicalLocation" in r["locations"][0]]
    assert placed
    assert any(
        "Not examined" in each["message"]["text"]
        for each in run["invocations"][0]["toolExecutionNotifications"]
    )


def test_a_workload_tells_missing_indexes_and_those_without_a_statement(guided: Site, tmp_path: Path) -> None:
    workload = tmp_path / "workload.sql"
    workload.write_text("-- indexical: id=plans calls=10\nSELECT * FROM plans_plan WHERE code = 'BASIC';\n")
    document = guided.findings("--workload", str(workload))
    silent = guided.of(document, "no-statement")
    assert "invitations_invitation.invitation_event_date_idx" in silent
    assert "invitations_invitationviewlog.viewlog_ip_viewed_idx" in silent
    assert not any(each["what"].startswith("indexes that are missing") for each in document["not_examined"])


# --- a project of its own, to be broken -------------------------------------------------------------------------------


@pytest.fixture
def broken(guided: Site, invitations_project: Path, tmp_path: Path) -> tuple[Path, Site]:
    folder = tmp_path / "project"
    shutil.copytree(invitations_project, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def run(*arguments: str, code: int = 1) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "manage.py", "indexes", "check", *arguments],
            cwd=folder,
            env=_environment(guided.url),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return folder, Site(guided.url, run)


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "INDEXICAL_APP": "1",
    }


HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"


def _migration(folder: Path, app: str, name: str, body: str) -> str:
    path = folder / "apps" / app / "migrations" / f"{name}.py"
    path.write_text(HEAD + body)
    return f"apps/{app}/migrations/{name}.py"


def test_two_leaves_are_named(broken: tuple[Path, Site]) -> None:
    folder, site = broken
    _migration(folder, "accounts", "0004_other", '    dependencies = [("accounts", "0003_user_approval")]\n')
    (found,) = [each for each in site.findings()["findings"] if each["code"] == "migration-graph"]
    assert "accounts.0004_other" in found["message"]
    assert "accounts.0004_user_payment_verified" in found["message"]


def test_a_missing_parent_is_named_with_the_file_that_asks_for_it(broken: tuple[Path, Site]) -> None:
    folder, site = broken
    _migration(folder, "plans", "0002_more", '    dependencies = [("accounts", "0012_alter_id")]\n')
    (found,) = [each for each in site.findings()["findings"] if each["code"] == "migration-graph"]
    assert found["subject"] == "accounts.0012_alter_id"


def test_an_index_on_a_field_that_its_ancestors_do_not_make_is_an_error(broken: tuple[Path, Site]) -> None:
    folder, site = broken
    file = _migration(
        folder,
        "accounts",
        "0005_early",
        '    dependencies = [("accounts", "0004_user_payment_verified")]\n'
        '    operations = [migrations.AddIndex("user", models.Index(fields=["nickname"], name="user_nick_idx"))]\n',
    )
    found = [each for each in site.findings()["findings"] if each["code"] == "migration-order"]
    assert [(each["subject"], each["file"]) for each in found] == [("accounts.0005_early", file)]
    assert "nickname" in found[0]["message"]


def test_a_plain_build_on_a_large_table_is_a_warning(broken: tuple[Path, Site]) -> None:
    folder, site = broken
    operation = '    operations = [migrations.AddIndex("user", models.Index(fields=["email"], name="user_email_x"))]\n'
    file = _migration(
        folder,
        "accounts",
        "0005_plain",
        '    dependencies = [("accounts", "0004_user_payment_verified")]\n' + operation,
    )
    assert not any(each["code"] == "blocking-build" for each in site.findings()["findings"])
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(
            "UPDATE pg_class SET reltuples = 250000, relpages = 1 WHERE oid = 'accounts_user'::regclass"
        )
        try:
            found = [each for each in site.findings()["findings"] if each["code"] == "blocking-build"]
        finally:
            connection.execute(
                "UPDATE pg_class SET reltuples = 0, relpages = 0 WHERE oid = 'accounts_user'::regclass"
            )
    assert [(each["subject"], each["file"]) for each in found] == [
        ("accounts.0005_plain: user_email_x", file)
    ]
    assert "250,000 rows" in found[0]["message"]
