"""What is wanted of the project for each recommendation and each drop: an addition, a removal, or a person's hand."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db.migrations.loader import MigrationLoader

from indexical import ddl
from indexical.django import declared as words
from indexical.django.declaration import Declaration, declare
from indexical.django.declared import Declared, automatic_name, like_name
from indexical.django.mapping import declared_as, existing_declaration, existing_names
from indexical.django.migration_source import FieldUnindexed, IndexChange, IndexRemoved, history
from indexical.django.origins import left_by
from indexical.django.predicate import Inexpressible
from indexical.django.tables import MappedTable, ProjectMap
from indexical.errors import ProjectRefused
from indexical.model import Drop, Instruction, Recommendation


@dataclass(frozen=True, slots=True)
class Addition:
    recommendation: Recommendation
    table: MappedTable
    path: Path
    declaration: Declaration


@dataclass(frozen=True, slots=True)
class MetaRemoval:
    drop: Drop
    table: MappedTable
    path: Path
    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldRemoval:
    """Every index that one field's ``db_index`` makes, dropped together."""

    drops: tuple[Drop, ...]
    table: MappedTable
    path: Path
    field: Any


@dataclass(frozen=True, slots=True)
class Outside:
    """An index on a table that no class of the project declares, for the migrations of an app of the project."""

    recommendation: Recommendation
    table: MappedTable
    declaration: Declaration


Removal = MetaRemoval | FieldRemoval


@dataclass(frozen=True, slots=True)
class Intents:
    additions: tuple[Addition, ...]
    removals: tuple[Removal, ...]
    instructions: tuple[Instruction, ...]
    outside: tuple[Outside, ...] = ()
    held: tuple[IndexChange, ...] = ()
    """Removals that a migration has already while this process still holds the models from before it."""


def read_intents(
    create: Iterable[Recommendation],
    drop: Iterable[Drop],
    project: ProjectMap,
    loader: MigrationLoader,
    outside_app: str = "",
) -> Intents:
    """Sort the advice by what can be done about it in the project's files; what is outside them may go into ``outside_app``."""
    instructions: list[Instruction] = []
    additions: list[Addition] = []
    outside: list[Outside] = []
    for recommendation in sorted(create, key=lambda one: (one.index, one.name)):
        wanted = _addition(recommendation, project, loader, outside_app)
        if isinstance(wanted, Addition):
            additions.append(wanted)
        elif isinstance(wanted, Outside):
            outside.append(wanted)
        elif wanted is not None:
            instructions.append(wanted)
    drops = sorted(drop, key=lambda one: one.existing)
    held = tuple(change for one in drops if (change := _held(one, project, loader)) is not None)
    removals, left = _removals(drops, project, loader)
    return Intents(tuple(additions), tuple(removals), (*instructions, *left), tuple(outside), held)


def create_by_hand(recommendation: Recommendation, reason: str) -> Instruction:
    statement = ddl.create_index(recommendation.index, recommendation.name, concurrently=True)
    return Instruction(
        f"instruction:create:{recommendation.name}",
        f"{recommendation.name} on {recommendation.index.qualified_table}",
        reason,
        f"{statement};",
    )


def drop_by_hand(drop: Drop, reason: str) -> Instruction:
    """With the statement that drops it, for an index that no declaration of ours can end."""
    existing = drop.existing
    statement = ddl.drop_index(existing.index.schema, existing.name, concurrently=True)
    return Instruction(
        f"instruction:drop:{existing.name}",
        f"{existing.name} on {existing.index.qualified_table}",
        reason,
        f"{statement};",
    )


def _addition(
    recommendation: Recommendation, project: ProjectMap, loader: MigrationLoader, outside_app: str
) -> Addition | Outside | Instruction | None:
    index = recommendation.index
    table = project.table(index.schema, index.table)
    if table is None:
        return create_by_hand(
            recommendation, f"no model of the project owns the table {index.qualified_table}"
        )
    declared = declared_as(index, table, project)
    if declared is not None and declared.by != words.META_INDEXES:
        return create_by_hand(
            recommendation,
            f"{table.label} declares this index already ({_by(declared)}), the database just lacks it: "
            "see what manage.py migrate --plan says",
        )
    if declared is not None and declared.name != recommendation.name:
        return (
            None
            if _known_to_history(declared.name, table, loader)
            else create_by_hand(
                recommendation,
                f"{table.label} declares this index already as {declared.name}: run manage.py makemigrations",
            )
        )
    path = _editable(table, project, loader)
    outside = isinstance(path, str) and _is_outside(table, project)
    if isinstance(path, str) and not (outside and outside_app):
        hint = "; --outside-app APP puts it into the migrations of an app of yours" if outside else ""
        return create_by_hand(recommendation, f"{path}{hint}")
    try:
        declaration = declare(index, recommendation.name, table, project)
    except Inexpressible as reason:
        return create_by_hand(recommendation, f"it cannot be declared on {table.label}: {reason}")
    if isinstance(path, str):
        return Outside(recommendation, table, declaration)
    return Addition(recommendation, table, path, declaration)


def _is_outside(table: MappedTable, project: ProjectMap) -> bool:
    """Whether migrations make the table, though no class that may be edited declares it."""
    path = project.source_file(table.model)
    return bool(table.model._meta.managed) and (
        bool(table.through_of) or path is None or not project.owns_file(path)
    )


def _known_to_history(name: str, table: MappedTable, loader: MigrationLoader) -> bool:
    return history.last_word(loader, table.model._meta.app_label, name)[0] == history.ADDED


def _editable(table: MappedTable, project: ProjectMap, loader: MigrationLoader) -> Path | str:
    """The file to edit, or the reason why there is none."""
    model = table.model
    label = model._meta.app_label
    if table.through_of:
        return f"Django makes this table for {table.through_of}, which has no class to edit"
    if not model._meta.managed:
        return f"{table.label} is not managed by Django (managed = False)"
    path = project.source_file(model)
    if path is None:
        return f"the file that defines {table.label} cannot be found"
    if not project.owns_file(path):
        return f"{table.label} comes from outside the project ({path.name} of {model.__module__}), which is never edited"
    if label not in loader.migrated_apps:
        return f"the app {label} has no migrations: run manage.py makemigrations {label}"
    if not _owns_migrations(label, project, loader):
        package = loader.migrations_module(label)[0] or ""
        return f"the migrations of {label} are outside the project ({package})"
    return path


def refuse_foreign_app(label: str, project: ProjectMap, loader: MigrationLoader) -> None:
    """Raises :class:`ProjectRefused` when the app is not one whose migrations the project may add to."""
    if label not in loader.migrated_apps:
        known = ", ".join(
            sorted(one for one in loader.migrated_apps if _owns_migrations(one, project, loader))
        )
        raise ProjectRefused(
            f"the project has no app {label!r} with migrations; choose one of its own: {known or 'it has none'}"
        )
    if not _owns_migrations(label, project, loader):
        raise ProjectRefused(
            f"the app {label!r} belongs to an installed package, whose migrations are never added to; name one of yours"
        )


def _owns_migrations(label: str, project: ProjectMap, loader: MigrationLoader) -> bool:
    package = loader.migrations_module(label)[0] or ""
    return project.owns_file(Path(next(iter(_package_paths(package)), ".")))


def _package_paths(package: str) -> Sequence[str]:
    return list(importlib.import_module(package).__path__)


def _removals(
    drops: Sequence[Drop], project: ProjectMap, loader: MigrationLoader
) -> tuple[list[Removal], list[Instruction]]:
    removals: list[Removal] = []
    instructions: list[Instruction] = []
    fields: dict[tuple[str, str], list[tuple[Drop, MappedTable, Path, Declared]]] = {}
    for drop in drops:
        found = _removal(drop, project, loader)
        if isinstance(found, Instruction):
            instructions.append(found)
        elif isinstance(found, MetaRemoval):
            removals.append(found)
        elif found is not None:
            fields.setdefault((found[1].label, found[3].field), []).append(found)
    for _, parts in sorted(fields.items()):
        together = _field_removal(parts, project)
        if isinstance(together, FieldRemoval):
            removals.append(together)
        else:
            instructions.extend(together)
    return removals, instructions


def _removal(
    drop: Drop, project: ProjectMap, loader: MigrationLoader
) -> MetaRemoval | Instruction | tuple[Drop, MappedTable, Path, Declared] | None:
    existing = drop.existing
    table = project.table(existing.index.schema, existing.index.table)
    if table is None:
        return drop_by_hand(drop, f"no model of the project owns the table {existing.index.qualified_table}")
    verdict, where = history.last_word(loader, table.model._meta.app_label, existing.name)
    if verdict == history.REMOVED:
        return None
    path = _editable(table, project, loader)
    if isinstance(path, str):
        return drop_by_hand(drop, path)
    if existing.backs_constraint:
        kept = drop_by_hand(drop, "it belongs to a constraint and goes only with it")
        return replace(kept, step="")  # DROP INDEX would be refused.
    declared = existing_declaration(existing, table, project)
    if declared is None:
        made = (
            f"the migration {where} makes it with RunSQL"
            if verdict == history.SQL
            else left_by(existing, loader) or "it was made by hand"
        )
        return drop_by_hand(drop, f"nothing in {table.label} declares it: {made}")
    if declared.by == words.META_INDEXES:
        index = next(one for one in table.model._meta.indexes if one.name == declared.name)
        return MetaRemoval(drop, table, path, declared.name, tuple(index.fields))
    carries = declared.by in (words.DB_INDEX, words.FOREIGN_KEY)
    if carries or declared.companion_of in (words.DB_INDEX, words.FOREIGN_KEY):
        return drop, table, path, declared
    maker = f"{declared.companion_of} on {declared.field}" if declared.companion_of else _by(declared)
    return drop_by_hand(drop, f"{maker} of {table.label} makes it, and Django has no word to leave it out")


def _held(drop: Drop, project: ProjectMap, loader: MigrationLoader) -> IndexChange | None:
    existing = drop.existing
    table = project.table(existing.index.schema, existing.index.table)
    if table is None:
        return None
    app, model = table.model._meta.app_label, str(table.model._meta.model_name)
    declared = existing_declaration(existing, table, project)
    if declared is None or history.last_word(loader, app, existing.name)[0] != history.REMOVED:
        return None
    if declared.by == words.META_INDEXES:
        return IndexRemoved(app, model, declared.name)
    return FieldUnindexed(app, model, declared.field, ()) if declared.field else None


def _field_removal(
    parts: Sequence[tuple[Drop, MappedTable, Path, Declared]], project: ProjectMap
) -> FieldRemoval | list[Instruction]:
    _, table, path, first = parts[0]
    field: Any = table.model._meta.get_field(first.field)
    drops = tuple(part[0] for part in parts)
    dropped = {declared.by for _, _, _, declared in parts}
    needed = {
        words.FOREIGN_KEY if field.is_relation else words.DB_INDEX: automatic_name(
            table, field.column, project
        )
    }
    like = like_name(table, field, project)
    if like:
        needed[words.LIKE] = like
    present = existing_names(table, project)
    kept = [
        name
        for by, name in sorted(needed.items())
        if by not in dropped and (present is None or name in present)
    ]
    if kept:
        reason = (
            f"{first.field} of {table.label} makes {kept[0]} too, which is to stay, and Django has no word for one "
            "without the other: declare the one that stays in Meta.indexes first (for _like with opclasses=)"
        )
        return [drop_by_hand(drop, reason) for drop in drops]
    return FieldRemoval(drops, table, path, field)


def _by(declared: Declared) -> str:
    return f"{declared.by} on {declared.field}" if declared.field else declared.by
