"""Advice for every model of the project: indexes to make and indexes to drop, chosen by the model's own name."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from django.contrib.postgres import fields as postgres
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from indexical import ddl
from indexical.django.mapping import declared_as
from indexical.django.tables import MappedTable, ProjectMap
from indexical.model import Drop, ExistingIndex, Index, Key, Recommendation

_LISTS = (models.JSONField, postgres.ArrayField, postgres.HStoreField, SearchVectorField)
_TEXTS = (models.CharField, models.TextField)
SPARED = 4
"""Every so many of the generated models get no advice: nothing may happen to them."""


def advised(
    table: MappedTable, present: list[ExistingIndex], project: ProjectMap, number: int
) -> tuple[list[Recommendation], list[Drop]]:
    dice = random.Random(table.label)
    app = table.model._meta.app_label
    if app != "handmade" and number % SPARED == 0:
        return [], []
    index = _mark(table) if app == "handmade" else _chosen(table, dice)
    create = []
    if index is not None and declared_as(index, table, project) is None:
        create.append(_recommended(index, number))
    return create, _drops(table, present, create, dice)


def _mark(table: MappedTable) -> Index | None:
    """The handmade models are all about their ``mark``; with an owner first where there is one."""
    names = {field.name: field for field in table.model._meta.local_concrete_fields}
    if table.through_of:
        columns = [str(field.column) for field in names.values() if field.is_relation]
        return Index("public", table.name, tuple(map(Key.asc, reversed(columns))))
    mark = names.get("mark") or names.get("stars") or names.get("street")
    if mark is None:
        return None
    keys = [Key.asc(str(names[name].column)) for name in ("owner", "up", "tag", "tagged") if name in names]
    return Index("public", table.name, (*keys, Key.asc(str(mark.column))))


def _chosen(table: MappedTable, dice: random.Random) -> Index | None:
    fields = [f for f in table.model._meta.local_concrete_fields if not f.primary_key]
    first = dice.choice(fields)
    index = _single(table, first, dice)
    if index.method != "btree":
        return index
    scalars = [
        f
        for f in fields
        if f is not first and not isinstance(f, (*_LISTS, postgres.RangeField, models.BooleanField))
    ]
    if scalars and dice.random() < 0.6:
        more = dice.choice(scalars)
        key = dice.choice([Key.asc, Key.desc])(str(more.column))
        index = replace(index, keys=(*index.keys, key))
    flags = [f for f in fields if isinstance(f, models.BooleanField) and not f.null and f is not first]
    if flags and dice.random() < 0.4:
        column = ddl.quote(str(flags[0].column))
        index = replace(index, predicate=dice.choice([column, f"NOT {column}"]))
    rest = [str(f.column) for f in scalars if str(f.column) not in index.columns]
    if rest and dice.random() < 0.2:
        index = replace(index, include=(rest[0],))
    return index


def _single(table: MappedTable, field: Any, dice: random.Random) -> Index:
    column = str(field.column)
    quoted = ddl.quote(column)
    keys, method = (Key.asc(column),), "btree"
    if isinstance(field, _LISTS):
        method = "gin"
        if isinstance(field, models.JSONField) and dice.random() < 0.5:
            keys = (Key(column, opclass="jsonb_path_ops"),)
    elif isinstance(field, postgres.RangeField):
        method = "gist"
    elif isinstance(field, _TEXTS):
        pattern = "text_pattern_ops" if isinstance(field, models.TextField) else "varchar_pattern_ops"
        cast = quoted if isinstance(field, models.TextField) else f"{quoted}::text"
        keys, method = dice.choice(
            [
                (keys, "btree"),
                (keys, "hash"),
                ((Key(column, opclass=pattern),), "btree"),
                ((Key(expression=f"upper({cast})"),), "btree"),
                ((Key(column, opclass="gin_trgm_ops"),), "gin"),
            ]
        )
    elif isinstance(field, models.DateField | models.IntegerField):
        keys, method = dice.choice(
            [
                (keys, "btree"),
                ((Key.desc(column),), "btree"),
                ((Key(column, nulls_first=True),), "btree"),
                (keys, "brin"),
            ]
        )
    return Index("public", table.name, keys, method=method)


def _recommended(index: Index, number: int) -> Recommendation:
    name = f"wanted_{number}"
    return Recommendation(index, name, ddl.create_index(index, name), 8192, 1.0, 0.0)


def _drops(
    table: MappedTable, present: list[ExistingIndex], create: list[Recommendation], dice: random.Random
) -> list[Drop]:
    found: list[Drop] = []
    foreign = {str(f.column) for f in table.model._meta.local_concrete_fields if f.is_relation}
    by_column: dict[str, list[ExistingIndex]] = {}
    for one in sorted(present):
        if one.constraint:
            continue
        if one.name.endswith(("_old", "_size_idx", "_made", "_made_idx")):
            if dice.random() < 0.6:
                found.append(Drop(one, "unused"))
        elif len(one.index.columns) == 1 and len(one.index.keys) == 1 and not one.index.unique:
            by_column.setdefault(one.index.columns[0], []).append(one)
    for column, indexes in sorted(by_column.items()):
        covering = next(
            (
                r.name
                for r in create
                if len(r.index.keys) > 1 and r.index.keys[0] == Key.asc(column) and not r.index.predicate
            ),
            "",
        )
        if column in foreign:
            if covering:
                found.extend(Drop(one, "redundant", covered_by=covering) for one in indexes)
        elif dice.random() < 0.5:
            found.extend(Drop(one, "unused") for one in indexes)
        elif dice.random() < 0.5:
            found.append(Drop(indexes[-1], "unused"))
    return found
