"""What the migrations leave in the catalog: the indexes a real project of this shape starts from, and no others."""

from __future__ import annotations

from collections import Counter
from io import StringIO

from comparison.guide import GUIDE_INDEXES
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import SimpleTestCase, TestCase

EXPECTED = {
    "accounts_user": 9,
    "accounts_phoneverification": 2,
    "accounts_useractivitylog": 2,
    "plans_plan": 3,
    "plans_invitationcategory": 3,
    "plans_template": 3,
    "invitations_order": 6,
    "invitations_invitation": 8,
    "invitations_guest": 7,
    "invitations_invitationviewlog": 2,
}
LINK_TABLES = {"accounts_user_groups": 4, "accounts_user_user_permissions": 4}


class Indexes(TestCase):
    def per_table(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename, indexname FROM pg_indexes WHERE schemaname = current_schema()")
            rows = cursor.fetchall()
        guide = {index.name for index in GUIDE_INDEXES}
        return Counter(table for table, name in rows if name not in guide)

    def test_ten_tables_have_forty_five_and_the_users_two_link_tables_eight_more(self):
        found = self.per_table()
        self.assertEqual({table: found[table] for table in EXPECTED}, EXPECTED)
        self.assertEqual({table: found[table] for table in LINK_TABLES}, LINK_TABLES)
        self.assertEqual((sum(EXPECTED.values()), sum(LINK_TABLES.values())), (45, 8))

    def test_migrations_and_models_agree(self):
        output = StringIO()
        call_command("makemigrations", "--check", "--dry-run", stdout=output)
        self.assertIn("No changes detected", output.getvalue())


class GuideList(SimpleTestCase):
    def test_it_has_forty_two_names_that_fit_and_differ(self):
        names = [index.name for index in GUIDE_INDEXES]
        self.assertEqual((len(names), len(set(names))), (42, 42))
        self.assertLessEqual(max(map(len, names)), 30)

    def test_every_column_exists(self):
        for index in GUIDE_INDEXES:
            model = apps.get_model(index.app, index.model)
            self.assertEqual([model._meta.get_field(name).name for name in index.fields], list(index.fields))

    def test_orders_have_seven_and_no_model_more(self):
        per_model = Counter(index.model for index in GUIDE_INDEXES)
        self.assertEqual(
            per_model,
            {
                "Order": 7,
                "Invitation": 6,
                "Guest": 3,
                "InvitationViewLog": 3,
                "User": 5,
                "PhoneVerification": 3,
                "UserActivityLog": 4,
                "Template": 7,
                "Plan": 2,
                "InvitationCategory": 2,
            },
        )
