"""W001, W002, W005 and W006: indexes that do nothing which another one of the same model does not do."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage

from indexical.django import declared as words
from indexical.django.checks.messages import warning
from indexical.django.checks.offline import SCHEMA, Made, OfflineMap, made_for
from indexical.django.tables import MappedTable
from indexical.model import Table
from indexical.selection.redundancy import Redundancy, redundancies

DUPLICATE = "W001"
PREFIX = "W002"
FOREIGN_KEY = "W005"


def check(table: MappedTable, project: OfflineMap) -> Iterator[CheckMessage]:
    made = made_for(table, project)
    by_label = {one.label: one for one in made}
    judged = Table(table.schema or SCHEMA, table.name, (), indexes=tuple(one.existing for one in made))
    for redundancy in redundancies([judged]):
        mine, other = by_label[redundancy.existing.name], by_label[redundancy.covered_by]
        if mine.declared.by == words.MANY_TO_MANY:
            # Django makes both for every ManyToManyField, and has no word to leave one out.
            continue
        yield warning(
            _code(redundancy, mine), _text(redundancy, mine, other), _hint(table, mine), table, project
        )


def _code(redundancy: Redundancy, mine: Made) -> str:
    if redundancy.reason == "duplicate":
        return DUPLICATE
    carrier = mine.declared.companion_of or mine.declared.by
    return FOREIGN_KEY if carrier == words.FOREIGN_KEY else PREFIX


def _text(redundancy: Redundancy, mine: Made, other: Made) -> str:
    keys = ", ".join(key.text for key in other.existing.index.keys)
    if redundancy.reason == "duplicate":
        return f"{_named(mine)} has the same keys as {_named(other)}: ({keys})"
    return f"{_named(mine)} does nothing that {_named(other)} on ({keys}) does not do as well"


def _named(made: Made) -> str:
    by, field = made.declared.by, made.declared.field
    if by == words.META_INDEXES:
        return f"the index {made.label}"
    if by == words.LIKE:
        return f"the LIKE index of {field}"
    if by == words.FOREIGN_KEY:
        return f"the index of the foreign key {field}"
    if by == words.DB_INDEX:
        return f"the index of {field} (db_index)"
    if by == words.CONSTRAINT:
        return f"the constraint {made.label}" if made.declared.name else f"the {made.label}"
    return f"the {made.label} index" if not made.declared.name else f"the index {made.label}"


def _hint(table: MappedTable, mine: Made) -> str:
    by, field = mine.declared.by, mine.declared.field
    if by == words.META_INDEXES:
        return f"Remove {mine.label} from Meta.indexes of {table.label}."
    if by in (words.FOREIGN_KEY, words.DB_INDEX):
        return f"Set db_index=False on {field}, unless something else relies on its index."
    if by == words.LIKE:
        return f"It comes with the index of {field}; db_index=False and an index in Meta.indexes make do with one."
    return "It belongs to a constraint; remove the constraint if its promise is not needed."
