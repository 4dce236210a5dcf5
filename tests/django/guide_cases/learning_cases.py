"""The learning guide's two performance tests in their honest form, and its scaling series by the pages that are read."""

from __future__ import annotations

import json
from datetime import timedelta
from unittest import skipUnless

from apps.learning.models import Category, Course
from apps.users.models import User
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from guide_timing import dropped, record, timed

from indexical.django.testing import IndexAssertions

ALL_FIVE = (
    "course_pub_diff_idx", "course_feat_created_idx", "course_cat_pub_idx", "course_instr_pub_idx", "course_created_idx",
)  # fmt: skip
THRESHOLD_MS = 50
LEVELS = ("beginner", "intermediate", "advanced")


def beginners():
    return Course.objects.filter(is_published=True, difficulty_level="beginner")[:10]


def featured():
    return Course.objects.filter(is_featured=True).order_by("-created_at")[:5]


def grow(count: int) -> None:
    """Courses up to this number, of the same shares as the first thousand."""
    columns = [field.column for field in Course._meta.concrete_fields if not field.primary_key]
    values = {
        "title": "'Course ' || n",
        "slug": "'course-' || n",
        "difficulty_level": f"(ARRAY{list(LEVELS)})[n % 3 + 1]",
        "is_published": "n % 2 = 0",
        "is_featured": "n % 10 = 0",
        "created_at": "now() - n::bigint * 7919 % 1000003 * interval '1 minute'",
    }
    names = ", ".join(f'"{column}"' for column in columns)
    made = ", ".join(values.get(column, f'base."{column}"') for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO learning_course ({names}) SELECT {made} FROM "
            "(SELECT * FROM learning_course ORDER BY created_at DESC LIMIT 1) AS base, "
            f"generate_series((SELECT count(*) FROM learning_course), {count - 1}) AS n"
        )
        cursor.execute("ANALYZE learning_course")


def pages_read(query) -> int:
    """Pages that the query touches, in the cache or not."""
    with connection.cursor() as cursor:
        sql, parameters = query.query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters)
        (plan,) = cursor.fetchone()[0]
    return plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]


@skipUnless(connection.vendor == "postgresql", "plans of PostgreSQL")
class GuidePerformanceTest(IndexAssertions, TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        category = Category.objects.create(name="Programming", slug="programming")
        instructor = User.objects.create_user("teacher", "teacher@example.com", "a pass phrase")
        # Category, instructor and estimated duration are NOT NULL without a default; the guide's rows left them out.
        courses = [
            Course(
                title=f"Course {n}", slug=f"course-{n}", description="What is learned here. " * 10, category=category,
                instructor=instructor, estimated_duration=10, difficulty_level=LEVELS[n % 3], is_published=n % 2 == 0,
                is_featured=n % 10 == 0,
            )
            for n in range(1000)
        ]  # fmt: skip
        for course in courses[:3]:
            course.full_clean()
        Course.objects.bulk_create(courses)
        # auto_now_add gives every row of the batch the same moment. Rows do not lie on disk in the order of their age: in a table
        # that is edited they do not for long, and the order's index alone would seem to be as good as the one with the flag.
        moment = timezone.now()
        for number, course in enumerate(courses):
            course.created_at = moment - timedelta(minutes=number * 7919 % 1_000_003)
        Course.objects.bulk_update(courses, ["created_at"], batch_size=500)

    def test_the_rows_are_those_of_the_guide(self):
        self.assertEqual(Course.objects.count(), 1000)
        self.assertEqual(Course.objects.filter(difficulty_level="beginner").count(), 334)
        self.assertEqual(Course.objects.filter(is_published=True).count(), 500)
        self.assertEqual(Course.objects.filter(is_featured=True).count(), 100)

    def test_published_beginners(self):
        """The first page follows the default order, so the index that is read is that of the order."""
        self.assertEqual(len(beginners()), 10)
        self.assert_used(beginners(), by="course_created_idx")
        self.assert_served(beginners(), by="course_created_idx", without_sort=True)
        self.assert_served(beginners(), by="course_pub_diff_idx")
        self.assert_no_seq_scan(beginners())
        record("beginners", timed(lambda: list(beginners())))

    def test_featured_newest(self):
        self.assertEqual(len(featured()), 5)
        self.assert_used(featured(), by="course_feat_created_idx")
        self.assert_served(featured(), by="course_feat_created_idx", without_sort=True)
        self.assert_no_seq_scan(featured())
        record("featured", timed(lambda: list(featured())))

    def test_red_when_the_index_is_dropped(self):
        for query, name in ((beginners(), "course_created_idx"), (featured(), "course_feat_created_idx")):
            self.assert_used(query, by=name)
            with dropped(name), self.assertRaisesRegex(AssertionError, f"has no index {name}"):
                self.assert_used(query, by=name)
        with dropped("course_pub_diff_idx"), self.assertRaisesRegex(AssertionError, "has no index"):
            self.assert_served(beginners(), by="course_pub_diff_idx")

    def test_red_when_none_is_left(self):
        with dropped(*ALL_FIVE):
            for query in (beginners(), featured()):
                with self.assertRaisesRegex(AssertionError, "learning_course is read whole"):
                    self.assert_no_seq_scan(query)

    def test_the_threshold_passes_without_any_index(self):
        """Which is why it proves nothing: the quickest of a hundred runs is far below it, with the indexes and without."""
        with dropped(*ALL_FIVE):
            for name, query in (("beginners", beginners), ("featured", featured)):
                without = timed(lambda query=query: list(query()))
                record(f"{name} without an index", without)
                self.assertLess(without["fastest_ms"], THRESHOLD_MS)

    def test_pages_are_flat_with_the_index_and_grow_without(self):
        series = {}
        for count in (1_000, 10_000, 100_000):
            grow(count)
            self.assertEqual(Course.objects.count(), count)
            self.assert_used(featured(), by="course_feat_created_idx")
            entry = {
                name: pages_read(query())
                for name, query in (("beginners", beginners), ("featured", featured))
            }
            times = {f"{name}_ms": timed(query, 20)["median_ms"] for name, query in self._runs()}
            with dropped(*ALL_FIVE):
                bare = {
                    name: pages_read(query())
                    for name, query in (("beginners", beginners), ("featured", featured))
                }
                bare_times = {f"{name}_ms": timed(query, 5)["median_ms"] for name, query in self._runs()}
            series[count] = {"with": {**entry, **times}, "without": {**bare, **bare_times}}
        record("scaling", {"series": json.dumps(series)})
        for name in ("beginners", "featured"):
            self.assertLessEqual(series[100_000]["with"][name], 3 * series[1_000]["with"][name] + 10)
            self.assertGreater(series[100_000]["without"][name], 30 * series[1_000]["without"][name])
            self.assertGreater(series[100_000]["without"][name], 50 * series[100_000]["with"][name])

    def _runs(self):
        return (("beginners", lambda: list(beginners())), ("featured", lambda: list(featured())))
