"""Exercises, their hints and test cases, and what learners send in."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from . import lists, services
from .models import Exercise
from .serializers import (
    ExerciseDetailSerializer,
    ExerciseProgressSerializer,
    ExerciseSerializer,
    ExerciseTypeSerializer,
    HintSerializer,
    NewSubmissionSerializer,
    ProgrammingLanguageSerializer,
    SubmissionSerializer,
    TestCaseSerializer,
)


def published(pk):
    return get_object_or_404(Exercise, pk=pk, is_published=True)


class ExerciseViewSet(viewsets.ReadOnlyModelViewSet):
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        if self.action == "retrieve":
            return lists.exercises(self.request.user)
        params = self.request.query_params
        return lists.exercises(
            self.request.user,
            lesson=params.get("lesson"),
            difficulty=params.get("difficulty"),
            language=params.get("language"),
        )

    def get_serializer_class(self):
        return ExerciseDetailSerializer if self.action == "retrieve" else ExerciseSerializer

    @action(detail=True)
    def test_cases(self, request, pk):
        cases = published(pk).test_cases.order_by("order")
        return Response(TestCaseSerializer(cases, many=True).data)

    @action(detail=True)
    def hints(self, request, pk):
        return Response(HintSerializer(published(pk).hints.order_by("order"), many=True).data)


class SubmissionViewSet(viewsets.ReadOnlyModelViewSet):
    """One's own submissions, newest first; POST sends one in."""

    serializer_class = SubmissionSerializer
    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.submissions(self.request.user)

    def create(self, request):
        sent = NewSubmissionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        exercise = published(sent.validated_data["exercise"])
        submission = services.submit(request.user, exercise, sent.validated_data["code"])
        return Response(self.get_serializer(submission).data, status=status.HTTP_201_CREATED)


class ExerciseProgressViewSet(viewsets.ReadOnlyModelViewSet):
    """One's own figures per exercise, the latest attempt first."""

    serializer_class = ExerciseProgressSerializer
    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.exercise_progress(self.request.user)


class TestCaseViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = TestCaseSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.sample_test_cases()


class HintViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = HintSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.hints()


class ExerciseTypeViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = ExerciseTypeSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.exercise_types()


class ProgrammingLanguageViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = ProgrammingLanguageSerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return lists.programming_languages()
