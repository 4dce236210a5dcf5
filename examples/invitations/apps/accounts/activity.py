"""Writes the activity trail."""

from __future__ import annotations

from .models import UserActivityLog
from .visitor import client_ip, user_agent


def log_activity(request, user, activity_type, description="", **metadata):
    """One INSERT; every change that a logged-in user makes ends here."""
    return UserActivityLog.objects.create(
        user=user,
        activity_type=activity_type,
        description=description,
        ip_address=client_ip(request),
        user_agent=user_agent(request),
        metadata=metadata,
    )
