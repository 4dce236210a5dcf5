"""The rules of an invitation's link: opening it, finding a guest again, registering, answering.

An order grants a number of regular links (real guests) and test links (the host trying things out); an invitation counts
how many of each are used. The counters are read, raised and written back, not computed in the database.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.visitor import client_ip, describe_device, user_agent, user_agent_hash

from .models import Guest, Invitation, InvitationViewLog


class LinkRunOut(Exception):
    """The link's days are over."""


class NoLinksLeft(Exception):
    """Every link that the order grants is used."""


class AlreadyRegistered(Exception):
    """This device, or this browser at this address, has registered before."""

    def __init__(self, guest):
        super().__init__(guest)
        self.guest = guest


def live_link(slug):
    """The invitation behind a link with its template; raises Invitation.DoesNotExist when there is no such live page."""
    return Invitation.objects.select_related("template").get(slug=slug, is_active=True, is_expired=False)


def refuse_run_out(invitation):
    """Marks an invitation whose days are over and raises LinkRunOut; nothing sweeps, so the next visitor does it."""
    if not invitation.is_past_due:
        return
    invitation.is_expired = True
    invitation.expired_at = timezone.now()
    invitation.save()
    raise LinkRunOut


def record_view(invitation, request):
    """One more view: one UPDATE of the counter, one row in the log."""
    invitation.total_views += 1
    invitation.save(update_fields=["total_views"])
    InvitationViewLog.objects.create(
        invitation=invitation,
        ip_address=client_ip(request),
        user_agent=user_agent(request),
        referrer=request.META.get("HTTP_REFERER", "")[:200].replace("\x00", ""),
    )


def remaining_links(invitation):
    """(regular, test) links that are left; reads the order."""
    order = invitation.order
    return (
        max(order.granted_regular_links - invitation.regular_links_used, 0),
        max(order.granted_test_links - invitation.test_links_used, 0),
    )


def find_guest(invitation, fingerprint, request):
    """The guest this device belongs to, or None.

    A fingerprint changes with the browser's version; then the same browser at the same address within the last 30 days is
    taken for the same guest.
    """
    try:
        return Guest.objects.get(invitation=invitation, device_fingerprint=fingerprint)
    except Guest.DoesNotExist:
        pass
    since = timezone.now() - timedelta(days=settings.REPEAT_VISIT_DAYS)
    recent = (
        Guest.objects.filter(invitation=invitation, ip_address=client_ip(request), viewed_at__gte=since)
        .order_by("-viewed_at")
        .first()
    )
    if recent is not None and recent.user_agent_hash == user_agent_hash(request):
        return recent
    return None


def register_guest(invitation, data, request):
    """Adds a guest and counts the link as used.

    Raises AlreadyRegistered, NoLinksLeft, or IntegrityError when the same device registers twice at the same moment.
    """
    fingerprint = data["device_fingerprint"]
    known = find_guest(invitation, fingerprint, request)
    if known is not None:
        raise AlreadyRegistered(known)
    regular, test = remaining_links(invitation)
    if (test if data["is_test"] else regular) == 0:
        raise NoLinksLeft
    with transaction.atomic():
        # Asked again inside the transaction: a double tap sends two requests.
        known = find_guest(invitation, fingerprint, request)
        if known is not None:
            raise AlreadyRegistered(known)
        guest = _insert_guest(invitation, data, request)
        invitation.unique_guests += 1
        if data["is_test"]:
            invitation.test_links_used += 1
        else:
            invitation.regular_links_used += 1
        invitation.save(update_fields=["unique_guests", "regular_links_used", "test_links_used"])
    return guest


def _insert_guest(invitation, data, request):
    agent = user_agent(request)
    device_type, browser, system = describe_device(agent)
    return Guest.objects.create(
        invitation=invitation,
        name=data["name"],
        phone=data["phone"],
        message=data["message"],
        attending=data["attending"],
        device_fingerprint=data["device_fingerprint"],
        ip_address=client_ip(request),
        user_agent=agent,
        user_agent_hash=user_agent_hash(request),
        session_id=data["session_id"],
        device_type=device_type,
        browser=browser,
        os=system,
        is_test_link=data["is_test"],
    )


def answer(slug, fingerprint, attending):
    """Notes whether a registered guest comes. Raises Invitation.DoesNotExist or Guest.DoesNotExist."""
    invitation = Invitation.objects.get(slug=slug, is_active=True)
    guest = Guest.objects.get(invitation=invitation, device_fingerprint=fingerprint)
    guest.attending = attending
    guest.save(update_fields=["attending"])
    return guest
