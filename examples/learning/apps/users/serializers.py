"""What the account and profile pages accept and show."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers

from .models import Notification, User, UserProfile


class PersonSerializer(serializers.ModelSerializer):
    """What anyone with an account sees of another: no address, no settings."""

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "first_name",
            "last_name",
            "bio",
            "location",
            "website",
            "experience_level",
            "is_mentor",
            "accepts_mentees",
            "created_at",
        ]


class AccountSerializer(PersonSerializer):
    """One's own account."""

    class Meta(PersonSerializer.Meta):
        fields = [*PersonSerializer.Meta.fields, "email", "email_notifications", "updated_at"]
        read_only_fields = ["id", "username", "email", "is_mentor", "created_at", "updated_at"]


class RegisterSerializer(serializers.ModelSerializer):
    """Asks whether the name and the address are taken, once each."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=128, trim_whitespace=False, write_only=True, validators=[validate_password]
    )

    class Meta:
        model = User
        fields = ["username", "email", "password", "first_name", "last_name"]

    def validate_email(self, email):
        if User.objects.filter(email=email).exists():
            raise serializers.ValidationError("Another account uses this already.")
        return email

    def create(self, data):
        return User.objects.create_user(**data)


class ProfileSerializer(serializers.ModelSerializer):
    """A learner's profile. The figures in it are counted by the platform, so they cannot be sent."""

    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = UserProfile
        fields = [
            "id",
            "username",
            "programming_languages",
            "skill_level",
            "profile_visibility",
            "total_courses_completed",
            "total_exercises_solved",
            "total_study_hours",
            "current_streak",
            "longest_streak",
            "followers_count",
            "following_count",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [
            "total_courses_completed",
            "total_exercises_solved",
            "total_study_hours",
            "current_streak",
            "longest_streak",
            "followers_count",
            "following_count",
        ]


class NotificationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notification
        fields = ["id", "notification_type", "title", "message", "link", "is_read", "created_at"]
