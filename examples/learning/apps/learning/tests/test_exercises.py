from __future__ import annotations

from apps.learning.models import ExerciseHint, StudentProgress, Submission, TestCase
from apps.testing import PlatformTestCase, make_exercise, make_language, make_lesson, make_user

ROOT = "/api/v1"
EXERCISES = f"{ROOT}/exercises"


def submit(user, exercise, attempt=1, score=0):
    return Submission.objects.create(
        user=user, exercise=exercise, code="x", attempt_number=attempt, score=score, status="failed"
    )


class ExerciseList(PlatformTestCase):
    def setUp(self):
        self.user = make_user()

    def test_filters_by_lesson_difficulty_and_language_and_hides_drafts(self):
        lesson = make_lesson(slug="loops")
        make_exercise(lesson, title="one")
        make_exercise(
            lesson, title="two", difficulty_level="expert", programming_language=make_language("rust")
        )
        make_exercise(title="far")
        make_exercise(lesson, is_published=False)
        for query, expected in (
            ("lesson=loops", ["one", "two"]),
            ("lesson=loops&difficulty=expert", ["two"]),
            ("language=rust", ["two"]),
            ("difficulty=none", []),
        ):
            rows = self.client.get(f"{EXERCISES}/?{query}").json()["results"]
            self.assertEqual([row["title"] for row in rows], expected, query)

    def test_counts_everyones_submissions_and_knows_the_user_s_best(self):
        exercise = make_exercise()
        for attempt, score in ((1, 3), (2, 8)):
            submit(self.user, exercise, attempt, score)
        submit(make_user(), exercise, score=10)

        def figures(client):
            row = client.get(f"{EXERCISES}/").json()["results"][0]
            return row["submission_count"], row["is_tried"], row["best_score"]

        self.assertEqual(figures(self.client_of(self.user)), (3, True, 8))
        self.assertEqual(figures(self.client_of(make_user())), (3, False, None))
        self.assertEqual(figures(self.client), (3, False, None))

    def test_never_shows_a_solution(self):
        exercise = make_exercise(solution_code="SECRET")
        for path in ("", f"{exercise.pk}/"):
            response = self.client_of(self.user).get(f"{EXERCISES}/{path}")
            self.assertEqual(response.status_code, 200)
            self.assertNotIn(b"SECRET", response.content)

    def test_asks_the_same_number_of_queries_whatever_its_length(self):
        def add(number):
            lesson = make_lesson()
            for _ in range(number):
                submit(self.user, make_exercise(lesson))

        self.assert_flat(self.client, f"{EXERCISES}/?page_size=100", add, 2)
        self.assert_flat(self.client_of(self.user), f"{EXERCISES}/?page_size=100", lambda n: add(n // 10), 6)


class CasesAndHints(PlatformTestCase):
    def test_only_samples_show_what_goes_in_and_out(self):
        exercise = make_exercise()
        for name, is_sample in (("open", True), ("closed", False)):
            TestCase.objects.create(
                exercise=exercise, name=name, input_data="1", expected_output="2", is_sample=is_sample
            )
        rows = self.client.get(f"{EXERCISES}/{exercise.pk}/test_cases/").json()
        self.assertEqual({row["name"]: row["expected_output"] for row in rows}, {"open": "2", "closed": None})
        body = self.client.get(f"{ROOT}/test-cases/").json()
        self.assertEqual([row["name"] for row in body["results"]], ["open"])

    def test_lists_ask_two_queries_whatever_their_length(self):
        exercise = make_exercise()

        def add_cases(number):
            for n in range(number):
                TestCase.objects.create(exercise=exercise, name=f"{n}", expected_output="", is_sample=True)

        def add_hints(number):
            for n in range(number):
                ExerciseHint.objects.create(exercise=exercise, title=f"{n}", content="Look", order=n)

        self.assert_flat(self.client, f"{ROOT}/test-cases/?page_size=100", add_cases, 2)
        self.assert_flat(
            self.client, f"{EXERCISES}/{exercise.pk}/test_cases/", lambda n: add_cases(n // 10), 2
        )
        self.assert_flat(self.client, f"{EXERCISES}/{exercise.pk}/hints/", add_hints, 2)


class Submitting(PlatformTestCase):
    def setUp(self):
        self.user, self.exercise = make_user(), make_exercise()
        self.client = self.client_of(self.user)

    def send(self, code, exercise=None):
        data = {"exercise": (exercise or self.exercise).pk, "code": code}
        return self.client.post(f"{ROOT}/submissions/", data, format="json")

    def test_attempts_are_numbered_judged_and_counted(self):
        answers = [self.send(code).json() for code in ("print(41)", "  print(42)\n", "print(40)")]
        self.assertEqual(
            [(a["attempt_number"], a["status"], a["score"]) for a in answers],
            [(1, "failed", 0), (2, "passed", 10), (3, "failed", 0)],
        )
        self.exercise.refresh_from_db()
        self.assertEqual((self.exercise.total_submissions, self.exercise.successful_submissions), (3, 1))
        own = StudentProgress.objects.get()
        self.assertEqual((own.total_attempts, own.best_score, own.is_completed), (3, 10, True))
        self.assertLess(own.completed_at, own.last_attempt_at)

    def test_another_user_starts_at_one(self):
        submit(make_user(), self.exercise, attempt=5)
        self.assertEqual(self.send("x").json()["attempt_number"], 1)

    def test_an_exercise_without_a_solution_cannot_be_passed(self):
        self.assertEqual(self.send(" x ", make_exercise(solution_code="")).json()["status"], "failed")

    def test_refuses_drafts_nothing_and_strangers(self):
        self.assertEqual(self.send("x", make_exercise(is_published=False)).status_code, 404)
        self.assertEqual(self.send("").status_code, 400)
        self.assertEqual(self.send("x" * 20_001).status_code, 400)
        self.client.credentials()
        self.assertEqual(self.send("x").status_code, 401)
        self.assertFalse(Submission.objects.exists())

    def test_lists_show_ones_own_in_a_fixed_number_of_queries(self):
        submit(make_user(), self.exercise)

        def add(number):
            for _ in range(number):
                exercise = make_exercise(self.exercise.lesson)
                submit(self.user, exercise)
                StudentProgress.objects.create(user=self.user, exercise=exercise)

        self.assert_flat(self.client, f"{ROOT}/submissions/?page_size=100", add, 6)
        self.assert_flat(self.client, f"{ROOT}/exercise-progress/?page_size=100", lambda n: add(n // 10), 6)
        for name in ("submissions", "exercise-progress"):
            self.assertEqual(self.client.get(f"{ROOT}/{name}/").json()["count"], 110, name)
            self.assertEqual(self.client_class().get(f"{ROOT}/{name}/").status_code, 401, name)
