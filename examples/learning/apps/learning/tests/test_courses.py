from __future__ import annotations

from apps.learning.models import Course, CourseEnrollment, CourseReview, LearningPath, UserProgress
from apps.testing import (
    PlatformTestCase,
    make_category,
    make_course,
    make_enrollment,
    make_lesson,
    make_user,
)

ROOT = "/api/v1"
COURSES = f"{ROOT}/courses"


def titles(response):
    body = response.json()
    return [row["title"] for row in (body if isinstance(body, list) else body["results"])]


class CourseList(PlatformTestCase):
    def add_courses(self, number):
        teacher, category = make_user(), make_category()
        for _ in range(number):
            course = make_course(teacher, category)
            make_lesson(course)
            make_lesson(course)
            make_enrollment(self.user, course)

    def setUp(self):
        self.user = make_user()

    def test_shows_published_courses_newest_first_to_everyone(self):
        for title in ("old", "new"):
            make_course(title=title)
        make_course(title="draft", is_published=False)
        self.assertEqual(titles(self.client.get(f"{COURSES}/")), ["new", "old"])
        self.assertEqual(titles(self.client_of(self.user).get(f"{COURSES}/")), ["new", "old"])

    def test_counts_lessons_and_learners_and_knows_who_takes_a_course(self):
        course = make_course()
        make_lesson(course)
        make_lesson(course)
        make_lesson(course, is_published=False)
        for user in (self.user, make_user()):
            make_enrollment(user, course)

        def figures(client):
            row = client.get(f"{COURSES}/").json()["results"][0]
            return row["lesson_count"], row["enrolled_count"], row["is_enrolled"]

        self.assertEqual(figures(self.client_of(self.user)), (2, 2, True))
        self.assertEqual(figures(self.client_of(make_user())), (2, 2, False))
        self.assertEqual(figures(self.client), (2, 2, False))

    def test_filters_by_category_difficulty_and_words(self):
        category = make_category(slug="web")
        make_course(title="Django", category=category, difficulty_level="expert")
        make_course(title="Flask", category=category)
        make_course(title="Chess", short_description="No djangos here")
        for query, expected in (
            ("category=web", ["Flask", "Django"]),
            ("difficulty=expert", ["Django"]),
            ("category=web&difficulty=beginner", ["Flask"]),
            ("search=DJANGO", ["Chess", "Django"]),
            ("category=none", []),
        ):
            self.assertEqual(titles(self.client.get(f"{COURSES}/?{query}")), expected, query)

    def test_comes_in_pages_of_twenty_and_of_a_hundred_at_most(self):
        instructor, category = make_user(), make_category()
        for _ in range(101):
            make_course(instructor, category)
        for query, rows in (("", 20), ("?page_size=5", 5), ("?page_size=5000", 100), ("?page=6", 1)):
            body = self.client.get(f"{COURSES}/{query}").json()
            self.assertEqual((body["count"], len(body["results"])), (101, rows), query)
        self.assertEqual(self.client.get(f"{COURSES}/?page=7").status_code, 404)

    def test_asks_the_same_number_of_queries_whatever_its_length(self):
        self.assert_flat(self.client, f"{COURSES}/?page_size=100", self.add_courses, 3)

    def test_a_login_costs_the_user_and_three_for_the_visit(self):
        self.assert_flat(self.client_of(self.user), f"{COURSES}/?page_size=100", self.add_courses, 7)


class OneCourse(PlatformTestCase):
    def setUp(self):
        self.course = make_course()
        self.url = f"{COURSES}/{self.course.pk}"

    def test_has_its_text_and_hides_drafts(self):
        self.assertEqual(self.client.get(f"{self.url}/").json()["description"], "What one learns")
        draft = make_course(is_published=False)
        for path in ("", "lessons/", "reviews/"):
            self.assertEqual(self.client.get(f"{COURSES}/{draft.pk}/{path}").status_code, 404, path)

    def test_an_impossible_number_is_no_course(self):
        for pk in (0, 10**30):
            self.assertEqual(self.client.get(f"{COURSES}/{pk}/").status_code, 404)

    def test_lessons_come_in_their_order_without_drafts(self):
        for title, order in (("second", 2), ("first", 1)):
            make_lesson(self.course, title=title, order=order)
        make_lesson(self.course, title="draft", is_published=False)
        self.assertEqual(titles(self.client.get(f"{self.url}/lessons/")), ["first", "second"])

    def test_lessons_and_reviews_ask_the_same_number_of_queries_whatever_their_length(self):
        def add_lessons(number):
            for _ in range(number):
                make_lesson(self.course)

        def add_reviews(number):
            for _ in range(number):
                CourseReview.objects.create(course=self.course, user=make_user(), rating=4)

        self.assert_flat(self.client, f"{self.url}/lessons/", add_lessons, 2)
        self.assert_flat(self.client, f"{self.url}/reviews/", add_reviews, 2)


class Enrolling(PlatformTestCase):
    def setUp(self):
        self.user, self.course = make_user(), make_course()
        self.client = self.client_of(self.user)
        self.url = f"{COURSES}/{self.course.pk}"

    def test_enroll_is_safe_to_repeat_and_unenroll_ends_it(self):
        self.assertEqual(self.client.post(f"{self.url}/enroll/").status_code, 201)
        self.assertEqual(self.client.post(f"{self.url}/enroll/").status_code, 200)
        self.assertEqual(CourseEnrollment.objects.get().user, self.user)
        self.assertEqual(self.client.delete(f"{self.url}/unenroll/").status_code, 204)
        self.assertFalse(CourseEnrollment.objects.exists())
        self.assertEqual(self.client.delete(f"{self.url}/unenroll/").status_code, 404)

    def test_needs_a_login_and_a_published_course(self):
        self.assertEqual(self.client_class().post(f"{self.url}/enroll/").status_code, 401)
        draft = make_course(is_published=False)
        self.assertEqual(self.client.post(f"{COURSES}/{draft.pk}/enroll/").status_code, 404)

    def test_the_list_shows_ones_own_newest_first_in_a_fixed_number_of_queries(self):
        make_enrollment(make_user())

        def add(number):
            teacher, category = make_user(), make_category()
            for _ in range(number):
                make_enrollment(self.user, make_course(teacher, category))

        self.assert_flat(self.client, f"{ROOT}/enrollments/?page_size=100", add, 6)
        body = self.client.get(f"{ROOT}/enrollments/").json()
        newest = CourseEnrollment.objects.filter(user=self.user).first()
        self.assertEqual((body["count"], body["results"][0]["id"]), (100, newest.pk))
        self.assertEqual(self.client_class().get(f"{ROOT}/enrollments/").status_code, 401)

    def test_progress_enrolls_and_shows_each_lesson_with_the_user_s_own_row(self):
        first, second = make_lesson(self.course), make_lesson(self.course)
        UserProgress.objects.create(user=self.user, lesson=second, completed=True)
        UserProgress.objects.create(user=make_user(), lesson=first, completed=True)
        body = self.client.get(f"{self.url}/progress/").json()
        self.assertEqual([row["id"] for row in body["lessons"]], [first.pk, second.pk])
        self.assertIsNone(body["lessons"][0]["progress"])
        self.assertTrue(body["lessons"][1]["progress"]["completed"])
        self.assertEqual(CourseEnrollment.objects.get().course, self.course)

    def test_progress_asks_the_same_number_of_queries_whatever_its_length(self):
        def add(number):
            for _ in range(number):
                UserProgress.objects.create(user=self.user, lesson=make_lesson(self.course))

        self.assert_flat(self.client, f"{self.url}/progress/", add, 8)


class Teaching(PlatformTestCase):
    def new(self, **fields):
        return {
            "title": "Rust",
            "slug": "rust",
            "description": "Borrowing",
            "category": make_category().pk,
            "estimated_duration": 20,
        } | fields

    def test_a_mentor_makes_a_draft_and_publishes_it(self):
        mentor = make_user(is_mentor=True)
        client = self.client_of(mentor)
        response = client.post(f"{COURSES}/", self.new(total_enrollments=99), format="json")
        self.assertEqual(response.status_code, 201, response.content)
        course = Course.objects.get()
        self.assertEqual(
            (course.instructor, course.is_published, course.total_enrollments), (mentor, False, 0)
        )
        patch = client.patch(f"{COURSES}/{course.pk}/", {"is_published": True}, format="json")
        self.assertEqual(patch.status_code, 200, patch.content)
        self.assertEqual(titles(self.client.get(f"{COURSES}/")), ["Rust"])

    def test_a_learner_makes_none_and_nobody_changes_anothers(self):
        client = self.client_of(make_user())
        self.assertEqual(client.post(f"{COURSES}/", self.new(), format="json").status_code, 403)
        self.assertEqual(self.client.post(f"{COURSES}/", self.new(), format="json").status_code, 401)
        course = make_course()
        change = {"title": "Hijacked"}
        self.assertEqual(client.patch(f"{COURSES}/{course.pk}/", change, format="json").status_code, 404)
        self.assertEqual(self.client.patch(f"{COURSES}/{course.pk}/", change, format="json").status_code, 401)
        staff = self.client_of(make_user(is_staff=True))
        self.assertEqual(staff.patch(f"{COURSES}/{course.pk}/", change, format="json").status_code, 200)

    def test_refuses_a_slug_that_is_taken_and_a_duration_of_none(self):
        make_course(slug="rust")
        client = self.client_of(make_user(is_mentor=True))
        response = client.post(f"{COURSES}/", self.new(estimated_duration=0), format="json")
        self.assertEqual((response.status_code, set(response.json())), (400, {"slug", "estimated_duration"}))


class Categories(PlatformTestCase):
    def add_categories(self, number):
        teacher = make_user()
        for _ in range(number):
            make_course(teacher, make_category())

    def test_come_in_their_order_and_count_published_courses(self):
        later = make_category(order=2)
        first = make_category(order=1)
        make_course(category=first)
        make_course(category=first)
        make_course(category=first, is_published=False)
        rows = self.client.get(f"{ROOT}/categories/").json()["results"]
        self.assertEqual([(row["id"], row["course_count"]) for row in rows], [(first.pk, 2), (later.pk, 0)])
        self.assertEqual(len(self.client.get(f"{ROOT}/categories/{first.pk}/courses/").json()), 2)
        self.assertEqual(self.client.get(f"{ROOT}/categories/999999/courses/").status_code, 404)

    def test_ask_two_queries_whatever_their_number(self):
        self.assert_flat(self.client, f"{ROOT}/categories/?page_size=100", self.add_categories, 2)

    def test_the_courses_of_one_ask_two_queries_whatever_their_number(self):
        category = make_category()

        def add(number):
            teacher = make_user()
            for _ in range(number):
                make_course(teacher, category)

        self.assert_flat(self.client, f"{ROOT}/categories/{category.pk}/courses/", add, 2)


class Reviews(PlatformTestCase):
    def setUp(self):
        self.user, self.course = make_user(), make_course()
        self.client = self.client_of(self.user)

    def send(self, **fields):
        data = {"course": self.course.pk, "rating": 5, "content": "Good"} | fields
        return self.client.post(f"{ROOT}/reviews/", data, format="json")

    def test_a_review_changes_the_course_s_figures(self):
        CourseReview.objects.create(course=self.course, user=make_user(), rating=2)
        response = self.send()
        self.assertEqual(response.status_code, 201, response.content)
        self.assertEqual(response.json()["user"], self.user.username)
        self.course.refresh_from_db()
        self.assertEqual((self.course.total_reviews, str(self.course.average_rating)), (2, "3.50"))

    def test_refuses_a_second_one_six_stars_drafts_and_strangers(self):
        self.send()
        self.assertEqual(self.send().status_code, 400)
        self.assertEqual(self.send(course=make_course().pk, rating=6).status_code, 400)
        self.assertEqual(self.send(course=make_course(is_published=False).pk).status_code, 400)
        self.client.credentials()
        self.assertEqual(self.send(course=make_course().pk).status_code, 401)
        self.assertEqual(CourseReview.objects.count(), 1)

    def test_the_list_asks_two_queries_whatever_its_length(self):
        def add(number):
            for _ in range(number):
                CourseReview.objects.create(course=self.course, user=make_user(), rating=3)

        self.assert_flat(self.client_class(), f"{ROOT}/reviews/?page_size=100", add, 2)


class Paths(PlatformTestCase):
    def test_published_paths_newest_first_in_two_queries_whatever_their_number(self):
        creator = make_user()

        def add(number):
            for _ in range(number):
                n = LearningPath.objects.count()
                LearningPath.objects.create(
                    title=f"Path {n}",
                    slug=f"path-{n}",
                    creator=creator,
                    estimated_duration=5,
                    is_published=True,
                )

        LearningPath.objects.create(title="Draft", slug="draft", creator=creator, estimated_duration=5)
        self.assert_flat(self.client, f"{ROOT}/learning-paths/?page_size=100", add, 2)
        self.assertEqual(
            titles(self.client.get(f"{ROOT}/learning-paths/?page_size=2")), ["Path 100", "Path 99"]
        )
