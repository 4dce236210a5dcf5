"""What the migrations leave in the catalog: the indexes a real project of this shape starts from, and no others."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from unittest import skipUnless

from comparison.guide import FIRST_WAVE, SECOND_WAVE
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import SimpleTestCase, TestCase

EXPECTED = {
    "learning_course": 5,
    "learning_lesson": 5,
    "learning_exercise": 7,
    "learning_courseenrollment": 5,
    "learning_userprogress": 4,
    "learning_learningpath": 4,
    "learning_studysession": 3,
    "blog_blogcategory": 3,
    "blog_wagtailcourseenrollment": 5,
    "users_userprofile": 2,
    "forum_integration_trustlevel": 4,
}
CONTENT_PAGES = {"blog_coursepage": 6, "blog_exercisepage": 1, "blog_stepbasedexercisepage": 1}
FORUM = {"forum_conversation_topic": 14, "forum_conversation_post": 6}


class Indexes(TestCase):
    @skipUnless(connection.vendor == "postgresql", "Only PostgreSQL makes an index of every one of these.")
    def test_eleven_tables_have_forty_seven(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename, indexname FROM pg_indexes WHERE schemaname = current_schema()")
            rows = cursor.fetchall()
        guide = {index.name for index in (*FIRST_WAVE, *SECOND_WAVE)}
        found = Counter(table for table, name in rows if name not in guide)
        for expected in (EXPECTED, CONTENT_PAGES, FORUM):
            self.assertEqual({table: found[table] for table in expected}, expected)
        self.assertEqual((len(EXPECTED), sum(EXPECTED.values())), (11, 47))

    def test_migrations_and_models_agree(self):
        output = StringIO()
        call_command("makemigrations", "--check", "--dry-run", stdout=output)
        self.assertIn("No changes detected", output.getvalue())


class GuideList(SimpleTestCase):
    everything = (*FIRST_WAVE, *SECOND_WAVE)

    def test_thirty_nine_and_eight_names_that_fit_and_differ(self):
        names = [index.name for index in self.everything]
        self.assertEqual((len(FIRST_WAVE), len(SECOND_WAVE), len(set(names))), (39, 8, 47))
        self.assertLessEqual(max(map(len, names)), 30)

    def test_every_column_exists(self):
        for index in self.everything:
            model = apps.get_model(index.app, index.model)
            for field in index.fields:
                self.assertEqual(model._meta.get_field(field.lstrip("-")).name, field.lstrip("-"))

    def test_the_first_wave_by_app_and_its_nineteen_descending_columns(self):
        self.assertEqual(
            Counter(index.app for index in FIRST_WAVE),
            {"learning": 27, "blog": 5, "users": 4, "forum_integration": 3},
        )
        descending = [field for index in FIRST_WAVE for field in index.fields if field.startswith("-")]
        self.assertEqual(len(descending), 19)
        self.assertEqual(sum(len(index.fields) == 1 for index in FIRST_WAVE), 4)
        self.assertFalse([index for index in SECOND_WAVE if any("-" in field for field in index.fields)])
