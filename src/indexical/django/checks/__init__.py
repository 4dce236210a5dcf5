"""System checks on the project's indexes; no database is needed (docs/checks.md has one section for each).

``manage.py check --tag indexical`` runs all of them. Those that compare models with migrations read every migration, so Django
runs them by itself only where it checks databases, as before ``migrate``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from indexical.django.checks import columns, generic, history, patterns, redundant
from indexical.django.checks.dashboard import check_dashboard
from indexical.django.checks.offline import OfflineMap
from indexical.django.tables import MappedTable

__all__ = ["TAG", "check_migrations", "check_models", "register_checks"]

TAG = "indexical"
INSTALLED = "INDEXICAL_CHECK_INSTALLED"
"""Setting: whether models of installed packages are checked too."""

Rule = Callable[[MappedTable, OfflineMap], Iterator[CheckMessage]]

RULES: tuple[Rule, ...] = (redundant.check, columns.check, generic.check)


def register_checks() -> None:
    """Makes the checks known to Django."""
    register(check_models, TAG)
    register(check_dashboard, TAG, Tags.urls)
    register(check_migrations, TAG, Tags.database)


def check_models(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W001 to W008: what the models' declarations say."""
    project = OfflineMap.of(apps)
    tables = _tables(project, app_configs)
    found = [message for table in tables for rule in RULES for message in rule(table, project)]
    return [*found, *patterns.check(tables, project)]


def check_migrations(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W009 and W010: whether models and migrations agree."""
    project = OfflineMap.of(apps)
    recorded = history.recorded()
    if recorded is None:
        return []
    state, migrated = recorded
    tables = _tables(project, app_configs)
    return [message for table in tables for message in history.check(table, project, state, migrated)]


def _tables(project: OfflineMap, app_configs: Sequence[AppConfig] | None) -> tuple[MappedTable, ...]:
    """The project's own models; those of installed packages, which nobody here can edit, when the settings ask for them."""
    installed = bool(getattr(settings, INSTALLED, False))
    wanted = None if app_configs is None else {config.label for config in app_configs}
    return tuple(
        table
        for table in project.tables
        if (wanted is None or table.model._meta.app_label in wanted) and (installed or project.is_own(table))
    )
