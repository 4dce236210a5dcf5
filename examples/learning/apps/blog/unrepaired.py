"""Four lists of content pages as they were before their queries were repaired: every row asks the database again.

They stay so that the difference can be shown, and that tools which find such lists have some to find. The rows are the same as
those of `lists`; nothing on the platform links here.
"""

from __future__ import annotations

from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from wagtail.models import Page

from .models import BlogCategory, BlogPage, CoursePage, ExercisePage, StepBasedExercisePage
from .serializers import CategorySerializer, CourseSerializer, ExerciseRowSerializer, PostSerializer
from .views_blog import PageOfNine
from .views_courses import PageOfTwelve


class TagByTagPostSerializer(PostSerializer):
    """Three more queries a row: author, categories, tags."""

    def get_tags(self, page):
        return [tag.name for tag in page.tags.all()]


class CountedCategorySerializer(CategorySerializer):
    """One more query a row: the category's live posts are counted."""

    post_count = serializers.SerializerMethodField()

    class Meta(CategorySerializer.Meta):
        fields = [*CategorySerializer.Meta.fields, "post_count"]

    def get_post_count(self, category) -> int:
        return category.blog_pages.filter(live=True).count()


class CountedCourseSerializer(CourseSerializer):
    """Five more queries a row: instructor, skill level, categories, objectives, and the pages below are counted."""

    child_count = serializers.SerializerMethodField()

    def get_child_count(self, course) -> int:
        return course.get_children().live().count()


class BlogListView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = TagByTagPostSerializer
    pagination_class = PageOfNine
    queryset = BlogPage.objects.live().order_by("-first_published_at")


class CategoryListView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = CountedCategorySerializer
    pagination_class = None
    queryset = BlogCategory.objects.order_by("name")


class CourseListView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = CountedCourseSerializer
    pagination_class = PageOfTwelve
    queryset = CoursePage.objects.live().order_by("-first_published_at")


class ExerciseListView(generics.ListAPIView):
    """Every page is read again by its own kind: one more query a row."""

    permission_classes = [AllowAny]
    serializer_class = ExerciseRowSerializer
    pagination_class = PageOfTwelve

    def get_queryset(self):
        rows = []
        for page in (
            Page.objects.live().type(ExercisePage, StepBasedExercisePage).order_by("-first_published_at")
        ):
            exercise = page.specific
            single = isinstance(exercise, ExercisePage)
            rows.append(
                {
                    "id": exercise.pk,
                    "kind": "single" if single else "steps",
                    "title": exercise.title,
                    "slug": exercise.slug,
                    "sequence_number": exercise.sequence_number,
                    "difficulty": exercise.difficulty,
                    "points_awarded": exercise.points if single else exercise.total_points,
                    "exercise_type": exercise.exercise_type if single else None,
                    "programming_language": exercise.programming_language if single else None,
                }
            )
        return rows
