"""Django's migration operations turned into ones that do not block writers.

In the plain style everything written is Django's own vocabulary: ``AddIndexConcurrently`` and ``RemoveIndexConcurrently``
(https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/operations/), and for an index that a field makes,
``SeparateDatabaseAndState`` around one ``RunSQL`` for each statement: several statements in one string are one transaction
for PostgreSQL, in which nothing is built concurrently. Otherwise it is :mod:`indexical.django.operations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations.operations import (
    AddIndex,
    AlterField,
    RemoveIndex,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation

from indexical.django.migration_source.changes import FieldUnindexed
from indexical.django.operations import AddIndexSafely, RemoveIndexSafely, UnindexFieldSafely
from indexical.errors import ProjectRefused


def nonblocking(
    operations: Sequence[Operation],
    unindexed: Mapping[tuple[str, str], FieldUnindexed],
    *,
    plain: bool,
    routed: bool = False,
) -> list[Operation]:
    """The same changes without blocking, new indexes before old ones go.

    ``unindexed`` holds the field changes by model and field name; ``plain`` keeps to Django's own operations; ``routed`` adds
    the hints that database routers read. Raises :class:`ProjectRefused` for an operation that is more than an index.
    """
    add = AddIndexConcurrently if plain else AddIndexSafely
    remove = RemoveIndexConcurrently if plain else RemoveIndexSafely
    added: list[Operation] = []
    removed: list[Operation] = []
    for operation in operations:
        if isinstance(operation, AddIndex):
            added.append(add(operation.model_name, operation.index))
        elif isinstance(operation, RemoveIndex):
            removed.append(remove(operation.model_name, operation.name))
        elif isinstance(operation, AlterField):
            change = unindexed.get((operation.model_name_lower, operation.name))
            if change is None:
                raise _refusal(operation)
            removed.append(_apart(operation, change, plain=plain, routed=routed))
        else:
            raise _refusal(operation)
    return [*added, *removed]


def _apart(operation: AlterField, change: FieldUnindexed, *, plain: bool, routed: bool) -> Operation:
    """The field's new state, and the drops that belong to it: its own would lock the table."""
    hints = {"model_name": change.model} if routed else None
    drops = [
        RunSQL(sql=index.drop, reverse_sql=index.create or RunSQL.noop, hints=hints)
        for index in change.indexes
    ]
    kind = SeparateDatabaseAndState if plain else UnindexFieldSafely
    return kind(database_operations=drops, state_operations=[operation])


def _refusal(operation: Operation) -> ProjectRefused:
    return ProjectRefused(
        f"Django wants more than index changes ({operation.describe()}); run manage.py makemigrations first"
    )
