"""The edits of a model's source, as data."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.django.declaration import Declaration


@dataclass(frozen=True, slots=True)
class AddIndex:
    """Put a declaration into ``Meta.indexes``."""

    model: str
    """The class's name, as ``__qualname__`` has it."""
    declaration: Declaration
    inherited_meta: str = ""
    """The base class whose ``Meta`` Django uses when the model has none of its own; empty when there is none."""
    inherited_indexes: bool = False
    """Whether a base class's ``Meta`` declares indexes, which one of the model's own would hide."""


@dataclass(frozen=True, slots=True)
class RemoveIndex:
    """Take an entry out of ``Meta.indexes``."""

    model: str
    name: str
    fields: tuple[str, ...] = ()
    """The entry's ``fields=``, for one whose name Django makes up."""


@dataclass(frozen=True, slots=True)
class UnindexField:
    """End the index that a field carries itself."""

    model: str
    field: str
    field_class: str
    """The field's class name, which the source must call."""
    by_default: bool
    """Whether the field class is indexed when nothing is said, as ``ForeignKey`` and ``SlugField`` are."""


ModelEdit = AddIndex | RemoveIndex | UnindexField


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An edit that was not made, and why."""

    edit: ModelEdit
    reason: str


@dataclass(frozen=True, slots=True)
class EditedSource:
    text: str
    done: tuple[ModelEdit, ...] = ()
    """Edits that hold in the text, whether or not it had to change for them."""
    uncertain: tuple[Uncertain, ...] = ()


class EditRefused(ValueError):
    """The source leaves doubt about the edit; the message is the reason."""
