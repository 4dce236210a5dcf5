"""Index changes of a project's state, and how they are put into it.

The state is Django's own (``django.db.migrations.state.ProjectState``); no edited file has to be imported for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.options import normalize_together


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


@dataclass(frozen=True, slots=True)
class IndexOutside:
    """An index on a table of ``owner``'s, made by a migration of ``app`` and unknown to Django's state."""

    app: str
    owner: str
    model: str
    """Lower-case name of the owner's model."""
    shaped_by: str
    """The model whose migrations make the columns: the same, or the one whose many-to-many relation the table holds."""
    index: models.Index
    create: str
    """The statements for migrations that keep to Django's own words."""
    drop: str


IndexChange = IndexAdded | IndexRemoved | FieldUnindexed | IndexOutside


def with_changes(state: ProjectState, changes: Iterable[IndexChange]) -> ProjectState:
    """A copy of the state in which every change holds; one that holds already is left alone."""
    result = state.clone()
    for each in result.models.values():
        _normalise(each)
    for change in changes:
        if isinstance(change, IndexOutside):
            continue
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


def _normalise(model: ModelState) -> None:
    """Brings what old migrations wrote as lists to the form models have, which the autodetector takes for granted."""
    for option in ("unique_together", "index_together"):
        given = model.options.get(option)
        if given:
            model.options = {**model.options, option: set(normalize_together(given))}
