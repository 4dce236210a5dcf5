"""The indexes that were there before: each with its kind, its app, and the index that does its work, if any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from indexical.model import Catalog, ExistingIndex, Table
from indexical.model.story import Standing
from indexical.selection.redundancy import redundancies

_CONSTRAINTS = {
    "primary": "primary key",
    "unique": "unique constraint",
    "exclusion": "exclusion constraint",
}


def standing(catalog: Catalog, apps: Mapping[str, str]) -> tuple[Standing, ...]:
    """Every index of the snapshot, by table and name; ``apps`` says which app a table belongs to."""
    covered = {
        (each.existing.index.schema, each.existing.name): (each.reason, each.covered_by)
        for each in redundancies(catalog)
    }
    return tuple(
        Standing(
            app_of(table.qualified, apps),
            table.qualified,
            existing.name,
            kind_of(existing, table),
            existing.index.text.removeprefix("UNIQUE ").removeprefix(f"{table.qualified} "),
            existing.size,
            existing.scans,
            *covered.get((existing.index.schema, existing.name), ("", "")),
        )
        for table in sorted(catalog.tables, key=lambda each: each.qualified)
        for existing in sorted(table.indexes, key=lambda each: each.name)
    )


def kind_of(existing: ExistingIndex, table: Table) -> str:
    """What the index is there for, as far as its structure tells."""
    index = existing.index
    foreign = {each.columns for each in table.foreign_keys}
    rules = (
        (_CONSTRAINTS.get(existing.constraint, ""), existing.backs_constraint),
        ("unique", index.unique),
        ("pattern", any(key.opclass.endswith("_pattern_ops") for key in index.keys)),
        ("partial", bool(index.predicate)),
        ("expression", any(key.expression for key in index.keys)),
        ("foreign key", index.columns in foreign),
    )
    return next((word for word, holds in rules if holds and word), "plain")


def apps_of(models: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Tables to app labels, from pairs of a table (``schema.table``) and its ``app.Model``; pairs without a model say nothing."""
    return {table: model.partition(".")[0] for table, model in models if "." in model}


def app_of(table: str, apps: Mapping[str, str]) -> str:
    """The app of a table: as a model has it; else the longest label that begins its name; else the name's first word."""
    bare = table.partition(".")[2]
    known = apps.get(table) or apps.get(bare)
    if known is not None:
        return known
    labels = sorted(
        (label for label in set(apps.values()) if bare.startswith(f"{label}_")),
        key=lambda each: (-len(each), each),
    )
    word = bare.partition("_")[0]
    return labels[0] if labels else word if word.isidentifier() else "other"
