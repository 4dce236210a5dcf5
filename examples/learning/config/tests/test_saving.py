"""What saving a row does besides: the lock a course takes, and the profile that follows its user."""

from __future__ import annotations

from unittest import skipUnless

from apps.testing import make_course, make_enrollment, make_lesson, make_user
from apps.users.models import UserProfile
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext


def statements(action):
    with CaptureQueriesContext(connection) as queries:
        action()
    return [query["sql"] for query in queries.captured_queries]


class Courses(TestCase):
    @skipUnless(connection.vendor == "postgresql", "SQLite has no row locks.")
    def test_a_course_is_locked_before_it_is_written(self):
        course = make_course()
        said = [text for text in statements(course.save) if "learning_course" in text]
        self.assertTrue(said[0].startswith("SELECT") and said[0].endswith("LIMIT 1 FOR UPDATE"), said[0])
        self.assertTrue(said[1].startswith("UPDATE"), said[1])

    def test_a_new_course_has_nothing_to_lock(self):
        said = [text for text in statements(make_course) if '"learning_course"' in text]
        self.assertEqual([text.split()[0] for text in said], ["INSERT"])

    def test_the_figures_are_counted_again(self):
        course = make_course()
        make_lesson(course)
        make_lesson(course, is_published=False)
        for rating in (4, 5, 5):
            user = make_user()
            make_enrollment(user, course)
            course.reviews.create(user=user, rating=rating)
        course.update_statistics()
        course.refresh_from_db()
        self.assertEqual((course.total_lessons, course.total_enrollments, course.total_reviews), (1, 3, 3))
        self.assertEqual(str(course.average_rating), "4.67")

    def test_without_reviews_the_average_is_nought(self):
        course = make_course()
        course.update_statistics()
        course.refresh_from_db()
        self.assertEqual((course.total_reviews, course.average_rating), (0, 0))


class Users(TestCase):
    def test_a_new_user_has_a_profile(self):
        user = make_user()
        self.assertEqual(user.profile.skill_level, "beginner")

    def test_every_save_of_the_user_writes_the_profile_too(self):
        user = make_user()
        said = statements(user.save)
        self.assertEqual(sum(text.startswith('UPDATE "users_userprofile"') for text in said), 1)

    def test_a_user_that_was_loaded_without_one_gets_it(self):
        user = make_user()
        UserProfile.objects.all().delete()
        user.refresh_from_db()
        user.save()
        self.assertEqual(UserProfile.objects.get().user, user)
