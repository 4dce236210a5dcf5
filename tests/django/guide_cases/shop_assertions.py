"""What the assertions about indexes say of the small shop, asked by Django's own test runner on an empty test database."""

from __future__ import annotations

import os
import unittest

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count
from django.test import TestCase
from shop.models import Line, Order, Tag

from indexical.django.testing import IndexAssertions
from indexical.errors import FileRefused, InputError

SNAPSHOT = os.environ["SNAPSHOT"]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def by_sku(sku: str = "sku-17"):
    return Line.objects.filter(sku=sku).order_by("-position")[:5]


class ServedTest(IndexAssertions, TestCase):
    def test_an_index_serves_condition_and_order_of_an_empty_table(self):
        self.assert_served(by_sku(), by="line_sku_idx", without_sort=True)

    def test_a_percent_sign_is_only_text(self):
        self.assert_served(by_sku("100%s %(x)s"), by="line_sku_idx")

    def test_sql_text_is_asked_about_as_well(self):
        self.assert_served("SELECT id FROM \"order lines\" WHERE sku = 'a%';", by="line_sku_idx")

    def test_another_column_is_not_served(self):
        with self.assertRaisesRegex(
            AssertionError, "line_sku_idx cannot serve the query: no condition and no order"
        ):
            self.assert_served(Line.objects.filter(position=3), by="line_sku_idx")

    def test_a_later_key_gives_the_order_beside_a_condition_of_its_own(self):
        self.assert_served(
            Line.objects.filter(position=3).order_by("sku"), by="line_sku_idx", without_sort=True
        )

    def test_another_table_is_not_served(self):
        with self.assertRaisesRegex(AssertionError, "it does not read public.order lines"):
            self.assert_served(Order.objects.all(), by="line_sku_idx")

    def test_to_read_all_rows_from_an_index_is_not_to_be_served(self):
        with self.assertRaisesRegex(AssertionError, "cannot serve"):
            self.assert_served('SELECT count(*) FROM "order lines"', by="line_sku_idx")

    def test_another_order_is_served_but_sorted(self):
        query = Line.objects.filter(sku="a").order_by("order_id")
        self.assert_served(query, by="line_sku_idx")
        with self.assertRaisesRegex(AssertionError, "still have to be sorted"):
            self.assert_served(query, by="line_sku_idx", without_sort=True)

    def test_an_order_alone_is_served(self):
        self.assert_served(
            Line.objects.order_by("-sku", "position")[:3], by="line_sku_idx", without_sort=True
        )

    def test_a_partial_index_serves_whoever_asks_for_its_rows_only(self):
        run("CREATE INDEX unpaid_idx ON shop_order (created_at) WHERE NOT paid")
        self.assert_served(Order.objects.filter(paid=False), by="unpaid_idx")
        with self.assertRaisesRegex(AssertionError, "cannot serve"):
            self.assert_served(Order.objects.filter(paid=True, created_at=None), by="unpaid_idx")

    def test_a_join_and_a_group_by_the_primary_key(self):
        run("CREATE INDEX status_idx ON shop_order (status)")
        self.assert_served(Line.objects.filter(order__status="NEW"), by="status_idx")
        self.assert_served(Order.objects.filter(status="NEW").annotate(Count("line")), by="status_idx")

    def test_a_gin_index_serves_by_a_bitmap(self):
        run("CREATE INDEX note_gin ON shop_order USING gin (to_tsvector('english', note))")
        self.assert_served(
            "SELECT id FROM shop_order WHERE to_tsvector('english', note) @@ to_tsquery('english', 'gift')",
            by="note_gin",
        )

    def test_the_index_of_a_partitioned_table(self):
        run(
            "CREATE TABLE visit (id int, day date) PARTITION BY RANGE (day)",
            "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "CREATE INDEX visit_id_idx ON visit (id)",
        )
        self.assert_served("SELECT day FROM visit WHERE id = 3", by="visit_id_idx")

    def test_rows_of_the_same_transaction_are_no_obstacle_and_nothing_stays(self):
        user = User.objects.create(username="u")
        order = Order.objects.create(customer=user, number="1", note="")
        Line.objects.create(order=order, sku="a", position=1)
        self.assert_served(by_sku("a"), by="line_sku_idx")
        self.assertEqual([line.sku for line in by_sku("a")], ["a"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('pg_temp.\"order lines\"'), current_setting('enable_seqscan')")
            self.assertEqual(cursor.fetchone(), (None, "on"))

    def test_a_name_that_nothing_bears_is_answered_with_the_nearest(self):
        with self.assertRaisesRegex(AssertionError, "has no index line_skew_idx; it has line_sku_idx"):
            self.assert_served(by_sku(), by="line_skew_idx")

    def test_an_index_that_was_dropped_is_red(self):
        run("DROP INDEX line_sku_idx")
        for ask in (self.assert_served, self.assert_used):
            with self.assertRaisesRegex(AssertionError, "has no index line_sku_idx"):
                ask(by_sku(), by="line_sku_idx")

    def test_an_index_on_other_columns_under_the_name_is_red(self):
        run("DROP INDEX line_sku_idx", 'CREATE INDEX line_sku_idx ON "order lines" (reverse_of_id)')
        with self.assertRaisesRegex(AssertionError, "cannot serve the query"):
            self.assert_served(by_sku(), by="line_sku_idx")

    def test_an_index_that_is_not_valid_is_red(self):
        run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'line_sku_idx'::regclass")
        with self.assertRaisesRegex(AssertionError, "line_sku_idx is not valid"):
            self.assert_served(by_sku(), by="line_sku_idx")

    def test_a_name_with_its_schema_is_not_examined(self):
        with self.assertRaisesRegex(
            InputError, "was not examined: the query names order lines with its schema"
        ):
            self.assert_served("SELECT id FROM public.\"order lines\" WHERE sku = 'a'", by="line_sku_idx")

    def test_what_is_no_query_is_refused(self):
        with self.assertRaisesRegex(InputError, "give a query set or SQL; ModelBase is neither"):
            self.assert_served(Line, by="line_sku_idx")

    def test_another_database_system_is_skipped_and_not_passed(self):
        for ask in (self.assert_served, self.assert_used):
            with self.assertRaisesRegex(unittest.SkipTest, "not examined: the database 'lite' is SQLite"):
                ask(Line.objects.using("lite").filter(sku="a"), by="line_sku_idx")


class UsedTest(IndexAssertions, TestCase):
    @classmethod
    def setUpTestData(cls):
        Tag.objects.bulk_create(Tag(label=f"tag-{n}") for n in range(5000))

    def test_the_test_databases_own_plan_knows_its_rows(self):
        run("CREATE INDEX tag_idx ON shop_tag (label)")
        self.assert_used(Tag.objects.filter(label="tag-77"), by="tag_idx")
        self.assert_no_seq_scan(Tag.objects.filter(label="tag-77"))
        with self.assertRaisesRegex(
            AssertionError, "tag_idx is not used in the test database: the plan uses no index"
        ):
            self.assert_used(Tag.objects.exclude(label="tag-77"), by="tag_idx")

    def test_a_table_of_many_pages_that_is_read_whole_is_red(self):
        run("ALTER TABLE shop_tag ADD COLUMN extra int")
        with self.assertRaisesRegex(AssertionError, "public.shop_tag is read whole in the test database"):
            self.assert_no_seq_scan("SELECT * FROM shop_tag WHERE extra = 3")

    def test_a_table_of_few_pages_is_not_examined_and_red(self):
        with self.assertRaisesRegex(AssertionError, "not examined: public.shop_order has at most 8 pages"):
            self.assert_no_seq_scan(Order.objects.filter(cents=3))


class SnapshotTest(IndexAssertions, TestCase):
    """Production has many rows, and not yet the index that the models declare."""

    def test_the_planner_picks_the_declared_index_under_productions_statistics(self):
        self.assert_used(by_sku(), by="line_sku_idx", snapshot=SNAPSHOT)
        self.assert_no_seq_scan(by_sku(), snapshot=SNAPSHOT)

    def test_what_production_has_is_taken_into_account(self):
        with self.assertRaisesRegex(
            AssertionError, "line_once.* is not used under the statistics of production.indexical"
        ):
            self.assert_used(by_sku(), by="line_once", snapshot=SNAPSHOT)

    def test_an_index_that_was_dropped_is_red(self):
        run("DROP INDEX line_sku_idx")
        with self.assertRaisesRegex(AssertionError, "has no index line_sku_idx"):
            self.assert_used(by_sku(), by="line_sku_idx", snapshot=SNAPSHOT)

    def test_a_large_table_that_is_read_whole_is_red_and_a_small_one_is_not(self):
        with self.assertRaisesRegex(
            AssertionError, "public.shop_order is read whole under the statistics of"
        ):
            self.assert_no_seq_scan(Order.objects.filter(cents=-1), snapshot=SNAPSHOT)
        self.assert_no_seq_scan(User.objects.filter(is_active=False), snapshot=SNAPSHOT)

    def test_a_file_that_is_no_snapshot_is_refused(self):
        for name in (__file__, "nowhere.indexical"):
            with self.assertRaises(FileRefused):
                self.assert_used(by_sku(), by="line_sku_idx", snapshot=name)

    def test_a_query_of_tables_that_it_does_not_have_is_refused(self):
        run("CREATE TABLE fresh (id int)", "CREATE INDEX fresh_idx ON fresh (id)")
        with self.assertRaisesRegex(InputError, "production.indexical has none of the query's tables"):
            self.assert_used("SELECT * FROM fresh WHERE id = 3", by="fresh_idx", snapshot=SNAPSHOT)
