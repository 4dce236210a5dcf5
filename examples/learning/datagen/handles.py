"""The handles file: what ``traffic/drive.py`` needs to know about the loaded data, read back from the database."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Count, Q, QuerySet

from .loader import PASSWORD
from .people import STAFF

USERS = 40
"""Learners the driver may log in as."""
COURSES, TOPICS, PAGES, EXERCISES, LESSONS = 300, 200, 60, 120, 8


def _all(label: str, using: str) -> QuerySet[Any]:
    return apps.get_model(label)._base_manager.using(using)


def _spread(items: list[Any], wanted: int) -> list[Any]:
    """At most ``wanted`` of the items, evenly from first to last."""
    step = max(1, len(items) // wanted)
    return items[::step][:wanted]


def _learners(using: str) -> list[dict[str, Any]]:
    """From the busiest to those with one course, each with lessons already opened."""
    learners = _all("users.User", using).filter(is_active=True, is_staff=False, pk__gt=STAFF)
    taking = learners.annotate(courses=Count("enrollments", filter=Q(enrollments__completed=False)))
    found = list(taking.filter(courses__gt=0).order_by("-courses", "pk").values_list("pk", "username"))
    enrollments, progress = _all("learning.CourseEnrollment", using), _all("learning.UserProgress", using)
    return [
        {
            "id": pk,
            "username": name,
            "courses": list(
                enrollments.filter(user=pk)
                .order_by("-enrolled_at")
                .values_list("course_id", flat=True)[:LESSONS]
            ),
            "lessons": list(
                progress.filter(user=pk, lesson__is_published=True)
                .order_by("-last_accessed")
                .values_list("lesson_id", flat=True)[:LESSONS]
            ),
            "progress": list(
                progress.filter(user=pk).order_by("-last_accessed").values_list("pk", flat=True)[:LESSONS]
            ),
        }
        for pk, name in _spread(found, USERS)
    ]


def make_handles(using: str) -> dict[str, Any]:
    """Logins, courses, lessons, exercises, pages and topics, the popular ones first and weighed by it."""
    course = _all("learning.Course", using).filter(is_published=True).order_by("-total_enrollments", "pk")
    courses = list(course.values_list("pk", "slug", "total_enrollments")[:COURSES])
    lesson = _all("learning.Lesson", using).filter(is_published=True, course__in=[pk for pk, _, _ in courses])
    exercise = _all("learning.Exercise", using).filter(is_published=True).order_by("-total_submissions", "pk")
    post = _all("forum_conversation.Post", using).filter(approved=True, topic__approved=True)
    topic = _all("forum_conversation.Topic", using).filter(approved=True, status=0)
    blog = _all("blog.BlogPage", using).filter(live=True).order_by("-first_published_at", "pk")
    page = _all("blog.CoursePage", using).filter(live=True)
    pages = page.annotate(number=Count("enrollments")).order_by("-number", "pk")
    return {
        "password": PASSWORD,
        "admin": "admin",
        "users": _learners(using),
        "courses": [{"id": pk, "slug": slug, "weight": taken + 1} for pk, slug, taken in courses],
        "lessons": _spread(list(lesson.order_by("pk").values_list("pk", flat=True)), COURSES),
        "exercises": list(exercise.values_list("pk", flat=True)[:EXERCISES]),
        "categories": list(_all("learning.Category", using).order_by("pk").values("id", "slug")),
        "blog": list(blog.values_list("slug", flat=True)[:PAGES]),
        "course_pages": [{"id": pk, "slug": slug} for pk, slug in pages.values_list("pk", "slug")[:PAGES]],
        "blog_categories": list(
            _all("blog.BlogCategory", using).order_by("pk").values_list("slug", flat=True)
        ),
        "forums": list(_all("forum.Forum", using).filter(type=0).order_by("pk").values_list("pk", flat=True)),
        "topics": [
            {"id": pk, "weight": posts + 1}
            for pk, posts in topic.order_by("-last_post_on", "pk").values_list("pk", "posts_count")[:TOPICS]
        ],
        "posts": list(post.order_by("-pk").values_list("pk", flat=True)[:TOPICS]),
    }
