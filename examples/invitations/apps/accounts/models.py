"""People who buy invitations: the user, one-time passwords and the activity trail."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models

from .managers import UserManager

phone_validator = RegexValidator(
    regex=r"^(\+91)?[789]\d{9}$",
    message="Enter an Indian mobile number: ten digits starting with 7, 8 or 9, with or without +91.",
)


class User(AbstractUser):
    """A customer or a member of staff. People log in with their phone number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    # Contact
    phone = models.CharField(max_length=15, unique=True, validators=[phone_validator])
    full_name = models.CharField(max_length=255, blank=True)
    # Not everybody has an address: NULL keeps the unique constraint quiet.
    email = models.EmailField(max_length=254, unique=True, null=True, blank=True)

    # Verification
    is_phone_verified = models.BooleanField(default=False)
    phone_verified_at = models.DateTimeField(null=True, blank=True)

    # Moderation
    is_blocked = models.BooleanField(default=False)
    blocked_at = models.DateTimeField(null=True, blank=True)
    block_reason = models.TextField(blank=True)

    # Bookkeeping
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    signup_ip = models.GenericIPAddressField(null=True, blank=True)
    last_login_ip = models.GenericIPAddressField(null=True, blank=True)

    # Plan
    current_plan = models.ForeignKey(
        "plans.Plan",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="subscribed_users",
    )
    plan_change_requested = models.BooleanField(default=False)
    plan_change_requested_at = models.DateTimeField(null=True, blank=True)

    # Approval: staff look at each new account before its links go live.
    is_approved = models.BooleanField(default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="approved_users",
    )
    payment_verified = models.BooleanField(default=False)
    notes = models.TextField(blank=True, help_text="Seen by staff only")

    USERNAME_FIELD = "phone"
    REQUIRED_FIELDS = ["username", "email"]

    objects = UserManager()

    class Meta:
        verbose_name = "user"
        verbose_name_plural = "users"
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.full_name or self.username} ({self.phone})"


class PhoneVerification(models.Model):
    """A one-time password that was sent to a phone."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="phone_verifications")
    otp = models.CharField(max_length=6)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    is_used = models.BooleanField(default=False)
    ip_address = models.GenericIPAddressField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return f"code for {self.user_id}, valid until {self.expires_at:%Y-%m-%d %H:%M}"


class UserActivityLog(models.Model):
    """One line per thing a user did; written on every change, never deleted."""

    class ActivityType(models.TextChoices):
        LOGIN = "LOGIN", "Logged in"
        LOGOUT = "LOGOUT", "Logged out"
        PASSWORD_CHANGE = "PASSWORD_CHANGE", "Changed the password"
        PROFILE_UPDATE = "PROFILE_UPDATE", "Changed the profile"
        ORDER_CREATED = "ORDER_CREATED", "Placed an order"
        INVITATION_CREATED = "INVITATION_CREATED", "Made an invitation"
        INVITATION_SHARED = "INVITATION_SHARED", "Shared an invitation"

    # Written by staff actions; kept out of the choices so that no form offers them.
    PLAN_CHANGE_REQUEST = "PLAN_CHANGE_REQUEST"
    LINKS_GRANTED = "LINKS_GRANTED"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="activity_logs")
    activity_type = models.CharField(max_length=50, choices=ActivityType.choices)
    description = models.TextField(blank=True)
    ip_address = models.GenericIPAddressField()
    user_agent = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "activity log entry"
        verbose_name_plural = "activity log"
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.activity_type} by {self.user_id}"
