from __future__ import annotations

from apps.blog.tests.pages import make_course, make_exercise, make_post, make_steps
from apps.testing import PlatformTestCase, make_user

API, SITE = "/api/v1", "/site/unrepaired"
PAGE = "?page_size=100"


class Difference(PlatformTestCase):
    """Each list with ten rows: before its repair it asks again for every row, after it a fixed number of times."""

    def assert_difference(self, before, after, counts):
        found = [self.query_count(self.client, f"{root}/{PAGE}") for root in (before, after)]
        self.assertEqual(tuple(found), counts)

    def test_posts_ask_three_times_more_a_row(self):
        for number in range(10):
            make_post(author=make_user(), categories=[f"category-{number}"], tags=["loops"])
        self.assert_difference(f"{SITE}/blog", f"{API}/blog", (2 + 10 * 3, 5))

    def test_categories_ask_once_more_a_row(self):
        for number in range(10):
            make_post(categories=[f"category-{number}"])
        self.assert_difference(f"{SITE}/blog-categories", f"{API}/blog/categories", (1 + 10, 1))

    def test_courses_ask_five_times_more_a_row(self):
        for number in range(10):
            course = make_course(
                instructor=make_user(), skill_level=f"level-{number}", objectives=["To loop"]
            )
            make_exercise(course)  # of a page without any below, treebeard knows that without asking
        self.assert_difference(f"{SITE}/course-pages", f"{API}/learning/courses", (2 + 10 * 5, 4))

    def test_exercises_ask_once_more_a_row(self):
        course = make_course()
        for _ in range(5):
            make_exercise(course)
            make_steps(course)
        self.client.get(f"{SITE}/exercise-pages/")  # the content types are remembered from here on
        self.assert_difference(f"{SITE}/exercise-pages", f"{API}/wagtail/exercises", (1 + 10, 2))


class SameRows(PlatformTestCase):
    def assert_same(self, before, after):
        one, other = (self.client.get(f"{root}/{PAGE}").json() for root in (before, after))
        if isinstance(one, dict):
            one, other = one["results"], other["results"]
        self.assertTrue(one)
        shared = set(one[0]) & set(other[0])
        self.assertEqual(
            [{name: row[name] for name in shared} for row in one],
            [{name: row[name] for name in shared} for row in other],
        )

    def test_both_show_the_same(self):
        make_post(author=make_user(), categories=["python"], tags=["loops"])
        make_post(live=False)
        course = make_course(categories=["python"], objectives=["To loop"])
        make_exercise(course)
        make_steps(course)
        for before, after in (
            (f"{SITE}/blog", f"{API}/blog"),
            (f"{SITE}/blog-categories", f"{API}/blog/categories"),
            (f"{SITE}/course-pages", f"{API}/learning/courses"),
            (f"{SITE}/exercise-pages", f"{API}/wagtail/exercises"),
        ):
            self.assert_same(before, after)
