from __future__ import annotations

from django.apps import AppConfig


class AdminDashboardConfig(AppConfig):
    name = "apps.admin_dashboard"
    label = "admin_dashboard"
    verbose_name = "Admin dashboard"
