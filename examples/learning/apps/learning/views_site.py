"""The site's own pages as JSON: the front page, the dashboard, and the lists a visitor filters and sorts."""

from __future__ import annotations

from config.pagination import PageOfTwenty
from django.db.models import Avg
from rest_framework import generics, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists, services
from .models import Course, CourseEnrollment, Exercise, Submission
from .serializers import CourseCardSerializer, EnrollmentSerializer, NamedExerciseSerializer

UNFINISHED_SHOWN = 3
ON_OFF = {"true": True, "1": True, "false": False, "0": False}


class PageOfTwelve(PageOfTwenty):
    page_size = 12


def choice(request, name, allowed, default=None):
    """A query parameter that must be one of ``allowed``; raises ValidationError (400) otherwise."""
    value = request.query_params.get(name, default)
    if value and value not in allowed:
        raise ValidationError({name: [f"Choose one of {', '.join(allowed)}."]})
    return value


class HomeView(APIView):
    """What the platform has; each number is counted separately."""

    def get(self, request):
        return Response(
            {
                "courses": Course.objects.filter(is_published=True).count(),
                "exercises": Exercise.objects.filter(is_published=True).count(),
            }
        )


class DashboardView(APIView):
    """Where a learner stands; each number is counted separately."""

    permission_classes = (IsAuthenticated,)

    def get(self, request):
        enrollments = CourseEnrollment.objects.filter(user=request.user)
        unfinished = (
            enrollments.filter(progress_percentage__lt=100)
            .select_related("course", "course__instructor")
            .order_by("-enrolled_at")[:UNFINISHED_SHOWN]
        )
        submissions = Submission.objects.filter(user=request.user)
        return Response(
            {
                "courses": enrollments.count(),
                "unfinished": EnrollmentSerializer(unfinished, many=True).data,
                "passed": submissions.filter(status=Submission.Status.PASSED).count(),
                "average_score": submissions.aggregate(average=Avg("score"))["average"],
            }
        )


class CourseListView(generics.ListAPIView):
    """Courses, twelve a page, by ?difficulty, ?category, ?duration and ?is_free, in the order of ?sort."""

    serializer_class = CourseCardSerializer
    pagination_class = PageOfTwelve

    def get_queryset(self):
        params = self.request.query_params
        is_free = choice(self.request, "is_free", ON_OFF)
        return lists.site_courses(
            difficulty=params.get("difficulty"),
            category=params.get("category"),
            duration=choice(self.request, "duration", lists.DURATIONS),
            is_free=ON_OFF[is_free] if is_free else None,
            sort=choice(self.request, "sort", lists.SORTS) or "newest",
        )


class ExerciseListView(generics.ListAPIView):
    """Exercises, twelve a page, by ?difficulty and ?language."""

    serializer_class = NamedExerciseSerializer
    pagination_class = PageOfTwelve

    def get_queryset(self):
        params = self.request.query_params
        return lists.site_exercises(difficulty=params.get("difficulty"), language=params.get("language"))


class EnrollView(APIView):
    """Enrolls as the API does, and counts the course anew."""

    permission_classes = (IsAuthenticated,)

    def post(self, request, pk):
        try:
            enrollment, new = services.enroll_and_count(request.user, pk)
        except Course.DoesNotExist:
            raise NotFound("There is no such course.") from None
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response({"id": enrollment.pk, "course": pk, "new": new}, status=code)
