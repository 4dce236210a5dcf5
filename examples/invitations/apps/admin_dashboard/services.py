"""What the staff look at and decide, without HTTP."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.invitations.models import Invitation, Order, OrderStatus
from apps.invitations.services import open_link

from .models import AdminNotification, UserApprovalLog

RECENT_ACTIVITY = 10
RECENT_APPROVALS = 10
LATEST_NOTIFICATIONS = 50


class NoOrder(Exception):
    """The user has no order that the decision could apply to."""


def figures():
    """The dashboard's figures. Each is one COUNT, as each is one tile of the page."""
    customers = User.objects.filter(is_staff=False)
    orders = Order.objects
    invitations = Invitation.objects
    return {
        "users": {
            "total": customers.count(),
            "today": customers.filter(created_at__date=timezone.localdate()).count(),
            "waiting": customers.filter(is_approved=False).count(),
        },
        "orders": {
            "total": orders.count(),
            "pending_payment": orders.filter(status=OrderStatus.PENDING_PAYMENT).count(),
            "pending_approval": orders.filter(status=OrderStatus.PENDING_APPROVAL).count(),
            "approved": orders.filter(status=OrderStatus.APPROVED).count(),
            "rejected": orders.filter(status=OrderStatus.REJECTED).count(),
        },
        "sales": sales(),
        "invitations": {
            "total": invitations.count(),
            "active": invitations.filter(is_active=True, is_expired=False).count(),
            "expired": invitations.filter(is_expired=True).count(),
        },
        "notifications": {
            "total": AdminNotification.objects.count(),
            "unread": AdminNotification.objects.filter(is_read=False).count(),
        },
    }


def sales():
    """Money and links of every approved order, added up here; the invitations come with the same query.

    Rows are taken as tuples: tens of thousands of model instances would cost more than the query.
    """
    rows = Order.objects.filter(status=OrderStatus.APPROVED).values_list(
        "payment_amount",
        "granted_regular_links",
        "granted_test_links",
        "invitation__regular_links_used",
        "invitation__test_links_used",
    )
    revenue, granted, used = Decimal(0), 0, 0
    for amount, regular, test, regular_used, test_used in rows:
        revenue += amount
        granted += regular + test
        used += (regular_used or 0) + (test_used or 0)
    return {"revenue": str(revenue), "links_granted": granted, "links_used": used}


def pending_users():
    """Every account that waits for approval, newest first, with its plan and its orders."""
    return (
        User.objects.filter(is_staff=False, is_approved=False)
        .select_related("current_plan")
        .prefetch_related("orders")
        .order_by("-created_at")
    )


def list_users(approved=None, blocked=None, plan=None, search=None):
    """All customers, newest first; each filter is left out when None."""
    users = User.objects.filter(is_staff=False).select_related("current_plan")
    if approved is not None:
        users = users.filter(is_approved=approved)
    if blocked is not None:
        users = users.filter(is_blocked=blocked)
    if plan is not None:
        users = users.filter(current_plan__code=plan)
    if search:
        users = users.filter(
            Q(username__icontains=search)
            | Q(full_name__icontains=search)
            | Q(phone__icontains=search)
            | Q(email__icontains=search)
        )
    return users.order_by("-created_at")


def list_orders(status=None):
    """All orders, newest first, with what a line of the list shows."""
    orders = Order.objects.select_related("plan", "user").prefetch_related("invitation")
    if status is not None:
        orders = orders.filter(status=status)
    return orders.order_by("-created_at")


def recent_approvals():
    return UserApprovalLog.objects.select_related("approved_by", "user").order_by("-created_at")[
        :RECENT_APPROVALS
    ]


def approvals_of(user):
    return (
        UserApprovalLog.objects.filter(user=user)
        .select_related("approved_by", "user")
        .order_by("-created_at")
    )


def orders_of(user):
    return (
        Order.objects.filter(user=user)
        .select_related("plan")
        .prefetch_related("invitation")
        .order_by("-created_at")
    )


def latest_activity(user):
    return user.activity_logs.order_by("-created_at")[:RECENT_ACTIVITY]


def latest_notifications(unread_only=False):
    """(the latest 50, how many there are)."""
    notifications = AdminNotification.objects.select_related("user", "order").order_by("-created_at")
    if unread_only:
        notifications = notifications.filter(is_read=False)
    return notifications[:LATEST_NOTIFICATIONS], notifications.count()


def mark_read(notification):
    notification.is_read = True
    notification.read_at = timezone.now()
    notification.save(update_fields=["is_read", "read_at"])


@transaction.atomic
def approve(user, staff, notes="", payment_verified=False):
    """Approves an account and its latest order; that order's invitation goes live."""
    now = timezone.now()
    order = Order.objects.filter(user=user).order_by("-created_at").first()
    if order is not None:
        order.status = OrderStatus.APPROVED
        order.approved_by = staff
        order.approved_at = now
        if payment_verified:
            order.payment_status = Order.PaymentStatus.VERIFIED
        order.save()
        if hasattr(order, "invitation"):
            open_link(order.invitation)
            order.invitation.save(update_fields=["is_active", "link_expires_at"])
    user.is_approved = True
    user.approved_at = now
    user.approved_by = staff
    user.payment_verified = user.payment_verified or payment_verified
    user.save()
    _record(user, staff, UserApprovalLog.Action.APPROVED, notes, payment_verified, order)
    return order


@transaction.atomic
def reject(user, staff, notes=""):
    """Rejects an account and its latest order."""
    order = Order.objects.filter(user=user).order_by("-created_at").first()
    if order is not None:
        order.status = OrderStatus.REJECTED
        order.admin_notes = notes
        order.save()
    user.is_approved = False
    user.notes = notes or user.notes
    user.save()
    _record(user, staff, UserApprovalLog.Action.REJECTED, notes, False, order)
    return order


def _record(user, staff, action, notes, payment_verified, order):
    UserApprovalLog.objects.create(
        user=user,
        approved_by=staff,
        action=action,
        notes=notes,
        payment_verified=payment_verified,
        payment_method=order.payment_method if order else "",
        payment_amount=order.payment_amount if order else None,
    )
    AdminNotification.objects.filter(user=user, type=AdminNotification.Type.NEW_USER, is_read=False).update(
        is_read=True, read_at=timezone.now()
    )


@transaction.atomic
def grant_links(user, regular, test):
    """Adds links to the user's latest open order; raises NoOrder when there is none."""
    order = (
        Order.objects.filter(user=user, status__in=[OrderStatus.APPROVED, OrderStatus.PENDING_APPROVAL])
        .order_by("-created_at")
        .first()
    )
    if order is None:
        raise NoOrder
    order.granted_regular_links += regular
    order.granted_test_links += test
    order.save(update_fields=["granted_regular_links", "granted_test_links", "updated_at"])
    return order
