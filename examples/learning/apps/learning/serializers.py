"""What the learning pages accept and show."""

from __future__ import annotations

from rest_framework import serializers

from .models import (
    Category,
    Course,
    CourseEnrollment,
    CourseReview,
    Discussion,
    DiscussionReply,
    Exercise,
    ExerciseHint,
    ExerciseType,
    LearningPath,
    Lesson,
    ProgrammingLanguage,
    StudentProgress,
    Submission,
    TestCase,
    UserProgress,
)

LARGEST = 2**31 - 1
"""Of an integer column."""


class CategorySerializer(serializers.ModelSerializer):
    course_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Category
        fields = ["id", "name", "slug", "description", "icon", "color", "parent", "course_count"]


class CourseCardSerializer(serializers.ModelSerializer):
    """A course in a list, from its own row and those of its instructor and its category."""

    instructor = serializers.CharField(source="instructor.username", read_only=True)
    category = serializers.CharField(source="category.name", read_only=True)

    class Meta:
        model = Course
        fields = [
            "id",
            "title",
            "slug",
            "short_description",
            "instructor",
            "category",
            "difficulty_level",
            "estimated_duration",
            "is_featured",
            "is_free",
            "price",
            "total_lessons",
            "total_enrollments",
            "total_reviews",
            "average_rating",
            "created_at",
        ]


class CourseSerializer(CourseCardSerializer):
    """The card with its lessons, how many take the course, and whether the user does."""

    lesson_count = serializers.SerializerMethodField()
    enrolled_count = serializers.IntegerField(read_only=True)
    is_enrolled = serializers.BooleanField(read_only=True)

    class Meta(CourseCardSerializer.Meta):
        fields = [*CourseCardSerializer.Meta.fields, "lesson_count", "enrolled_count", "is_enrolled"]

    def get_lesson_count(self, course) -> int:
        return sum(lesson.is_published for lesson in course.lessons.all())


class CourseDetailSerializer(CourseSerializer):
    class Meta(CourseSerializer.Meta):
        fields = [*CourseSerializer.Meta.fields, "description", "learning_objectives", "prerequisites"]


class CourseWriteSerializer(serializers.ModelSerializer):
    """What a teacher may say about a course; its figures are the platform's."""

    class Meta:
        model = Course
        fields = [
            "id",
            "title",
            "slug",
            "description",
            "short_description",
            "learning_objectives",
            "prerequisites",
            "category",
            "difficulty_level",
            "estimated_duration",
            "is_published",
            "is_featured",
            "is_free",
            "price",
        ]


class ReviewSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = CourseReview
        fields = ["id", "course", "user", "rating", "title", "content", "created_at"]


class EnrollmentSerializer(serializers.ModelSerializer):
    course_title = serializers.CharField(source="course.title")
    instructor = serializers.CharField(source="course.instructor.username")

    class Meta:
        model = CourseEnrollment
        fields = [
            "id",
            "course",
            "course_title",
            "instructor",
            "enrolled_at",
            "completed",
            "completed_at",
            "progress_percentage",
            "last_accessed_lesson",
            "last_activity",
            "total_time_spent",
        ]


class LearningPathSerializer(serializers.ModelSerializer):
    class Meta:
        model = LearningPath
        fields = [
            "id",
            "title",
            "slug",
            "description",
            "difficulty_level",
            "estimated_duration",
            "is_featured",
            "created_at",
        ]


class LessonCardSerializer(serializers.ModelSerializer):
    class Meta:
        model = Lesson
        fields = [
            "id",
            "title",
            "slug",
            "description",
            "course",
            "lesson_type",
            "difficulty_level",
            "order",
            "estimated_duration",
            "is_free",
        ]


class LessonSerializer(LessonCardSerializer):
    course_title = serializers.CharField(source="course.title")
    completed_count = serializers.IntegerField()
    is_completed = serializers.BooleanField()

    class Meta(LessonCardSerializer.Meta):
        fields = [*LessonCardSerializer.Meta.fields, "course_title", "completed_count", "is_completed"]


class LessonDetailSerializer(LessonSerializer):
    class Meta(LessonSerializer.Meta):
        fields = [
            *LessonSerializer.Meta.fields,
            "content",
            "structured_content",
            "content_format",
            "video_url",
        ]


class ProgressSerializer(serializers.ModelSerializer):
    """A learner's own progress; PATCH changes what the learner's page keeps."""

    lesson_title = serializers.CharField(source="lesson.title", read_only=True)
    course = serializers.IntegerField(source="lesson.course_id", read_only=True)
    course_title = serializers.CharField(source="lesson.course.title", read_only=True)

    class Meta:
        model = UserProgress
        fields = [
            "id",
            "lesson",
            "lesson_title",
            "course",
            "course_title",
            "started",
            "completed",
            "started_at",
            "completed_at",
            "last_accessed",
            "time_spent",
            "content_position",
            "notes",
            "bookmarked",
        ]
        read_only_fields = ["lesson", "started", "completed", "started_at", "completed_at", "last_accessed"]


class OwnProgressSerializer(serializers.ModelSerializer):
    """The same without the lesson, for pages that show the lesson already."""

    class Meta:
        model = UserProgress
        fields = [
            "started",
            "completed",
            "started_at",
            "completed_at",
            "time_spent",
            "content_position",
            "bookmarked",
        ]


class PositionSerializer(serializers.Serializer):
    position = serializers.IntegerField(min_value=0, max_value=LARGEST)


class ExerciseCardSerializer(serializers.ModelSerializer):
    """An exercise in a list. The solution is never shown."""

    class Meta:
        model = Exercise
        fields = [
            "id",
            "title",
            "slug",
            "description",
            "lesson",
            "difficulty_level",
            "estimated_time",
            "points",
            "order",
            "total_submissions",
            "successful_submissions",
        ]


class NamedExerciseSerializer(ExerciseCardSerializer):
    lesson_title = serializers.CharField(source="lesson.title")
    exercise_type = serializers.CharField(source="exercise_type.name")
    programming_language = serializers.CharField(source="programming_language.name")

    class Meta(ExerciseCardSerializer.Meta):
        fields = [
            *ExerciseCardSerializer.Meta.fields,
            "lesson_title",
            "exercise_type",
            "programming_language",
        ]


class ExerciseSerializer(NamedExerciseSerializer):
    submission_count = serializers.IntegerField()
    is_tried = serializers.BooleanField()
    best_score = serializers.IntegerField(allow_null=True)

    class Meta(NamedExerciseSerializer.Meta):
        fields = [*NamedExerciseSerializer.Meta.fields, "submission_count", "is_tried", "best_score"]


class ExerciseDetailSerializer(ExerciseSerializer):
    class Meta(ExerciseSerializer.Meta):
        fields = [*ExerciseSerializer.Meta.fields, "instructions", "starter_code", "execution_timeout"]


class HintSerializer(serializers.ModelSerializer):
    class Meta:
        model = ExerciseHint
        fields = ["id", "exercise", "title", "content", "order", "reveal_after_attempts"]


class ExerciseTypeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ExerciseType
        fields = ["id", "name", "description", "icon"]


class ProgrammingLanguageSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProgrammingLanguage
        fields = ["id", "name", "slug", "description", "icon", "color", "file_extension"]


class TestCaseSerializer(serializers.ModelSerializer):
    """What goes in and comes out is shown of samples only."""

    class Meta:
        model = TestCase
        fields = ["id", "exercise", "name", "input_data", "expected_output", "is_sample", "order"]

    def to_representation(self, case):
        shown = super().to_representation(case)
        if not case.is_sample:
            shown["input_data"] = shown["expected_output"] = None
        return shown


class SubmissionSerializer(serializers.ModelSerializer):
    exercise_title = serializers.CharField(source="exercise.title")

    class Meta:
        model = Submission
        fields = [
            "id",
            "exercise",
            "exercise_title",
            "attempt_number",
            "code",
            "status",
            "score",
            "ai_feedback",
            "submitted_at",
        ]


class NewSubmissionSerializer(serializers.Serializer):
    exercise = serializers.IntegerField(min_value=1)
    code = serializers.CharField(max_length=20_000, trim_whitespace=False)


class ExerciseProgressSerializer(serializers.ModelSerializer):
    exercise_title = serializers.CharField(source="exercise.title")

    class Meta:
        model = StudentProgress
        fields = [
            "id",
            "exercise",
            "exercise_title",
            "total_attempts",
            "best_score",
            "is_completed",
            "completed_at",
            "first_attempt_at",
            "last_attempt_at",
        ]


class DiscussionSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", read_only=True)
    # A discussion that was made a moment ago has no count, and no replies.
    reply_count = serializers.IntegerField(default=0, read_only=True)
    course = serializers.PrimaryKeyRelatedField(queryset=Course.objects.filter(is_published=True))

    class Meta:
        model = Discussion
        fields = [
            "id",
            "course",
            "lesson",
            "author",
            "title",
            "content",
            "is_pinned",
            "is_resolved",
            "reply_count",
            "created_at",
        ]
        read_only_fields = ["is_pinned", "is_resolved"]

    def validate(self, data):
        lesson = data.get("lesson")
        if lesson and lesson.course_id != data["course"].pk:
            raise serializers.ValidationError({"lesson": ["This lesson belongs to another course."]})
        return data


class ReplySerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", read_only=True)
    discussion = serializers.PrimaryKeyRelatedField(
        queryset=Discussion.objects.filter(course__is_published=True)
    )

    class Meta:
        model = DiscussionReply
        fields = ["id", "discussion", "parent", "author", "content", "is_solution", "created_at"]
        read_only_fields = ["is_solution"]

    def validate(self, data):
        parent = data.get("parent")
        if parent and parent.discussion_id != data["discussion"].pk:
            raise serializers.ValidationError({"parent": ["This reply belongs to another discussion."]})
        return data
