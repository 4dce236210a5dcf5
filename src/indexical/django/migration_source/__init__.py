"""One migration for each app, found by Django's own autodetector and written by its own writer.

The autodetector compares the migrations on disk with the same state plus the index changes, so that the migration holds
those and nothing else; what the models ask for beyond that is refused, not swept in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.migrations import AlterField, Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import SwappableTuple
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

from indexical.django.migration_source import history
from indexical.django.migration_source.changes import (
    FieldIndexSql,
    FieldUnindexed,
    IndexAdded,
    IndexChange,
    IndexRemoved,
    with_changes,
)
from indexical.django.migration_source.text import migration_text
from indexical.django.operations import concurrent
from indexical.errors import ProjectRefused

__all__ = [
    "FieldIndexSql", "FieldUnindexed", "IndexAdded", "IndexChange", "IndexRemoved", "MigrationFile", "history",
    "plan_migrations",
]  # fmt: skip

_NAME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class MigrationFile:
    app: str
    name: str
    path: Path
    text: str
    operations: int
    notes: tuple[str, ...] = ()


def plan_migrations(changes: Sequence[IndexChange], loader: MigrationLoader) -> tuple[MigrationFile, ...]:
    """The migrations that bring the changes into the project's history, sorted by app; none for changes it has already.

    Raises :class:`ProjectRefused` when an app ends in several migrations, or when its models differ from its migrations by
    more than these changes.
    """
    labels = sorted({change.app for change in changes})
    for label in labels:
        history.refuse_conflict(loader, label)
    base = loader.project_state()
    target = with_changes(base, changes)
    _refuse_pending(target, with_changes(ProjectState.from_apps(apps), changes), loader, labels)
    found = _detect(base, target, loader, labels)
    return tuple(_migration_file(label, found[label], changes, loader) for label in labels if label in found)


def _detect(
    before: ProjectState, after: ProjectState, loader: MigrationLoader, labels: Iterable[str]
) -> dict[str, list[Migration]]:
    wanted = set(labels)
    found: dict[str, list[Migration]] = MigrationAutodetector(before, after).changes(
        loader.graph, trim_to_apps=wanted, convert_apps=wanted
    )
    return {label: migrations for label, migrations in found.items() if label in wanted and migrations}


def _refuse_pending(
    target: ProjectState, models: ProjectState, loader: MigrationLoader, labels: Sequence[str]
) -> None:
    pending = _detect(target, models, loader, labels)
    for label in labels:
        if label in pending:
            what = "; ".join(
                operation.describe() for migration in pending[label] for operation in migration.operations
            )
            raise ProjectRefused(
                f"the models of {label} have changes without a migration ({what}); "
                f"run manage.py makemigrations {label} first"
            )


def _migration_file(
    label: str, migrations: list[Migration], changes: Sequence[IndexChange], loader: MigrationLoader
) -> MigrationFile:
    own = [change for change in changes if change.app == label]
    unindexed = {(c.model, c.field): c for c in own if isinstance(c, FieldUnindexed)}
    operations = concurrent(
        [operation for migration in migrations for operation in migration.operations],
        unindexed,
        routed=bool(getattr(settings, "DATABASE_ROUTERS", [])),
    )
    leaf = loader.graph.leaf_nodes(label)[0]
    number = history.next_number(loader, label)
    name = f"{number:04d}_{_purpose(operations)}"
    body = {"operations": operations, "dependencies": [leaf, *_swappable(migrations)]}
    made = type("Migration", (Migration,), body)(name, label)
    writer = MigrationWriter(made, include_header=False)
    notes: tuple[str, ...] = ()
    if number != (MigrationAutodetector.parse_number(leaf[1]) or 0) + 1:
        notes = (f"it follows {leaf[1]}, the app's last migration, though files with higher numbers exist",)
    return MigrationFile(label, name, Path(writer.path), migration_text(writer), len(operations), notes)


def _swappable(migrations: Iterable[Migration]) -> list[Any]:
    """The swappable models that an altered field names in its text.

    Everything else stands behind the leaf already: no index is on a field that it does not know.
    """
    altered = [m for m in migrations if any(isinstance(operation, AlterField) for operation in m.operations)]
    found = {
        dependency for m in altered for dependency in m.dependencies if isinstance(dependency, SwappableTuple)
    }
    return sorted(found, key=lambda dependency: dependency.setting)


def _purpose(operations: Iterable[Any]) -> str:
    """A name without a date: the models whose indexes change."""
    models = sorted({_model_name(operation) for operation in operations})
    name = "indexes_" + "_".join(models)
    return name if len(name) <= _NAME_LIMIT else f"indexes_{models[0]}_and_{len(models) - 1}_more"


def _model_name(operation: Any) -> str:
    inner = getattr(operation, "state_operations", None) or [operation]
    return str(inner[0].model_name).lower()
