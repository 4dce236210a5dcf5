"""What is for sale: plans, event categories and the templates of the invitations."""

from __future__ import annotations

import uuid

from django.core.validators import FileExtensionValidator
from django.db import models


class Plan(models.Model):
    """A price level. Each plan also opens the templates of the plans below it."""

    class Code(models.TextChoices):
        BASIC = "BASIC", "Basic"
        PREMIUM = "PREMIUM", "Premium"
        LUXURY = "LUXURY", "Luxury"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=20, choices=Code.choices, unique=True)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    regular_links = models.PositiveIntegerField(help_text="Guests who may register through one invitation")
    test_links = models.PositiveIntegerField(default=5)
    price_inr = models.DecimalField("price in rupees", max_digits=10, decimal_places=2)
    features = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    sort_order = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["sort_order", "price_inr"]

    def __str__(self):
        return self.name

    @property
    def open_plan_codes(self):
        """Codes of the plans whose templates a customer of this plan may use, cheapest first."""
        ladder = list(Plan.Code.values)
        return ladder[: ladder.index(self.code) + 1] if self.code in ladder else [self.code]


class InvitationCategory(models.Model):
    """A kind of event: wedding, birthday, housewarming ..."""

    code = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    icon = models.CharField(max_length=50, blank=True)
    sort_order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "invitation categories"
        ordering = ["sort_order", "name"]

    def __str__(self):
        return self.name


class Template(models.Model):
    """A design that an invitation is made from."""

    ANIMATION_CHOICES = [
        ("elegant", "Elegant"),
        ("fun", "Fun"),
        ("traditional", "Traditional"),
        ("modern", "Modern"),
        ("minimal", "Minimal"),
        ("bollywood", "Bollywood"),
        ("floral", "Floral"),
        ("royal", "Royal"),
    ]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="templates")
    category = models.ForeignKey(InvitationCategory, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    thumbnail = models.FileField(
        upload_to="templates/",
        validators=[FileExtensionValidator(["jpg", "jpeg", "png", "webp"])],
    )

    # Look
    animation_type = models.CharField(max_length=20, choices=ANIMATION_CHOICES, default="elegant")
    animation_config = models.JSONField(default=dict, blank=True)
    theme_colors = models.JSONField(default=dict, blank=True)
    preview_url = models.URLField(blank=True)

    # Abilities
    supports_gallery = models.BooleanField(default=True)
    supports_music = models.BooleanField(default=False)
    supports_video = models.BooleanField(default=False)
    supports_rsvp = models.BooleanField(default=False)

    is_active = models.BooleanField(default=True)
    is_premium = models.BooleanField(default=False)
    sort_order = models.IntegerField(default=0)
    use_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("sort_order", "-created_at")

    def __str__(self):
        return f"{self.name} ({self.animation_type})"
