"""Orders, invitations and their figures, without HTTP."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from apps.admin_dashboard.models import AdminNotification
from apps.plans.services import count_use, plan_on_sale

from .links import remaining_links
from .models import Guest, Invitation, InvitationViewLog, Order, OrderStatus

TIMELINE_DAYS = 7


def orders_of(user):
    """A user's orders, newest first, each with its plan and its invitation."""
    return (
        Order.objects.filter(user=user)
        .select_related("plan")
        .prefetch_related("invitation")
        .order_by("-created_at")
    )


@transaction.atomic
def create_order(user, data):
    """An order that waits for payment; the user's first one also sets their plan. Raises Plan.DoesNotExist."""
    code = data.get("plan") or (user.current_plan.code if user.current_plan else "")
    plan = plan_on_sale(code)
    order = Order.objects.create(
        user=user,
        plan=plan,
        event_type=data["event_type"],
        event_type_name=data["event_type_name"],
        status=OrderStatus.PENDING_PAYMENT,
        payment_amount=plan.price_inr,
        granted_regular_links=plan.regular_links,
        granted_test_links=plan.test_links,
    )
    if user.current_plan is None:
        user.current_plan = plan
        user.save(update_fields=["current_plan", "updated_at"])
    return order


@transaction.atomic
def pay(order, reference):
    """Marks an order as paid: it now waits for a member of staff."""
    order.payment_method = Order.RAZORPAY
    order.payment_status = Order.PaymentStatus.RECEIVED
    order.payment_received_at = timezone.now()
    order.payment_notes = f"Reference {reference}"
    order.status = OrderStatus.PENDING_APPROVAL
    order.save()
    AdminNotification.objects.create(
        type=AdminNotification.Type.PAYMENT_RECEIVED,
        title=f"Payment for {order.order_number}",
        user_id=order.user_id,
        order=order,
        metadata={"amount": str(order.payment_amount)},
    )


def invitations_of(user):
    return Invitation.objects.filter(user=user).select_related("template", "order").order_by("-created_at")


def invitation_pages(user):
    """A user's invitations with everything the page of one of them shows."""
    return Invitation.objects.filter(user=user).select_related("template", "order").prefetch_related("guests")


@transaction.atomic
def create_invitation(user, order, template, text):
    """The invitation of an order; live at once when the order is approved already."""
    invitation = Invitation(user=user, order=order, template=template, **text)
    if order.status == OrderStatus.APPROVED:
        open_link(invitation)
    invitation.save(force_insert=True)
    count_use(template)
    return invitation


def open_link(invitation):
    """Makes the link live for its days, counted from now; the caller saves."""
    invitation.is_active = True
    invitation.link_expires_at = timezone.now() + timedelta(days=settings.LINK_DAYS)


def figures(invitation):
    """What the statistics page of one invitation shows; every count is asked for separately."""
    regular, test = remaining_links(invitation)
    guests = Guest.objects.filter(invitation=invitation)
    return {
        "total_views": invitation.total_views,
        "unique_guests": invitation.unique_guests,
        "regular_links_left": regular,
        "test_links_left": test,
        "attending": guests.filter(attending=True).count(),
        "not_attending": guests.filter(attending=False).count(),
        "no_answer": guests.filter(attending__isnull=True).count(),
        "test_guests": guests.filter(is_test_link=True).count(),
    }


def timeline(invitation, now=None):
    """Page views per day of the last seven days, oldest first; days without a view are left out."""
    since = (now or timezone.now()) - timedelta(days=TIMELINE_DAYS)
    views = InvitationViewLog.objects.filter(invitation=invitation, viewed_at__gte=since).order_by(
        "viewed_at"
    )
    per_day = Counter(timezone.localdate(view.viewed_at).isoformat() for view in views)
    return [{"day": day, "views": count} for day, count in per_day.items()]


def dashboard(user):
    """The figures on a user's first page."""
    orders = Order.objects.filter(user=user).order_by()
    invitations = Invitation.objects.filter(user=user).order_by()
    sums = invitations.aggregate(
        views=Sum("total_views"), regular=Sum("regular_links_used"), test=Sum("test_links_used")
    )
    return {
        "orders": {
            "total": orders.count(),
            "pending_payment": orders.filter(status=OrderStatus.PENDING_PAYMENT).count(),
            "pending_approval": orders.filter(status=OrderStatus.PENDING_APPROVAL).count(),
            "approved": orders.filter(status=OrderStatus.APPROVED).count(),
            "granted_links": orders.aggregate(n=Sum("granted_regular_links"))["n"] or 0,
        },
        "invitations": {
            "total": invitations.count(),
            "active": invitations.filter(is_active=True, is_expired=False).count(),
            "expired": invitations.filter(is_expired=True).count(),
            "views": sums["views"] or 0,
            "links_used": (sums["regular"] or 0) + (sums["test"] or 0),
        },
        "guests": Guest.objects.filter(invitation__user=user).count(),
    }
