from __future__ import annotations

from django.apps import AppConfig


class ForumIntegrationConfig(AppConfig):
    name = "apps.forum_integration"
    label = "forum_integration"
    verbose_name = "Forum standing and review"
