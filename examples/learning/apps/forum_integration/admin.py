from __future__ import annotations

from django.contrib import admin

from .models import Badge, FlaggedContent, PointHistory, ReviewQueue, TrustLevel, UserBadge, UserPoints

admin.site.register(Badge)


@admin.register(TrustLevel)
class TrustLevelAdmin(admin.ModelAdmin):
    list_display = ["user", "level", "posts_created", "likes_received", "last_visit_date"]
    list_filter = ["level"]
    raw_id_fields = ["user"]
    list_select_related = ["user"]


@admin.register(UserPoints)
class UserPointsAdmin(admin.ModelAdmin):
    list_display = ["user", "total_points", "monthly_points", "current_streak"]
    raw_id_fields = ["user"]
    list_select_related = ["user"]


@admin.register(PointHistory)
class PointHistoryAdmin(admin.ModelAdmin):
    list_display = ["user", "points", "reason", "created_at"]
    list_filter = ["reason"]
    raw_id_fields = ["user", "post"]
    list_select_related = ["user"]


@admin.register(UserBadge)
class UserBadgeAdmin(admin.ModelAdmin):
    list_display = ["user", "badge", "earned_at"]
    raw_id_fields = ["user"]
    list_select_related = ["user", "badge"]


@admin.register(ReviewQueue)
class ReviewQueueAdmin(admin.ModelAdmin):
    list_display = ["review_type", "status", "priority", "score", "created_at"]
    list_filter = ["status", "review_type"]
    raw_id_fields = ["post", "topic", "reported_user", "reporter", "assigned_moderator"]


@admin.register(FlaggedContent)
class FlaggedContentAdmin(admin.ModelAdmin):
    list_display = ["reason", "flagger", "is_resolved", "created_at"]
    list_filter = ["reason", "is_resolved"]
    raw_id_fields = ["flagger", "post", "topic"]
    list_select_related = ["flagger"]
