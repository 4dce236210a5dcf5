from __future__ import annotations

from apps.testing import PlatformTestCase, make_category, make_course, make_exercise, make_lesson

API, SITE = "/api/v1", "/site/unrepaired"
PAGE = "?page_size=100"


class Difference(PlatformTestCase):
    """Each list with twenty rows: before its repair it asks again for every row, after it a fixed number of times."""

    def assert_difference(self, name, per_row, repaired):
        before = self.query_count(self.client, f"{SITE}/{name}/{PAGE}")
        after = self.query_count(self.client, f"{API}/{name}/{PAGE}")
        self.assertEqual((before, after), (2 + 20 * per_row, repaired))

    def test_categories_ask_once_more_a_row(self):
        for _ in range(20):
            make_category()
        self.assert_difference("categories", 1, 2)

    def test_courses_ask_twice_more_a_row(self):
        for _ in range(20):
            make_course()
        self.assert_difference("courses", 2, 3)

    def test_lessons_ask_twice_more_a_row(self):
        for _ in range(20):
            make_lesson()
        self.assert_difference("lessons", 2, 2)

    def test_exercises_ask_three_times_more_a_row(self):
        for _ in range(20):
            make_exercise()
        self.assert_difference("exercises", 3, 2)

    def test_both_show_the_same_rows(self):
        category, lesson = make_category(), make_lesson()
        make_course(category=category)
        make_exercise(lesson)
        for name in ("categories", "courses", "lessons", "exercises"):
            before, after = (self.client.get(f"{root}/{name}/").json()["results"] for root in (SITE, API))
            self.assertEqual([row["id"] for row in before], [row["id"] for row in after], name)

    def test_neighbours_and_counts_are_right(self):
        course = make_course()
        first, second = make_lesson(course), make_lesson(course)
        rows = self.client.get(f"{SITE}/lessons/").json()["results"]
        self.assertEqual(
            [(row["previous"], row["next"]) for row in rows], [(None, second.pk), (first.pk, None)]
        )
        self.assertEqual(self.client.get(f"{SITE}/categories/").json()["results"][0]["course_count"], 1)
