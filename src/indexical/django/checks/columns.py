"""W003, W004 and W008: indexes that their own declaration already speaks against."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db.models import BooleanField

from indexical.django import declared as words
from indexical.django.checks.messages import warning
from indexical.django.checks.offline import Made, OfflineMap, made_for
from indexical.django.tables import MappedTable

BOOLEAN = "W003"
UNIQUE_TOO = "W004"
LONG_NAME = "W008"

LONGEST = 30
"""Characters that Django allows the name of an index, so that every database can have it."""


def check(table: MappedTable, project: OfflineMap) -> Iterator[CheckMessage]:
    for made in made_for(table, project):
        if _only_booleans(table, made):
            text = (
                f"{made.label} holds nothing but boolean columns ({', '.join(made.existing.index.columns)})"
            )
            hint = "A scan is faster unless one value is rare; for that, index another column with condition=Q(...)."
            yield warning(BOOLEAN, text, hint, table, project)
        if made.declared.by == words.META_INDEXES and len(made.declared.name) > LONGEST:
            text = f"the index name {made.declared.name} has {len(made.declared.name)} characters, more than {LONGEST}"
            yield warning(LONG_NAME, text, "Rename it with a RenameIndex migration.", table, project)
    for field in table.model._meta.local_concrete_fields:
        # A slug has db_index without saying so, and a relation is indexed by its nature.
        if (
            field.unique
            and not field.primary_key
            and not field.is_relation
            and field.deconstruct()[3].get("db_index")
        ):
            text = f"{field.name} has unique=True and db_index=True"
            hint = f"Remove db_index=True from {field.name}: the unique constraint has an index."
            yield warning(UNIQUE_TOO, text, hint, table, project)


def _only_booleans(table: MappedTable, made: Made) -> bool:
    index = made.existing.index
    if index.predicate or index.unique or index.include or len(index.columns) != len(index.keys):
        return False
    return all(isinstance(table.field(column), BooleanField) for column in index.columns)
