from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from .models import Notification, User, UserActivity, UserProfile

admin.site.register(User, UserAdmin)


@admin.register(UserProfile)
class ProfileAdmin(admin.ModelAdmin):
    list_display = ["user", "skill_level", "profile_visibility", "total_courses_completed", "current_streak"]
    list_filter = ["skill_level", "profile_visibility"]
    search_fields = ["user__username"]
    raw_id_fields = ["user"]
    list_select_related = ["user"]


@admin.register(UserActivity)
class ActivityAdmin(admin.ModelAdmin):
    list_display = ["user", "date", "posts_created", "topics_viewed"]
    date_hierarchy = "date"
    raw_id_fields = ["user"]
    list_select_related = ["user"]


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    list_display = ["title", "recipient", "notification_type", "is_read", "created_at"]
    list_filter = ["notification_type", "is_read"]
    raw_id_fields = ["recipient", "sender"]
    list_select_related = ["recipient"]
