"""What the staff's dashboard keeps: messages for them, and who approved whom."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class AdminNotification(models.Model):
    """Something that waits for a member of staff."""

    class Type(models.TextChoices):
        NEW_USER = "NEW_USER", "A new account waits for approval"
        NEW_ORDER = "NEW_ORDER", "A new order"
        PAYMENT_RECEIVED = "PAYMENT_RECEIVED", "A payment has come in"
        PLAN_CHANGE = "PLAN_CHANGE", "A customer wants another plan"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=30, choices=Type.choices)
    title = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="admin_notifications",
    )
    order = models.ForeignKey(
        "invitations.Order",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="admin_notifications",
    )
    is_read = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return self.title


class UserApprovalLog(models.Model):
    """Who decided what about which account."""

    class Action(models.TextChoices):
        APPROVED = "APPROVED", "Approved"
        REJECTED = "REJECTED", "Rejected"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="approval_logs")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="decided_approvals",
    )
    action = models.CharField(max_length=20, choices=Action.choices)
    notes = models.TextField(blank=True)
    payment_verified = models.BooleanField(default=False)
    payment_method = models.CharField(max_length=50, blank=True)
    payment_amount = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.action}: {self.user_id}"
