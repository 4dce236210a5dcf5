from __future__ import annotations

from decimal import Decimal

from apps.learning.models import Course, CourseEnrollment, Submission
from apps.testing import (
    PlatformTestCase,
    make_category,
    make_course,
    make_enrollment,
    make_exercise,
    make_language,
    make_lesson,
    make_user,
)


class Home(PlatformTestCase):
    def test_counts_what_is_published_with_a_query_each(self):
        exercise = make_exercise()
        make_course(is_published=False)
        make_exercise(exercise.lesson, is_published=False)
        self.assertEqual(self.client.get("/site/").json(), {"courses": 1, "exercises": 1})
        self.assertEqual(self.query_count(self.client, "/site/"), 2)


class Dashboard(PlatformTestCase):
    def test_shows_three_unfinished_courses_and_what_was_passed(self):
        user = make_user()
        for percentage in (0, 100, 20, 40, 60):
            make_enrollment(user, progress_percentage=percentage)
        exercise = make_exercise()
        for attempt, (status, score) in enumerate((("failed", 0), ("passed", 10), ("passed", 8)), 1):
            Submission.objects.create(
                user=user, exercise=exercise, code="x", status=status, score=score, attempt_number=attempt
            )
        make_enrollment(make_user())
        body = self.client_of(user).get("/site/dashboard/").json()
        self.assertEqual((body["courses"], body["passed"], body["average_score"]), (5, 2, 6.0))
        self.assertEqual([row["progress_percentage"] for row in body["unfinished"]], [60, 40, 20])

    def test_asks_the_same_number_of_queries_whatever_a_learner_takes(self):
        user = make_user()

        def add(number):
            teacher, category = make_user(), make_category()
            for _ in range(number):
                make_enrollment(user, make_course(teacher, category))

        self.assert_flat(self.client_of(user), "/site/dashboard/", add, 8)

    def test_needs_a_login_and_shows_a_newcomer_zeros(self):
        self.assertEqual(self.client.get("/site/dashboard/").status_code, 401)
        body = self.client_of(make_user()).get("/site/dashboard/").json()
        self.assertEqual(body, {"courses": 0, "unfinished": [], "passed": 0, "average_score": None})


class Courses(PlatformTestCase):
    def shown(self, query):
        response = self.client.get(f"/site/courses/?{query}")
        self.assertEqual(response.status_code, 200, response.content)
        return [row["title"] for row in response.json()["results"]]

    def test_filters_and_sorts(self):
        web = make_category(slug="web")
        make_course(
            title="a", category=web, estimated_duration=5, difficulty_level="expert", total_enrollments=9
        )
        make_course(title="b", estimated_duration=10, is_free=False, average_rating=Decimal("4.5"))
        make_course(title="c", category=web, estimated_duration=41, average_rating=Decimal(3))
        make_course(title="draft", is_published=False)
        for query, expected in (
            ("", ["c", "b", "a"]),
            ("category=web", ["c", "a"]),
            ("difficulty=expert", ["a"]),
            ("duration=short", ["a"]),
            ("duration=medium", ["b"]),
            ("duration=long", ["c"]),
            ("is_free=false", ["b"]),
            ("is_free=1&category=web", ["c", "a"]),
            ("sort=rating", ["b", "c", "a"]),
        ):
            self.assertEqual(self.shown(query), expected, query)
        self.assertEqual(self.shown("sort=popular")[0], "a")
        self.assertEqual(self.shown("sort=difficulty")[-1], "a")

    def test_an_unknown_choice_is_refused_with_the_known_ones(self):
        for query in ("sort=price", "duration=ever", "is_free=maybe"):
            response = self.client.get(f"/site/courses/?{query}")
            self.assertEqual(response.status_code, 400, query)
            self.assertIn("Choose one of", response.content.decode())

    def test_shows_twelve_a_page_in_two_queries(self):
        def add(number):
            teacher, category = make_user(), make_category()
            for _ in range(number):
                make_course(teacher, category)

        self.assert_flat(self.client, "/site/courses/?page_size=100", add, 2)
        self.assertEqual(len(self.shown("")), 12)


class Exercises(PlatformTestCase):
    def test_filters_and_shows_twelve_a_page_in_two_queries(self):
        def add(number):
            lesson = make_lesson()
            for _ in range(number):
                make_exercise(lesson)

        self.assert_flat(self.client, "/site/exercises/?page_size=100", add, 2)
        self.assertEqual(len(self.client.get("/site/exercises/").json()["results"]), 12)
        make_exercise(difficulty_level="expert", programming_language=make_language("rust"))
        for query in ("difficulty=expert", "language=rust", "difficulty=expert&language=rust"):
            self.assertEqual(self.client.get(f"/site/exercises/?{query}").json()["count"], 1, query)


class Enrolling(PlatformTestCase):
    def test_counts_the_course_anew_once(self):
        course = make_course()
        make_lesson(course)
        client = self.client_of(make_user())
        for code in (201, 200):
            response = client.post(f"/site/courses/{course.pk}/enroll/")
            self.assertEqual(response.status_code, code, response.content)
        figures = Course.objects.values_list("total_enrollments", "total_lessons").get()
        self.assertEqual(figures, (1, 1))

    def test_needs_a_login_and_a_published_course(self):
        draft = make_course(is_published=False)
        url = f"/site/courses/{draft.pk}/enroll/"
        self.assertEqual(self.client.post(url).status_code, 401)
        self.assertEqual(self.client_of(make_user()).post(url).status_code, 404)
        self.assertFalse(CourseEnrollment.objects.exists())
