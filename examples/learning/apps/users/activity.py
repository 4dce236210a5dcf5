"""Writes down, at the end of a request, that its user was here today."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from apps.forum_integration.models import TrustLevel

from .models import UserActivity

TRACKED = ("/api/", "/site/")
FAILED = 400


class ActivityMiddleware:
    """Three statements for every tracked request of a logged-in user, a fourth for the first one of the day.

    A request is tracked when it went to the API or the site and was answered without an error. Who its user is comes
    out in the view only, where the token is read; hence the look at the request afterwards.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if (
            request.path_info.startswith(TRACKED)
            and response.status_code < FAILED
            and user is not None
            and user.is_authenticated
        ):
            note_visit(user)
        return response


def note_visit(user):
    """One more request of the user today; the first one also counts the day."""
    now = timezone.now()
    today = now.date()
    trust, _ = TrustLevel.objects.get_or_create(user=user)
    activity, first_today = UserActivity.objects.get_or_create(user=user, date=today)
    UserActivity.objects.filter(pk=activity.pk).update(last_activity_time=now)
    if first_today:
        TrustLevel.objects.filter(pk=trust.pk).update(
            days_visited=F("days_visited") + 1, last_visit_date=today
        )
