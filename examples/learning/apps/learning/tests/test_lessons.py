from __future__ import annotations

from apps.learning.models import CourseEnrollment, UserProgress
from apps.testing import (
    PlatformTestCase,
    make_course,
    make_enrollment,
    make_exercise,
    make_lesson,
    make_user,
)

ROOT = "/api/v1"
LESSONS = f"{ROOT}/lessons"


class LessonList(PlatformTestCase):
    def setUp(self):
        self.user = make_user()

    def test_course_by_course_the_newest_course_first_and_in_order_within_it(self):
        old, new = make_course(slug="old"), make_course(slug="new")
        for title, course, order in (("b", old, 2), ("a", old, 1), ("c", new, 7)):
            make_lesson(course, title=title, order=order)
        make_lesson(new, is_published=False)
        shown = [row["title"] for row in self.client.get(f"{LESSONS}/").json()["results"]]
        self.assertEqual(shown, ["c", "a", "b"])
        shown = [row["title"] for row in self.client.get(f"{LESSONS}/?course=old").json()["results"]]
        self.assertEqual(shown, ["a", "b"])

    def test_counts_who_has_finished_and_knows_the_user_s_own(self):
        lesson = make_lesson()
        for user, completed in ((self.user, True), (make_user(), True), (make_user(), False)):
            UserProgress.objects.create(user=user, lesson=lesson, completed=completed)

        def figures(client):
            row = client.get(f"{LESSONS}/").json()["results"][0]
            return row["completed_count"], row["is_completed"]

        self.assertEqual(figures(self.client_of(self.user)), (2, True))
        self.assertEqual(figures(self.client_of(make_user())), (2, False))
        self.assertEqual(figures(self.client), (2, False))

    def test_asks_the_same_number_of_queries_whatever_its_length(self):
        def add(number):
            course = make_course()
            for _ in range(number):
                UserProgress.objects.create(user=self.user, lesson=make_lesson(course), completed=True)

        self.assert_flat(self.client, f"{LESSONS}/?page_size=100", add, 2)
        self.assert_flat(self.client_of(self.user), f"{LESSONS}/?page_size=100", lambda n: add(n // 10), 6)


class OneLesson(PlatformTestCase):
    def setUp(self):
        self.course = make_course()
        self.first, self.middle, self.last = (make_lesson(self.course) for _ in range(3))
        make_lesson()

    def neighbours(self, lesson):
        body = self.client.get(f"{LESSONS}/{lesson.pk}/").json()
        return [body[side] and body[side]["id"] for side in ("previous", "next")]

    def test_knows_its_neighbours_in_the_course(self):
        self.assertEqual(self.neighbours(self.first), [None, self.middle.pk])
        self.assertEqual(self.neighbours(self.middle), [self.first.pk, self.last.pk])
        self.assertEqual(self.neighbours(self.last), [self.middle.pk, None])

    def test_asks_one_query_for_itself_one_a_neighbour_and_one_for_the_user_s_progress(self):
        self.assertEqual(self.query_count(self.client, f"{LESSONS}/{self.middle.pk}/"), 3)
        user = make_user()
        UserProgress.objects.create(user=user, lesson=self.middle, content_position=7)
        client = self.client_of(user)
        body = client.get(f"{LESSONS}/{self.middle.pk}/").json()
        self.assertEqual(body["progress"]["content_position"], 7)
        self.assertEqual(self.query_count(client, f"{LESSONS}/{self.middle.pk}/"), 8)

    def test_exercises_come_in_order_in_two_queries_whatever_their_number(self):
        draft = make_exercise(self.first, is_published=False)

        def add(number):
            for _ in range(number):
                make_exercise(self.first)

        url = f"{LESSONS}/{self.first.pk}/exercises/"
        self.assert_flat(self.client, url, add, 2)
        orders = [row["order"] for row in self.client.get(url).json()]
        self.assertEqual((len(orders), sorted(orders)), (100, orders))
        self.assertNotIn(draft.order, orders)

    def test_a_draft_is_hidden(self):
        draft = make_lesson(self.course, is_published=False)
        self.assertEqual(self.client.get(f"{LESSONS}/{draft.pk}/").status_code, 404)


class Learning(PlatformTestCase):
    def setUp(self):
        self.user, self.course = make_user(), make_course()
        self.lessons = [make_lesson(self.course) for _ in range(3)]
        make_lesson(self.course, is_published=False)
        self.client = self.client_of(self.user)

    def send(self, lesson, what, body=None):
        response = self.client.post(f"{LESSONS}/{lesson.pk}/{what}/", body, format="json")
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()

    def test_start_and_complete_move_the_enrollment_s_share(self):
        make_enrollment(self.user, self.course)
        self.assertTrue(self.send(self.lessons[0], "start")["started"])
        shares = [self.send(lesson, "complete")["course_progress"] for lesson in self.lessons]
        self.assertEqual(shares, [33, 66, 100])
        enrollment = CourseEnrollment.objects.get()
        self.assertTrue(enrollment.completed)
        self.assertIsNotNone(enrollment.completed_at)
        self.assertEqual(enrollment.last_accessed_lesson, self.lessons[2])

    def test_to_repeat_changes_nothing(self):
        make_enrollment(self.user, self.course)
        self.send(self.lessons[0], "complete")
        before = UserProgress.objects.values().get()
        self.send(self.lessons[0], "complete")
        self.send(self.lessons[0], "start")
        self.assertEqual(UserProgress.objects.values().get(), before)

    def test_without_enrollment_only_the_progress_is_kept(self):
        self.assertIsNone(self.send(self.lessons[0], "complete")["course_progress"])
        self.assertEqual(UserProgress.objects.get().user, self.user)
        self.assertFalse(CourseEnrollment.objects.exists())

    def test_to_finish_leaves_the_time_of_last_access_alone(self):
        progress = UserProgress.objects.create(user=self.user, lesson=self.lessons[0])
        self.send(self.lessons[0], "complete")
        self.assertEqual(UserProgress.objects.get().last_accessed, progress.last_accessed)

    def test_position_and_bookmark_are_kept_per_user(self):
        lesson = self.lessons[0]
        self.send(lesson, "position", {"position": 42})
        self.assertTrue(self.send(lesson, "bookmark")["bookmarked"])
        self.assertEqual(UserProgress.objects.get().content_position, 42)
        self.assertFalse(self.send(lesson, "bookmark")["bookmarked"])
        for wrong in ({}, {"position": -1}, {"position": 2**31}, {"position": "x"}):
            response = self.client.post(f"{LESSONS}/{lesson.pk}/position/", wrong, format="json")
            self.assertEqual(response.status_code, 400, wrong)

    def test_every_one_needs_a_login_and_a_published_lesson(self):
        draft = make_lesson(is_published=False)
        for what in ("start", "complete", "bookmark"):
            url = f"{LESSONS}/{self.lessons[0].pk}/{what}/"
            self.assertEqual(self.client_class().post(url).status_code, 401, what)
            self.assertEqual(self.client.post(f"{LESSONS}/{draft.pk}/{what}/").status_code, 404, what)
        self.assertFalse(UserProgress.objects.exists())


class OwnProgress(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)
        self.other = UserProgress.objects.create(user=make_user(), lesson=make_lesson())

    def add(self, number):
        course = make_course()
        for _ in range(number):
            UserProgress.objects.create(user=self.user, lesson=make_lesson(course))

    def test_the_list_shows_ones_own_in_a_fixed_number_of_queries(self):
        self.assert_flat(self.client, f"{ROOT}/progress/?page_size=100", self.add, 6)
        body = self.client.get(f"{ROOT}/progress/").json()
        self.assertEqual(body["count"], 100)
        self.assertNotIn(self.other.pk, [row["id"] for row in body["results"]])
        self.assertEqual(self.client_class().get(f"{ROOT}/progress/").status_code, 401)

    def test_patch_keeps_notes_and_time_and_moves_it_to_the_front(self):
        self.add(2)
        earlier = UserProgress.objects.filter(user=self.user).last()
        response = self.client.patch(
            f"{ROOT}/progress/{earlier.pk}/",
            {"notes": "again", "time_spent": 9, "completed": True},
            format="json",
        )
        self.assertEqual(response.status_code, 200, response.content)
        first = self.client.get(f"{ROOT}/progress/").json()["results"][0]
        self.assertEqual(
            (first["id"], first["notes"], first["time_spent"], first["completed"]),
            (earlier.pk, "again", 9, False),
        )
        stranger = self.client.patch(f"{ROOT}/progress/{self.other.pk}/", {"notes": "x"}, format="json")
        self.assertEqual(stranger.status_code, 404)
