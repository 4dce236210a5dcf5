"""S9, the documents' queries of posts; and B1 to B8, what the pages that editors write ask.

The documents know a model of posts that the platform has not: what they say of it is asked of its content pages.
"""

from __future__ import annotations

from apps.blog import lists
from django.db.models import QuerySet

from datagen.documented.draw import Draw
from datagen.documented.samples import Pattern, first, number, one

BLOG_PAGE, COURSE_PAGE = 9, 12
POST, COURSE, EXERCISE, STEPS = (
    "blog.BlogPage",
    "blog.CoursePage",
    "blog.ExercisePage",
    "blog.StepBasedExercisePage",
)
CATEGORY, ENROLLMENT, TAG = "blog.BlogCategory", "blog.WagtailCourseEnrollment", "taggit.Tag"
LEVELS = ("beginner", "intermediate", "advanced")


def _posts(draw: Draw) -> QuerySet:
    return draw.model(POST).order_by("-first_published_at")


def _below(draw: Draw, label: str) -> QuerySet:
    course = draw.row(COURSE, live=True)
    return draw.model(label).live().child_of(course).values(*lists.EXERCISE_FIELDS, "path")


def _enrollment(draw: Draw) -> QuerySet:
    row = draw.row(ENROLLMENT)
    return draw.model(ENROLLMENT).filter(user=row.user_id, course=row.course_id)


PATTERNS: tuple[Pattern, ...] = (
    Pattern("S9", lambda d: _posts(d)[:BLOG_PAGE], values=False, weight=2),
    Pattern("S9-author", lambda d: _posts(d).filter(author=d.value(POST, "author_id"))),
    Pattern(
        "S9-featured",
        lambda d: d.model(COURSE).filter(featured=True).order_by("-first_published_at")[:6],
        values=False,
    ),
    Pattern("B1", lambda d: lists.posts()[:BLOG_PAGE], values=False, weight=3),
    Pattern("B1-count", lambda d: lists.posts(), number, values=False, weight=3),
    Pattern("B1-category", lambda d: lists.posts(category=d.value(CATEGORY, "slug"))[:BLOG_PAGE]),
    Pattern("B1-tag", lambda d: lists.posts(tag=d.value(TAG, "name"))[:BLOG_PAGE]),
    Pattern("B2", lambda d: lists.posts().filter(slug=d.value(POST, "slug", live=True)), one, weight=2),
    Pattern("B2-related", lambda d: lists.related_posts(d.row(POST, live=True)), weight=2),
    Pattern("B3", lambda d: lists.categories(), values=False),
    # As the page counted before it was repaired, once for each category.
    Pattern("B3-count", lambda d: d.model(POST).live().filter(categories=d.value(CATEGORY, "pk")), number),
    Pattern("B4", lambda d: lists.posts()[: lists.HOMEPAGE_POSTS], values=False, weight=2),
    Pattern("B4-featured", lambda d: lists.featured_courses(), values=False, weight=2),
    Pattern("B5", lambda d: lists.courses()[:COURSE_PAGE], values=False, weight=2),
    Pattern("B5-count", lambda d: lists.courses(), number, values=False, weight=2),
    Pattern(
        "B5-level", lambda d: lists.courses(skill_level=d.value("blog.SkillLevel", "slug"))[:COURSE_PAGE]
    ),
    Pattern("B5-category", lambda d: lists.courses(category=d.value(CATEGORY, "slug"))[:COURSE_PAGE]),
    Pattern(
        "B5-difficulty",
        lambda d: lists.courses(difficulty=d.turn(LEVELS), is_free=d.turn((True, False)))[:COURSE_PAGE],
    ),
    Pattern("B6", lambda d: lists.courses().filter(slug=d.value(COURSE, "slug", live=True)), one),
    Pattern("B6-exercises", lambda d: _below(d, EXERCISE)),
    Pattern("B6-steps", lambda d: _below(d, STEPS)),
    Pattern(
        "B7",
        lambda d: (
            d.model(EXERCISE)
            .live()
            .filter(difficulty=d.turn(LEVELS), programming_language=d.turn(("python", "sql")))
            .order_by("-first_published_at")
            .values(*lists.EXERCISE_FIELDS)
        ),
    ),
    Pattern(
        "B7-steps",
        lambda d: (
            d.model(STEPS)
            .live()
            .filter(difficulty=d.turn(LEVELS))
            .order_by("-first_published_at")
            .values(*lists.EXERCISE_FIELDS)
        ),
    ),
    Pattern("B8", _enrollment, first),
)
