"""Courses, lessons and exercises as content pages, and taking part in them."""

from __future__ import annotations

from config.pagination import PageOfTwenty
from django.shortcuts import get_object_or_404
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists, services
from .models import CoursePage, WagtailCourseEnrollment
from .serializers import (
    CourseSerializer,
    CourseWithTextSerializer,
    EnrollmentSerializer,
    ExerciseRowSerializer,
)

YES_NO = {"true": True, "1": True, "false": False, "0": False}


class PageOfTwelve(PageOfTwenty):
    page_size = 12


def yes_or_no(name, text):
    """True, False, or None when nothing was asked; raises ValidationError (a 400) for any other word."""
    if text is None:
        return None
    try:
        return YES_NO[text.lower()]
    except KeyError:
        raise ValidationError({name: ["Write true or false."]}) from None


def live_course(slug):
    return get_object_or_404(CoursePage.objects.live(), slug=slug)


class LearningIndexView(APIView):
    """The featured courses."""

    permission_classes = [AllowAny]

    def get(self, request):
        return Response({"featured": CourseSerializer(lists.featured_courses(), many=True).data})


class CourseListView(generics.ListAPIView):
    """`?skill_level=` and `?category=` are slugs, `?difficulty=` a level, `?is_free=` true or false, `?search=` text."""

    permission_classes = [AllowAny]
    serializer_class = CourseSerializer
    pagination_class = PageOfTwelve

    def get_queryset(self):
        wanted = self.request.query_params
        return lists.courses(
            skill_level=wanted.get("skill_level"),
            category=wanted.get("category"),
            difficulty=wanted.get("difficulty"),
            is_free=yes_or_no("is_free", wanted.get("is_free")),
            search=wanted.get("search"),
        )


class CourseDetailView(generics.RetrieveAPIView):
    permission_classes = [AllowAny]
    serializer_class = CourseWithTextSerializer
    lookup_field = "slug"

    def get_queryset(self):
        return lists.courses()


class CourseExercisesView(APIView):
    permission_classes = [AllowAny]

    def get(self, request, slug):
        return Response(ExerciseRowSerializer(lists.course_exercises(live_course(slug)), many=True).data)


class ExerciseListView(generics.ListAPIView):
    """Both kinds of exercise pages; `?type=`, `?difficulty=`, `?language=`."""

    permission_classes = [AllowAny]
    serializer_class = ExerciseRowSerializer
    pagination_class = PageOfTwelve

    def get_queryset(self):
        wanted = self.request.query_params
        return lists.exercises(
            exercise_type=wanted.get("type"),
            difficulty=wanted.get("difficulty"),
            language=wanted.get("language"),
        )


class EnrollView(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request, slug):
        try:
            enrollment, created = services.enroll(request.user, live_course(slug))
        except services.CourseFullError:
            return Response({"detail": "This course is full."}, status=status.HTTP_409_CONFLICT)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(EnrollmentSerializer(enrollment).data, status=code)


class UnenrollView(APIView):
    permission_classes = [IsAuthenticated]

    def delete(self, request, slug):
        if not services.unenroll(request.user, live_course(slug)):
            return Response({"detail": "Not enrolled in this course."}, status=status.HTTP_404_NOT_FOUND)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EnrollmentStatusView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request, slug):
        course = live_course(slug)
        enrollment = (
            WagtailCourseEnrollment.objects.filter(user=request.user, course=course)
            .select_related("course")
            .first()
        )
        data = EnrollmentSerializer(enrollment).data if enrollment else None
        return Response({"enrolled": enrollment is not None, "enrollment": data})
