"""What each list and page of the API asks the database for, before it is cut into pages.

Nobody logged in is an ordinary visitor: what depends on the user then comes as a constant, with the same names.
"""

from __future__ import annotations

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, Value

from .models import (
    Category,
    Course,
    CourseEnrollment,
    CourseReview,
    Discussion,
    DiscussionReply,
    Exercise,
    ExerciseHint,
    ExerciseType,
    LearningPath,
    Lesson,
    ProgrammingLanguage,
    StudentProgress,
    Submission,
    TestCase,
    UserProgress,
)

NO = Value(False)


def courses(user, *, category=None, difficulty=None, search=None):
    """Published courses, newest first, each with its people, its lessons and whether the user takes it."""
    found = Course.objects.filter(is_published=True)
    if category:
        found = found.filter(category__slug=category)
    if difficulty:
        found = found.filter(difficulty_level=difficulty)
    if search:
        found = found.filter(
            Q(title__icontains=search)
            | Q(description__icontains=search)
            | Q(short_description__icontains=search)
        )
    taken = NO
    if user.is_authenticated:
        taken = Exists(CourseEnrollment.objects.filter(user=user, course=OuterRef("pk")))
    return (
        found.select_related("instructor", "category")
        .prefetch_related("lessons")
        .annotate(
            enrolled_count=Count("enrollments", distinct=True),
            is_enrolled=taken,
        )
        .order_by("-created_at")
    )


def course_lessons(course):
    return Lesson.objects.filter(course=course, is_published=True).order_by("order")


def course_reviews(course):
    return CourseReview.objects.filter(course=course).select_related("user").order_by("-created_at")


def categories():
    """All categories in their order; one join counts the published courses of all of them."""
    return Category.objects.annotate(
        course_count=Count("courses", filter=Q(courses__is_published=True))
    ).order_by("order", "name")


def category_courses(category):
    return (
        Course.objects.filter(category=category, is_published=True)
        .select_related("instructor", "category")
        .order_by("-created_at")
    )


def lessons(user, *, course=None):
    """Published lessons, course by course, with how many have finished each and whether the user has."""
    found = Lesson.objects.filter(is_published=True)
    if course:
        found = found.filter(course__slug=course)
    finished = NO
    if user.is_authenticated:
        finished = Exists(UserProgress.objects.filter(user=user, lesson=OuterRef("pk"), completed=True))
    return (
        found.select_related("course")
        .annotate(
            completed_count=Count("user_progress", filter=Q(user_progress__completed=True), distinct=True),
            is_completed=finished,
        )
        .order_by("course", "order")
    )


def neighbours(lesson):
    """The lessons before and after this one in its course, each None at an end; one query a side."""
    siblings = Lesson.objects.filter(course=lesson.course_id)
    following = siblings.filter(order__gt=lesson.order).order_by("order").first()
    previous = siblings.filter(order__lt=lesson.order).order_by("-order").first()
    return previous, following


def lesson_exercises(lesson):
    return Exercise.objects.filter(lesson=lesson, is_published=True).order_by("order")


def enrollments(user):
    return (
        CourseEnrollment.objects.filter(user=user)
        .select_related("course", "course__instructor")
        .order_by("-enrolled_at")
    )


def progress(user):
    return (
        UserProgress.objects.filter(user=user)
        .select_related("lesson", "lesson__course")
        .order_by("-last_accessed")
    )


def learning_paths():
    return LearningPath.objects.filter(is_published=True).order_by("-created_at")


def exercises(user, *, lesson=None, difficulty=None, language=None):
    """Published exercises, lesson by lesson, with everyone's submissions counted and the user's best score."""
    found = Exercise.objects.filter(is_published=True)
    if lesson:
        found = found.filter(lesson__slug=lesson)
    if difficulty:
        found = found.filter(difficulty_level=difficulty)
    if language:
        found = found.filter(programming_language__slug=language)
    if user.is_authenticated:
        tried = Exists(Submission.objects.filter(exercise=OuterRef("pk"), user=user))
        best = Max("submissions__score", filter=Q(submissions__user=user))
    else:
        tried, best = NO, Value(None, output_field=IntegerField())
    return (
        found.select_related("lesson", "exercise_type", "programming_language")
        .annotate(submission_count=Count("submissions", distinct=True), is_tried=tried, best_score=best)
        .order_by("lesson", "order")
    )


def submissions(user):
    return Submission.objects.filter(user=user).select_related("exercise").order_by("-submitted_at")


def exercise_progress(user):
    return StudentProgress.objects.filter(user=user).select_related("exercise").order_by("-last_attempt_at")


def sample_test_cases():
    """The test cases that learners may see."""
    return TestCase.objects.filter(is_sample=True).order_by("order")


def hints():
    """Of published exercises only."""
    return ExerciseHint.objects.filter(exercise__is_published=True).order_by("exercise_id", "order")


def exercise_types():
    return ExerciseType.objects.order_by("name")


def programming_languages():
    return ProgrammingLanguage.objects.filter(is_active=True).order_by("name")


def discussions(*, course=None):
    """Of published courses, pinned ones first, then the newest, each with its replies counted."""
    found = Discussion.objects.filter(course__is_published=True)
    if course:
        found = found.filter(course__slug=course)
    return (
        found.select_related("author")
        .annotate(reply_count=Count("replies"))
        .order_by("-is_pinned", "-created_at")
    )


def replies(*, discussion=None):
    """Oldest first, as one reads them; ``discussion`` is a number."""
    found = DiscussionReply.objects.filter(discussion__course__is_published=True)
    if discussion is not None:
        found = found.filter(discussion=discussion)
    return found.select_related("author").order_by("created_at")


def reviews():
    return CourseReview.objects.select_related("user").order_by("-created_at")


# The pages of the site

DURATIONS = {
    "short": Q(estimated_duration__lt=10),
    "medium": Q(estimated_duration__gte=10, estimated_duration__lte=40),
    "long": Q(estimated_duration__gt=40),
}
"""In hours."""
SORTS = {
    "newest": F("created_at").desc(),
    "difficulty": F("difficulty_level").asc(),
    "rating": F("average_rating").desc(),
    "popular": F("total_enrollments").desc(),
}


def site_courses(*, difficulty=None, category=None, duration=None, is_free=None, sort="newest"):
    """Published courses in the way a visitor has asked for; ``duration`` and ``sort`` are keys of the tables above."""
    found = Course.objects.filter(is_published=True)
    if difficulty:
        found = found.filter(difficulty_level=difficulty)
    if category:
        found = found.filter(category__slug=category)
    if duration:
        found = found.filter(DURATIONS[duration])
    if is_free is not None:
        found = found.filter(is_free=is_free)
    return found.select_related("instructor", "category").order_by(SORTS[sort])


def site_exercises(*, difficulty=None, language=None):
    found = Exercise.objects.filter(is_published=True)
    if difficulty:
        found = found.filter(difficulty_level=difficulty)
    if language:
        found = found.filter(programming_language__slug=language)
    return found.select_related("lesson", "exercise_type", "programming_language").order_by("lesson", "order")
