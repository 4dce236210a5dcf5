"""How plans, categories and templates are shown."""

from __future__ import annotations

from rest_framework import serializers

from .models import InvitationCategory, Plan, Template


class PlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = Plan
        fields = [
            "id",
            "code",
            "name",
            "description",
            "regular_links",
            "test_links",
            "price_inr",
            "features",
        ]


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = InvitationCategory
        fields = ["id", "code", "name", "description", "icon"]


class TemplateSerializer(serializers.ModelSerializer):
    plan = serializers.CharField(source="plan.code")
    category = serializers.CharField(source="category.code")

    class Meta:
        model = Template
        fields = [
            "id",
            "plan",
            "category",
            "name",
            "description",
            "thumbnail",
            "animation_type",
            "theme_colors",
            "preview_url",
            "supports_gallery",
            "supports_music",
            "supports_video",
            "supports_rsvp",
            "is_premium",
            "use_count",
        ]


class TemplateDetailSerializer(TemplateSerializer):
    plan = PlanSerializer()
    category = CategorySerializer()

    class Meta(TemplateSerializer.Meta):
        fields = [*TemplateSerializer.Meta.fields, "animation_config", "created_at"]
