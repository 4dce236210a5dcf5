"""What the order and invitation pages accept and show."""

from __future__ import annotations

from rest_framework import serializers

from apps.plans.serializers import TemplateSerializer

from .models import GALLERY_LIMIT, Guest, Invitation, Order


class OrderSerializer(serializers.ModelSerializer):
    plan = serializers.CharField(source="plan.code")
    invitation_slug = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = [
            "id",
            "order_number",
            "plan",
            "event_type",
            "event_type_name",
            "status",
            "payment_amount",
            "payment_method",
            "payment_status",
            "granted_regular_links",
            "granted_test_links",
            "invitation_slug",
            "created_at",
            "expires_at",
        ]

    def get_invitation_slug(self, order) -> str | None:
        return order.invitation.slug if hasattr(order, "invitation") else None


class OrderDetailSerializer(OrderSerializer):
    approved_by = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = [
            *OrderSerializer.Meta.fields,
            "payment_received_at",
            "approved_at",
            "approved_by",
            "updated_at",
        ]

    def get_approved_by(self, order) -> str | None:
        return order.approved_by.full_name or order.approved_by.username if order.approved_by else None


class OrderCreateSerializer(serializers.Serializer):
    plan = serializers.CharField(max_length=20, required=False, help_text="The user's own plan when left out")
    event_type = serializers.CharField(max_length=50)
    event_type_name = serializers.CharField(max_length=100)


class PaymentSerializer(serializers.Serializer):
    payment_reference = serializers.CharField(max_length=100)


class GuestSerializer(serializers.ModelSerializer):
    class Meta:
        model = Guest
        fields = ["id", "name", "phone", "message", "attending", "device_type", "is_test_link", "viewed_at"]


class PublicInvitationSerializer(serializers.ModelSerializer):
    """What a guest sees: no names of other guests, no counters."""

    template = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = [
            "slug",
            "event_title",
            "event_date",
            "event_venue",
            "event_address",
            "event_map_link",
            "host_name",
            "host_phone",
            "custom_message",
            "banner_image",
            "gallery_images",
            "background_music",
            "template",
        ]

    def get_template(self, invitation) -> dict:
        template = invitation.template
        return {
            "name": template.name,
            "animation_type": template.animation_type,
            "animation_config": template.animation_config,
            "theme_colors": template.theme_colors,
            "supports_rsvp": template.supports_rsvp,
        }


class InvitationSerializer(serializers.ModelSerializer):
    order_number = serializers.CharField(source="order.order_number")
    order_status = serializers.CharField(source="order.status")
    template_name = serializers.CharField(source="template.name")

    class Meta:
        model = Invitation
        fields = [
            "id",
            "slug",
            "order_number",
            "order_status",
            "template_name",
            "event_title",
            "event_date",
            "event_venue",
            "host_name",
            "is_active",
            "is_expired",
            "link_expires_at",
            "total_views",
            "unique_guests",
            "created_at",
        ]


class InvitationDetailSerializer(InvitationSerializer):
    template = TemplateSerializer()
    guests = GuestSerializer(many=True)
    plan = serializers.CharField(source="order.plan.code")

    class Meta(InvitationSerializer.Meta):
        fields = [
            *InvitationSerializer.Meta.fields,
            "plan",
            "event_address",
            "event_map_link",
            "host_phone",
            "custom_message",
            "gallery_images",
            "regular_links_used",
            "test_links_used",
            "template",
            "guests",
        ]


class InvitationTextSerializer(serializers.ModelSerializer):
    """The part of an invitation that its owner may change at any time."""

    gallery_images = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=GALLERY_LIMIT, required=False
    )

    class Meta:
        model = Invitation
        fields = [
            "event_title",
            "event_date",
            "event_venue",
            "event_address",
            "event_map_link",
            "host_name",
            "host_phone",
            "custom_message",
            "gallery_images",
        ]


class InvitationCreateSerializer(InvitationTextSerializer):
    order = serializers.UUIDField()
    template = serializers.UUIDField()

    class Meta(InvitationTextSerializer.Meta):
        fields = ["order", "template", *InvitationTextSerializer.Meta.fields]


class DeviceSerializer(serializers.Serializer):
    device_fingerprint = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="SHA-256 in hexadecimal")


class RegisterGuestSerializer(DeviceSerializer):
    name = serializers.CharField(max_length=200)
    phone = serializers.CharField(max_length=15, required=False, allow_blank=True, default="")
    message = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    attending = serializers.BooleanField(required=False, allow_null=True, default=None)
    session_id = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    is_test = serializers.BooleanField(required=False, default=False)


class RsvpSerializer(DeviceSerializer):
    attending = serializers.BooleanField()
