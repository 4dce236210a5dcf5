"""People who learn and teach: the user, the public profile, one row of activity a day, and messages."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models


class Level(models.TextChoices):
    BEGINNER = "beginner", "Beginner"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"
    EXPERT = "expert", "Expert"


class User(AbstractUser):
    """A learner, a teacher or a member of staff."""

    email = models.EmailField(unique=True)

    # Shown to others
    bio = models.TextField(max_length=500, blank=True)
    avatar = models.ImageField(upload_to="avatars/", null=True, blank=True)
    location = models.CharField(max_length=100, blank=True)
    website = models.URLField(blank=True)
    github_username = models.CharField(max_length=39, blank=True)
    experience_level = models.CharField(max_length=20, choices=Level.choices, default=Level.BEGINNER)
    preferred_language = models.CharField(max_length=50, blank=True)

    # Mentors
    is_mentor = models.BooleanField(default=False)
    accepts_mentees = models.BooleanField(default=False)

    # Messages
    email_notifications = models.BooleanField(default=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    REQUIRED_FIELDS = ["email"]

    class Meta(AbstractUser.Meta):
        verbose_name = "user"
        verbose_name_plural = "users"

    def __str__(self):
        return self.username


class UserProfile(models.Model):
    """What a user has reached; saved again with every save of the user."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", "Public"
        PRIVATE = "private", "Private"
        FRIENDS = "friends", "Friends only"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    programming_languages = models.ManyToManyField("learning.ProgrammingLanguage", blank=True)
    skill_level = models.CharField(max_length=20, choices=Level.choices, default=Level.BEGINNER)

    # Counted up elsewhere
    total_courses_completed = models.PositiveIntegerField(default=0)
    total_exercises_solved = models.PositiveIntegerField(default=0)
    total_study_hours = models.PositiveIntegerField(default=0)
    current_streak = models.PositiveIntegerField(default=0)
    longest_streak = models.PositiveIntegerField(default=0)
    followers_count = models.PositiveIntegerField(default=0)
    following_count = models.PositiveIntegerField(default=0)

    profile_visibility = models.CharField(
        max_length=20, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "profile"
        verbose_name_plural = "profiles"

    def __str__(self):
        return f"profile of {self.user_id}"


class UserActivity(models.Model):
    """What one user did on one day; the row of today is updated by nearly every request."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="activities")
    date = models.DateField()
    first_activity_time = models.DateTimeField(auto_now_add=True)
    last_activity_time = models.DateTimeField(auto_now=True)
    topics_viewed = models.PositiveIntegerField(default=0)
    posts_read = models.PositiveIntegerField(default=0)
    topics_created = models.PositiveIntegerField(default=0)
    posts_created = models.PositiveIntegerField(default=0)
    likes_given = models.PositiveIntegerField(default=0)
    likes_received = models.PositiveIntegerField(default=0)
    time_spent = models.PositiveIntegerField(
        default=0, help_text="Seconds", validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "activity of a day"
        verbose_name_plural = "activity by day"
        ordering = ["-date"]
        unique_together = [("user", "date")]
        # Repeats the unique constraint, as the project this one follows does.
        indexes = [models.Index(fields=["user", "date"], name="activity_user_date_idx")]

    def __str__(self):
        return f"{self.user_id} on {self.date}"


class Notification(models.Model):
    """One message to one user; the bell on top of every page counts the unread ones."""

    class Kind(models.TextChoices):
        COURSE = "course", "News of a course"
        REPLY = "reply", "A reply"
        BADGE = "badge", "A badge"
        SYSTEM = "system", "From the platform"

    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    sender = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="sent_notifications"
    )
    notification_type = models.CharField(max_length=20, choices=Kind.choices, default=Kind.SYSTEM)
    title = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True)
    is_read = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["recipient", "is_read"], name="notification_unread_idx"),
            models.Index(fields=["recipient", "-created_at"], name="notification_newest_idx"),
        ]

    def __str__(self):
        return f"{self.title} for {self.recipient_id}"
