"""What learners and teachers change: enrollments, progress, submissions, a course's figures. No HTTP here."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from .models import (
    Course,
    CourseEnrollment,
    CourseReview,
    Exercise,
    Lesson,
    StudentProgress,
    Submission,
    UserProgress,
)

ALL = 100


def enroll(user, course):
    """The user's enrollment in a course and whether it is new."""
    return CourseEnrollment.objects.get_or_create(user=user, course=course)


@transaction.atomic
def enroll_and_count(user, course_id):
    """The same, and the course's figures with it. Raises Course.DoesNotExist unless the course is published.

    The course is locked before the enrollment points to it: two people who enroll at once would otherwise each hold
    the share lock of their foreign key and wait for the other's to go.
    """
    course = Course.objects.select_for_update().get(pk=course_id, is_published=True)
    enrollment, new = enroll(user, course)
    if new:
        course.update_statistics()
    return enrollment, new


def unenroll(user, course):
    """Ends an enrollment; raises CourseEnrollment.DoesNotExist when there is none."""
    CourseEnrollment.objects.get(user=user, course=course).delete()


@transaction.atomic
def review(user, course_id, rating, title, content):
    """A user's word on a course; the course's figures follow. Raises IntegrityError for a second one."""
    course = Course.objects.select_for_update().get(pk=course_id)
    made = CourseReview.objects.create(user=user, course=course, rating=rating, title=title, content=content)
    course.update_statistics()
    return made


@transaction.atomic
def start_lesson(user, lesson):
    """Opens a lesson; harmless when it is open already."""
    progress, _ = UserProgress.objects.get_or_create(user=user, lesson=lesson)
    if not progress.started:
        progress.started, progress.started_at = True, timezone.now()
        # Fields that set themselves to the time of saving are not among these, so `last_accessed` stands still.
        progress.save(update_fields=["started", "started_at"])
    advance_enrollment(user, lesson)
    return progress


@transaction.atomic
def complete_lesson(user, lesson):
    """Finishes a lesson, also one that was never opened."""
    now = timezone.now()
    progress, _ = UserProgress.objects.get_or_create(user=user, lesson=lesson)
    if not progress.completed:
        progress.started, progress.started_at = True, progress.started_at or now
        progress.completed, progress.completed_at = True, now
        progress.save(update_fields=["started", "started_at", "completed", "completed_at"])
    enrollment = advance_enrollment(user, lesson)
    return progress, enrollment


def advance_enrollment(user, lesson):
    """Sets an enrollment to the share of its course's lessons that the user has finished; None without enrollment.

    Inside a transaction only: the enrollment is locked before anything is counted, so that of two lessons finished in
    one moment the later count sees both.
    """
    try:
        enrollment = CourseEnrollment.objects.select_for_update().get(user=user, course=lesson.course_id)
    except CourseEnrollment.DoesNotExist:
        return None
    total = Lesson.objects.filter(course=lesson.course_id, is_published=True).count()
    done = UserProgress.objects.filter(
        user=user, lesson__course=lesson.course_id, lesson__is_published=True, completed=True
    ).count()
    enrollment.progress_percentage = done * ALL // total if total else 0
    enrollment.last_accessed_lesson = lesson
    finished = enrollment.progress_percentage == ALL
    if finished != enrollment.completed:
        enrollment.completed, enrollment.completed_at = finished, timezone.now() if finished else None
    enrollment.save(
        update_fields=["progress_percentage", "completed", "completed_at", "last_accessed_lesson"]
    )
    return enrollment


def progress_of(user, lesson):
    """The user's progress through a lesson, or None; also None for a visitor without a login."""
    if not user.is_authenticated:
        return None
    try:
        return UserProgress.objects.get(user=user, lesson=lesson)
    except UserProgress.DoesNotExist:
        return None


def keep_position(user, lesson, position):
    """Where in a lesson the user was last, in whatever unit the lesson's player counts."""
    progress, _ = UserProgress.objects.get_or_create(user=user, lesson=lesson)
    progress.content_position = position
    progress.save(update_fields=["content_position"])
    return progress


def turn_bookmark(user, lesson):
    """Sets the bookmark of a lesson, or takes it away."""
    progress, _ = UserProgress.objects.get_or_create(user=user, lesson=lesson)
    progress.bookmarked = not progress.bookmarked
    progress.save(update_fields=["bookmarked"])
    return progress


def course_progress(user, course):
    """A user's enrollment in a course, made when there was none, and each lesson with the user's progress or None."""
    enrollment, _ = enroll(user, course)
    lessons = Lesson.objects.filter(course=course, is_published=True).order_by("order")
    done = {row.lesson_id: row for row in UserProgress.objects.filter(user=user, lesson__course=course)}
    return enrollment, [(lesson, done.get(lesson.pk)) for lesson in lessons]


@transaction.atomic
def submit(user, exercise, code):
    """One more attempt at an exercise: the row, its verdict, and the figures of the user and of the exercise.

    Nobody's code is run here. An attempt passes when it is the model solution but for white space.
    The user's own figures are locked first, so that two attempts in one moment get two numbers.
    """
    own, _ = StudentProgress.objects.select_for_update().get_or_create(user=user, exercise=exercise)
    last = (
        Submission.objects.filter(user=user, exercise=exercise).aggregate(n=Max("attempt_number"))["n"] or 0
    )
    submission = Submission.objects.create(user=user, exercise=exercise, code=code, attempt_number=last + 1)
    judge(submission, exercise)
    record_attempt(own, submission)
    passed = submission.status == Submission.Status.PASSED
    Exercise.objects.filter(pk=exercise.pk).update(
        total_submissions=F("total_submissions") + 1,
        successful_submissions=F("successful_submissions") + int(passed),
    )
    return submission


def judge(submission, exercise):
    """The verdict on an attempt, and a sentence with it."""
    passed = (
        bool(exercise.solution_code.split()) and submission.code.split() == exercise.solution_code.split()
    )
    submission.status = Submission.Status.PASSED if passed else Submission.Status.FAILED
    submission.score = exercise.points if passed else 0
    submission.completed_at = timezone.now()
    submission.save(update_fields=["status", "score", "completed_at"])
    submission.ai_feedback = "Well done." if passed else "This is not the expected solution yet."
    submission.save(update_fields=["ai_feedback"])


def record_attempt(own, submission):
    """What one attempt changes in a user's figures for the exercise."""
    own.total_attempts += 1
    own.best_score = max(own.best_score, submission.score)
    own.first_attempt_at = own.first_attempt_at or submission.submitted_at
    own.last_attempt_at = submission.submitted_at
    if submission.status == Submission.Status.PASSED and not own.is_completed:
        own.is_completed, own.completed_at = True, submission.submitted_at
    own.save()
