"""Edits of the file that defines a model, text in, text out.

LibCST keeps everything that is not edited exactly as it is (https://libcst.readthedocs.io/). An edit that is not certain is
not made: it comes back as :class:`Uncertain`, with the reason, and the text stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from indexical.django.models_source.edits import (
    AddIndex,
    EditedSource,
    EditRefused,
    ModelEdit,
    RemoveIndex,
    Uncertain,
    UnindexField,
)
from indexical.django.models_source.fields import unindex_field
from indexical.django.models_source.imports import models_name, with_imports
from indexical.django.models_source.meta_indexes import add_index, remove_index

__all__ = ["AddIndex", "EditedSource", "ModelEdit", "RemoveIndex", "Uncertain", "UnindexField", "edit_source"]


def edit_source(source: str, edits: Sequence[ModelEdit]) -> EditedSource:
    """The source with every certain edit made, in the given order.

    Newlines and indentation stay the file's own; a second run over the result changes nothing. Nothing is raised for the
    source's sake: a file that is not Python leaves every edit uncertain.
    """
    try:
        module = cst.parse_module(source)
    except cst.ParserSyntaxError:
        return EditedSource(
            source, (), tuple(Uncertain(edit, "the file is not valid Python") for edit in edits)
        )
    done: list[ModelEdit] = []
    uncertain: list[Uncertain] = []
    for edit in edits:
        try:
            module = _edited(module, edit)
        except EditRefused as refusal:
            uncertain.append(Uncertain(edit, str(refusal)))
        else:
            done.append(edit)
    return EditedSource(module.code if done else source, tuple(done), tuple(uncertain))


def _edited(module: cst.Module, edit: ModelEdit) -> cst.Module:
    if isinstance(edit, RemoveIndex):
        return remove_index(module, edit)
    if isinstance(edit, UnindexField):
        return unindex_field(module, edit)
    name = models_name(module)
    needed = list(edit.declaration.imports)
    if not name and "{models}" in edit.declaration.template:
        name = "models"
        needed.append(("django.db", "models"))
    changed = add_index(module, edit, name)
    return module if changed is module else with_imports(changed, needed)
