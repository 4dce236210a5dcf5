"""The project's migrations as they are on disk: leaves, numbers, and what they did to an index.

See https://docs.djangoproject.com/en/5.2/topics/migrations/.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

from django.db.migrations import RunSQL
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import BadMigrationError, CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddIndex,
    AlterModelTable,
    CreateModel,
    RemoveIndex,
    RenameIndex,
    RenameModel,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation

from indexical.errors import ProjectRefused

REMOVED = "removed"
ADDED = "added"
SQL = "sql"


def load() -> MigrationLoader:
    """The migration graph from disk, without a database. Raises :class:`ProjectRefused` when it cannot be built."""
    importlib.invalidate_caches()
    try:
        return MigrationLoader(None)
    except (BadMigrationError, CircularDependencyError, NodeNotFoundError) as error:
        raise ProjectRefused(
            f"the project's migrations cannot be loaded: {error}; make `manage.py makemigrations --check` work first"
        ) from None


def refuse_conflict(loader: MigrationLoader, app: str) -> None:
    """Raises :class:`ProjectRefused`, naming the leaves, when the app's migrations end in more than one."""
    leaves = sorted(name for _, name in loader.graph.leaf_nodes(app))
    if len(leaves) > 1:
        raise ProjectRefused(
            f"the app {app} has {len(leaves)} migrations that nothing follows: {', '.join(leaves)}; "
            f"join them first: manage.py makemigrations --merge {app}"
        )


def next_number(loader: MigrationLoader, app: str) -> int:
    """One more than the highest number of the app's migration files, whichever of them is the leaf."""
    numbers = [
        MigrationAutodetector.parse_number(name) or 0
        for label, name in loader.disk_migrations
        if label == app
    ]
    return max(numbers, default=0) + 1


def last_word(loader: MigrationLoader, app: str, index_name: str) -> tuple[str, str]:
    """What the app's last migration that mentions the index did with it, and that migration's name.

    ``removed`` | ``added`` | ``sql`` (made by RunSQL) | empty when no migration mentions it.
    """
    verdict, where = "", ""
    for leaf in sorted(loader.graph.leaf_nodes(app)):
        for key in loader.graph.forwards_plan(leaf):
            if key[0] != app:
                continue
            for operation in loader.graph.nodes[key].operations:
                for word in _words(operation, index_name):
                    verdict, where = word, key[1]
    return verdict, where


def made_by(loader: MigrationLoader, app: str, model: str) -> tuple[str, str]:
    """The last migration of the app that gave the model columns or a name.

    Not simply the app's last one: the project should run with the oldest version of the app that has the columns.
    """
    leaf = loader.graph.leaf_nodes(app)[0]
    shaping = [
        key
        for key in loader.graph.forwards_plan(leaf)
        if key[0] == app and any(_shapes(one, model) for one in loader.graph.nodes[key].operations)
    ]
    app_label, name = shaping[-1] if shaping else leaf
    return str(app_label), str(name)


def _shapes(operation: Operation, model: str) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return any(
            _shapes(one, model) for one in (*operation.database_operations, *operation.state_operations)
        )
    if isinstance(operation, CreateModel | AlterModelTable):
        return operation.name_lower == model
    if isinstance(operation, RenameModel):
        return operation.new_name_lower == model
    return isinstance(operation, FieldOperation) and operation.model_name_lower == model


def _words(operation: Operation, name: str) -> Iterator[str]:
    if isinstance(operation, SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from _words(inner, name)
    elif isinstance(operation, AddIndex):
        if operation.index.name == name:
            yield ADDED
    elif isinstance(operation, RemoveIndex):
        if operation.name == name:
            yield REMOVED
    elif isinstance(operation, RenameIndex):
        if name in (operation.new_name, operation.old_name):
            yield ADDED if name == operation.new_name else REMOVED
    elif isinstance(operation, RunSQL):
        for statement in _statements(operation.sql):
            if re.search(rf'(?<![\w$"])"?{re.escape(name)}"?(?![\w$"])', statement):
                yield REMOVED if re.match(r"\s*DROP\s+INDEX", statement, re.IGNORECASE) else SQL


def _statements(sql: object) -> Iterator[str]:
    if isinstance(sql, str):
        yield from sql.split(";")
    elif isinstance(sql, list | tuple):
        for part in sql:
            yield from _statements(part[0] if isinstance(part, list | tuple) else part)
