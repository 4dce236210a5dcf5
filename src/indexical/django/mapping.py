"""Advice in the project's own terms: models instead of tables, declarations instead of DDL, names as Django has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from django.db import Error as DjangoDatabaseError

from indexical import ddl
from indexical.django import declared as words
from indexical.django.compiled import same
from indexical.django.declaration import Declaration, declare
from indexical.django.declared import Declared, declared_indexes
from indexical.django.predicate import Inexpressible
from indexical.django.tables import MappedTable, ProjectMap
from indexical.emit.names import index_name
from indexical.model import Advice, Drop, ExistingIndex, Index, Recommendation, StatementVerdict

__all__ = ["ProjectMap", "annotate", "declaration_of", "existing_declaration"]


def annotate(advice: Advice, alias: str = "default") -> Advice:
    """The advice with model, declaration and name of every recommendation, and model and declaring word of every drop.

    What no model owns stays as it is. Raises :class:`indexical.errors.ProjectRefused` for an alias that is no PostgreSQL
    database of the project.
    """
    project = ProjectMap.read(alias)
    taken = _taken_names(project) | {drop.existing.name for drop in advice.drop}
    renamed: dict[str, str] = {}
    create = []
    for recommendation in advice.create:
        named = _annotated(recommendation, project, taken)
        taken.add(named.name)
        renamed[recommendation.name] = named.name
        create.append(named)
    drop = tuple(_annotated_drop(one, project, renamed) for one in advice.drop)
    statements = tuple(_renamed_statement(one, renamed) for one in advice.statements)
    refused = tuple(replace(one, detail=_renamed_text(one.detail, renamed)) for one in advice.refused)
    return replace(advice, create=tuple(create), drop=drop, statements=statements, refused=refused)


def declaration_of(recommendation: Recommendation, table: MappedTable, project: ProjectMap) -> Declaration:
    """The declaration of a recommendation under its name; raises :class:`Inexpressible`."""
    return declare(recommendation.index, recommendation.name, table, project)


def existing_declaration(existing: ExistingIndex, table: MappedTable, project: ProjectMap) -> Declared | None:
    """What declares an existing index; None when nothing does, or when that is not certain.

    An index of another name than Django gives counts only when the database has none of that name: the other would be the
    declared one, and this one a twin made by hand.
    """
    declared = declared_indexes(table, project)
    by_name = next((one for one in declared if one.name == existing.name), None)
    if by_name is not None:
        return by_name if by_name.index is None or same(existing.index, by_name.index) else None
    names = existing_names(table, project)
    candidates = [
        one
        for one in declared
        if words.same_structure(existing, one)
        and (not one.name or (names is not None and one.name not in names))
    ]
    return candidates[0] if len(candidates) == 1 else None


def existing_names(table: MappedTable, project: ProjectMap) -> frozenset[str] | None:
    """Names of the table's indexes and constraints in the database; None when it cannot be asked."""
    connection = project.connection
    try:
        with connection.cursor() as cursor:
            return frozenset(connection.introspection.get_constraints(cursor, table.name))
    except DjangoDatabaseError:
        return None


def declared_as(index: Index, table: MappedTable, project: ProjectMap) -> Declared | None:
    """The model's declaration of that very structure, if it has one."""
    declared = declared_indexes(table, project)
    return next((one for one in declared if one.index is not None and same(one.index, index)), None)


def _annotated(recommendation: Recommendation, project: ProjectMap, taken: set[str]) -> Recommendation:
    index = recommendation.index
    table = project.table(index.schema, index.table)
    if table is None:
        return recommendation
    declared = declared_as(index, table, project)
    if declared is not None and declared.by == words.META_INDEXES:
        name = declared.name
    else:
        on_table = existing_names(table, project) or frozenset()
        name = index_name(_in_fields(index, table), taken | on_table, model=str(table.model._meta.model_name))
    try:
        text = declare(index, name, table, project).text()
    except Inexpressible:
        text = ""
    return replace(
        recommendation, name=name, ddl=ddl.create_index(index, name), model=table.label, declaration=text
    )


def _in_fields(index: Index, table: MappedTable) -> Index:
    """The index with fields for columns, for its name: people say ``user``, not ``user_id``."""
    keys = []
    for key in index.keys:
        field = table.field(key.column) if key.column else None
        keys.append(key if field is None else replace(key, column=field.name))
    return replace(index, keys=tuple(keys))


def _annotated_drop(drop: Drop, project: ProjectMap, renamed: Mapping[str, str]) -> Drop:
    covered_by = renamed.get(drop.covered_by, drop.covered_by)
    drop = replace(drop, covered_by=covered_by, evidence=_renamed_text(drop.evidence, renamed))
    index = drop.existing.index
    table = project.table(index.schema, index.table)
    if table is None:
        return drop
    declared = existing_declaration(drop.existing, table, project)
    by = "" if declared is None else declared.by
    if table.through_of:
        by = words.MANY_TO_MANY
    return replace(drop, model=table.through_of or table.label, declared_by=by)


def _renamed_statement(statement: StatementVerdict, renamed: Mapping[str, str]) -> StatementVerdict:
    used = tuple(renamed.get(name, name) for name in statement.indexes_used)
    return statement if used == statement.indexes_used else replace(statement, indexes_used=used)


def _renamed_text(text: str, renamed: Mapping[str, str]) -> str:
    """A sentence with the new names where it has the old ones."""
    return re.sub(r"[\w$]+", lambda match: renamed.get(match[0], match[0]), text)


def _taken_names(project: ProjectMap) -> set[str]:
    taken = set()
    for table in project.tables:
        taken.add(table.name)
        taken.update(one.name for one in declared_indexes(table, project) if one.name)
    return taken
