"""Enrolling in a course page, and leaving it."""

from __future__ import annotations

from django.db import transaction

from .models import CoursePage, WagtailCourseEnrollment


class CourseFullError(Exception):
    """The course takes no more participants."""


def enroll(user, course):
    """The user's enrollment and whether it is new; raises CourseFullError when the course's limit is reached.

    A course with a limit is locked while its participants are counted: of two who want the last place, one gets it.
    """
    with transaction.atomic():
        if course.enrollment_limit is not None:
            # Only the row in the course's own table; the page's is wagtail's to lock.
            CoursePage.objects.select_for_update(of=("self",)).filter(pk=course.pk).order_by().first()
            others = WagtailCourseEnrollment.objects.filter(course=course).exclude(user=user)
            if others.count() >= course.enrollment_limit:
                raise CourseFullError
        return WagtailCourseEnrollment.objects.get_or_create(user=user, course=course)


def unenroll(user, course):
    """True when the user took part until now."""
    enrollment = WagtailCourseEnrollment.objects.filter(user=user, course=course).first()
    if enrollment is None:
        return False
    enrollment.delete()
    return True
