from __future__ import annotations

from django.contrib import admin

from . import models

for each in (
    models.ProgrammingLanguage,
    models.ExerciseType,
    models.ExerciseHint,
    models.TestCase,
    models.StudentProgress,
    models.DiscussionReply,
):
    admin.site.register(each)


@admin.register(models.Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "parent", "order"]
    list_select_related = ["parent"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(models.Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ["title", "instructor", "category", "difficulty_level", "is_published", "is_featured"]
    list_filter = ["is_published", "is_featured", "difficulty_level", "category"]
    search_fields = ["title", "description"]
    raw_id_fields = ["instructor"]
    list_select_related = ["instructor", "category"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(models.Lesson)
class LessonAdmin(admin.ModelAdmin):
    list_display = ["title", "course", "lesson_type", "order", "is_published"]
    list_filter = ["lesson_type", "is_published"]
    search_fields = ["title"]
    raw_id_fields = ["course", "required_lessons"]
    list_select_related = ["course"]


@admin.register(models.Exercise)
class ExerciseAdmin(admin.ModelAdmin):
    list_display = ["title", "lesson", "exercise_type", "difficulty_level", "is_published"]
    list_filter = ["difficulty_level", "exercise_type", "programming_language", "is_published"]
    search_fields = ["title"]
    raw_id_fields = ["lesson"]
    list_select_related = ["lesson", "exercise_type"]


@admin.register(models.Submission)
class SubmissionAdmin(admin.ModelAdmin):
    list_display = ["user", "exercise", "status", "score", "submitted_at"]
    list_filter = ["status"]
    raw_id_fields = ["user", "exercise"]
    list_select_related = ["user", "exercise"]


@admin.register(models.CourseEnrollment)
class EnrollmentAdmin(admin.ModelAdmin):
    list_display = ["user", "course", "progress_percentage", "completed", "enrolled_at"]
    list_filter = ["completed"]
    raw_id_fields = ["user", "course", "last_accessed_lesson"]
    list_select_related = ["user", "course"]


@admin.register(models.UserProgress)
class ProgressAdmin(admin.ModelAdmin):
    list_display = ["user", "lesson", "started", "completed", "last_accessed"]
    list_filter = ["completed"]
    raw_id_fields = ["user", "lesson"]
    list_select_related = ["user", "lesson"]


@admin.register(models.StudySession)
class StudySessionAdmin(admin.ModelAdmin):
    list_display = ["user", "lesson", "started_at", "duration", "completed_lesson"]
    raw_id_fields = ["user", "lesson"]
    list_select_related = ["user", "lesson"]


@admin.register(models.LearningPath)
class LearningPathAdmin(admin.ModelAdmin):
    list_display = ["title", "creator", "difficulty_level", "is_published", "is_featured"]
    list_filter = ["is_published", "is_featured", "difficulty_level"]
    raw_id_fields = ["creator"]
    list_select_related = ["creator"]


@admin.register(models.CourseReview)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["course", "user", "rating", "created_at"]
    list_filter = ["rating"]
    raw_id_fields = ["course", "user"]
    list_select_related = ["course", "user"]


@admin.register(models.Discussion)
class DiscussionAdmin(admin.ModelAdmin):
    list_display = ["title", "course", "author", "is_pinned", "is_resolved", "created_at"]
    raw_id_fields = ["course", "lesson", "author"]
    list_select_related = ["course", "author"]
