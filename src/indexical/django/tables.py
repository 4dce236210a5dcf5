"""From a database's tables and columns to the Django project's models and fields, and back.

Reads the app registry of the running project (https://docs.djangoproject.com/en/5.2/ref/applications/) for one database
alias; swapped, proxy and abstract models own no table and so never appear.
"""

from __future__ import annotations

import inspect
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from django.apps import apps as project_apps
from django.apps.registry import Apps
from django.conf import settings
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model
from django.utils.connection import ConnectionDoesNotExist

from indexical.errors import ProjectRefused

_FOREIGN_FOLDERS = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A table as the models see it."""

    schema: str
    """Empty unless ``db_table`` names a schema itself."""
    name: str
    model: type[Model]
    through_of: str = ""
    """``app.Model.field`` for the table Django makes for a ``ManyToManyField``."""

    @property
    def label(self) -> str:
        return str(self.model._meta.label)

    def field(self, column: str) -> Field[Any, Any] | None:
        """The field that owns the column; columns of multi-table parents are in the parent's table."""
        return next((f for f in self.model._meta.local_concrete_fields if f.column == column), None)


@dataclass(frozen=True)
class ProjectMap:
    """Every table of one database that a model of the project owns."""

    alias: str
    tables: tuple[MappedTable, ...]
    roots: tuple[Path, ...]
    """Folders whose files belong to the project."""
    _by_name: dict[str, tuple[MappedTable, ...]] = field(repr=False, compare=False)

    @classmethod
    def read(cls, alias: str = "default", registry: Apps = project_apps) -> ProjectMap:
        """Map the project's models on the database ``alias``.

        Raises :class:`ProjectRefused` when the settings know no such database, or when it is not PostgreSQL.
        """
        _refuse_other_databases(alias)
        owned = sorted(map_models(registry, alias), key=lambda table: (table.schema, table.name, table.label))
        by_name: dict[str, tuple[MappedTable, ...]] = {}
        for table in owned:
            by_name[table.name] = (*by_name.get(table.name, ()), table)
        return cls(alias, tuple(owned), project_roots(), by_name)

    def table(self, schema: str, name: str) -> MappedTable | None:
        """The table's model, or None when no model or more than one claims it with equal right."""
        found = [t for t in self._by_name.get(name, ()) if t.schema in ("", schema)]
        exact = [t for t in found if t.schema == schema]
        managed = [t for t in (exact or found) if t.model._meta.managed]
        chosen = managed or exact or found
        return chosen[0] if len(chosen) == 1 else None

    def model(self, label: str) -> type[Model] | None:
        return next((table.model for table in self.tables if table.label == label), None)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    @cached_property
    def editor(self) -> Any:
        """A schema editor that only makes SQL; it is never entered, so it opens no transaction."""
        editor: Any = self.connection.SchemaEditorClass(self.connection, collect_sql=True, atomic=False)
        editor.deferred_sql = []
        return editor

    def source_file(self, model: type[Model]) -> Path | None:
        """The file that defines the class, when Python can tell."""
        try:
            found = inspect.getsourcefile(model)
        except TypeError:
            return None
        return Path(found).resolve() if found else None

    def owns_file(self, path: Path) -> bool:
        """Whether the file is the project's own, so that it may be edited."""
        return inside(path, self.roots)


def project_roots() -> tuple[Path, ...]:
    """``BASE_DIR`` of the settings, else the working directory."""
    declared = getattr(settings, "BASE_DIR", None)
    return (Path(declared if declared else Path.cwd()).resolve(),)


def inside(path: Path, roots: Iterable[Path]) -> bool:
    real = path.resolve()
    if _FOREIGN_FOLDERS & set(real.parts):
        return False
    if real.is_relative_to(Path(sysconfig.get_path("stdlib")).resolve()):
        return False
    return any(real.is_relative_to(root) for root in roots)


def split_table(db_table: str) -> tuple[str, str]:
    """Schema and table of a ``db_table``, which may hold the ``schema"."table`` trick."""
    schema, dot, name = db_table.strip('"').partition('"."')
    return (schema, name) if dot else ("", schema)


def map_models(registry: Apps, alias: str | None = None) -> Iterator[MappedTable]:
    """The tables of the models that may be on the database ``alias``; without one, of all models."""
    through = _automatic_through(registry)
    for model in registry.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or meta.swapped or (alias is not None and not router.allow_migrate_model(alias, model)):
            continue
        schema, name = split_table(meta.db_table)
        yield MappedTable(schema, name, model, through.get(model, ""))


def _automatic_through(registry: Apps) -> dict[type[Model], str]:
    owners: dict[type[Model], str] = {}
    for model in registry.get_models():
        for many in model._meta.local_many_to_many:
            through = many.remote_field.through
            if through is not None and through._meta.auto_created:
                owners[through] = f"{model._meta.label}.{many.name}"
    return owners


def _refuse_other_databases(alias: str) -> None:
    try:
        vendor = connections[alias].vendor
    except ConnectionDoesNotExist:
        known = ", ".join(sorted(connections))
        raise ProjectRefused(
            f"the settings know no database {alias!r}; choose one of DATABASES: {known}"
        ) from None
    if vendor != "postgresql":
        raise ProjectRefused(
            f"the database {alias!r} is {vendor}; Indexical works on PostgreSQL, choose such a database with --database"
        )
