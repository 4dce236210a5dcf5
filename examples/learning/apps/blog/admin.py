"""The words pages are sorted by, and who takes part. The pages themselves are edited in wagtail's own back office."""

from __future__ import annotations

from django.contrib import admin

from .models import BlogCategory, LearningObjective, SkillLevel, WagtailCourseEnrollment

admin.site.register(LearningObjective)


@admin.register(BlogCategory)
class BlogCategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "color"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(SkillLevel)
class SkillLevelAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "order"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(WagtailCourseEnrollment)
class EnrollmentAdmin(admin.ModelAdmin):
    list_display = ["user", "course", "progress_percentage", "completed", "enrolled_at"]
    list_filter = ["completed"]
    raw_id_fields = ["user", "course", "last_accessed_lesson"]
    list_select_related = ["user", "course"]
