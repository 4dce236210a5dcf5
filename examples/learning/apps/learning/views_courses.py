"""Courses and what hangs on them: categories, enrollments, reviews, learning paths."""

from __future__ import annotations

from django.db import IntegrityError
from django.shortcuts import get_object_or_404
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from . import lists, services
from .models import Category, Course, CourseEnrollment
from .serializers import (
    CategorySerializer,
    CourseCardSerializer,
    CourseDetailSerializer,
    CourseSerializer,
    CourseWriteSerializer,
    EnrollmentSerializer,
    LearningPathSerializer,
    LessonCardSerializer,
    OwnProgressSerializer,
    ReviewSerializer,
)


class CategoryViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = CategorySerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.categories()

    @action(detail=True)
    def courses(self, request, pk):
        category = get_object_or_404(Category, pk=pk)
        return Response(CourseCardSerializer(lists.category_courses(category), many=True).data)


class CourseViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """Published courses for everyone; a course is made by a mentor or the staff and changed by who teaches it."""

    lookup_value_regex = r"\d+"

    def get_queryset(self):
        params = self.request.query_params
        if self.action == "partial_update":
            return self.manageable()
        if self.action == "retrieve":
            return lists.courses(self.request.user)
        return lists.courses(
            self.request.user,
            category=params.get("category"),
            difficulty=params.get("difficulty"),
            search=params.get("search"),
        )

    def get_serializer_class(self):
        if self.action in ("create", "partial_update"):
            return CourseWriteSerializer
        return CourseDetailSerializer if self.action == "retrieve" else CourseSerializer

    def manageable(self):
        """The courses that the user may change; drafts are among them."""
        user = self.request.user
        return Course.objects.all() if user.is_staff else Course.objects.filter(instructor=user)

    def published(self, pk):
        return get_object_or_404(Course, pk=pk, is_published=True)

    def perform_create(self, serializer):
        user = self.request.user
        if not (user.is_mentor or user.is_staff):
            raise PermissionDenied("Only mentors and the staff make courses.")
        serializer.save(instructor=user)

    def partial_update(self, request, pk):
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    @action(detail=True)
    def lessons(self, request, pk):
        return Response(LessonCardSerializer(lists.course_lessons(self.published(pk)), many=True).data)

    @action(detail=True)
    def reviews(self, request, pk):
        return Response(ReviewSerializer(lists.course_reviews(self.published(pk)), many=True).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def enroll(self, request, pk):
        enrollment, new = services.enroll(request.user, self.published(pk))
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response({"id": enrollment.pk, "course": enrollment.course_id, "new": new}, status=code)

    @action(detail=True, methods=["delete"], permission_classes=[IsAuthenticated])
    def unenroll(self, request, pk):
        try:
            services.unenroll(request.user, self.published(pk))
        except CourseEnrollment.DoesNotExist:
            raise NotFound("You do not take this course.") from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, permission_classes=[IsAuthenticated])
    def progress(self, request, pk):
        """How far the user is; whoever asks about a course for the first time is enrolled by asking."""
        enrollment, lessons = services.course_progress(request.user, self.published(pk))
        return Response(
            {
                "course": enrollment.course_id,
                "progress_percentage": enrollment.progress_percentage,
                "completed": enrollment.completed,
                "lessons": [
                    LessonCardSerializer(lesson).data
                    | {"progress": OwnProgressSerializer(done).data if done else None}
                    for lesson, done in lessons
                ],
            }
        )


class EnrollmentViewSet(viewsets.ReadOnlyModelViewSet):
    """One's own enrollments, newest first."""

    serializer_class = EnrollmentSerializer
    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.enrollments(self.request.user)


class LearningPathViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = LearningPathSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.learning_paths()


class ReviewViewSet(viewsets.ReadOnlyModelViewSet):
    """Everyone's reviews, newest first; a learner writes one per course."""

    serializer_class = ReviewSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.reviews()

    def create(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        if not data["course"].is_published:
            raise ValidationError({"course": ["This course is not published."]})
        try:
            made = services.review(
                request.user,
                data["course"].pk,
                data["rating"],
                data.get("title", ""),
                data.get("content", ""),
            )
        except IntegrityError:
            raise ValidationError({"course": ["You have reviewed this course already."]}) from None
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)
