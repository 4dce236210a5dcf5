from __future__ import annotations

import json

from apps.learning.models import UserProgress
from apps.testing import PlatformTestCase, make_course, make_exercise, make_lesson, make_user

API = "/api/v1"
HUGE = 10**30


class Nonsense(PlatformTestCase):
    """Whatever is sent, the answer is an error of the sender's, never one of the platform's."""

    def setUp(self):
        self.user = make_user(is_mentor=True)
        self.client = self.client_of(self.user)

    def test_in_addresses(self):
        make_course()
        for path in (
            f"courses/{HUGE}/",
            "courses/x/",
            "courses/-1/",
            f"lessons/{HUGE}/",
            f"lessons/{HUGE}/exercises/",
            f"exercises/{HUGE}/hints/",
            f"categories/{HUGE}/courses/",
            "courses/?page=0",
            "courses/?page=x",
            f"courses/?page={HUGE}",
            "courses/?search=%00",
        ):
            self.assertIn(self.client.get(f"{API}/{path}").status_code, (400, 404), path)
        for query in ("page_size=x", "page_size=-1", "search=%ED%A0%80", "search=%25_%27%22", "category=%27"):
            self.assertEqual(self.client.get(f"{API}/courses/?{query}").status_code, 200, query)

    def test_in_bodies(self):
        lesson, exercise = make_lesson(), make_exercise()
        progress = UserProgress.objects.create(user=self.user, lesson=lesson)
        for method, path, bodies in (
            (
                "post",
                "submissions/",
                [[], "x", {"exercise": HUGE, "code": "x"}, {"exercise": [1], "code": "x"}],
            ),
            (
                "post",
                "submissions/",
                [{"exercise": exercise.pk, "code": text} for text in ("\x00", "\ud800", None)],
            ),
            ("post", "reviews/", [[], {"course": HUGE, "rating": 1}, {"course": True, "rating": 1}]),
            (
                "post",
                "reviews/",
                [{"course": lesson.course_id, "rating": rating} for rating in (0, HUGE, "x")],
            ),
            ("post", f"lessons/{lesson.pk}/position/", [[], {"position": HUGE}, {"position": 1.5}]),
            ("patch", f"progress/{progress.pk}/", [[], {"time_spent": HUGE}, {"notes": "\x00"}]),
            ("post", "courses/", [[], {"title": "x" * 201}, {"category": HUGE, "price": "NaN"}]),
            ("patch", f"users/{self.user.pk}/", [[], {"website": "javascript:alert(1)"}, {"bio": {"a": 1}}]),
            (
                "patch",
                f"user-profiles/{self.user.profile.pk}/",
                [[], {"programming_languages": [HUGE, None]}],
            ),
            ("post", "auth/login/", [[], {"username": "\x00", "password": "x"}, {"username": ["a"]}]),
        ):
            for body in bodies:
                # Written by hand: the client's own writer would refuse the half of a surrogate pair.
                sent = json.dumps(body)
                response = getattr(self.client, method)(
                    f"{API}/{path}", sent, content_type="application/json"
                )
                self.assertIn(response.status_code, (400, 401, 404), (path, str(body)[:80], response.content))

    def test_in_what_is_no_json(self):
        response = self.client.post(f"{API}/submissions/", b"{", content_type="application/json")
        self.assertEqual(response.status_code, 400)
        response = self.client.post(f"{API}/submissions/", b"a=b", content_type="text/plain")
        self.assertEqual(response.status_code, 415)
        self.assertEqual(self.client.put(f"{API}/submissions/", {}, format="json").status_code, 405)
