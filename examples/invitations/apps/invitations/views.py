"""A customer's own pages: orders, invitations, guests."""

from __future__ import annotations

import csv

from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.activity import log_activity
from apps.accounts.models import UserActivityLog
from apps.accounts.views import checked
from apps.plans.models import Plan, Template

from . import services
from .models import Guest, Invitation, Order, OrderStatus
from .serializers import (
    GuestSerializer,
    InvitationCreateSerializer,
    InvitationDetailSerializer,
    InvitationSerializer,
    InvitationTextSerializer,
    OrderCreateSerializer,
    OrderDetailSerializer,
    OrderSerializer,
    PaymentSerializer,
)

Activity = UserActivityLog.ActivityType
# A cell that starts with one of these is run as a formula by spreadsheet programs.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class OrderListView(generics.ListAPIView):
    serializer_class = OrderSerializer

    def get_queryset(self):
        return services.orders_of(self.request.user)


class OrderCreateView(APIView):
    def post(self, request):
        data = checked(OrderCreateSerializer, request)
        try:
            order = services.create_order(request.user, data)
        except Plan.DoesNotExist:
            raise ValidationError({"plan": ["No plan on sale has this code."]}) from None
        log_activity(request, request.user, Activity.ORDER_CREATED, order=order.order_number)
        return Response(
            {"id": str(order.id), "order_number": order.order_number, "status": order.status},
            status=status.HTTP_201_CREATED,
        )


class OrderDetailView(APIView):
    def get(self, request, pk):
        orders = Order.objects.select_related("plan", "approved_by")
        order = get_object_or_404(orders, user=request.user, pk=pk)
        return Response(OrderDetailSerializer(order).data)


class PaymentView(APIView):
    """Stands in for the payment provider's call after a customer has paid."""

    def post(self, request, pk):
        data = checked(PaymentSerializer, request)
        order = get_object_or_404(Order, user=request.user, pk=pk)
        if order.status not in (OrderStatus.DRAFT, OrderStatus.PENDING_PAYMENT):
            raise ValidationError({"detail": "This order does not wait for a payment."})
        services.pay(order, data["payment_reference"])
        return Response({"id": str(order.id), "status": order.status})


class InvitationListView(generics.ListAPIView):
    serializer_class = InvitationSerializer

    def get_queryset(self):
        return services.invitations_of(self.request.user)


class InvitationCreateView(APIView):
    def post(self, request):
        data = checked(InvitationCreateSerializer, request)
        order = get_object_or_404(Order, id=data.pop("order"), user=request.user)
        if Invitation.objects.filter(order=order).exists():
            raise ValidationError({"order": ["This order has its invitation already."]})
        template = get_object_or_404(Template, id=data.pop("template"), is_active=True)
        try:
            invitation = services.create_invitation(request.user, order, template, data)
        except IntegrityError:
            raise ValidationError({"order": ["This order got its invitation just now."]}) from None
        log_activity(request, request.user, Activity.INVITATION_CREATED, slug=invitation.slug)
        return Response(InvitationSerializer(invitation).data, status=status.HTTP_201_CREATED)


class InvitationDetailView(APIView):
    def get(self, request, slug):
        invitation = get_object_or_404(services.invitation_pages(request.user), slug=slug)
        return Response(InvitationDetailSerializer(invitation).data)


class InvitationUpdateView(APIView):
    def put(self, request, slug):
        return self.change(request, slug, partial=False)

    def patch(self, request, slug):
        return self.change(request, slug, partial=True)

    def change(self, request, slug, partial):
        invitation = get_object_or_404(Invitation, user=request.user, slug=slug)
        serializer = InvitationTextSerializer(invitation, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(InvitationDetailSerializer(invitation).data)


class InvitationStatsView(APIView):
    def get(self, request, slug):
        invitation = get_object_or_404(Invitation, slug=slug, user=request.user)
        return Response(services.figures(invitation))


class TimelineView(APIView):
    def get(self, request, slug):
        invitation = get_object_or_404(Invitation, slug=slug, user=request.user)
        return Response({"days": services.timeline(invitation)})


class GuestListView(generics.ListAPIView):
    serializer_class = GuestSerializer

    def get_queryset(self):
        return Guest.objects.filter(
            invitation__slug=self.kwargs["slug"], invitation__user=self.request.user
        ).order_by("-viewed_at")


class GuestExportView(APIView):
    """All guests of an invitation as a CSV file."""

    COLUMNS = ("name", "phone", "attending", "message", "device_type", "is_test_link", "viewed_at")

    def get(self, request, slug):
        invitation = get_object_or_404(Invitation, slug=slug, user=request.user)
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="guests-{invitation.slug}.csv"'
        writer = csv.writer(response)
        writer.writerow(self.COLUMNS)
        for guest in Guest.objects.filter(invitation=invitation).order_by("-viewed_at"):
            writer.writerow([cell(getattr(guest, column)) for column in self.COLUMNS])
        return response


class DashboardView(APIView):
    def get(self, request):
        return Response(services.dashboard(request.user))


def cell(value):
    """A value as one CSV cell that no spreadsheet program takes for a formula."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    text = str(value)
    return "'" + text if text.startswith(FORMULA_STARTS) else text
