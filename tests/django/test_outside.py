"""Indexes on tables that no class of the project declares: in migrations of an app of the project, unknown to Django's state."""

from __future__ import annotations

import psycopg
import pytest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

pytestmark = pytest.mark.postgres

ON_USERS = "CREATE INDEX a ON auth_user (is_staff, date_joined DESC)"
ON_TAGS = "CREATE INDEX b ON shop_order_tags (tag_id, order_id)"
NAMES = {"user_is_staff_date_joined_idx", "order_tags_tag_order_idx"}


def present(shop: Shop) -> set[str]:
    with psycopg.connect(shop.url) as connection:
        return {name for (name,) in connection.execute("SELECT indexname FROM pg_indexes")} & NAMES


def install(shop: Shop) -> Shop:
    """With Indexical among the project's apps, so that its own operations are written."""
    settings = shop.folder / "settings.py"
    settings.write_text(settings.read_text().replace('"shop"]', '"indexical.django", "shop"]'))
    return shop


def test_without_an_app_for_them_they_are_left_to_a_person(shop: Shop) -> None:
    answer = shop.emit(create=[ON_USERS, ON_TAGS], write=True)
    assert answer["edits"] == []
    assert all("--outside-app APP" in text for _, text in answer["instructions"])
    assert len(answer["instructions"]) == 2


@pytest.mark.parametrize("plain", [False, True])
def test_they_come_and_go_with_the_migration_and_leave_no_trace_in_the_state(shop: Shop, plain: bool) -> None:
    install(shop)
    models = shop.models.read_bytes()
    answer = shop.emit(create=[ON_USERS, ON_TAGS], outside_app="shop", plain=plain, write=True, twice=True)
    assert [one[0] for one in answer["edits"]] == ["migration:shop.0002_indexes_order_tags_user"]
    assert answer["again"] == []
    assert shop.models.read_bytes() == models
    assert ("AddIndexOutside(" in answer["edits"][0][2]) is not plain
    assert shop.manage("makemigrations", "--check", "--dry-run").strip() == "No changes detected"
    shop.manage("migrate", "--verbosity", "0")
    assert present(shop) == NAMES
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert present(shop) == set()


def test_a_model_of_the_project_keeps_its_index_in_its_own_class(shop: Shop) -> None:
    answer = install(shop).emit(
        create=["CREATE INDEX c ON shop_order (cents)", ON_USERS], outside_app="shop", write=True
    )
    assert [one[0].partition(":")[0] for one in answer["edits"]] == ["models", "migration"]
    assert "AddIndexOutside(" in answer["edits"][1][2]
    assert "AddIndexSafely(" in answer["edits"][1][2]
    assert shop.manage("makemigrations", "--check", "--dry-run").strip() == "No changes detected"


def test_every_index_alone_when_each_is_to_have_a_file(shop: Shop) -> None:
    answer = shop.emit(create=[ON_USERS, ON_TAGS], outside_app="shop", plain=True, one_per_file=True)
    assert [one[0] for one in answer["edits"]] == [
        "migration:shop.0002_add_index_on_user",
        "migration:shop.0003_add_index_on_order_tags",
    ]


def test_a_table_that_django_does_not_manage_stays_a_persons(shop: Shop) -> None:
    answer = shop.emit(create=["CREATE INDEX d ON ledger (amount)"], outside_app="shop")
    assert answer["edits"] == []
    assert "managed = False" in answer["instructions"][0][1]


@pytest.mark.parametrize(
    ("app", "says"), [("auth", "belongs to an installed package"), ("nowhere", "choose one of its own: shop")]
)
def test_an_app_that_is_not_the_projects_is_refused(shop: Shop, app: str, says: str) -> None:
    answer = shop.emit(create=[ON_USERS], outside_app=app, write=True)
    assert answer["error"] == "ProjectRefused"
    assert says in answer["message"]
