"""What a file calls ``django.db.models``, and the imports an entry needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst
import libcst.matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.helpers import get_full_name_for_node

from indexical.django.models_source.classes import within
from indexical.django.models_source.edits import EditRefused

_MODELS = frozenset({"django.db.models", "django.contrib.gis.db.models"})


def models_name(module: cst.Module) -> str:
    """The file's name for the models module; empty when it does not import it as a whole."""
    for origin, name in _imported(module):
        if origin in _MODELS:
            return name
    return ""


def with_imports(module: cst.Module, needed: Iterable[tuple[str, str]]) -> cst.Module:
    """The module importing each (module, name); what it imports already is left alone.

    Raises :class:`EditRefused` when one of the names means something else in the file.
    """
    present = dict.fromkeys(_imported(module))
    for origin, name in needed:
        if (f"{origin}.{name}", name) in present:
            continue
        if name in _bound_names(module):
            raise EditRefused(
                f"the name {name} already means something else in the file than {origin}.{name}"
            )
        module = _inserted(module, origin, name)
    return module


def _inserted(module: cst.Module, origin: str, name: str) -> cst.Module:
    """With the import among those of its own package, in order; LibCST finds a place where there are none."""
    package = origin.partition(".")[0]
    places = [(at, base) for at, base in _from_imports(module) if base.partition(".")[0] == package]
    if not places or any(base == origin for _, base in places):
        context = CodemodContext()
        AddImportsVisitor.add_needed_import(context, origin, name)
        return AddImportsVisitor(context).transform_module(module)
    new = cst.parse_module(f"from {origin} import {name}\n").body[0]
    body = list(module.body)
    before = [at for at, base in places if base < origin]
    if before:
        body.insert(before[-1] + 1, new)
    else:
        first = body[places[0][0]]
        if isinstance(first, cst.SimpleStatementLine) and isinstance(new, cst.SimpleStatementLine):
            new = new.with_changes(leading_lines=first.leading_lines)
            body[places[0][0]] = first.with_changes(leading_lines=[])
        body.insert(places[0][0], new)
    return module.with_changes(body=body)


def _from_imports(module: cst.Module) -> Iterator[tuple[int, str]]:
    """Position and module of every top-level ``from ... import``."""
    for at, line in enumerate(module.body):
        statement = (
            line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        )
        if isinstance(statement, cst.ImportFrom) and statement.module is not None and not statement.relative:
            yield at, get_full_name_for_node(statement.module) or ""


def _imported(module: cst.Module) -> Iterator[tuple[str, str]]:
    """Every imported thing as (full name, local name), top-level imports only."""
    for line in module.body:
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        for part in line.body:
            if isinstance(part, cst.Import):
                for alias in part.names:
                    yield alias.evaluated_name, alias.evaluated_alias or alias.evaluated_name
            elif isinstance(part, cst.ImportFrom) and not isinstance(part.names, cst.ImportStar):
                base = get_full_name_for_node(part.module) if part.module is not None else ""
                for alias in part.names if not part.relative else ():
                    yield f"{base}.{alias.evaluated_name}", alias.evaluated_alias or alias.evaluated_name


def _bound_names(module: cst.Module) -> set[str]:
    """What the file binds, at whatever depth: relative imports and those inside a block bind names as well."""
    bound = {name.partition(".")[0] for _, name in _imported(module)}
    for part in within(module.body):
        if isinstance(part, cst.ImportFrom) and not isinstance(part.names, cst.ImportStar):
            bound.update(alias.evaluated_alias or alias.evaluated_name for alias in part.names)
        elif isinstance(part, cst.ClassDef | cst.FunctionDef):
            bound.add(part.name.value)
        elif isinstance(part, cst.Assign | cst.AnnAssign):
            for target in m.findall(part, m.AssignTarget(target=m.Name()) | m.AnnAssign(target=m.Name())):
                bound.add(target.target.value)  # type: ignore[attr-defined]
    return bound
