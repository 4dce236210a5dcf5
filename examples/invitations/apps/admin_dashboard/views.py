"""The staff's pages: figures, approvals, users, orders, notifications."""

from __future__ import annotations

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework import generics
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.activity import log_activity
from apps.accounts.models import User, UserActivityLog
from apps.accounts.views import checked
from apps.invitations.models import OrderStatus
from apps.invitations.serializers import InvitationSerializer, OrderSerializer
from apps.invitations.services import invitations_of
from apps.plans.views import yes_or_no

from . import services
from .models import AdminNotification
from .serializers import (
    ActivitySerializer,
    AdminOrderSerializer,
    ApprovalSerializer,
    DecisionSerializer,
    GrantLinksSerializer,
    NotesSerializer,
    NotificationSerializer,
    UserDetailSerializer,
    pending_row,
    user_row,
)


class StaffView(APIView):
    permission_classes = (IsAdminUser,)


class DashboardView(StaffView):
    def get(self, request):
        return Response(services.figures())


class PendingUsersView(StaffView):
    def get(self, request):
        return Response([pending_row(user) for user in services.pending_users()])


class RecentApprovalsView(StaffView):
    def get(self, request):
        return Response(ApprovalSerializer(services.recent_approvals(), many=True).data)


class UserListView(StaffView):
    def get(self, request):
        users = services.list_users(
            approved=yes_or_no(request, "is_approved"),
            blocked=yes_or_no(request, "is_blocked"),
            plan=request.query_params.get("plan"),
            search=request.query_params.get("search"),
        )
        return Response([user_row(user) for user in users])


class UserDetailView(StaffView):
    def get(self, request, pk):
        user = get_object_or_404(User.objects.select_related("current_plan"), pk=pk)
        return Response(
            UserDetailSerializer(user).data
            | {
                "orders": OrderSerializer(services.orders_of(user), many=True).data,
                "invitations": InvitationSerializer(invitations_of(user), many=True).data,
                "activity": ActivitySerializer(services.latest_activity(user), many=True).data,
                "approvals": ApprovalSerializer(services.approvals_of(user), many=True).data,
            }
        )


class ApproveView(StaffView):
    def post(self, request, pk):
        data = checked(DecisionSerializer, request)
        user = get_object_or_404(User, pk=pk, is_staff=False)
        order = services.approve(user, request.user, data["notes"], data["payment_verified"])
        return Response({"is_approved": True, "order_status": order.status if order else None})


class RejectView(StaffView):
    def post(self, request, pk):
        data = checked(DecisionSerializer, request)
        user = get_object_or_404(User, pk=pk, is_staff=False)
        order = services.reject(user, request.user, data["notes"])
        return Response({"is_approved": False, "order_status": order.status if order else None})


class NotesView(StaffView):
    def post(self, request, pk):
        data = checked(NotesSerializer, request)
        user = get_object_or_404(User, pk=pk)
        user.notes = data["notes"]
        user.save(update_fields=["notes", "updated_at"])
        return Response({"notes": user.notes})


class GrantLinksView(StaffView):
    @transaction.atomic
    def post(self, request, pk):
        data = checked(GrantLinksSerializer, request)
        user = get_object_or_404(User, pk=pk)
        try:
            order = services.grant_links(user, data["regular_links"], data["test_links"])
        except services.NoOrder:
            raise ValidationError({"detail": "This user has no order to grant links to."}) from None
        log_activity(request, user, UserActivityLog.LINKS_GRANTED, order=order.order_number, **data)
        return Response(
            {
                "order": order.order_number,
                "granted_regular_links": order.granted_regular_links,
                "granted_test_links": order.granted_test_links,
            }
        )


class OrderListView(generics.ListAPIView):
    permission_classes = (IsAdminUser,)
    serializer_class = AdminOrderSerializer

    def get_queryset(self):
        status = self.request.query_params.get("status")
        if status is not None and status not in OrderStatus.values:
            raise ValidationError({"status": [f"Choose one of {', '.join(OrderStatus.values)}."]})
        return services.list_orders(status)


class NotificationListView(StaffView):
    def get(self, request):
        notifications, count = services.latest_notifications(bool(yes_or_no(request, "unread")))
        return Response({"count": count, "results": NotificationSerializer(notifications, many=True).data})


class NotificationReadView(StaffView):
    def post(self, request, pk):
        notification = get_object_or_404(AdminNotification, pk=pk)
        services.mark_read(notification)
        return Response({"id": str(notification.id), "is_read": True})
