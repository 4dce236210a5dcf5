"""What the platform adds to the forum: trust, points, badges, what moderators have to look at, and what was read.

Topics, posts and forums themselves are machina's.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class TrustLevel(models.Model):
    """How far a member is trusted, and the counts that decide it."""

    class Level(models.IntegerChoices):
        NEW = 0, "New"
        BASIC = 1, "Basic"
        MEMBER = 2, "Member"
        REGULAR = 3, "Regular"
        LEADER = 4, "Leader"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trust_level"
    )
    level = models.IntegerField(
        choices=Level.choices,
        default=Level.NEW,
        validators=[MinValueValidator(0), MaxValueValidator(4)],
    )
    posts_read = models.IntegerField(default=0)
    topics_viewed = models.IntegerField(default=0)
    time_read = models.DurationField(default=timedelta)
    posts_created = models.IntegerField(default=0)
    topics_created = models.IntegerField(default=0)
    likes_given = models.IntegerField(default=0)
    likes_received = models.IntegerField(default=0)
    days_visited = models.IntegerField(default=0)
    last_visit_date = models.DateField(null=True, blank=True)
    last_calculated = models.DateTimeField(auto_now=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["level"], name="trust_level_idx"),
            models.Index(fields=["last_visit_date"], name="trust_last_visit_idx"),
        ]

    def __str__(self):
        return f"level {self.level} of {self.user_id}"


class UserPoints(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="points")
    total_points = models.PositiveIntegerField(default=0)
    daily_points = models.PositiveIntegerField(default=0)
    weekly_points = models.PositiveIntegerField(default=0)
    monthly_points = models.PositiveIntegerField(default=0)
    current_streak = models.PositiveIntegerField(default=0)
    longest_streak = models.PositiveIntegerField(default=0)
    last_activity_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "user points"
        indexes = [
            models.Index(fields=["-total_points"], name="points_total_idx"),
            models.Index(fields=["-monthly_points"], name="points_monthly_idx"),
            models.Index(fields=["-current_streak"], name="points_streak_idx"),
            models.Index(fields=["last_activity_date"], name="points_last_activity_idx"),
        ]

    def __str__(self):
        return f"{self.total_points} points of {self.user_id}"


class PointHistory(models.Model):
    """Why somebody got points; one row a reason, only grows."""

    class Reason(models.TextChoices):
        POST = "post", "Wrote a post"
        TOPIC = "topic", "Started a topic"
        LIKE_RECEIVED = "like_received", "Got a like"
        LESSON = "lesson", "Finished a lesson"
        COURSE = "course", "Finished a course"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="point_history")
    points = models.IntegerField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    post = models.ForeignKey(
        "forum_conversation.Post", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "point history"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"], name="point_history_user_idx")]

    def __str__(self):
        return f"{self.points} to {self.user_id}"


class PostLike(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="post_likes")
    post = models.ForeignKey("forum_conversation.Post", on_delete=models.CASCADE, related_name="likes")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        unique_together = [("user", "post")]

    def __str__(self):
        return f"{self.user_id} likes {self.post_id}"


class Badge(models.Model):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    points_value = models.PositiveIntegerField(default=10)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class UserBadge(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="badges")
    badge = models.ForeignKey(Badge, on_delete=models.CASCADE, related_name="holders")
    earned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-earned_at"]
        unique_together = [("user", "badge")]
        # The second repeats the foreign key's own index, as the project this one follows does.
        indexes = [
            models.Index(fields=["user", "-earned_at"], name="userbadge_user_idx"),
            models.Index(fields=["badge"], name="userbadge_badge_idx"),
        ]

    def __str__(self):
        return f"{self.badge_id} of {self.user_id}"


class ReviewQueue(models.Model):
    """What moderators have to look at."""

    class Kind(models.TextChoices):
        FLAGGED_POST = "flagged_post", "A flagged post"
        NEW_USER_POST = "new_user_post", "A new member's post"
        EDITED_POST = "edited_post", "An edited post"
        SPAM_DETECTION = "spam_detection", "Looks like spam"

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        IN_REVIEW = "in_review", "Being looked at"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        ESCALATED = "escalated", "Passed on"

    review_type = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    priority = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )
    score = models.FloatField(default=0.0)
    post = models.ForeignKey(
        "forum_conversation.Post", on_delete=models.CASCADE, null=True, blank=True, related_name="reviews"
    )
    topic = models.ForeignKey(
        "forum_conversation.Topic", on_delete=models.CASCADE, null=True, blank=True, related_name="reviews"
    )
    reported_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True)
    moderator_notes = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "review queue"
        ordering = ["-priority", "-score", "-created_at"]
        indexes = [
            models.Index(fields=["status", "-priority"], name="review_status_priority_idx"),
            models.Index(fields=["review_type", "status"], name="review_type_status_idx"),
            models.Index(fields=["assigned_moderator", "status"], name="review_moderator_idx"),
            models.Index(fields=["-score"], name="review_score_idx"),
            models.Index(fields=["-created_at"], name="review_created_idx"),
        ]

    def __str__(self):
        return f"{self.review_type}, {self.status}"


class FlaggedContent(models.Model):
    class Reason(models.TextChoices):
        SPAM = "spam", "Spam"
        OFF_TOPIC = "off_topic", "Off topic"
        RUDE = "rude", "Rude"
        OTHER = "other", "Something else"

    flagger = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="flagged_content"
    )
    post = models.ForeignKey(
        "forum_conversation.Post", on_delete=models.CASCADE, null=True, blank=True, related_name="flags"
    )
    topic = models.ForeignKey(
        "forum_conversation.Topic", on_delete=models.CASCADE, null=True, blank=True, related_name="flags"
    )
    reason = models.CharField(max_length=20, choices=Reason.choices)
    description = models.TextField(blank=True)
    is_resolved = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "flagged content"
        ordering = ["-created_at"]
        # The second repeats the foreign key's own index, as the project this one follows does.
        indexes = [
            models.Index(fields=["is_resolved", "-created_at"], name="flag_open_idx"),
            models.Index(fields=["flagger"], name="flag_flagger_idx"),
        ]

    def __str__(self):
        return f"{self.reason} by {self.flagger_id}"


class ReadingProgress(models.Model):
    """How far a member has read in a topic."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reading_progress"
    )
    topic = models.ForeignKey(
        "forum_conversation.Topic", on_delete=models.CASCADE, related_name="reading_progress"
    )
    last_read_post = models.ForeignKey(
        "forum_conversation.Post", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    posts_read = models.PositiveIntegerField(default=0)
    completed = models.BooleanField(default=False)
    first_read_at = models.DateTimeField(auto_now_add=True)
    last_read_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "reading progress"
        ordering = ["-last_read_at"]
        unique_together = [("user", "topic")]
        # The second repeats the foreign key's own index, as the project this one follows does.
        indexes = [
            models.Index(fields=["user", "-last_read_at"], name="reading_user_idx"),
            models.Index(fields=["topic"], name="reading_topic_idx"),
        ]

    def __str__(self):
        return f"{self.user_id} in {self.topic_id}"
