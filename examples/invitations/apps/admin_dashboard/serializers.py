"""What the staff's pages accept and show."""

from __future__ import annotations

from rest_framework import serializers

from apps.accounts.models import User, UserActivityLog
from apps.invitations.models import Order
from apps.invitations.serializers import OrderSerializer

from .models import AdminNotification, UserApprovalLog


def user_row(user):
    """One line of a list of users. A plain dict: these lists are not cut into pages and can be long."""
    return {
        "id": str(user.id),
        "username": user.username,
        "full_name": user.full_name,
        "phone": user.phone,
        "email": user.email,
        "plan": user.current_plan.code if user.current_plan else None,
        "is_approved": user.is_approved,
        "is_blocked": user.is_blocked,
        "is_phone_verified": user.is_phone_verified,
        "created_at": user.created_at,
    }


def pending_row(user):
    """One line of the approvals that wait: the user and their latest order (orders are prefetched, newest first)."""
    latest = next(iter(user.orders.all()), None)
    return user_row(user) | {
        "latest_order": None
        if latest is None
        else {
            "id": str(latest.id),
            "order_number": latest.order_number,
            "status": latest.status,
            "payment_status": latest.payment_status,
            "payment_amount": str(latest.payment_amount),
        }
    }


class ActivitySerializer(serializers.ModelSerializer):
    class Meta:
        model = UserActivityLog
        fields = ["activity_type", "description", "ip_address", "metadata", "created_at"]


class ApprovalSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.phone")
    approved_by = serializers.CharField(source="approved_by.username", default=None)

    class Meta:
        model = UserApprovalLog
        fields = [
            "user",
            "approved_by",
            "action",
            "notes",
            "payment_verified",
            "payment_amount",
            "created_at",
        ]


class UserDetailSerializer(serializers.ModelSerializer):
    """A user's own columns; the view adds orders, invitations and both trails."""

    plan = serializers.CharField(source="current_plan.code", default=None)

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "full_name",
            "phone",
            "email",
            "plan",
            "plan_change_requested",
            "is_phone_verified",
            "is_blocked",
            "block_reason",
            "is_approved",
            "approved_at",
            "payment_verified",
            "notes",
            "signup_ip",
            "last_login_ip",
            "created_at",
        ]


class AdminOrderSerializer(OrderSerializer):
    user = serializers.CharField(source="user.phone")
    user_name = serializers.CharField(source="user.full_name")

    class Meta(OrderSerializer.Meta):
        model = Order
        fields = [*OrderSerializer.Meta.fields, "user", "user_name"]


class NotificationSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user.phone", default=None)
    order = serializers.CharField(source="order.order_number", default=None)

    class Meta:
        model = AdminNotification
        fields = [
            "id",
            "type",
            "title",
            "message",
            "user",
            "order",
            "is_read",
            "read_at",
            "metadata",
            "created_at",
        ]


class DecisionSerializer(serializers.Serializer):
    notes = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")
    payment_verified = serializers.BooleanField(required=False, default=False)


class NotesSerializer(serializers.Serializer):
    notes = serializers.CharField(max_length=5000, allow_blank=True)


class GrantLinksSerializer(serializers.Serializer):
    regular_links = serializers.IntegerField(min_value=0, max_value=10_000, default=0)
    test_links = serializers.IntegerField(min_value=0, max_value=1_000, default=0)

    def validate(self, attrs):
        if not attrs["regular_links"] and not attrs["test_links"]:
            raise serializers.ValidationError("Grant at least one link.")
        return attrs
