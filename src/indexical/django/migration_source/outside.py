"""Indexes on tables of other apps, in migrations of an app of the project.

The model is not the project's to edit, or has no class at all, so Django's state stays as it is and the database alone has
the index. What could notice the difference does not: the autodetector compares states, and a later migration of the other
app that drops the column takes the index along.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from indexical.django.migration_source import history
from indexical.django.migration_source.changes import IndexChange, IndexOutside
from indexical.django.operations import AddIndexOutside
from indexical.errors import ProjectRefused


def new_outside(
    changes: Iterable[IndexChange], loader: MigrationLoader
) -> dict[str, tuple[IndexOutside, ...]]:
    """By app, those that no migration of it makes yet. Raises :class:`ProjectRefused` for an app without migrations."""
    found: dict[str, tuple[IndexOutside, ...]] = {}
    for change in changes:
        if not isinstance(change, IndexOutside):
            continue
        if not loader.graph.leaf_nodes(change.app):
            raise ProjectRefused(
                f"the app {change.app} has no migration that another could follow; "
                f"run manage.py makemigrations --empty {change.app} first"
            )
        if history.last_word(loader, change.app, change.index.name)[0] not in (history.ADDED, history.SQL):
            found[change.app] = (*found.get(change.app, ()), change)
    return found


def outside_operation(change: IndexOutside, *, plain: bool) -> Operation:
    if plain:
        return RunSQL(
            sql=change.create, reverse_sql=change.drop, hints={"model_name": change.model}, elidable=False
        )
    return AddIndexOutside(change.owner, change.model, change.index)
