"""What a content page says to its readers."""

from __future__ import annotations

from rest_framework import serializers

from .models import BlogCategory, BlogPage, CoursePage, LearningObjective, SkillLevel, WagtailCourseEnrollment


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = BlogCategory
        fields = ["id", "name", "slug", "color"]


class CountedCategorySerializer(CategorySerializer):
    post_count = serializers.IntegerField(read_only=True)

    class Meta(CategorySerializer.Meta):
        fields = [*CategorySerializer.Meta.fields, "description", "post_count"]


class PostLinkSerializer(serializers.ModelSerializer):
    class Meta:
        model = BlogPage
        fields = ["id", "title", "slug", "intro", "first_published_at"]


class PostSerializer(serializers.ModelSerializer):
    author = serializers.SerializerMethodField()
    categories = CategorySerializer(many=True, read_only=True)
    tags = serializers.SerializerMethodField()

    class Meta:
        model = BlogPage
        fields = [
            "id",
            "title",
            "slug",
            "intro",
            "date",
            "reading_time",
            "first_published_at",
            "author",
            "categories",
            "tags",
        ]

    def get_author(self, page):
        return page.author.username if page.author else None

    def get_tags(self, page):
        return [item.tag.name for item in page.tagged_items.all()]


class PostWithBodySerializer(PostSerializer):
    class Meta(PostSerializer.Meta):
        fields = [*PostSerializer.Meta.fields, "body"]


class SkillLevelSerializer(serializers.ModelSerializer):
    class Meta:
        model = SkillLevel
        fields = ["id", "name", "slug"]


class ObjectiveSerializer(serializers.ModelSerializer):
    class Meta:
        model = LearningObjective
        fields = ["id", "title"]


class CourseSerializer(serializers.ModelSerializer):
    instructor = serializers.SerializerMethodField()
    skill_level = SkillLevelSerializer(read_only=True)
    categories = CategorySerializer(many=True, read_only=True)
    learning_objectives = ObjectiveSerializer(many=True, read_only=True)
    child_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = CoursePage
        fields = [
            "id",
            "title",
            "slug",
            "course_code",
            "short_description",
            "difficulty_level",
            "estimated_duration",
            "is_free",
            "price",
            "featured",
            "first_published_at",
            "instructor",
            "skill_level",
            "categories",
            "learning_objectives",
            "child_count",
        ]

    def get_instructor(self, page):
        return page.instructor.username if page.instructor else None


class CourseWithTextSerializer(CourseSerializer):
    class Meta(CourseSerializer.Meta):
        fields = [*CourseSerializer.Meta.fields, "detailed_description", "enrollment_limit"]


class ExerciseRowSerializer(serializers.Serializer):
    """A row of the merged list of both kinds of exercise pages."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    slug = serializers.CharField()
    sequence_number = serializers.IntegerField()
    difficulty = serializers.CharField()
    points = serializers.IntegerField(source="points_awarded")
    exercise_type = serializers.CharField(required=False, allow_null=True)
    programming_language = serializers.CharField(required=False, allow_null=True)


class EnrollmentSerializer(serializers.ModelSerializer):
    course = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = WagtailCourseEnrollment
        fields = ["id", "course", "enrolled_at", "completed", "progress_percentage", "last_activity"]
