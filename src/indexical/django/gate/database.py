"""The models' declarations beside the indexes that the database has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from indexical.check import subject
from indexical.django import declared as words
from indexical.django.compiled import same
from indexical.django.declared import Declared, declared_indexes
from indexical.django.gate.places import NOWHERE, Place, of_model
from indexical.django.tables import MappedTable, ProjectMap
from indexical.model import Catalog, ExistingIndex, Table
from indexical.model.check import CheckFinding


def compared(
    project: ProjectMap, catalog: Catalog, findings: tuple[CheckFinding, ...]
) -> tuple[tuple[CheckFinding, ...], tuple[CheckFinding, ...]]:
    """The findings with the lines that declare their indexes, and what models and database do not agree about.

    Only the project's own models are compared: those of installed packages may make indexes in ways of their own.
    """
    places: dict[str, Place] = {}
    differences: list[CheckFinding] = []
    for table in catalog.tables:
        mapped = project.table(table.schema, table.name)
        if mapped is None or table.parents:
            continue
        declared = declared_indexes(mapped, project)
        matched = _matched(table, declared)
        for existing in table.indexes:
            one = matched.get(existing.name)
            places[subject(existing)] = of_model(mapped.model, *_names(one))
        if _is_own(mapped, project):
            differences += _differences(table, mapped, declared, matched)
    placed = tuple(
        each if each.file or places.get(each.subject, NOWHERE) == NOWHERE else _at(each, places[each.subject])
        for each in findings
    )
    return placed, tuple(differences)


def _at(finding: CheckFinding, place: Place) -> CheckFinding:
    return replace(finding, file=place[0], line=place[1])


def _names(declared: Declared | None) -> tuple[str, ...]:
    return () if declared is None else tuple(name for name in (declared.name, declared.field) if name)


def _is_own(table: MappedTable, project: ProjectMap) -> bool:
    path = project.source_file(table.model)
    return path is not None and project.owns_file(path) and bool(table.model._meta.managed)


def _matched(table: Table, declared: tuple[Declared, ...]) -> dict[str, Declared]:
    """Existing index → what declares it: by its name and structure, else by its structure, each declaration once."""
    found: dict[str, Declared] = {}
    left = list(declared)
    for existing in table.indexes:
        one = next((d for d in left if d.name == existing.name), None)
        if one is not None and (one.index is None or same(existing.index, one.index)):
            found[existing.name] = one
            left.remove(one)
    for existing in table.indexes:
        if existing.name in found:
            continue
        one = next((d for d in left if words.same_structure(existing, d)), None)
        if one is not None:
            found[existing.name] = one
            left.remove(one)
    return found


def _differences(
    table: Table, mapped: MappedTable, declared: tuple[Declared, ...], matched: dict[str, Declared]
) -> Iterator[CheckFinding]:
    known = set(map(id, matched.values()))
    for one in declared:
        if id(one) in known or one.index is None:
            continue
        label = one.name or f"{one.by} ({', '.join(one.index.columns)})"
        other = next((e for e in table.indexes if e.name == one.name), None)
        what = (
            f"the database's index of that name is {other.index.text}, the model declares {one.index.text}"
            if other is not None
            else f"{mapped.label} declares {one.index.text}, and {table.qualified} has no such index"
        )
        yield CheckFinding(
            "not-built",
            f"{_short(table)}.{label}",
            what,
            "see manage.py migrate --plan; if its migration is applied, somebody dropped or changed it by hand",
            *of_model(mapped.model, *_names(one)),
        )
    for existing in table.indexes:
        if existing.name not in matched and not _is_anothers(existing):
            yield CheckFinding(
                "undeclared",
                subject(existing),
                f"{existing.index.text} is in the database, and {mapped.label} does not declare it",
                f"declare it in Meta.indexes of {mapped.label}, or drop it",
                *of_model(mapped.model),
            )


def _is_anothers(existing: ExistingIndex) -> bool:
    """Part of a constraint, whose declaration may be SQL of its own, or what a build left behind, which is a finding already."""
    return bool(existing.constraint) or not existing.valid or bool(existing.parent)


def _short(table: Table) -> str:
    return table.name if table.schema == "public" else table.qualified
