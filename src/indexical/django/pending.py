"""Migrations that only build or drop indexes, concurrently, and that the database does not have yet.

``apply`` carries these out one by one after its preflight; a migration that does anything else is left to ``migrate``. So is
one with a plain ``AddIndex``: it would block the table's writers, which ``apply`` promises not to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connections
from django.db.migrations import (
    AddIndex,
    AlterField,
    Migration,
    RemoveIndex,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from indexical.cli.door import PendingMigration
from indexical.django.compiled import read_index
from indexical.errors import ProjectRefused

_CREATE = re.compile(r"^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\b", re.IGNORECASE)
_CREATE_CONCURRENTLY = re.compile(r"^\s*CREATE\s+INDEX\s+CONCURRENTLY\b", re.IGNORECASE)
_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_DROP = re.compile(
    rf"^\s*DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?:{_NAME}\s*\.\s*)?(?P<name>{_NAME})\s*;?\s*$",
    re.IGNORECASE,
)


def load_executor(alias: str) -> MigrationExecutor:
    """The project's migrations and what the database has of them. Raises :class:`ProjectRefused` when they cannot be loaded."""
    connection = connections[alias]
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
    except (
        BadMigrationError,
        CircularDependencyError,
        InconsistentMigrationHistory,
        NodeNotFoundError,
    ) as error:
        raise ProjectRefused(
            f"the project's migrations cannot be loaded: {error}; make `manage.py migrate --plan` work first"
        ) from None
    return executor


def pending_migrations(alias: str) -> tuple[PendingMigration, ...]:
    """The pending index-only migrations of one database, in the order ``migrate`` would take.

    Raises:
        ProjectRefused: one of them depends on another pending migration that does more than that, the graph has
            conflicting leaves, or it cannot be built.
    """
    connection = connections[alias]
    executor = load_executor(alias)
    conflicts = executor.loader.detect_conflicts()
    if conflicts:
        app, leaves = sorted(conflicts.items())[0]
        raise ProjectRefused(
            f"app {app!r} has {len(leaves)} leaf migrations ({', '.join(sorted(leaves))}); merge them first: "
            "manage.py makemigrations --merge"
        )
    plan = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = str(cursor.fetchone()[0])
    others = {(m.app_label, m.name) for m in plan if not index_only(m)}
    found: list[PendingMigration] = []
    for migration in plan:
        key = (migration.app_label, migration.name)
        if key in others:
            continue
        blocking = sorted(others & set(executor.loader.graph.forwards_plan(key)))
        if blocking:
            raise ProjectRefused(
                f"{key[0]}.{key[1]} depends on {blocking[0][0]}.{blocking[0][1]}, which is not applied and does more than "
                f"build or drop indexes concurrently; run: manage.py migrate {blocking[0][0]} {blocking[0][1]}"
            )
        found.append(_pending(executor.loader, migration, schema))
    return tuple(found)


def index_only(migration: Migration) -> bool:
    """Whether the migration changes nothing but indexes, and blocks no writer."""
    return (
        not migration.atomic
        and bool(migration.operations)
        and all(_index_only(operation) for operation in migration.operations)
    )


def _index_only(operation: Operation) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return all(
            isinstance(op, AlterField | AddIndex | RemoveIndex) for op in operation.state_operations
        ) and all(_index_only(op) for op in operation.database_operations)
    if isinstance(operation, RunSQL):
        return _one_index(operation.sql)
    return isinstance(operation, AddIndexConcurrently | RemoveIndexConcurrently)


def _one_index(sql: object) -> bool:
    """Whether it builds or drops one index concurrently: several statements in one string are one transaction."""
    text = sql[0] if isinstance(sql, Sequence) and not isinstance(sql, str) and len(sql) == 1 else sql
    if not isinstance(text, str):
        return False
    return _DROP.match(text) is not None or (
        _CREATE_CONCURRENTLY.match(text) is not None and ";" not in text.rstrip("; \n")
    )


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _pending(loader: MigrationLoader, migration: Migration, schema: str) -> PendingMigration:
    sql = tuple(line for line in loader.collect_sql([(migration, False)]) if not line.startswith("--"))
    try:
        builds = tuple(read_index(statement, schema=schema) for statement in sql if _CREATE.match(statement))
    except ValueError:
        raise ProjectRefused(
            f"{migration.app_label}.{migration.name} builds an index whose SQL cannot be read, so nothing can be said before "
            f"it; run: manage.py migrate {migration.app_label} {migration.name}"
        ) from None
    return PendingMigration(
        app=migration.app_label,
        name=migration.name,
        sql=sql,
        builds=builds,
        drops=tuple(_bare(match["name"]) for statement in sql if (match := _DROP.match(statement))),
    )
