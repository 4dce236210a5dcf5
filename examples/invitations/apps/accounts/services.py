"""Accounts without HTTP: signing up, logging in, one-time passwords and plan wishes."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.admin_dashboard.models import AdminNotification
from apps.invitations.models import Order, OrderStatus
from apps.plans.models import Plan

from .models import PhoneVerification, User

OPEN_STATUSES = [OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_APPROVAL, OrderStatus.APPROVED]


def taken_fields(phone, username, email):
    """Names of the fields that another account already has; one EXISTS each, so the form can name all of them."""
    taken = []
    if User.objects.filter(phone=phone).exists():
        taken.append("phone")
    if User.objects.filter(username=username).exists():
        taken.append("username")
    if email and User.objects.filter(email=email).exists():
        taken.append("email")
    return taken


@transaction.atomic
def register(data, ip_address):
    """Makes the account and tells the staff how many are waiting."""
    user = User.objects.create_user(
        username=data["username"],
        email=data["email"],
        password=data["password"],
        phone=data["phone"],
        full_name=data["full_name"],
    )
    user.signup_ip = ip_address
    user.save(update_fields=["signup_ip", "updated_at"])
    waiting = User.objects.filter(is_staff=False, is_approved=False).count()
    AdminNotification.objects.create(
        type=AdminNotification.Type.NEW_USER,
        title=f"New account: {user.full_name or user.username}",
        message=f"{waiting} accounts wait for approval.",
        user=user,
        metadata={"phone": user.phone},
    )
    return user


def _find(**name):
    try:
        return User.objects.get(**name)
    except User.DoesNotExist:
        return None


def authenticate(login, password):
    """The user with this phone number or user name and this password, or None.

    The phone number is tried first, as most people use it; the row is then read again with its plan for the answer.
    """
    user = _find(phone=login) or _find(username=login)
    if user is None:
        # Spends the same time as a wrong password, so that the answer does not tell which accounts exist.
        User().set_password(password)
        return None
    if not user.check_password(password):
        return None
    return User.objects.select_related("current_plan").get(id=user.id)


def send_otp(user, ip_address):
    """Stores a fresh code; its ten minutes start anew once the text message has been handed over."""
    valid = timedelta(minutes=settings.OTP_MINUTES)
    verification = PhoneVerification.objects.create(
        user=user,
        otp=f"{secrets.randbelow(10**6):06d}",
        expires_at=timezone.now() + valid,
        ip_address=ip_address,
    )
    # Here a gateway would be called, which may take seconds.
    verification.expires_at = timezone.now() + valid
    PhoneVerification.objects.filter(user=user, otp=verification.otp, is_used=False).update(
        expires_at=verification.expires_at
    )
    return verification


def verify_otp(user, otp):
    """True when the code is the user's latest, unused and in time; the phone then counts as verified."""
    now = timezone.now()
    verification = (
        PhoneVerification.objects.filter(user=user, otp=otp, is_used=False, expires_at__gt=now)
        .order_by("-created_at")
        .first()
    )
    if verification is None:
        return False
    with transaction.atomic():
        verification.is_used = True
        verification.save(update_fields=["is_used"])
        user.is_phone_verified = True
        user.phone_verified_at = now
        user.save(update_fields=["is_phone_verified", "phone_verified_at", "updated_at"])
    return True


def otp_status(user):
    """The latest code of a user, or None."""
    return PhoneVerification.objects.filter(user=user).order_by("-created_at").first()


def profile_counts(user):
    """How much a user has bought and made."""
    return {
        "open_orders": user.orders.filter(status__in=OPEN_STATUSES).order_by().count(),
        "invitations": user.invitations.count(),
    }


def approved_order(user):
    """The latest approved order with its plan, or None."""
    return (
        Order.objects.filter(user=user, status=OrderStatus.APPROVED)
        .select_related("plan")
        .order_by("-created_at")
        .first()
    )


def plan_of(user):
    """The plan the user is on; an approved order gives it to accounts that have none yet."""
    order = approved_order(user)
    if user.current_plan is None and order is not None:
        user.current_plan = order.plan
        user.save(update_fields=["current_plan", "updated_at"])
    return user.current_plan, order


@transaction.atomic
def request_plan_change(user, code):
    """Notes the wish for another plan; raises Plan.DoesNotExist when no plan on sale has that code."""
    plan = Plan.objects.get(code=code, is_active=True)
    user.plan_change_requested = True
    user.plan_change_requested_at = timezone.now()
    user.save(update_fields=["plan_change_requested", "plan_change_requested_at", "updated_at"])
    return plan
