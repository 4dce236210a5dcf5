from __future__ import annotations

from django.apps import AppConfig


class ComparisonConfig(AppConfig):
    """Nothing but two migrations; installed by `config.settings_guide` only."""

    name = "comparison"
    verbose_name = "The index guide's indexes, for comparison"
