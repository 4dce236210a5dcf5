"""New migrations of one app, each after the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddIndex, RemoveIndex, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.writer import MigrationWriter

from indexical.django import extensions
from indexical.django.migration_source import history
from indexical.django.migration_source.text import migration_text

_NAME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class MigrationFile:
    app: str
    name: str
    path: Path
    text: str
    operations: int
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Chain:
    """The files that are to follow the app's last migration."""

    app: str
    last: tuple[str, str]
    number: int
    """Of the next file."""
    note: str = ""
    files: list[MigrationFile] = field(default_factory=list)

    @classmethod
    def after_leaf(cls, loader: MigrationLoader, app: str) -> Chain:
        """Begins after the app's one leaf, with a number that no file of the app has, squashed or not."""
        leaf = loader.graph.leaf_nodes(app)[0]
        number = history.next_number(loader, app)
        gap = number != (MigrationAutodetector.parse_number(leaf[1]) or 0) + 1
        note = (
            f"it follows {leaf[1]}, the app's last migration, though files with higher numbers exist"
            if gap
            else ""
        )
        return cls(app, leaf, number, note)

    def extensions(
        self, needed: Iterable[str], installed: dict[str, tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """A migration that installs what no migration installs yet; returns the dependencies on those of other apps.

        ``installed`` learns of the new one, for the apps that come after.
        """
        missing = [name for name in sorted(needed) if name not in installed]
        others = sorted({installed[name] for name in needed if name in installed} - {self.last})
        if missing:
            what = f"{missing[0]}_extension" if len(missing) == 1 else "extensions"
            self._add(what.replace("-", "_"), extensions.installing(missing), (), atomic=True)
            installed.update(dict.fromkeys(missing, self.last))
        return [key for key in others if key[0] != self.app]

    def indexes(
        self, operations: Sequence[Operation], dependencies: Iterable[Any], *, alone: bool = False
    ) -> None:
        """A migration of index operations, outside a transaction; ``alone`` when each has one of its own."""
        what = _single(operations[0]) if alone else _models(operations)
        self._add(what, operations, dependencies, atomic=False)

    def _add(
        self, what: str, operations: Sequence[Operation], dependencies: Iterable[Any], *, atomic: bool
    ) -> None:
        name = f"{self.number:04d}_{what}"
        body: Mapping[str, Any] = {
            "operations": list(operations),
            "dependencies": [self.last, *dependencies],
        }
        writer = MigrationWriter(
            type("Migration", (Migration,), dict(body))(name, self.app), include_header=False
        )
        path = Path(writer.path)
        notes = (self.note,) if self.note and not self.files else ()
        text = migration_text(writer, path, atomic=atomic)
        self.files.append(MigrationFile(self.app, name, path, text, len(operations), notes))
        self.last = (self.app, name)
        self.number += 1


def _models(operations: Sequence[Operation]) -> str:
    """A name without a date: the models whose indexes change."""
    models = sorted({_model_name(operation) for operation in operations})
    name = "indexes_" + "_".join(models)
    return name if len(name) <= _NAME_LIMIT else f"indexes_{models[0]}_and_{len(models) - 1}_more"


def _single(operation: Operation) -> str:
    if isinstance(operation, AddIndex):
        return f"add_{operation.index.name}".lower()
    if isinstance(operation, RemoveIndex):
        return f"remove_{operation.name}".lower()
    if isinstance(operation, RunSQL):
        return f"add_index_on_{_model_name(operation)}"[:_NAME_LIMIT]
    field = getattr(_inner(operation), "name_lower", "field")
    return f"unindex_{_model_name(operation)}_{field}"[:_NAME_LIMIT]


def _model_name(operation: Operation) -> str:
    inner = _inner(operation)
    return str(inner.hints["model_name"] if isinstance(inner, RunSQL) else inner.model_name).lower()


def _inner(operation: Any) -> Any:
    """The operation on the state, for one that keeps state and database apart."""
    return (getattr(operation, "state_operations", None) or [operation])[0]
