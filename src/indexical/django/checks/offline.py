"""What Django would build for the project's models on PostgreSQL, worked out without a database.

System checks run before every command, also where the project is developed on SQLite or no server runs. So the schema editor
is that of a PostgreSQL connection which is never opened; what the editor would ask the server is answered for the newest one
that Indexical knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.apps.registry import Apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from indexical.django import declared as words
from indexical.django.declared import Declared, declared_indexes
from indexical.django.tables import MappedTable, ProjectMap, map_models, project_roots
from indexical.model import ExistingIndex, Index

SCHEMA = "public"
"""Stands for whatever schema the table will be in."""

_NEWEST = 180000
_CONSTRAINTS = {
    words.PRIMARY_KEY: "primary",
    words.UNIQUE: "unique",
    words.ONE_TO_ONE: "unique",
    words.UNIQUE_TOGETHER: "unique",
    words.CONSTRAINT: "unique",
    f"{words.MANY_TO_MANY} {words.UNIQUE}": "unique",
}


class _Editor(DatabaseSchemaEditor):
    def _is_collation_deterministic(self, collation_name: str) -> bool:
        """Only the server knows. Django makes no ``_like`` index where the answer is no, so none is judged."""
        return False


@dataclass(frozen=True)
class OfflineMap(ProjectMap):
    """The project's tables, with a PostgreSQL connection that is never opened."""

    unopened: BaseDatabaseWrapper = field(kw_only=True)

    @classmethod
    def of(cls, registry: Apps) -> OfflineMap:
        """Every table that a model owns, whichever database it goes to."""
        connection = DatabaseWrapper({**connections["default"].settings_dict, "NAME": "unopened"}, "default")
        # Cached properties that would open the connection, answered beforehand.
        connection.__dict__["pg_version"] = _NEWEST
        tables = tuple(sorted(map_models(registry), key=lambda table: (table.name, table.label)))
        by_name: dict[str, tuple[MappedTable, ...]] = {}
        for table in tables:
            by_name[table.name] = (*by_name.get(table.name, ()), table)
        return cls("default", tables, project_roots(), by_name, unopened=connection)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        return self.unopened

    @cached_property
    def editor(self) -> Any:
        editor = _Editor(self.unopened, collect_sql=True, atomic=False)
        editor.deferred_sql = []
        return editor

    def is_own(self, table: MappedTable) -> bool:
        """Whether the project's own files define the model."""
        path = self.source_file(table.model)
        return path is not None and self.owns_file(path)


@dataclass(frozen=True, slots=True)
class Made:
    """One index that Django makes for a table."""

    declared: Declared
    existing: ExistingIndex
    """As it would stand in the catalog, without anything counted; ``oid`` is the order in which Django makes them."""
    label: str
    """The index for people: its name, or what it is where PostgreSQL chooses the name."""


def made_for(table: MappedTable, project: ProjectMap) -> tuple[Made, ...]:
    """Every index of the table whose structure is known, in the order in which Django makes them."""
    found = []
    for number, declared in enumerate(declared_indexes(table, project), start=1):
        if declared.index is None:
            continue
        index = _placed(declared.index)
        label = declared.name or f"{declared.by} ({', '.join(index.columns)})"
        constraint = _CONSTRAINTS.get(declared.by, "")
        found.append(
            Made(
                declared,
                ExistingIndex(label, index, oid=number, constraint=constraint, constraint_name=label),
                label,
            )
        )
    return tuple(found)


def generic_foreign_keys(table: MappedTable) -> tuple[GenericForeignKey, ...]:
    """Those that the table's own columns carry, by name."""
    listed = [one for one in table.model._meta.private_fields if isinstance(one, GenericForeignKey)]
    return tuple(sorted((one for one in listed if one.model is table.model), key=lambda one: str(one.name)))


def _placed(index: Index) -> Index:
    return replace(index, schema=index.schema or SCHEMA)
