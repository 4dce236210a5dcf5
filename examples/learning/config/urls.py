"""Every address of the platform: the interface, one prefix per app, and the two back offices."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from wagtail.admin import urls as wagtail_admin

urlpatterns = [
    path("api/v1/", include("apps.users.urls")),
    path("api/v1/", include("apps.learning.urls")),
    path("api/v1/", include("apps.blog.urls")),
    path("api/", include("apps.forum_integration.urls")),
    path("site/", include("apps.learning.urls_site")),
    path("site/unrepaired/", include("apps.blog.urls_unrepaired")),
    path("site/unrepaired/", include("apps.forum_integration.urls_unrepaired")),
    path("cms/", include(wagtail_admin)),
    path("admin/", admin.site.urls),
]
