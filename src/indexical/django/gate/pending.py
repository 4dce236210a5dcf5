"""Pending migrations that would build an index in the way of a large table's writers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import Error as DjangoDatabaseError
from django.db import connections
from django.db.migrations import AddIndex, Migration, RunSQL, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from indexical.django.compiled import read_index
from indexical.django.gate.places import of_migration
from indexical.django.tables import ProjectMap, split_table
from indexical.model import Catalog, NotExamined
from indexical.model.check import CheckFinding

LARGE = 100_000
"""Rows from which on a build that keeps writers waiting is a finding."""

_BUILD = re.compile(r"^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)", re.IGNORECASE)


def blocking_builds(
    alias: str, project: ProjectMap, catalog: Catalog, *, broken: bool
) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
    """Findings, and why nothing can be said where the migrations or the database do not allow it.

    ``broken``: the migrations' graph has findings of its own.
    """
    what = "pending migrations"
    if broken:
        return (), (NotExamined(what, "the migrations have to form one line first"),)
    connection = connections[alias]
    try:
        executor = MigrationExecutor(connection)
        plan = [each for each, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    except DjangoDatabaseError:
        return (), (
            NotExamined(what, f"the database {alias!r} of the settings does not say which are applied"),
        )
    found: list[CheckFinding] = []
    for migration in plan:
        state = executor.loader.project_state((migration.app_label, migration.name), at_end=False)
        for operation in migration.operations:
            for schema, table, name in _builds(operation, migration, state):
                found += _finding(migration, catalog, schema, table, name)
            operation.state_forwards(migration.app_label, state)
    return tuple(found), ()


def _builds(
    operation: Operation, migration: Migration, state: ProjectState
) -> Iterator[tuple[str, str, str]]:
    """Schema, table and name of each index that the operation builds without CONCURRENTLY."""
    if isinstance(operation, SeparateDatabaseAndState):
        for each in operation.database_operations:
            yield from _builds(each, migration, state)
    elif isinstance(operation, AddIndex) and not isinstance(operation, AddIndexConcurrently):
        model = state.models.get((migration.app_label, operation.model_name.lower()))
        if model is not None:
            table = model.options.get("db_table") or f"{migration.app_label}_{operation.model_name.lower()}"
            yield *split_table(str(table)), str(operation.index.name)
    elif isinstance(operation, RunSQL):
        for text in _texts(operation.sql):
            if _BUILD.match(text):
                try:
                    name, index = read_index(text)
                except ValueError:
                    continue
                yield index.schema, index.table, name


def _texts(sql: object) -> Iterator[str]:
    if isinstance(sql, str):
        yield from (part for part in sql.split(";") if part.strip())
    elif isinstance(sql, list | tuple):
        for each in sql:
            yield from _texts(each if isinstance(each, str) else each[0])


def _finding(
    migration: Migration, catalog: Catalog, schema: str, table: str, name: str
) -> Iterator[CheckFinding]:
    found = [each for each in catalog.tables if each.name == table and schema in ("", each.schema)]
    rows = max((each.rows for each in found), default=0.0)
    if rows >= LARGE:
        yield CheckFinding(
            "blocking-build",
            f"{migration.app_label}.{migration.name}: {name}",
            f"{table} has some {rows:,.0f} rows, and every write to it would wait until they are all read",
            "use AddIndexConcurrently in a migration with atomic = False, as write does",
            *of_migration(migration, name),
        )
