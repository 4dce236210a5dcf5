"""What the account pages accept and show."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers

from .models import User, phone_validator


class UserSerializer(serializers.ModelSerializer):
    plan = serializers.CharField(source="current_plan.code", default=None, read_only=True)

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "phone",
            "full_name",
            "email",
            "is_phone_verified",
            "is_approved",
            "plan",
            "plan_change_requested",
            "created_at",
        ]
        read_only_fields = [
            "id",
            "username",
            "phone",
            "is_phone_verified",
            "is_approved",
            "plan_change_requested",
            "created_at",
        ]


class RegisterSerializer(serializers.Serializer):
    """Only the shape is checked here; whether a name is taken is asked once, by the service."""

    phone = serializers.CharField(max_length=15, validators=[phone_validator])
    username = serializers.RegexField(r"^[\w.@+-]+\Z", max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False, validators=[validate_password])
    full_name = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_null=True, default=None)


class LoginSerializer(serializers.Serializer):
    login = serializers.CharField(max_length=150, help_text="Phone number or user name")
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class LogoutSerializer(serializers.Serializer):
    refresh = serializers.CharField()


class PasswordSerializer(serializers.Serializer):
    old_password = serializers.CharField(max_length=128, trim_whitespace=False)
    new_password = serializers.CharField(
        max_length=128, trim_whitespace=False, validators=[validate_password]
    )


class ProfileSerializer(serializers.Serializer):
    full_name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_null=True)


class SendOtpSerializer(serializers.Serializer):
    phone = serializers.CharField(max_length=15)


class VerifyOtpSerializer(serializers.Serializer):
    phone = serializers.CharField(max_length=15)
    otp = serializers.RegexField(r"^\d{6}$")


class PlanChangeSerializer(serializers.Serializer):
    plan = serializers.CharField(max_length=20)
