"""The four causes that the invitation guide names, each asked of a query set in a shell of the example project."""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import json

import psycopg
import pytest
from tests.django.invitations_loaded import Loaded, copy_of, data, empty, run_manage  # noqa: F401

from indexical.twin.server import PrivateServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]

ASK = """
import datetime, json
from indexical.django import indexes
from apps.accounts.models import User, UserActivityLog
from apps.invitations.models import Invitation, Order
from apps.plans.models import Plan
found = {found}
kinds = [s.kind for c in found.diagnosis.causes[:1] for s in c.steps]
print("ANSWER", json.dumps([found.cause, found.diagnosis.index, kinds, repr(found)]))
"""


def ask(url: str, expression: str) -> tuple[str, str, list[str], str]:
    done = run_manage(url, "shell", "-c", ASK.replace("{found}", expression))
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWER "))
    cause, index, steps, text = json.loads(line.removeprefix("ANSWER "))
    return cause, index, steps, text


@pytest.fixture
def guide(private_server: PrivateServer, data: Loaded) -> str:
    """The data with the guide's indexes that the questions are about."""
    url = copy_of(private_server, data.url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE INDEX user_phone_verified_idx ON accounts_user (is_phone_verified)")
        connection.execute("CREATE INDEX activity_created_idx ON accounts_useractivitylog (created_at)")
        connection.execute("CREATE INDEX plan_active_idx ON plans_plan (is_active)")
        connection.execute("ANALYZE")
    return url


def test_a_table_of_three_plans_is_too_small(guide: str) -> None:
    cause, index, steps, text = ask(
        guide, 'indexes.why(Plan.objects.filter(is_active=True), "plan_active_idx")'
    )
    assert (cause, index, steps) == ("small-table", "plan_active_idx", ["nothing"])
    assert "plans_plan has 3 rows on 1 page" in text


def test_a_day_of_a_moment_is_not_what_the_index_holds(guide: str) -> None:
    query = (
        "UserActivityLog.objects.filter(created_at__date=datetime.date.today() - datetime.timedelta(days=3))"
    )
    cause, index, steps, text = ask(guide, f'indexes.why({query}, "activity_created_idx")')
    assert (cause, index) == ("function-on-column", "activity_created_idx"), text
    assert steps[0] == "rewrite"


def test_most_users_are_verified(guide: str) -> None:
    cause, _, _, text = ask(
        guide, 'indexes.why(User.objects.filter(is_phone_verified=True), "user_phone_verified_idx")'
    )
    assert cause in ("low-selectivity", "small-table")
    assert "user_phone_verified_idx" in text


def test_rows_that_came_after_analyze_make_the_statistics_stale(guide: str) -> None:
    with psycopg.connect(guide, autocommit=True) as connection:
        connection.execute("ALTER TABLE accounts_useractivitylog SET (autovacuum_enabled = off)")
        connection.execute("UPDATE accounts_useractivitylog SET activity_type = 'login'")
        connection.execute("CREATE INDEX activity_type_only_idx ON accounts_useractivitylog (activity_type)")
        connection.execute("ANALYZE accounts_useractivitylog")
        connection.execute(
            "UPDATE accounts_useractivitylog SET activity_type = 'view' WHERE id IN "
            "(SELECT id FROM accounts_useractivitylog ORDER BY id OFFSET 50)"
        )
    query = "UserActivityLog.objects.filter(activity_type='login')"
    cause, _, steps, _ = ask(guide, f'indexes.why({query}, "activity_type_only_idx")')
    assert (cause, steps) == ("stale-statistics", ["analyze"])
