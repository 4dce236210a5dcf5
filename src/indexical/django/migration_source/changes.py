"""Index changes of a project's state, and how they are put into it.

The state is Django's own (``django.db.migrations.state.ProjectState``); no edited file has to be imported for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.migrations.state import ProjectState


@dataclass(frozen=True, slots=True)
class IndexAdded:
    app: str
    model: str
    """Lower-case model name, as migrations key it."""
    index: models.Index


@dataclass(frozen=True, slots=True)
class IndexRemoved:
    app: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldIndexSql:
    """One index that a field's ``db_index`` made: the statement that drops it and the one that makes it again."""

    name: str
    drop: str
    create: str
    """Empty when nothing is to be made on the way back."""


@dataclass(frozen=True, slots=True)
class FieldUnindexed:
    app: str
    model: str
    field: str
    indexes: tuple[FieldIndexSql, ...]


IndexChange = IndexAdded | IndexRemoved | FieldUnindexed


def with_changes(state: ProjectState, changes: Iterable[IndexChange]) -> ProjectState:
    """A copy of the state in which every change holds; one that holds already is left alone."""
    result = state.clone()
    for change in changes:
        model = result.models.get((change.app, change.model))
        if model is None:
            continue
        if isinstance(change, FieldUnindexed):
            field = model.fields.get(change.field)
            if field is not None and field.db_index:
                unindexed = field.clone()
                unindexed.db_index = False
                model.fields[change.field] = unindexed
            continue
        # The state's lists are shared between copies, so they are replaced and never changed in place.
        indexes = list(model.options["indexes"])
        if isinstance(change, IndexRemoved):
            indexes = [index for index in indexes if index.name != change.name]
        elif all(index.name != change.index.name for index in indexes):
            indexes.append(change.index.clone())
        model.options = {**model.options, "indexes": indexes}
    return result
