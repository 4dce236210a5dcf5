"""One migration for each app, found by Django's own autodetector and written by its own writer.

The autodetector compares the migrations on disk with the same state plus the index changes, so that the migration holds
those and nothing else; what the models ask for beyond that is refused, not swept in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.migrations import AddIndex, AlterField, Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import SwappableTuple
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from indexical.cli.door import USUAL_STYLE, MigrationStyle
from indexical.django import extensions
from indexical.django.migration_source import history
from indexical.django.migration_source.chain import Chain, MigrationFile
from indexical.django.migration_source.changes import (
    FieldIndexSql,
    FieldUnindexed,
    IndexAdded,
    IndexChange,
    IndexOutside,
    IndexRemoved,
    with_changes,
)
from indexical.django.migration_source.nonblocking import nonblocking
from indexical.django.migration_source.outside import new_outside, outside_operation
from indexical.errors import ProjectRefused

__all__ = [
    "FieldIndexSql", "FieldUnindexed", "IndexAdded", "IndexChange", "IndexOutside", "IndexRemoved", "MigrationFile", "history",
    "plan_migrations",
]  # fmt: skip

OWN_APP = "indexical.django"


def plan_migrations(
    changes: Sequence[IndexChange],
    loader: MigrationLoader,
    style: MigrationStyle = USUAL_STYLE,
) -> tuple[MigrationFile, ...]:
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
    plain = style.plain or not apps.is_installed(OWN_APP)
    installed = extensions.installed_by(loader)
    files: list[MigrationFile] = []
    outside = new_outside(changes, loader)
    for label in (label for label in labels if label in found or label in outside):
        unindexed = {
            (c.model, c.field): c for c in changes if isinstance(c, FieldUnindexed) and c.app == label
        }
        operations = nonblocking(
            [operation for migration in found.get(label, ()) for operation in migration.operations],
            unindexed,
            plain=plain,
            routed=bool(getattr(settings, "DATABASE_ROUTERS", [])),
        )
        others = outside.get(label, ())
        needed = _needed(operations, label, target)
        for one in others:
            needed |= extensions.needed(one.index, _fields(target, one))
        own = Chain.after_leaf(loader, label)
        before = own.extensions(needed, installed)
        before.extend(history.made_by(loader, one.owner, one.shaped_by) for one in others)
        swappable = _swappable(found.get(label, ()))
        operations.extend(outside_operation(one, plain=plain) for one in others)
        parts = [[operation] for operation in operations] if style.one_per_file else [operations]
        for part in parts:
            own.indexes(part, [*dict.fromkeys(before), *swappable], alone=style.one_per_file)
        files.extend(own.files)
    return tuple(_with_notes(files, plain))


def _needed(operations: Iterable[Operation], label: str, state: ProjectState) -> frozenset[str]:
    """Extensions that the indexes to be built need."""
    found: frozenset[str] = frozenset()
    for operation in operations:
        if isinstance(operation, AddIndex):
            fields = state.models[label, operation.model_name_lower].fields
            found |= extensions.needed(operation.index, fields)
    return found


def _fields(state: ProjectState, change: IndexOutside) -> dict[str, Any]:
    """The fields of the other app's model; the state has none for a table that Django makes for a relation."""
    model = state.models.get((change.owner, change.model))
    return {} if model is None else dict(model.fields)


def _with_notes(files: Sequence[MigrationFile], plain: bool) -> list[MigrationFile]:
    """The first file that builds indexes carries what is to be known of all of them."""
    others = sorted(alias for alias in connections if connections[alias].vendor != "postgresql")
    if plain and others:
        note = (
            f"the new migrations build indexes concurrently, which only PostgreSQL can do: they fail on {', '.join(others)}; "
            "let a database router keep these apps away from there"
        )
    elif not plain:
        note = (
            f"the new migrations import {OWN_APP}.operations: Indexical has to be installed wherever they run; "
            "write them with --plain to do without it"
        )
    else:
        return list(files)
    return [replace(one, notes=(*one.notes, note)) if at == 0 else one for at, one in enumerate(files)]


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


def _swappable(migrations: Iterable[Migration]) -> list[Any]:
    """The swappable models that an altered field names in its text.

    Everything else stands behind the leaf already: no index is on a field that it does not know.
    """
    altered = [m for m in migrations if any(isinstance(operation, AlterField) for operation in m.operations)]
    found = {
        dependency for m in altered for dependency in m.dependencies if isinstance(dependency, SwappableTuple)
    }
    return sorted(found, key=lambda dependency: dependency.setting)
