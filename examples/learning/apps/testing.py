"""Rows and clients for the platform's own tests. Every row is valid and as small as it can be."""

from __future__ import annotations

from itertools import count

from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.learning.models import (
    Category,
    Course,
    CourseEnrollment,
    Exercise,
    ExerciseType,
    Lesson,
    ProgrammingLanguage,
)
from apps.users.models import User

PASSWORD = "correct horse battery"

_number = count(1)


def make_user(**fields):
    n = next(_number)
    defaults = {"username": f"user{n}", "email": f"user{n}@example.org", "password": PASSWORD}
    return User.objects.create_user(**(defaults | fields))


def make_category(**fields):
    n = next(_number)
    return Category.objects.create(
        **({"name": f"Category {n}", "slug": f"category-{n}", "order": n} | fields)
    )


def make_course(instructor=None, category=None, **fields):
    """A published course; its instructor and its category are made when not given."""
    n = next(_number)
    defaults = {
        "title": f"Course {n}",
        "slug": f"course-{n}",
        "description": "What one learns",
        "estimated_duration": 12,
        "is_published": True,
    }
    return Course.objects.create(
        instructor=instructor or make_user(), category=category or make_category(), **(defaults | fields)
    )


def make_lesson(course=None, **fields):
    """A published lesson after all earlier ones."""
    n = next(_number)
    defaults = {
        "title": f"Lesson {n}",
        "slug": f"lesson-{n}",
        "order": n,
        "estimated_duration": 20,
        "is_published": True,
    }
    return Lesson.objects.create(course=course or make_course(), **(defaults | fields))


def make_language(slug="python"):
    return ProgrammingLanguage.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def make_exercise(lesson=None, **fields):
    """A published exercise of type "code" in Python after all earlier ones."""
    n = next(_number)
    defaults = {
        "title": f"Exercise {n}",
        "slug": f"exercise-{n}",
        "description": "What to do",
        "instructions": "How to do it",
        "exercise_type": ExerciseType.objects.get_or_create(name="code")[0],
        "programming_language": make_language(),
        "solution_code": "print(42)",
        "estimated_time": 10,
        "order": n,
        "is_published": True,
    }
    return Exercise.objects.create(lesson=lesson or make_lesson(), **(defaults | fields))


def make_enrollment(user, course=None, **fields):
    return CourseEnrollment.objects.create(user=user, course=course or make_course(), **fields)


# PBKDF2 is slow on purpose; dozens of test users would wait for it.
@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class PlatformTestCase(TestCase):
    """A client without a login, and one step to get a client with one."""

    client_class = APIClient

    def client_of(self, user):
        """A client with a real access token, so that its requests cost what a user's do."""
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
        return client

    def queries(self, client, url):
        """The statements of one GET that is answered with 200."""
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        self.assertEqual(response.status_code, 200, response.content)
        return [query["sql"] for query in queries.captured_queries]

    def query_count(self, client, url):
        return len(self.queries(client, url))

    def assert_flat(self, client, url, add_rows, ceiling):
        """The page asks the same number of queries with ten rows as with a hundred, and never more than the ceiling.

        The first request of a user's day writes more than the others do, so one is sent before counting.
        """
        client.get(url)
        add_rows(10)
        few = self.query_count(client, url)
        add_rows(90)
        many = self.query_count(client, url)
        self.assertEqual(many, few, f"{url} asks {few} queries for 10 rows and {many} for 100")
        self.assertLessEqual(many, ceiling)
