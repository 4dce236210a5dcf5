"""E001: the dashboard's addresses are included, and what its login and permissions need is not there.

Without them every one of its pages would end in an error of the server's (nothing would be shown to anybody).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

NEEDED = (
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "indexical.django",
)
_CODE = "indexical.E001"


def check_dashboard(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Nothing where the dashboard is not included."""
    if not _included("indexical:start"):
        return []
    missing = [name for name in NEEDED if not apps.is_installed(name)]
    if missing:
        hint = f"Add {', '.join(missing)} to INSTALLED_APPS, or take the dashboard out of the URLs."
        return [
            Error("The index dashboard is included without what its access rules need.", hint=hint, id=_CODE)
        ]
    if not _included("admin:login"):
        hint = 'Include admin.site.urls as well, as path("admin/", admin.site.urls): its login and its pages are used.'
        return [Error("The index dashboard is included without Django's admin.", hint=hint, id=_CODE)]
    return []


def _included(name: str) -> bool:
    try:
        reverse(name)
    except (NoReverseMatch, ImproperlyConfigured, AttributeError):
        # AttributeError: the settings name no ROOT_URLCONF.
        return False
    return True
