"""What the invitation guide has its readers ask in a shell, asked of a database with its 42 indexes and small data."""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from tests.django.conftest import Manage
from tests.django.invitations_loaded import Loaded, copy_of, data, empty, run_manage  # noqa: F401

from indexical.twin.server import PrivateServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]

ASK = """
import json
from django.db.models import Count
from indexical.django import indexes
from indexical.django.testing import IndexAssertions
from apps.accounts.models import User, UserActivityLog
from apps.invitations.models import Order
from apps.plans.models import Template

ours = IndexAssertions()
# The guide's own status is a common one here, of which the newest twenty are found soon without an index on it.
rare = Order.objects.order_by().values("status").annotate(number=Count("id")).order_by("number", "status").first()["status"]
user = UserActivityLog.objects.order_by().values_list("user_id", flat=True).first()
USED = {
    "D2": (Order.objects.filter(status=rare).order_by("-created_at")[:20], "order_status_created_idx"),
    "D14": (Template.objects.filter(is_active=True).order_by("-use_count")[:6], "template_active_popular_idx"),
    "D19": (User.objects.order_by("-created_at")[:20], "user_created_idx"),
    "D21": (UserActivityLog.objects.filter(user_id=user).order_by("-created_at")[:10], "activity_user_created_idx"),
}
UNUSED = {
    "D15": (Template.objects.filter(is_premium=True, is_active=True), "template_premium_active_idx"),
    "D17": (User.objects.filter(is_phone_verified=True), "user_phone_verified_idx"),
}
answers = {"used": {}, "unused": {}, "plans": {}, "lists": {}}
for name, (query, index) in USED.items():
    ours.assert_used(query, by=index)
    ours.assert_served(query, by=index, without_sort=True)
    answers["used"][name] = index
for name, (query, index) in UNUSED.items():
    try:
        ours.assert_used(query, by=index)
    except AssertionError as error:
        answers["unused"][name] = [str(error).splitlines()[0], indexes.why(query, index).cause]
query = USED["D21"][0]
answers["plans"]["plain"] = query.explain()
answers["plans"]["analysed"] = query.explain(analyze=True, verbose=True, buffers=True)
for name, what in (("model", Order), ("app", "invitations")):
    found = indexes.of(what)
    assert all(each.name in repr(found) for each in found)
    answers["lists"][name] = [[each.schema, each.table, each.name, each.definition] for each in found]
largest = indexes.of().largest(20)
answers["lists"]["largest"] = [[each.name, each.size] for each in largest]
answers["lists"]["text"] = repr(largest)
print("ANSWERS", json.dumps(answers))
"""


@pytest.fixture(scope="module")
def guide(private_server: PrivateServer, data: Loaded, manage: Manage) -> str:
    """The data with the guide's 42 indexes."""
    url = copy_of(private_server, data.url)
    manage(url, "migrate", "--verbosity", "0", settings="config.settings_guide")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


@pytest.fixture(scope="module")
def answers(guide: str) -> dict[str, dict[str, Any]]:
    done = run_manage(guide, "shell", "-c", ASK)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWERS "))
    return json.loads(line.removeprefix("ANSWERS "))


@pytest.mark.parametrize("name", ["D2", "D14", "D19", "D21"])
def test_the_index_is_used_and_no_sort_remains(answers: dict[str, dict[str, Any]], name: str) -> None:
    assert answers["used"][name]


@pytest.mark.parametrize(
    ("name", "causes"), [("D15", {"small-table", "low-selectivity"}), ("D17", {"low-selectivity"})]
)
def test_the_index_is_not_used_and_the_reason_is_told(
    answers: dict[str, dict[str, Any]], name: str, causes: set[str]
) -> None:
    said, cause = answers["unused"][name]
    assert "is not used in the test database: the plan uses" in said
    assert cause in causes


def test_a_plan_is_shown_plain_and_with_what_really_happened(answers: dict[str, dict[str, Any]]) -> None:
    plain, analysed = answers["plans"]["plain"], answers["plans"]["analysed"]
    assert "activity_user_created_idx" in plain
    assert "actual" not in plain
    assert "actual time=" in analysed
    assert "Output: " in analysed
    assert "Buffers: shared hit=" in analysed


@pytest.mark.parametrize(
    ("what", "tables"), [("model", "= 'invitations_order'"), ("app", "LIKE 'invitations\\_%'")]
)
def test_the_listing_is_what_the_server_lists(
    guide: str, answers: dict[str, dict[str, Any]], what: str, tables: str
) -> None:
    with psycopg.connect(guide) as connection:
        query = (
            "SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes "
            f"WHERE schemaname = 'public' AND tablename {tables} ORDER BY tablename, indexname COLLATE \"C\""
        )
        expected = [list(row) for row in connection.execute(query).fetchall()]
    assert len(expected) > 10
    assert answers["lists"][what] == expected


def test_the_largest_come_first_with_the_sizes_of_their_files(
    guide: str, answers: dict[str, dict[str, Any]]
) -> None:
    with psycopg.connect(guide) as connection:
        rows = connection.execute(
            "SELECT c.relname, pg_relation_size(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    sizes = dict(rows)
    largest = answers["lists"]["largest"]
    assert len(largest) == 20
    assert [size for _, size in largest] == sorted(sizes.values(), reverse=True)[:20]
    assert all(sizes[name] == size for name, size in largest)
    assert " MB " in answers["lists"]["text"]
