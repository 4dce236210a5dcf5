"""The handles file: what ``traffic/drive.py`` needs to know about the loaded data, read back from the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.apps import apps
from django.db.models import Count, F, QuerySet

from .loader import PASSWORD

USERS = 40
"""People the driver may log in as."""
PAGES = 300
"""Invitations whose link is open, with their popularity."""
TEMPLATES = 40
_ROOM = 15
"""A page counts as open to new guests when at least this many of its links are left."""
_OPEN_FOR = dt.timedelta(days=2)


def _people() -> QuerySet[Any]:
    return (
        apps.get_model("accounts", "User")
        ._base_manager.filter(
            is_staff=False, is_active=True, is_blocked=False, is_approved=True, is_phone_verified=True
        )
        .annotate(pages=Count("invitations"))
        .filter(pages__gt=0)
        .order_by("-pages", "phone")
    )


def _spread(items: list[Any], wanted: int) -> list[Any]:
    """At most ``wanted`` of the items, evenly from first to last."""
    step = max(1, len(items) // wanted)
    return items[::step][:wanted]


def make_handles(now: dt.datetime) -> dict[str, Any]:
    """Phones, pages with their guests' devices, templates; ``now`` is the last moment of the data."""
    invitation = apps.get_model("invitations", "Invitation")
    guest = apps.get_model("invitations", "Guest")
    template = apps.get_model("plans", "Template")
    staff = apps.get_model("accounts", "User")._base_manager.get(username="admin")
    shown = invitation._base_manager.filter(is_active=True, is_expired=False).select_related("order")
    shown = list(shown.filter(link_expires_at__gt=now + _OPEN_FOR).order_by("-total_views", "slug")[:PAGES])
    devices: dict[Any, list[str]] = {page.pk: [] for page in shown}
    known = guest._base_manager.filter(invitation__in=shown).order_by("viewed_at", "pk")
    for page, device in known.values_list("invitation_id", "device_fingerprint"):
        if len(devices[page]) < 3:
            devices[page].append(device)
    over = invitation._base_manager.filter(is_active=True, link_expires_at__lt=now).order_by(
        F("created_at").desc(), "slug"
    )
    goods = template._base_manager.filter(is_active=True, plan__code="BASIC").order_by("-use_count", "pk")
    return {
        "password": PASSWORD,
        "admin": staff.phone,
        "users": [
            {
                "id": str(user.pk),
                "phone": user.phone,
                "slugs": list(user.invitations.order_by("-created_at").values_list("slug", flat=True)[:8]),
                "orders": [
                    str(pk) for pk in user.orders.order_by("-created_at").values_list("pk", flat=True)[:8]
                ],
            }
            for user in _spread(list(_people()), USERS)
        ],
        "pages": [
            {
                "slug": page.slug,
                "weight": page.total_views + 1,
                "open": page.order.granted_regular_links - page.regular_links_used >= _ROOM,
                "devices": devices[page.pk],
            }
            for page in shown
        ],
        "past_slugs": list(over.values_list("slug", flat=True)[:50]),
        "templates": [str(pk) for pk in _spread(list(goods.values_list("pk", flat=True)), TEMPLATES)],
    }
