"""Four lists as they were before their queries were repaired: every row asks the database again.

They stay so that the difference can be shown, and that tools which find such lists have some to find. The rows are
the same as those of `lists`; nothing on the platform links here.
"""

from __future__ import annotations

from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny

from .models import Category, Course, Exercise, Lesson
from .serializers import (
    CategorySerializer,
    CourseCardSerializer,
    LessonCardSerializer,
    NamedExerciseSerializer,
)


class CountedCategorySerializer(CategorySerializer):
    """One more query a row: the category's published courses are counted."""

    course_count = serializers.SerializerMethodField()

    def get_course_count(self, category) -> int:
        return Course.objects.filter(category=category, is_published=True).count()


class NeighbourlyLessonSerializer(LessonCardSerializer):
    """Two more queries a row: the lessons before and after."""

    previous = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField()

    class Meta(LessonCardSerializer.Meta):
        fields = [*LessonCardSerializer.Meta.fields, "previous", "next"]

    def get_previous(self, lesson) -> int | None:
        earlier = Lesson.objects.filter(course=lesson.course_id, order__lt=lesson.order)
        found = earlier.order_by("-order").first()
        return found.pk if found else None

    def get_next(self, lesson) -> int | None:
        later = Lesson.objects.filter(course=lesson.course_id, order__gt=lesson.order)
        found = later.order_by("order").first()
        return found.pk if found else None


class CategoryListView(generics.ListAPIView):
    permission_classes = (AllowAny,)
    serializer_class = CountedCategorySerializer
    queryset = Category.objects.order_by("order", "name")


class CourseListView(generics.ListAPIView):
    """Two more queries a row: instructor and category."""

    permission_classes = (AllowAny,)
    serializer_class = CourseCardSerializer
    queryset = Course.objects.filter(is_published=True).order_by("-created_at")


class LessonListView(generics.ListAPIView):
    permission_classes = (AllowAny,)
    serializer_class = NeighbourlyLessonSerializer
    queryset = Lesson.objects.filter(is_published=True).order_by("course", "order")


class ExerciseListView(generics.ListAPIView):
    """Three more queries a row: lesson, type and language."""

    permission_classes = (AllowAny,)
    serializer_class = NamedExerciseSerializer
    queryset = Exercise.objects.filter(is_published=True).order_by("lesson", "order")
