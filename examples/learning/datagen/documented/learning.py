"""S1 to S8 and S10, the documents' own queries of courses and profiles; and L1 to L22, what the learning pages ask.

Where a page is cut out of a list, the list's own function of the platform makes the query.
"""

from __future__ import annotations

from apps.learning import lists
from django.db.models import Avg, Count, QuerySet

from datagen.documented.draw import Draw
from datagen.documented.samples import Pattern, first, number, one
from datagen.words import SUBJECTS

PAGE, SITE_PAGE = 20, 12
COURSE, LESSON, EXERCISE = "learning.Course", "learning.Lesson", "learning.Exercise"
ENROLLMENT, PROGRESS, SUBMISSION = (
    "learning.CourseEnrollment",
    "learning.UserProgress",
    "learning.Submission",
)
REVIEW, CATEGORY, LANGUAGE = "learning.CourseReview", "learning.Category", "learning.ProgrammingLanguage"
LEVELS = ("beginner", "intermediate", "advanced", "expert")


def _enrollment(draw: Draw) -> QuerySet:
    row = draw.row(ENROLLMENT)
    return draw.model(ENROLLMENT).filter(user=row.user_id, course=row.course_id)


def _progress(draw: Draw) -> QuerySet:
    row = draw.row(PROGRESS)
    return draw.model(PROGRESS).filter(user=row.user_id, lesson=row.lesson_id)


def _done_in_course(draw: Draw) -> QuerySet:
    row = draw.row(ENROLLMENT)
    done = draw.model(PROGRESS).filter(user=row.user_id, lesson__course=row.course_id)
    return done.filter(lesson__is_published=True, completed=True)


def _all_in_course(draw: Draw) -> QuerySet:
    row = draw.row(ENROLLMENT)
    return draw.model(PROGRESS).filter(user=row.user_id, lesson__course=row.course_id)


def _beside(draw: Draw, order: str, **than: str) -> QuerySet:
    row = draw.row(LESSON, is_published=True)
    near = {lookup: getattr(row, field) for lookup, field in than.items()}
    return draw.model(LESSON).filter(course=row.course_id, **near).order_by(order)


def _own_score(draw: Draw) -> QuerySet:
    return draw.model(SUBMISSION).filter(user=draw.value(SUBMISSION, "user_id"))


DOCUMENTED = (
    Pattern("S1", lambda d: d.model(COURSE).filter(is_published=True, difficulty_level=d.turn(LEVELS))),
    Pattern(
        "S1-page",
        lambda d: d.model(COURSE).filter(is_published=True, difficulty_level=d.turn(LEVELS))[:10],
        weight=2,
    ),
    Pattern(
        "S2",
        lambda d: d.model(COURSE).filter(is_featured=True).order_by("-created_at")[:5],
        values=False,
        weight=2,
    ),
    Pattern("S3", lambda d: d.model(COURSE).filter(category=d.value(CATEGORY, "pk"), is_published=True)),
    Pattern(
        "S4",
        lambda d: d.model(COURSE).filter(instructor=d.value(COURSE, "instructor_id"), is_published=True),
    ),
    # The documents print no limit; nobody reads all courses, so it is a page here.
    Pattern("S5", lambda d: d.model(COURSE).order_by("-created_at")[:PAGE], values=False, weight=2),
    Pattern("S6", lambda d: d.model(LESSON).filter(course=d.value(LESSON, "course_id")).order_by("order")),
    Pattern("S7", lambda d: d.model(LESSON).filter(course=d.value(LESSON, "course_id"), is_published=True)),
    Pattern(
        "S8", lambda d: d.model(EXERCISE).filter(lesson=d.value(EXERCISE, "lesson_id"), is_published=True)
    ),
    Pattern(
        "S8-difficulty",
        lambda d: d.model(EXERCISE).filter(difficulty_level=d.turn(LEVELS), is_published=True)[:PAGE],
    ),
    # The documents' "is active" is the user's here, their trust level the forum's.
    Pattern(
        "S10",
        lambda d: d.model("users.UserProfile").filter(user=d.value("users.User", "pk"), user__is_active=True),
    ),
    Pattern(
        "S10-trust", lambda d: d.model("forum_integration.TrustLevel").filter(level=d.turn((3, 2, 4, 1)))
    ),
)

COURSES = (
    Pattern("L1", lambda d: lists.courses(d.learner())[:PAGE], weight=6),
    Pattern("L1-count", lambda d: lists.courses(d.learner()), number, weight=8),
    Pattern(
        "L1-lessons",
        lambda d: d.model(LESSON).filter(course__in=d.keys(COURSE, PAGE, is_published=True)),
        weight=8,
    ),
    Pattern(
        "L1-category",
        lambda d: lists.courses(d.learner(), category=d.value(CATEGORY, "slug"))[:PAGE],
        weight=2,
    ),
    Pattern(
        "L1-difficulty", lambda d: lists.courses(d.learner(), difficulty=d.turn(LEVELS))[:PAGE], weight=2
    ),
    Pattern("L1-search", lambda d: lists.courses(d.learner(), search=d.turn(SUBJECTS))[:PAGE]),
    Pattern("L2", lambda d: lists.course_lessons(d.value(COURSE, "pk", is_published=True)), weight=2),
    Pattern("L3", lambda d: lists.course_reviews(d.value(REVIEW, "course_id"))),
    Pattern("L4", _enrollment, one, weight=2),
    Pattern("L5", lambda d: lists.categories()[:PAGE], values=False, weight=4),
    Pattern("L5-count", lambda d: lists.categories(), number, values=False, weight=4),
    # As the page counted before it was repaired, once for each category.
    Pattern(
        "L5-published",
        lambda d: d.model(COURSE).filter(category=d.value(CATEGORY, "pk"), is_published=True),
        number,
    ),
    Pattern("L5-courses", lambda d: lists.category_courses(d.value(CATEGORY, "pk"))),
    Pattern("L6", lambda d: lists.lessons(d.learner())[:PAGE], weight=2),
    Pattern("L6-count", lambda d: lists.lessons(d.learner()), number, weight=2),
    Pattern(
        "L6-course",
        lambda d: lists.lessons(d.learner(), course=d.value(COURSE, "slug", is_published=True))[:PAGE],
    ),
    Pattern("L6-next", lambda d: _beside(d, "order", order__gt="order"), first, weight=2),
    Pattern("L6-previous", lambda d: _beside(d, "-order", order__lt="order"), first, weight=2),
    Pattern("L6-own", _progress, first, weight=2),
    Pattern("L7", _progress, one, weight=4),
    Pattern("L7-enrollment", _enrollment, first, weight=4),
    Pattern(
        "L7-lessons",
        lambda d: d.model(LESSON).filter(course=d.value(ENROLLMENT, "course_id"), is_published=True),
        number,
        weight=4,
    ),
    Pattern("L7-done", _done_in_course, number, weight=4),
    Pattern("L8", lambda d: lists.lesson_exercises(d.value(EXERCISE, "lesson_id")), weight=2),
    Pattern("L9", lambda d: lists.enrollments(d.learner())[:PAGE], weight=3),
    Pattern("L9-count", lambda d: lists.enrollments(d.learner()), number, weight=3),
    Pattern("L10", lambda d: lists.progress(d.learner())[:PAGE], weight=3),
    Pattern("L10-count", lambda d: lists.progress(d.learner()), number, weight=3),
    Pattern("L11", lambda d: lists.learning_paths()[:PAGE], values=False),
    Pattern("L11-count", lambda d: lists.learning_paths(), number, values=False),
)

EXERCISES = (
    Pattern("L12", lambda d: lists.exercises(d.learner())[:PAGE]),
    Pattern("L12-count", lambda d: lists.exercises(d.learner()), number),
    Pattern(
        "L12-lesson",
        lambda d: lists.exercises(d.learner(), lesson=d.row(EXERCISE, is_published=True).lesson.slug)[:PAGE],
    ),
    Pattern("L12-difficulty", lambda d: lists.exercises(d.learner(), difficulty=d.turn(LEVELS))[:PAGE]),
    Pattern(
        "L12-language", lambda d: lists.exercises(d.learner(), language=d.value(LANGUAGE, "slug"))[:PAGE]
    ),
    Pattern("L13", lambda d: lists.submissions(d.value(SUBMISSION, "user_id"))[:PAGE], weight=2),
    Pattern("L13-count", lambda d: lists.submissions(d.value(SUBMISSION, "user_id")), number, weight=2),
    Pattern("L13-progress", lambda d: lists.exercise_progress(d.value(SUBMISSION, "user_id"))[:PAGE]),
    Pattern("L14", lambda d: lists.sample_test_cases()[:PAGE], values=False),
    Pattern(
        "L14-exercise",
        lambda d: d.model("learning.TestCase").filter(exercise=d.value(EXERCISE, "pk")).order_by("order"),
    ),
    Pattern(
        "L14-hints",
        lambda d: d.model("learning.ExerciseHint").filter(exercise=d.value(EXERCISE, "pk")).order_by("order"),
    ),
)

PEOPLE_AND_SITE = (
    Pattern(
        "L15",
        lambda d: d.model("users.User").filter(is_active=True).order_by("pk")[:PAGE],
        values=False,
    ),
    Pattern("L15-count", lambda d: d.model("users.User").filter(is_active=True), number, values=False),
    Pattern(
        "L15-profile",
        lambda d: d.model("users.UserProfile").select_related("user").filter(user=d.learner()),
        first,
        weight=4,
    ),
    Pattern(
        "L16",
        lambda d: d.model(LESSON).filter(pk=d.value(LESSON, "pk", is_published=True), is_published=True),
        one,
        weight=2,
    ),
    Pattern(
        "L17",
        lambda d: (
            d.model(LESSON)
            .filter(course=d.value(ENROLLMENT, "course_id"), is_published=True)
            .order_by("order")
        ),
        weight=2,
    ),
    Pattern("L17-progress", _all_in_course, weight=2),
    Pattern("L18", _progress, one, weight=2),
    Pattern("L19", lambda d: lists.site_courses()[:SITE_PAGE], values=False, weight=2),
    Pattern("L19-count", lambda d: lists.site_courses(), number, values=False, weight=2),
    Pattern(
        "L19-sorted",
        lambda d: lists.site_courses(sort=d.turn(("difficulty", "rating", "popular")))[:SITE_PAGE],
    ),
    Pattern(
        "L19-filtered",
        lambda d: lists.site_courses(
            difficulty=d.turn((None, *LEVELS)),
            category=d.value(CATEGORY, "slug"),
            is_free=d.turn((True, None)),
        )[:SITE_PAGE],
    ),
    Pattern(
        "L19-duration",
        lambda d: lists.site_courses(duration=d.turn(("short", "medium", "long")))[:SITE_PAGE],
    ),
    Pattern("L20", lambda d: lists.site_exercises(difficulty=d.turn((None, *LEVELS)))[:SITE_PAGE]),
    Pattern(
        "L20-courses", lambda d: d.model(COURSE).filter(is_published=True), number, values=False, weight=2
    ),
    Pattern(
        "L20-exercises", lambda d: d.model(EXERCISE).filter(is_published=True), number, values=False, weight=2
    ),
    Pattern(
        "L21",
        lambda d: (
            d.model(ENROLLMENT)
            .filter(user=d.learner(), progress_percentage__lt=100)
            .select_related("course", "course__instructor")
            .order_by("-enrolled_at")[:3]
        ),
        weight=2,
    ),
    Pattern("L21-passed", lambda d: _own_score(d).filter(status="passed"), number, weight=2),
    Pattern("L21-score", _own_score, lambda found: found.aggregate(average=Avg("score")), weight=2),
    Pattern("L22", lambda d: d.model(LESSON).filter(course=d.value(COURSE, "pk"), is_published=True), number),
    Pattern(
        "L22-enrollments",
        lambda d: d.model(ENROLLMENT).filter(course=d.value(ENROLLMENT, "course_id")),
        number,
    ),
    Pattern(
        "L22-reviews",
        lambda d: d.model(REVIEW).filter(course=d.value(REVIEW, "course_id")),
        lambda found: found.aggregate(average=Avg("rating"), number=Count("id")),
    ),
)

PATTERNS: tuple[Pattern, ...] = (*DOCUMENTED, *COURSES, *EXERCISES, *PEOPLE_AND_SITE)
