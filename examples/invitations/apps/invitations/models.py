"""What customers buy and their guests see: orders, invitations, guests and page views."""

from __future__ import annotations

import secrets
import string
import uuid

from django.conf import settings
from django.core.validators import FileExtensionValidator
from django.db import models
from django.utils import timezone

SLUG_ALPHABET = string.ascii_letters + string.digits
SLUG_LENGTH = 10
GALLERY_LIMIT = 10

IMAGE_EXTENSIONS = FileExtensionValidator(["jpg", "jpeg", "png", "webp"])
AUDIO_EXTENSIONS = FileExtensionValidator(["mp3", "m4a", "ogg"])


def make_slug():
    """The random part of an invitation's link."""
    return "".join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))


def make_order_number():
    """A number people can read out on the phone: ORD-20250131-4F0C2A."""
    return f"ORD-{timezone.localdate():%Y%m%d}-{secrets.token_hex(3).upper()}"


class OrderStatus(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    PENDING_PAYMENT = "PENDING_PAYMENT", "Waiting for payment"
    PENDING_APPROVAL = "PENDING_APPROVAL", "Waiting for approval"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    EXPIRED = "EXPIRED", "Expired"
    CANCELLED = "CANCELLED", "Cancelled"


class Order(models.Model):
    """One purchase of one plan; it carries one invitation."""

    class PaymentMethod(models.TextChoices):
        PENDING = "PENDING", "Not chosen yet"
        UPI = "UPI", "UPI"
        BANK_TRANSFER = "BANK_TRANSFER", "Bank transfer"
        CASH = "CASH", "Cash"

    class PaymentStatus(models.TextChoices):
        PENDING = "PENDING", "Pending"
        RECEIVED = "RECEIVED", "Received"
        VERIFIED = "VERIFIED", "Verified"
        REFUNDED = "REFUNDED", "Refunded"

    # Written by the payment page, which customers cannot choose by hand.
    RAZORPAY = "RAZORPAY"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="orders")
    plan = models.ForeignKey("plans.Plan", on_delete=models.PROTECT, related_name="orders")

    event_type = models.CharField(max_length=50)
    event_type_name = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=OrderStatus.choices, default=OrderStatus.DRAFT)

    # --- payment ---
    payment_amount = models.DecimalField(max_digits=10, decimal_places=2)
    payment_method = models.CharField(
        max_length=50, choices=PaymentMethod.choices, default=PaymentMethod.PENDING
    )
    payment_status = models.CharField(
        max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.PENDING
    )
    payment_notes = models.TextField(blank=True)
    payment_received_at = models.DateTimeField(null=True, blank=True)

    # --- approval ---
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="approved_orders",
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    admin_notes = models.TextField(blank=True)

    # --- links ---
    granted_regular_links = models.PositiveIntegerField()
    granted_test_links = models.PositiveIntegerField(default=5)

    order_number = models.CharField(
        max_length=20,
        unique=True,
        db_index=True,
        default=make_order_number,
        editable=False,
    )

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return self.order_number


class Invitation(models.Model):
    """The page behind one link: who invites whom to what, and how often it was opened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="invitation")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations")
    template = models.ForeignKey("plans.Template", on_delete=models.PROTECT, related_name="invitations")

    slug = models.CharField(max_length=20, unique=True, db_index=True, default=make_slug)

    # Event
    event_title = models.CharField(max_length=200)
    event_date = models.DateTimeField()
    event_venue = models.CharField(max_length=255)
    event_address = models.TextField(blank=True)
    event_map_link = models.URLField(blank=True)

    # Hosts
    host_name = models.CharField(max_length=200)
    host_phone = models.CharField(max_length=15, blank=True)
    custom_message = models.TextField(blank=True)

    # Media
    banner_image = models.FileField(upload_to="banners/", blank=True, validators=[IMAGE_EXTENSIONS])
    gallery_images = models.JSONField(default=list, blank=True)
    background_music = models.FileField(
        upload_to="music/", null=True, blank=True, validators=[AUDIO_EXTENSIONS]
    )

    # Link
    link_expires_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=False)
    is_expired = models.BooleanField(default=False)
    expired_at = models.DateTimeField(null=True, blank=True)

    # Counters, kept here so that a page view needs no COUNT over the guests
    regular_links_used = models.PositiveIntegerField(default=0)
    test_links_used = models.PositiveIntegerField(default=0)
    total_views = models.PositiveIntegerField(default=0)
    unique_guests = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["slug"], name="invitation_slug_lookup"),
            models.Index(fields=["is_active", "is_expired"], name="invitation_state_lookup"),
        ]

    def __str__(self):
        return f"{self.event_title} ({self.slug})"

    @property
    def is_past_due(self):
        """True once the link has run out, whether or not anybody has marked it yet."""
        return self.link_expires_at is not None and self.link_expires_at <= timezone.now()


class Guest(models.Model):
    """A visitor who gave a name. One device counts once per invitation."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="guests")
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=15, blank=True)
    message = models.TextField(blank=True)
    attending = models.BooleanField(null=True, blank=True, help_text="Empty until the guest has answered")

    # The device, as far as a browser tells
    device_fingerprint = models.CharField(max_length=64, db_index=True)
    ip_address = models.GenericIPAddressField()
    user_agent = models.TextField(blank=True)
    user_agent_hash = models.CharField(max_length=64, blank=True)
    session_id = models.CharField(max_length=64, blank=True)
    device_type = models.CharField(max_length=50, blank=True)
    browser = models.CharField(max_length=100, blank=True)
    os = models.CharField(max_length=100, blank=True)

    is_test_link = models.BooleanField(default=False)
    viewed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-viewed_at"]
        unique_together = [["invitation", "device_fingerprint"]]
        indexes = [
            # the duplicate check of every registration
            models.Index(fields=["invitation", "device_fingerprint"], name="guest_device_lookup"),
            models.Index(fields=["ip_address", "viewed_at"], name="guest_address_lookup"),
        ]

    def __str__(self):
        return self.name


class InvitationViewLog(models.Model):
    """One row per page view."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="view_logs")
    ip_address = models.GenericIPAddressField()
    user_agent = models.TextField(blank=True)
    referrer = models.URLField(blank=True)
    viewed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "page view"
        ordering = ["-viewed_at"]

    def __str__(self):
        return f"{self.invitation_id} at {self.viewed_at:%Y-%m-%d %H:%M}"
