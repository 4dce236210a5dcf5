"""Lessons, and a learner's progress through them."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from . import lists, services
from .models import Lesson
from .serializers import (
    ExerciseCardSerializer,
    LessonCardSerializer,
    LessonDetailSerializer,
    LessonSerializer,
    OwnProgressSerializer,
    PositionSerializer,
    ProgressSerializer,
)


class LessonViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Published lessons; what a learner does with one are its POST actions."""

    serializer_class = LessonSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        course = self.request.query_params.get("course") if self.action == "list" else None
        return lists.lessons(self.request.user, course=course)

    def published(self, pk):
        return get_object_or_404(Lesson, pk=pk, is_published=True)

    def retrieve(self, request, pk):
        """A lesson with its neighbours in the course and the user's progress, a query each."""
        lesson = self.get_object()
        previous, following = lists.neighbours(lesson)
        own = services.progress_of(request.user, lesson)
        return Response(
            LessonDetailSerializer(lesson).data
            | {
                "previous": LessonCardSerializer(previous).data if previous else None,
                "next": LessonCardSerializer(following).data if following else None,
                "progress": OwnProgressSerializer(own).data if own else None,
            }
        )

    @action(detail=True)
    def exercises(self, request, pk):
        return Response(ExerciseCardSerializer(lists.lesson_exercises(self.published(pk)), many=True).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def start(self, request, pk):
        progress = services.start_lesson(request.user, self.published(pk))
        return Response(OwnProgressSerializer(progress).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def complete(self, request, pk):
        progress, enrollment = services.complete_lesson(request.user, self.published(pk))
        percentage = enrollment.progress_percentage if enrollment else None
        return Response(OwnProgressSerializer(progress).data | {"course_progress": percentage})

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def position(self, request, pk):
        sent = PositionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        progress = services.keep_position(request.user, self.published(pk), sent.validated_data["position"])
        return Response(OwnProgressSerializer(progress).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def bookmark(self, request, pk):
        progress = services.turn_bookmark(request.user, self.published(pk))
        return Response(OwnProgressSerializer(progress).data)


class ProgressViewSet(viewsets.ReadOnlyModelViewSet):
    """One's own progress, the lesson opened last first."""

    serializer_class = ProgressSerializer
    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.progress(self.request.user)

    def partial_update(self, request, pk):
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)
