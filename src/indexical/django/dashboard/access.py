"""Who may see the dashboard, and what a browser may do with its pages.

To whoever is not meant to see it there is no dashboard: the answer is 404, as for an address that does not exist. Only somebody
who has not logged in is asked to. A page may load its style and pictures from its own site and nothing else, and runs no script
but the admin's (Content-Security-Policy, https://www.w3.org/TR/CSP3/).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

VIEW = "indexical.view_dashboard"
CHANGE = "indexical.change_indexes"
SHOWN = "INDEXICAL_DASHBOARD"
"""Setting: whether there is a dashboard; without it, only where DEBUG is on."""
ACTIONS = "INDEXICAL_DASHBOARD_ACTIONS"
"""Setting: whether there are actions for those who may change indexes."""

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


def shown() -> bool:
    """Whether the settings want a dashboard."""
    return getattr(settings, SHOWN, settings.DEBUG) is True


def may_act(user: Any) -> bool:
    """Whether the actions are there, and for this user."""
    return getattr(settings, ACTIONS, False) is True and user.has_perms((VIEW, CHANGE))


def reads(view: View[Rest]) -> View[Rest]:
    """A page: asked for by GET, for staff who may see the dashboard."""
    # The forms' token needs its cookie, which comes with the page that shows them.
    return _guarded(csrf_protect(require_safe(view)), lambda user: True)


def acts(view: View[Rest]) -> View[Rest]:
    """A step of an action: POST with a CSRF token only, whatever middleware the project has, for those who may change indexes."""
    return _guarded(csrf_protect(require_POST(view)), may_act)


def _guarded(view: View[Rest], allowed: Callable[[Any], bool]) -> View[Rest]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if not shown():
            raise Http404("there is no dashboard")
        # Whatever model the project has for its users.
        user: Any = request.user
        if not user.is_authenticated:
            # Only here: where auth is not installed, a system check is to say so, and not this import.
            from django.contrib.auth.views import redirect_to_login

            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if not (user.is_active and user.is_staff and user.has_perm(VIEW) and allowed(user)):
            raise Http404("there is no dashboard")
        return _protected(view(request, *args, **kwargs))

    return never_cache(guarded)


def _protected(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = policy(settings.STATIC_URL or "")
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"
    response["Referrer-Policy"] = "same-origin"
    return response


def policy(static_url: str) -> str:
    """The Content-Security-Policy of every page; the static files may be on another host."""
    parts = urlsplit(static_url)
    host = f"{parts.scheme}://{parts.netloc}" if parts.scheme else parts.netloc
    own = f"'self' {host}" if host else "'self'"
    return (
        f"default-src 'none'; style-src {own}; script-src {own}; img-src {own} data:; font-src {own}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
