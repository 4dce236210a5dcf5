from __future__ import annotations

from apps.learning.models import Discussion, DiscussionReply, ExerciseHint, ExerciseType
from apps.testing import PlatformTestCase, make_course, make_exercise, make_language, make_lesson, make_user

ROOT = "/api/v1"


class Talking(PlatformTestCase):
    def setUp(self):
        self.user, self.course = make_user(), make_course(slug="rust")
        self.client = self.client_of(self.user)

    def discuss(self, **fields):
        data = {"course": self.course, "author": self.user, "title": "Why", "content": "?"}
        return Discussion.objects.create(**(data | fields))

    def send(self, what, **body):
        return self.client.post(f"{ROOT}/{what}/", body, format="json")

    def titles(self, query=""):
        return [row["title"] for row in self.client.get(f"{ROOT}/discussions/{query}").json()["results"]]

    def test_pinned_ones_come_first_and_a_course_has_its_own(self):
        self.discuss(title="pinned", is_pinned=True)
        self.discuss(title="old")
        self.discuss(title="new")
        self.discuss(title="elsewhere", course=make_course())
        self.discuss(title="of a draft", course=make_course(is_published=False))
        self.assertEqual(self.titles(), ["pinned", "elsewhere", "new", "old"])
        self.assertEqual(self.titles("?course=rust"), ["pinned", "new", "old"])

    def test_one_speaks_under_ones_own_name(self):
        made = self.send("discussions", course=self.course.pk, title="Why", content="?", is_pinned=True)
        self.assertEqual(made.status_code, 201, made.content)
        self.assertEqual((made.json()["author"], made.json()["reply_count"]), (self.user.username, 0))
        number = made.json()["id"]
        self.assertFalse(Discussion.objects.get().is_pinned)
        first = self.send("discussion-replies", discussion=number, content="So").json()
        second = self.send("discussion-replies", discussion=number, parent=first["id"], content="No")
        self.assertEqual(second.status_code, 201, second.content)
        rows = self.client.get(f"{ROOT}/discussion-replies/?discussion={number}").json()["results"]
        self.assertEqual([row["content"] for row in rows], ["So", "No"])
        self.assertEqual(self.client.get(f"{ROOT}/discussions/{number}/").json()["reply_count"], 2)

    def test_what_does_not_belong_together_is_refused(self):
        here, there = self.discuss(), self.discuss()
        reply = DiscussionReply.objects.create(discussion=there, author=self.user, content="x")
        draft = make_course(is_published=False)
        for what, body in (
            ("discussions", {"course": draft.pk, "title": "x", "content": "x"}),
            (
                "discussions",
                {"course": self.course.pk, "lesson": make_lesson().pk, "title": "x", "content": "x"},
            ),
            ("discussion-replies", {"discussion": here.pk, "parent": reply.pk, "content": "x"}),
            ("discussion-replies", {"discussion": self.discuss(course=draft).pk, "content": "x"}),
        ):
            self.assertEqual(self.send(what, **body).status_code, 400, body)
        for number in ("x", "-1", "9" * 30, ""):
            response = self.client.get(f"{ROOT}/discussion-replies/?discussion={number}")
            self.assertEqual(response.status_code, 400, number)
        self.client.credentials()
        body = {"course": self.course.pk, "title": "x", "content": "x"}
        self.assertEqual(self.send("discussions", **body).status_code, 401)

    def test_lists_ask_two_queries_whatever_their_length(self):
        def add(number):
            for _ in range(number):
                DiscussionReply.objects.create(discussion=self.discuss(), author=self.user, content="x")

        anyone = self.client_class()
        self.assert_flat(anyone, f"{ROOT}/discussions/?page_size=100", add, 2)
        self.assert_flat(anyone, f"{ROOT}/discussion-replies/?page_size=100", lambda n: add(n // 10), 2)


class Catalogue(PlatformTestCase):
    def test_hints_types_and_languages_ask_two_queries(self):
        exercise = make_exercise()
        draft = make_exercise(exercise.lesson, is_published=False)
        for number in (2, 1):
            ExerciseHint.objects.create(exercise=exercise, title=f"{number}", content="Look", order=number)
        ExerciseHint.objects.create(exercise=draft, title="hidden", content="Look")
        ExerciseType.objects.create(name="quiz")
        make_language("rust")
        for name, key, expected in (
            ("hints", "title", ["1", "2"]),
            ("exercise-types", "name", ["code", "quiz"]),
            ("programming-languages", "slug", ["python", "rust"]),
        ):
            rows = self.client.get(f"{ROOT}/{name}/").json()["results"]
            self.assertEqual([row[key] for row in rows], expected, name)
            self.assertEqual(self.query_count(self.client, f"{ROOT}/{name}/"), 2, name)
