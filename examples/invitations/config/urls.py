"""Every address of the platform: the public pages, and one prefix per app."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/invite/", include("apps.invitations.urls_public")),
    path("api/v1/auth/", include("apps.accounts.urls")),
    path("api/v1/plans/", include("apps.plans.urls")),
    path("api/v1/invitations/", include("apps.invitations.urls")),
    path("api/v1/admin-dashboard/", include("apps.admin_dashboard.urls")),
]
