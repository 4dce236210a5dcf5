"""Accepted advice as edits of the project: models first, then one migration for each app.

Nothing is written here but by :func:`write`; what is not certain comes back as an :class:`Instruction`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from indexical.cli.door import USUAL_STYLE, MigrationStyle
from indexical.django.declared import LIKE, automatic_name, declared_indexes, existing_field_indexes
from indexical.django.files import diff, read_source, write
from indexical.django.intents import (
    Addition,
    FieldRemoval,
    Intents,
    MetaRemoval,
    Outside,
    Removal,
    create_by_hand,
    drop_by_hand,
    read_intents,
    refuse_foreign_app,
)
from indexical.django.mapping import existing_names
from indexical.django.migration_source import (
    FieldUnindexed,
    IndexAdded,
    IndexChange,
    IndexOutside,
    IndexRemoved,
    MigrationFile,
    history,
    plan_migrations,
)
from indexical.django.models_source import (
    AddIndex,
    EditedSource,
    ModelEdit,
    RemoveIndex,
    UnindexField,
    edit_source,
)
from indexical.django.tables import MappedTable, ProjectMap
from indexical.model import Advice, Change, Drop, Instruction, Recommendation, SourceEdit

__all__ = ["diff", "plan_advice", "plan_changes", "write"]


def plan_advice(
    advice: Advice,
    alias: str = "default",
    style: MigrationStyle = USUAL_STYLE,
) -> tuple[Change, ...]:
    """:func:`plan_changes` for everything the advice holds."""
    return plan_changes(advice.create, advice.drop, alias=alias, style=style)


def plan_changes(
    create: Iterable[Recommendation],
    drop: Iterable[Drop],
    *,
    alias: str = "default",
    style: MigrationStyle = USUAL_STYLE,
) -> tuple[Change, ...]:
    """Edits of models, new migrations, and instructions, in that order; nothing for what is written already.

    Raises :class:`indexical.errors.ProjectRefused` when the project's migrations cannot be continued with certainty, and
    :class:`indexical.errors.FileRefused` when a file of it cannot be read.
    """
    project = ProjectMap.read(alias)
    loader = history.load()
    if style.outside_app:
        refuse_foreign_app(style.outside_app, project, loader)
    intents = read_intents(create, drop, project, loader, style.outside_app)
    sources = _Sources()
    additions, refused = _add(intents.additions, sources)
    instructions = [*intents.instructions, *refused]
    removals, refused = _remove(intents, additions, sources, project)
    instructions.extend(refused)
    changes = [_added(one) for one in additions] + [_removed(one, project) for one in removals]
    changes.extend(_outside(one, style.outside_app, project) for one in intents.outside)
    migrations = plan_migrations([*changes, *intents.held], loader, style)
    instructions.extend(_notes(migrations, removals, project))
    return (
        *sources.edits(),
        *(_migration_edit(one) for one in migrations),
        *sorted(instructions, key=lambda one: one.id),
    )


class _Sources:
    """The texts of the files being edited, as they were and as they have become."""

    def __init__(self) -> None:
        self._before: dict[Path, str] = {}
        self._after: dict[Path, str] = {}
        self._done: dict[Path, list[str]] = {}

    def edit(self, path: Path, edit: ModelEdit, summary: str) -> EditedSource:
        if path not in self._before:
            self._before[path] = self._after[path] = read_source(path)
        edited = edit_source(self._after[path], [edit])
        if edited.done and edited.text != self._after[path]:
            self._done.setdefault(path, []).append(summary)
        self._after[path] = edited.text
        return edited

    def edits(self) -> tuple[SourceEdit, ...]:
        return tuple(
            SourceEdit(
                f"models:{path}", str(path), before, self._after[path], "; ".join(self._done.get(path, ()))
            )
            for path, before in sorted(self._before.items())
            if self._after[path] != before
        )


def _add(additions: Sequence[Addition], sources: _Sources) -> tuple[list[Addition], list[Instruction]]:
    done: list[Addition] = []
    refused: list[Instruction] = []
    for one in additions:
        base, has_indexes = _inherited_meta(one.table.model)
        edit = AddIndex(one.table.model.__qualname__, one.declaration, base, has_indexes)
        edited = sources.edit(one.path, edit, f"add {one.declaration.name} to {one.table.label}")
        if edited.uncertain:
            reason = f"{one.path.name} was not edited: {edited.uncertain[0].reason}"
            refused.append(create_by_hand(one.recommendation, f"{reason}: {one.declaration.text()}"))
        else:
            done.append(one)
    return done, refused


def _remove(
    intents: Intents, additions: Sequence[Addition], sources: _Sources, project: ProjectMap
) -> tuple[list[Removal], list[Instruction]]:
    ready = {one.declaration.name for one in additions}
    wanted = {one.declaration.name for one in intents.additions} | _subjects(intents.instructions)
    done: list[Removal] = []
    refused: list[Instruction] = []
    for one in intents.removals:
        drops = one.drops if isinstance(one, FieldRemoval) else (one.drop,)
        others = sorted({drop.covered_by for drop in drops} - {""} - ready)
        needs = [name for name in others if name in wanted or not _stands(name, one.table, project)]
        if needs:
            reason = f"{needs[0]}, which is to do its work, is not written: make that one first"
            refused.extend(drop_by_hand(drop, reason) for drop in drops)
            continue
        names = ", ".join(drop.existing.name for drop in drops)
        edited = sources.edit(one.path, _removal_edit(one), f"remove {names} from {one.table.label}")
        if edited.uncertain:
            reason = f"{one.path.name} was not edited: {edited.uncertain[0].reason}"
            refused.extend(drop_by_hand(drop, reason) for drop in drops)
        else:
            done.append(one)
    return done, refused


def _stands(name: str, table: MappedTable, project: ProjectMap) -> bool:
    """Whether the table has an index of that name, or is to have it by its model; yes where nobody can say."""
    present = existing_names(table, project)
    return (
        present is None
        or name in present
        or name in {declared.name for declared in declared_indexes(table, project)}
    )


def _subjects(instructions: Iterable[Instruction]) -> set[str]:
    prefix = "instruction:create:"
    return {one.id.removeprefix(prefix) for one in instructions if one.id.startswith(prefix)}


def _removal_edit(one: Removal) -> ModelEdit:
    name = one.table.model.__qualname__
    if isinstance(one, MetaRemoval):
        return RemoveIndex(name, one.name, one.fields)
    return UnindexField(name, one.field.name, type(one.field).__name__, _indexed_by_default(one.field))


def _indexed_by_default(field: Any) -> bool:
    return bool(field.db_index) and "db_index" not in field.deconstruct()[3]


def _inherited_meta(model: type[Any]) -> tuple[str, bool]:
    """The base class whose ``Meta`` Django falls back on, and whether the model's ``Meta``, its own or that one, has indexes."""
    meta = getattr(model, "Meta", None)
    if meta is None:
        return "", bool(model._meta.original_attrs.get("indexes"))
    base = next((b.__name__ for b in model.__bases__ if getattr(b, "Meta", None) is meta), "")
    return base, bool(model._meta.original_attrs.get("indexes"))


def _added(one: Addition) -> IndexChange:
    app, model = _key(one.table)
    return IndexAdded(app, model, one.declaration.index)


def _outside(one: Outside, app: str, project: ProjectMap) -> IndexChange:
    owner, model = _key(one.table)
    shaped_by = one.table.through_of.split(".")[1].lower() if one.table.through_of else model
    index, editor = one.declaration.index, project.editor
    create = str(index.create_sql(one.table.model, editor, concurrently=True))
    drop = str(index.remove_sql(one.table.model, editor, concurrently=True))
    return IndexOutside(app, owner, model, shaped_by, index, create, drop)


def _removed(one: Removal, project: ProjectMap) -> IndexChange:
    app, model = _key(one.table)
    if isinstance(one, MetaRemoval):
        return IndexRemoved(app, model, one.name)
    indexes = existing_field_indexes(one.table, one.field, [drop.existing for drop in one.drops], project)
    return FieldUnindexed(app, model, one.field.name, indexes)


def _key(table: MappedTable) -> tuple[str, str]:
    return table.model._meta.app_label, str(table.model._meta.model_name)


def _migration_edit(one: MigrationFile) -> SourceEdit:
    count = f"{one.operations} operation{'' if one.operations == 1 else 's'}"
    return SourceEdit(
        f"migration:{one.app}.{one.name}",
        str(one.path),
        "",
        one.text,
        f"migration {one.name} of {one.app}, {count}",
    )


def _notes(
    migrations: Sequence[MigrationFile], removals: Sequence[Removal], project: ProjectMap
) -> list[Instruction]:
    notes = [
        Instruction(f"note:{one.app}.{one.name}:{at}", f"{one.app}.{one.name}", text)
        for one in migrations
        for at, text in enumerate(one.notes)
    ]
    for one in removals:
        if isinstance(one, FieldRemoval):
            notes.extend(_like_note(one, project))
    return notes


def _like_note(one: FieldRemoval, project: ProjectMap) -> list[Instruction]:
    likes = [d.existing.name for d in one.drops if any(key.opclass for key in d.existing.index.keys)]
    if not likes:
        return []
    plain = automatic_name(one.table, one.field.column, project)
    return [
        Instruction(
            f"note:{LIKE}:{one.table.label}.{one.field.name}",
            f"{one.table.label}.{one.field.name}",
            f"with {plain} its companion {likes[0]} goes, which served startswith lookups on it",
        )
    ]
