"""Tables to models, indexes to declarations and back, on a project with every kind of declaration."""

from __future__ import annotations

import re

import psycopg
import pytest
from django.db.backends.utils import names_digest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

from indexical.django.compiled import read_index

pytestmark = pytest.mark.postgres

DECLARED = {
    'CREATE INDEX a ON "shop_order" ("client", "created_at" DESC)':
        'models.Index(fields=["customer", "-created_at"], name="a")',
    'CREATE INDEX a ON "shop_order" ("created_at") WHERE "paid"':
        'models.Index(fields=["created_at"], condition=models.Q(paid=True), name="a")',
    'CREATE INDEX a ON shop_order (created_at) WHERE NOT paid':
        'models.Index(fields=["created_at"], condition=models.Q(paid=False), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE status = 'it''s \"NEW\"'":
        "models.Index(fields=[\"created_at\"], condition=models.Q(status='it\\'s \"NEW\"'), name=\"a\")",
    "CREATE INDEX a ON shop_order (created_at) WHERE status = '100%' AND NOT paid":
        'models.Index(fields=["created_at"], condition=models.Q(paid=False, status="100%"), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE shipped IS NULL":
        'models.Index(fields=["created_at"], condition=models.Q(shipped__isnull=True), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE client IS NOT NULL AND day IS NOT NULL":
        'models.Index(fields=["created_at"], condition=models.Q(customer__isnull=False, day__isnull=False), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE cents > 5 AND cents <= 900":
        'models.Index(fields=["created_at"], condition=models.Q(cents__gt=5, cents__lte=900), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE cents >= -5 AND 7 > cents":
        'models.Index(fields=["created_at"], condition=models.Q(cents__gte=-5, cents__lt=7), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE status IN ('NEW', 'OLD')":
        'models.Index(fields=["created_at"], condition=models.Q(status__in=["NEW", "OLD"]), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE status <> 'NEW'":
        'models.Index(fields=["created_at"], condition=~models.Q(status="NEW"), name="a")',
    "CREATE INDEX a ON shop_order (created_at) WHERE client = 5":
        'models.Index(fields=["created_at"], condition=models.Q(customer=5), name="a")',
    "CREATE INDEX a ON shop_order (created_at) INCLUDE (cents, client)":
        'models.Index(fields=["created_at"], include=["cents", "customer"], name="a")',
    "CREATE INDEX a ON shop_order (status varchar_pattern_ops, cents)":
        'models.Index(fields=["status", "cents"], opclasses=["varchar_pattern_ops", ""], name="a")',
    "CREATE INDEX a ON shop_order (cents, created_at DESC NULLS LAST)":
        'models.Index("cents", models.F("created_at").desc(nulls_last=True), name="a")',
    "CREATE INDEX a ON shop_order (day NULLS FIRST)":
        'models.Index(models.F("day").asc(nulls_first=True), name="a")',
    "CREATE INDEX a ON shop_order (upper(status))": 'models.Index(Upper("status"), name="a")',
    "CREATE INDEX a ON shop_order (lower((status)::text) DESC, cents)":
        'models.Index(Lower("status").desc(), "cents", name="a")',
    "CREATE INDEX a ON shop_order (upper(status) text_pattern_ops)":
        'models.Index(OpClass(Upper("status"), name="text_pattern_ops"), name="a")',
    "CREATE INDEX a ON shop_order USING hash (status)": 'HashIndex(fields=["status"], name="a")',
    "CREATE INDEX a ON shop_order USING brin (created_at)": 'BrinIndex(fields=["created_at"], name="a")',
    'CREATE INDEX a ON "order lines" (position, sku)': 'models.Index(fields=["position", "sku"], name="a")',
}  # fmt: skip

REFUSED = {
    "CREATE INDEX a ON shop_order (created_at) WHERE status ~ '^N'": "Q() does not say",
    "CREATE INDEX a ON shop_order (created_at) WHERE cents": "no BooleanField",
    "CREATE INDEX a ON shop_order (created_at) WHERE shipped <> true": "for which Django adds IS NOT NULL",
    "CREATE INDEX a ON shop_order (created_at) WHERE created_at > '2024-01-01'": "write the condition by hand",
    "CREATE INDEX a ON shop_order (created_at) WHERE cents > length(note)": "where a constant is needed",
    "CREATE INDEX a ON shop_order (created_at) WHERE cents = 'many'": "is no IntegerField",
    "CREATE INDEX a ON shop_order (gone)": "no field for the column gone",
    "CREATE INDEX a ON shop_order ((ARRAY[cents]))": "no certain expression",
    'CREATE INDEX a ON shop_order (status COLLATE "en_US.utf8")': "does not take the name",
    "CREATE INDEX a ON shop_order USING rum (status)": "no index class",
    "CREATE INDEX a_name_that_is_longer_than_thirty ON shop_order (cents)": "at most 30 characters",
    "CREATE INDEX _a ON shop_order (cents)": "not one that models.Index takes",
    'CREATE INDEX a ON shop_gift (cents)': "no field for the column cents",
}  # fmt: skip


def test_declarations_build_the_very_index_that_was_asked_for(shop: Shop) -> None:
    answers = shop.emit(declare=list(DECLARED))["declared"]
    with psycopg.connect(shop.url) as connection:
        for (asked, text), (declaration, compiled) in zip(DECLARED.items(), answers, strict=True):
            assert declaration == text
            ours, theirs = definition(connection, asked), definition(connection, compiled)
            assert read_index(ours) == read_index(theirs), asked
            assert ours == theirs or " AND " in ours or " <> " in ours, asked


def definition(connection: psycopg.Connection, statement: str) -> str:
    """What PostgreSQL says of the index that the statement makes; the index is gone afterwards."""
    with connection.transaction(force_rollback=True):
        connection.execute(statement)  # type: ignore[call-overload]
        row = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'a'").fetchone()
    assert row is not None
    return str(row[0])


def test_what_django_would_build_otherwise_is_not_declared(shop: Shop) -> None:
    answers = shop.emit(declare=list(REFUSED))["declared"]
    for (asked, part), (declaration, reason) in zip(REFUSED.items(), answers, strict=True):
        assert declaration == "", asked
        assert part in reason, asked


def test_an_operator_class_on_an_expression_needs_the_app_that_knows_it(shop: Shop) -> None:
    settings = shop.folder / "settings.py"
    settings.write_text(settings.read_text().replace('"django.contrib.postgres", ', ""))
    ((declaration, reason),) = shop.emit(
        declare=["CREATE INDEX a ON shop_order (upper(status) text_pattern_ops)"]
    )["declared"]
    assert declaration == ""
    assert "needs django.contrib.postgres in INSTALLED_APPS" in reason


def test_every_index_of_the_database_is_mapped_to_what_declares_it(shop: Shop) -> None:
    found = shop.emit(map=True)["map"]
    words = {
        re.sub(r"_[0-9a-f]{8}", "_HASH", name): where
        for name, where in found.items()
        if where[0].startswith("shop.")
    }
    assert {name for name, where in found.items() if where[0] == ""} == {"django_migrations_pkey"}
    assert [name for name, where in found.items() if where[0] and not where[1]] == []
    assert words["shop_order_client_HASH"] == ["shop.Order", "ForeignKey", "customer"]
    assert words["shop_order_day_HASH"] == ["shop.Order", "db_index", "day"]
    assert words["shop_order_note_HASH"] == ["shop.Order", "db_index", "note"]
    assert words["shop_order_note_HASH_like"] == ["shop.Order", "_like", "note"]
    assert words["shop_order_number_key"] == ["shop.Order", "unique", "number"]
    assert words["shop_order_number_HASH_like"] == ["shop.Order", "_like", "number"]
    assert words["shop_gift_pkey"] == ["shop.Gift", "primary_key", "order_ptr"]
    assert words["order lines_reverse_of_id_key"] == ["shop.Line", "OneToOneField", "reverse_of"]
    assert words["order lines_order_id_position_HASH_uniq"] == ["shop.Line", "unique_together", ""]
    assert words["line_once"] == ["shop.Line", "Meta.constraints", ""]
    assert words["line_sku_idx"] == ["shop.Line", "Meta.indexes", ""]
    assert words["shop_tag_label_HASH"] == ["shop.Tag", "db_index", "label"]
    assert words["shop_order_tags_order_id_HASH"] == ["shop.Order.tags", "ManyToManyField", "order"]
    assert words["shop_order_tags_order_id_tag_id_HASH_uniq"][1] == "ManyToManyField unique"


def test_advice_is_told_in_the_words_of_the_project(shop: Shop) -> None:
    answer = shop.emit(
        create=["CREATE INDEX x ON shop_order (client, created_at)", "CREATE INDEX y ON nowhere (a)"],
        drop=["line_sku_idx", "django_migrations_pkey"],
    )
    mine, foreign = answer["create"]
    assert mine == [
        "order_customer_created_at_idx",
        "shop.Order",
        'models.Index(fields=["customer", "created_at"], name="order_customer_created_at_idx")',
        "CREATE INDEX order_customer_created_at_idx ON public.shop_order (client, created_at)",
    ]
    assert foreign == ["y", "", "", "CREATE INDEX y ON public.nowhere (a)"]
    assert answer["drop"] == [
        ["line_sku_idx", "shop.Line", "Meta.indexes"],
        ["django_migrations_pkey", "", ""],
    ]


def test_names_that_the_project_has_are_not_given_again(shop: Shop) -> None:
    text = shop.models.read_text()
    taken = 'models.Index(fields=["position"], name="order_cents_idx"),'
    shop.models.write_text(text.replace('models.Index(fields=["position"]),', taken))
    ((name, *_),) = shop.emit(create=["CREATE INDEX x ON shop_order (cents)"], annotate=True)["create"]
    assert name != "order_cents_idx"
    assert name.startswith("order_cents_")


def test_a_database_that_is_not_postgresql_is_refused(shop: Shop) -> None:
    settings = shop.folder / "settings.py"
    settings.write_text(
        settings.read_text().replace("django.db.backends.postgresql", "django.db.backends.sqlite3")
    )
    answer = shop.emit(map=True)
    assert answer["error"] == "ProjectRefused"
    assert "the database 'default' is sqlite" in answer["message"]


def test_an_index_that_an_earlier_declaration_left_behind_is_told_from_one_made_by_hand(shop: Shop) -> None:
    left, made = (
        "shop_parcel_cents_" + names_digest("shop_parcel", "cents", length=8),
        "shop_parcel_cents_0badcafe",
    )
    with psycopg.connect(shop.url) as connection:
        for name in (left, made):
            connection.execute(f"CREATE INDEX {name} ON shop_order (cents)")
    told = dict(shop.emit(drop=[left, made])["instructions"])
    assert "an earlier db_index of the table shop_parcel left it behind" in told[f"instruction:drop:{left}"]
    assert "it was made by hand" in told[f"instruction:drop:{made}"]
