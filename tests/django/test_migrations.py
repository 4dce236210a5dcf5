"""Edits and migrations of a small project, carried through to a real PostgreSQL and back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import MODELS, Shop

pytestmark = pytest.mark.postgres

RECENT = "CREATE INDEX r ON shop_order (client, created_at DESC)"
UNPAID = "CREATE INDEX u ON shop_order (created_at) WHERE NOT paid AND status = 'NEW'"
HEAD = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = "


def definitions(shop: Shop) -> dict[str, str]:
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with psycopg.connect(shop.url) as connection:
        return dict(connection.execute(query).fetchall())


def checksum(shop: Shop) -> str:
    with psycopg.connect(shop.url) as connection:
        rows = connection.execute("SELECT o::text FROM shop_order o ORDER BY id").fetchall()
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        ).fetchall()
    return hashlib.sha256(repr((rows, columns)).encode()).hexdigest()


def named(shop: Shop, start: str) -> list[str]:
    return sorted(name for name in definitions(shop) if name.startswith(start))


def own_index(shop: Shop, table: str, column: str) -> str:
    pattern = re.compile(rf"{table}_{column}_[0-9a-f]{{8}}\Z")
    return next(name for name in definitions(shop) if pattern.match(name))


def written(shop: Shop) -> Iterator[Path]:
    return (path for path in sorted(shop.migrations.glob("000*.py")) if not path.name.startswith("0001"))


def test_added_indexes_reach_the_database_and_leave_it_again(shop: Shop) -> None:
    before, sum_before = definitions(shop), checksum(shop)
    answer = shop.emit(create=[RECENT, UNPAID], write=True, twice=True)
    assert answer["outcomes"] == ["Applied", "Applied"]
    assert answer["again"] == []
    assert "No changes detected" in shop.manage("makemigrations", "--check", "--dry-run")
    sql = shop.manage("sqlmigrate", "shop", "0002")
    assert sql.count("CREATE INDEX CONCURRENTLY") == 2
    assert "BEGIN" not in sql
    shop.manage("migrate", "--verbosity", "0")
    after = definitions(shop)
    assert {name: after[name].partition(" USING ")[2] for name in after.keys() - before.keys()} == {
        "order_customer_created_at_idx": "btree (client, created_at DESC)",
        "order_created_at_part_idx": "btree (created_at) WHERE ((NOT paid) AND ((status)::text = 'NEW'::text))",
    }
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert definitions(shop) == before
    assert checksum(shop) == sum_before


def test_a_later_run_in_a_new_process_changes_nothing(shop: Shop) -> None:
    orders = {
        "create": [RECENT, UNPAID],
        "drop": ["line_sku_idx", own_index(shop, "order lines", "order_id")],
    }
    assert shop.emit(**orders, write=True)["outcomes"].count("Applied") == 2
    files = {path: path.read_text() for path in shop.folder.rglob("*.py")}
    again = shop.emit(**orders, write=True)
    assert again["edits"] == []
    assert again["diff"] == ""
    assert {path: path.read_text() for path in shop.folder.rglob("*.py")} == files


def test_the_same_advice_gives_the_same_text(shop: Shop) -> None:
    one = shop.emit(create=[RECENT, UNPAID], drop=["line_sku_idx"])
    other = shop.emit(create=[UNPAID, RECENT], drop=["line_sku_idx"])
    assert one["edits"] == other["edits"]
    assert one["edits"] != []
    assert not re.search(r"20\d\d-\d\d-\d\d", one["edits"][1][2])


def test_dropped_declarations_reach_the_database_and_come_back(shop: Shop) -> None:
    before, sum_before = definitions(shop), checksum(shop)
    note = named(shop, "shop_order_note")
    position = next(name for name in named(shop, "order lines_pos") if name.endswith("_idx"))
    drops = ["line_sku_idx", position, own_index(shop, "shop_order", "client"), *note]
    answer = shop.emit(create=[RECENT], drop=drops, write=True)
    assert [one[0] for one in answer["instructions"]] == ["note:_like:shop.Order.note"]
    assert "No changes detected" in shop.manage("makemigrations", "--check", "--dry-run")
    source = shop.models.read_text()
    assert '        db_column="client",\n        db_index=False,\n    )\n' in source
    assert "note = models.TextField()" in source
    assert "line_sku_idx" not in source
    operations = next(written(shop)).read_text()
    assert operations.index("AddIndexConcurrently(") < operations.index("RemoveIndexConcurrently(")
    shop.manage("migrate", "--verbosity", "0")
    assert before.keys() - definitions(shop).keys() == set(drops)
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert definitions(shop) == before
    assert checksum(shop) == sum_before


def test_a_new_database_gets_what_the_models_say(shop: Shop, new_database: Callable[[], str]) -> None:
    drops = ["line_sku_idx", own_index(shop, "shop_order", "client")]
    shop.emit(create=[RECENT, UNPAID], drop=drops, write=True)
    shop.manage("migrate", "--verbosity", "0")
    fresh = Shop(shop.folder, new_database())
    fresh.manage("migrate", "--verbosity", "0")
    assert definitions(fresh) == definitions(shop)


def test_two_leaves_are_refused_by_name(shop: Shop) -> None:
    text = f'{HEAD}[("shop", "0001_initial")]\n'
    (shop.migrations / "0002_left.py").write_text(text)
    (shop.migrations / "0002_right.py").write_text(text)
    answer = shop.emit(create=[RECENT], write=True)
    assert answer["error"] == "ProjectRefused"
    assert "0002_left, 0002_right" in answer["message"]
    assert "makemigrations --merge shop" in answer["message"]
    assert shop.models.read_text() == MODELS


def test_pending_changes_of_the_models_are_refused(shop: Shop) -> None:
    changed = MODELS.replace("    paid = ", "    gift = models.BooleanField(default=False)\n    paid = ")
    shop.models.write_text(changed)
    answer = shop.emit(create=[RECENT], write=True)
    assert answer["error"] == "ProjectRefused"
    assert "Add field gift to order" in answer["message"]
    assert shop.models.read_text() == changed
    assert list(written(shop)) == []


def test_migrations_that_do_not_load_are_refused(shop: Shop) -> None:
    (shop.migrations / "0002_lost.py").write_text(f'{HEAD}[("shop", "0001_gone")]\n')
    answer = shop.emit(create=[RECENT])
    assert answer["error"] == "ProjectRefused"
    assert "cannot be loaded" in answer["message"]


def test_a_leaf_that_is_not_the_last_file_is_followed_and_said(shop: Shop) -> None:
    (shop.migrations / "0007_first.py").write_text(f'{HEAD}[("shop", "0001_initial")]\n')
    (shop.migrations / "0003_second.py").write_text(f'{HEAD}[("shop", "0007_first")]\n')
    answer = shop.emit(create=[RECENT], write=True)
    assert [path.name for path in written(shop)][-1] == "0008_indexes_order.py"
    assert "('shop', '0003_second')" in (shop.migrations / "0008_indexes_order.py").read_text()
    assert "0003_second" in answer["instructions"][0][1]
    shop.manage("migrate", "--verbosity", "0")


def test_the_many_to_many_table_is_left_to_a_person(shop: Shop) -> None:
    drop = own_index(shop, "shop_order_tags", "order_id")
    answer = shop.emit(drop=[drop], write=True)
    assert answer["drop"] == [[drop, "shop.Order.tags", "ManyToManyField"]]
    assert answer["edits"] == []
    (one,) = answer["instructions"]
    assert "shop.Order.tags, which has no class to edit" in one[1]
    assert one[1].endswith(f" DROP INDEX CONCURRENTLY public.{drop};")


def test_what_cannot_be_declared_is_left_to_a_person(shop: Shop) -> None:
    answer = shop.emit(
        create=[
            "CREATE INDEX a ON shop_order ((ARRAY[cents]))",
            "CREATE INDEX b ON shop_order (cents) WHERE created_at > '2024-01-01'",
            "CREATE INDEX c ON shop_order (cents) WHERE status ~ '^N'",
            "CREATE INDEX d ON ledger (amount)",
            "CREATE INDEX e ON auth_user (last_login)",
            "CREATE INDEX f ON django_migrations (applied)",
            "CREATE INDEX g ON shop_order_tags (tag_id, order_id)",
            "CREATE UNIQUE INDEX h ON shop_order (cents)",
        ]
    )
    assert answer["edits"] == []
    reasons = sorted(text for _, text in answer["instructions"])
    for part in (
        "no certain expression", "write the condition by hand", "Q() does not say", "managed = False",
        "comes from outside the project", "no model of the project owns", "has no class to edit", "it is unique",
    ):  # fmt: skip
        assert any(part in reason for reason in reasons), part
    assert len(reasons) == 8
    assert all(re.search(r" CREATE (UNIQUE )?INDEX CONCURRENTLY .+;$", reason) for reason in reasons)


def test_a_drop_waits_for_the_index_that_is_to_do_its_work(shop: Shop) -> None:
    drop = own_index(shop, "shop_order", "client")
    broken = "CREATE INDEX wide ON shop_order (client, created_at) WHERE status ~ '^N'"
    answer = shop.emit(create=[broken], drop=[drop], covered_by={drop: "wide"})
    assert answer["edits"] == []
    assert any("make that one first" in text for _, text in answer["instructions"])


def test_a_drop_alone_waits_for_an_index_that_is_nowhere(shop: Shop) -> None:
    wide = "CREATE INDEX wide ON shop_order (client, created_at DESC, paid)"
    drop = own_index(shop, "shop_order", "client")
    answer = shop.emit(drop=[drop], covered_by={drop: "wide"})
    assert answer["edits"] == []
    assert any("make that one first" in text for _, text in answer["instructions"])
    with psycopg.connect(shop.url) as connection:
        connection.execute(wide)
    assert shop.emit(drop=[drop], covered_by={drop: "wide"})["edits"] != []


def test_half_of_a_field_and_its_like_companion_is_left_to_a_person(shop: Shop) -> None:
    plain, like = named(shop, "shop_order_note")
    for drop, kept in ((plain, like), (like, plain)):
        answer = shop.emit(drop=[drop])
        assert answer["edits"] == []
        assert f"makes {kept} too" in answer["instructions"][0][1]


def test_constraints_and_what_they_make_are_left_to_a_person(shop: Shop) -> None:
    like = next(name for name in named(shop, "shop_order_number") if name.endswith("_like"))
    once = next(name for name in definitions(shop) if name == "line_once")
    answer = shop.emit(drop=[like, once, "shop_order_pkey"])
    assert answer["edits"] == []
    texts = " ".join(text for _, text in answer["instructions"])
    assert "unique on number of shop.Order makes it, and Django has no word to leave it out" in texts
    assert texts.count("DROP INDEX") == 1, "an index of a constraint cannot be dropped by itself"
    assert texts.count("it belongs to a constraint") == 2


def test_a_field_of_an_abstract_class_is_left_to_a_person(shop: Shop) -> None:
    answer = shop.emit(drop=[own_index(shop, "shop_order", "day")])
    assert answer["edits"] == []
    assert "may come from a base class" in answer["instructions"][0][1]


def test_an_index_made_by_hand_is_left_to_a_person_though_its_twin_is_declared(shop: Shop) -> None:
    with psycopg.connect(shop.url) as connection:
        connection.execute("CREATE INDEX by_hand ON shop_order (client)")
    answer = shop.emit(drop=["by_hand"])
    assert answer["drop"] == [["by_hand", "shop.Order", ""]]
    assert answer["edits"] == []
    assert "it was made by hand" in answer["instructions"][0][1]


def test_an_index_of_raw_sql_in_a_migration_names_the_migration(shop: Shop) -> None:
    (shop.migrations / "0002_raw.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        '    dependencies = [("shop", "0001_initial")]\n'
        '    operations = [migrations.RunSQL("CREATE INDEX raw_idx ON shop_order (cents)", "DROP INDEX raw_idx")]\n'
    )
    shop.manage("migrate", "--verbosity", "0")
    answer = shop.emit(drop=["raw_idx"])
    assert answer["edits"] == []
    assert "the migration 0002_raw makes it with RunSQL" in answer["instructions"][0][1]


def test_an_index_that_a_rename_left_under_its_old_name_is_known_and_dropped(shop: Shop) -> None:
    usual = own_index(shop, "shop_order", "client")
    with psycopg.connect(shop.url) as connection:
        connection.execute(f'ALTER INDEX "{usual}" RENAME TO "purchases_client_0a1b2c3d"')
    answer = shop.emit(drop=["purchases_client_0a1b2c3d"], write=True)
    assert answer["drop"] == [["purchases_client_0a1b2c3d", "shop.Order", "ForeignKey"]]
    shop.manage("migrate", "--verbosity", "0")
    assert named(shop, "purchases_client") == []
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert named(shop, "purchases_client") == ["purchases_client_0a1b2c3d"]


def test_an_app_without_migrations_is_left_to_a_person(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    shop = Shop.write(tmp_path / "project", new_database())
    shop.manage("migrate", "--verbosity", "0")
    (shop.migrations / "__init__.py").unlink()
    shop.migrations.rmdir()
    answer = shop.emit(create=[RECENT])
    assert answer["edits"] == []
    assert "the app shop has no migrations" in answer["instructions"][0][1]


def test_another_database_is_told_that_the_migration_is_for_postgresql(shop: Shop) -> None:
    settings = shop.folder / "settings.py"
    settings.write_text(
        settings.read_text()
        + '\nDATABASES["local"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}\n'
    )
    answer = shop.emit(create=[RECENT])
    ((where, text),) = answer["instructions"]
    assert where == "note:shop.0002_indexes_order:0"
    assert "they fail on local" in text
    assert len(answer["edits"]) == 2
