"""W006: a LIKE index that nothing in the captured workload searches by.

Django makes one beside every unique or indexed text column
(https://docs.djangoproject.com/en/5.2/ref/databases/#indexes-for-varchar-and-text-columns). Only what really runs tells
whether it is needed, so this check judges nothing unless the setting ``INDEXICAL_WORKLOAD`` names a capture file, and then
only tables which that workload reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db.models import Field

from indexical.candidates.analysis import Reader
from indexical.django import declared as words
from indexical.django.checks.messages import warning
from indexical.django.checks.offline import SCHEMA, OfflineMap, made_for
from indexical.django.tables import MappedTable
from indexical.errors import IndexicalError
from indexical.model import Catalog, Column, Table
from indexical.workload.capture import CaptureFile

CODE = "W006"
SETTING = "INDEXICAL_WORKLOAD"

_BY_PATTERN = frozenset({"like", "regex", "starts"})
"""Searches that an operator class for patterns serves; those that ignore case need an expression."""


def check(tables: Sequence[MappedTable], project: OfflineMap) -> list[CheckMessage]:
    path = str(getattr(settings, SETTING, "") or "")
    if not path:
        return []
    try:
        workload = CaptureFile(Path(path)).read()
    except IndexicalError as error:
        return [Warning(f"{SETTING}: {error}", id=f"indexical.{CODE}")]
    catalog = _catalog(project)
    reader = Reader(catalog)
    read: set[tuple[str, str]] = set()
    searched: set[tuple[str, str, str]] = set()
    for statement in workload.statements:
        for facts in reader.analyse(statement.sql).tables:
            place = (facts.table.schema, facts.table.name)
            read.add(place)
            searched |= {
                (*place, column)
                for search in facts.searches
                if search.kind in _BY_PATTERN
                for column in search.columns or (search.key.column,)
            }
    return [message for table in tables for message in _of_table(table, project, read, searched)]


def _of_table(
    table: MappedTable, project: OfflineMap, read: set[tuple[str, str]], searched: set[tuple[str, str, str]]
) -> Iterator[CheckMessage]:
    place = (table.schema or SCHEMA, table.name)
    for made in made_for(table, project) if place in read else ():
        column = made.existing.index.keys[0].column
        if made.declared.by != words.LIKE or (*place, column) in searched:
            continue
        text = f"the workload never searches {made.declared.field} by a pattern, so its LIKE index {made.label} only costs writes"
        hint = (
            "Declare the constraint as a UniqueConstraint in Meta.constraints, which has no LIKE index."
            if made.declared.companion_of in (words.UNIQUE, words.PRIMARY_KEY)
            else f"Set db_index=False on {made.declared.field} and declare a plain index of it in Meta.indexes."
        )
        yield warning(CODE, text, hint, table, project)


def _catalog(project: OfflineMap) -> Catalog:
    """The tables with the names and types that Django gives their columns; nothing else is known without a database."""
    tables = tuple(
        Table(
            table.schema or SCHEMA,
            table.name,
            tuple(
                Column(str(field.column), _type(field, project))
                for field in table.model._meta.local_concrete_fields
            ),
        )
        for table in project.tables
    )
    return Catalog(database="", server_version=0, server_version_text="", tables=tables)


def _type(field: Field[Any, Any], project: OfflineMap) -> str:
    """The column's type as PostgreSQL spells it."""
    return (field.db_type(project.connection) or "text").replace("varchar", "character varying")
