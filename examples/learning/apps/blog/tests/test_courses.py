from __future__ import annotations

from apps.blog.models import WagtailCourseEnrollment
from apps.blog.tests.pages import make_course, make_exercise, make_steps
from apps.testing import PlatformTestCase, make_user


class CourseList(PlatformTestCase):
    def slugs(self, query):
        response = self.client.get(f"/api/v1/learning/courses/{query}")
        self.assertEqual(response.status_code, 200, response.content)
        return [row["slug"] for row in response.json()["results"]]

    def test_the_newest_comes_first_and_a_page_has_twelve(self):
        newest = [make_course().slug for _ in range(14)][::-1]
        self.assertEqual(self.slugs(""), newest[:12])
        self.assertEqual(self.slugs("?page=2"), newest[12:])

    def test_a_course_shows_its_words_and_counts_the_live_pages_right_below(self):
        course = make_course(
            instructor=make_user(username="ann"),
            skill_level="starter",
            categories=["python"],
            objectives=["To loop"],
        )
        make_exercise(course)
        make_steps(course)
        make_exercise(course, live=False)
        make_exercise(make_course())
        row = next(
            row
            for row in self.client.get("/api/v1/learning/courses/").json()["results"]
            if row["slug"] == course.slug
        )
        self.assertEqual(
            (row["instructor"], row["skill_level"]["slug"], row["child_count"]), ("ann", "starter", 2)
        )
        self.assertEqual([each["slug"] for each in row["categories"]], ["python"])
        self.assertEqual([each["title"] for each in row["learning_objectives"]], ["To loop"])

    def test_every_filter_narrows_the_list(self):
        wanted = make_course(
            title="Sorting",
            skill_level="starter",
            categories=["python"],
            difficulty_level="advanced",
            is_free=False,
        ).slug
        make_course(title="Painting", skill_level="later", categories=["art"])
        make_course(title="Sorting drafts", live=False)
        for query in (
            "skill_level=starter",
            "category=python",
            "difficulty=advanced",
            "is_free=false",
            "search=sort",
        ):
            self.assertEqual(self.slugs(f"?{query}"), [wanted], query)
        self.assertEqual(self.slugs("?skill_level=starter&category=art"), [])

    def test_a_word_that_is_neither_yes_nor_no_is_refused(self):
        self.assertEqual(self.client.get("/api/v1/learning/courses/?is_free=perhaps").status_code, 400)

    def test_four_queries_for_any_number_of_courses(self):
        def add(number):
            for _ in range(number):
                course = make_course(
                    instructor=make_user(),
                    skill_level="starter",
                    categories=["python"],
                    objectives=["To loop"],
                )
                make_exercise(course)

        self.assert_flat(self.client, "/api/v1/learning/courses/?page_size=100", add, 4)

    def test_the_index_has_the_six_newest_featured_ones(self):
        featured = [make_course(featured=True).slug for _ in range(7)]
        make_course()
        found = self.client.get("/api/v1/learning/").json()["featured"]
        self.assertEqual([row["slug"] for row in found], featured[:0:-1])


class CourseDetail(PlatformTestCase):
    def test_the_course_and_its_exercises_in_the_order_of_the_tree(self):
        course = make_course(detailed_description="<p>All of it</p>")
        first = make_exercise(course, sequence_number=2, points=7)
        second = make_steps(course, sequence_number=1, total_points=30)
        make_exercise(course, live=False)
        make_exercise(make_course())
        found = self.client.get(f"/api/v1/learning/courses/{course.slug}/").json()
        self.assertEqual((found["detailed_description"], found["child_count"]), ("<p>All of it</p>", 2))
        rows = self.client.get(f"/api/v1/learning/courses/{course.slug}/exercises/").json()
        self.assertEqual(
            [(row["slug"], row["kind"], row["points"]) for row in rows],
            [(first.slug, "single", 7), (second.slug, "steps", 30)],
        )

    def test_a_draft_is_not_found(self):
        draft = make_course(live=False)
        for address in ("", "exercises/"):
            self.assertEqual(
                self.client.get(f"/api/v1/learning/courses/{draft.slug}/{address}").status_code, 404
            )


class ExerciseList(PlatformTestCase):
    url = "/api/v1/wagtail/exercises/"

    def slugs(self, query=""):
        return [row["slug"] for row in self.client.get(self.url + query).json()["results"]]

    def test_both_kinds_are_merged_newest_first(self):
        course = make_course()
        made = []
        for _ in range(7):
            made += [make_exercise(course).slug, make_steps(course).slug]
        self.assertEqual(self.client.get(self.url).json()["count"], 14)
        self.assertEqual(self.slugs(), made[::-1][:12])
        self.assertEqual(self.slugs("?page=2"), made[::-1][12:])

    def test_filters(self):
        course = make_course()
        debugging = make_exercise(course, exercise_type="debugging", programming_language="sql").slug
        make_exercise(course)
        hard = make_steps(course, difficulty="advanced").slug
        self.assertEqual(self.slugs("?type=debugging"), [debugging])
        self.assertEqual(self.slugs("?language=sql"), [debugging])
        self.assertEqual(self.slugs("?difficulty=advanced"), [hard])
        self.assertEqual(self.slugs("?difficulty=advanced&language=sql"), [])

    def test_two_queries_for_any_number(self):
        course = make_course()

        def add(number):
            for _ in range(number):
                make_exercise(course)
                make_steps(course)

        self.assert_flat(self.client, self.url, add, 2)


class Enrollment(PlatformTestCase):
    def setUp(self):
        self.course = make_course()
        self.user = make_user()
        self.reader = self.client_of(self.user)
        self.url = f"/api/v1/learning/courses/{self.course.slug}"

    def test_enrolling_twice_makes_one_row(self):
        self.assertEqual(self.reader.post(f"{self.url}/enroll/").status_code, 201)
        self.assertEqual(self.reader.post(f"{self.url}/enroll/").status_code, 200)
        self.assertEqual(WagtailCourseEnrollment.objects.count(), 1)
        found = self.reader.get(f"{self.url}/enrollment/").json()
        self.assertTrue(found["enrolled"])
        self.assertEqual(found["enrollment"]["course"], self.course.slug)

    def test_leaving(self):
        self.reader.post(f"{self.url}/enroll/")
        self.assertEqual(self.reader.delete(f"{self.url}/unenroll/").status_code, 204)
        self.assertEqual(self.reader.delete(f"{self.url}/unenroll/").status_code, 404)
        self.assertEqual(
            self.reader.get(f"{self.url}/enrollment/").json(), {"enrolled": False, "enrollment": None}
        )

    def test_a_full_course_takes_nobody_more_but_knows_its_own(self):
        self.course.enrollment_limit = 1
        self.course.save()
        self.reader.post(f"{self.url}/enroll/")
        self.assertEqual(self.client_of(make_user()).post(f"{self.url}/enroll/").status_code, 409)
        self.assertEqual(self.reader.post(f"{self.url}/enroll/").status_code, 200)

    def test_a_login_is_needed(self):
        self.assertEqual(self.client.post(f"{self.url}/enroll/").status_code, 401)
        self.assertEqual(self.client.delete(f"{self.url}/unenroll/").status_code, 401)
        self.assertEqual(self.client.get(f"{self.url}/enrollment/").status_code, 401)

    def test_a_course_that_is_not_there(self):
        self.assertEqual(self.reader.post("/api/v1/learning/courses/nothing/enroll/").status_code, 404)
