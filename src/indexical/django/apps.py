"""The app's entry in Django's registry; starts capturing when it is asked for, and registers the checks."""

from __future__ import annotations

from django.apps import AppConfig


class IndexicalConfig(AppConfig):
    name = "indexical.django"
    label = "indexical"
    verbose_name = "Indexical"
    # The app's migrations do not depend on what a project chooses for its own models.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from indexical.django.capture import start_if_wanted
        from indexical.django.checks import register_checks

        start_if_wanted()
        register_checks()
