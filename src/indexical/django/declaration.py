"""An :class:`Index` as the Django declaration that makes it, and the proof that it does.

The declaration is compiled by Django's own schema editor and compared with what :mod:`indexical.ddl` writes; where the two
differ, nothing is declared. See https://docs.djangoproject.com/en/5.2/ref/models/indexes/.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.contrib.postgres import indexes as postgres
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models.functions import Lower, Upper
from sqlglot import exp

from indexical import ddl
from indexical.django.compiled import expression_tree, read_index, same
from indexical.django.predicate import Inexpressible, build_q, literal_text, q_text, read_conditions
from indexical.django.tables import MappedTable, ProjectMap
from indexical.model import Index, Key

MAX_NAME = models.Index.max_name_length
_POSTGRES_INDEXES = "django.contrib.postgres.indexes"
_METHODS: dict[str, type[models.Index]] = {
    "btree": models.Index,
    "gin": postgres.GinIndex,
    "gist": postgres.GistIndex,
    "spgist": postgres.SpGistIndex,
    "brin": postgres.BrinIndex,
    "hash": postgres.HashIndex,
}
_FUNCTIONS: dict[type[exp.Expr], type[models.Func]] = {exp.Upper: Upper, exp.Lower: Lower}


@dataclass(frozen=True, slots=True)
class Declaration:
    """How one index is declared."""

    name: str
    index: models.Index
    """The object Django's migrations carry."""
    template: str
    """The source text, with ``{models}`` where the file's name for ``django.db.models`` belongs."""
    fields: tuple[str, ...] = ()
    """The ``fields=`` list; empty for an index of expressions."""
    imports: tuple[tuple[str, str], ...] = ()
    """What the text needs besides ``models``: (module, name), sorted."""

    def text(self, models_name: str = "models") -> str:
        return self.template.replace("{models}", models_name)


def declare(index: Index, name: str, table: MappedTable, project: ProjectMap) -> Declaration:
    """The declaration of the index under that name.

    Raises :class:`Inexpressible` with the reason when Django cannot say it, or would say something else.
    """
    if len(name) > MAX_NAME or name[:1] in "_0123456789":
        raise Inexpressible(
            f"the name {name} is not one that models.Index takes (at most {MAX_NAME} characters)"
        )
    if index.unique:
        raise Inexpressible("it is unique, which is a constraint of the model and not an index")
    if index.method not in _METHODS:
        raise Inexpressible(f"Django has no index class for the access method {index.method}")
    declaration = _build(index, name, table)
    _prove(declaration, index, name, table, project)
    return declaration


def _build(index: Index, name: str, table: MappedTable) -> Declaration:
    imports: set[tuple[str, str]] = set()
    kind = _METHODS[index.method]
    words: list[str] = []
    arguments: dict[str, Any] = {"name": name}
    expressions: list[Any] = []
    if all(_is_simple(key) for key in index.keys):
        fields = [_signed(key, table) for key in index.keys]
        arguments["fields"] = fields
        words.append(f"fields={literal_text(fields)}")
        if any(key.opclass for key in index.keys):
            arguments["opclasses"] = [key.opclass for key in index.keys]
            words.append(f"opclasses={literal_text(arguments['opclasses'])}")
    else:
        fields = []
        for key in index.keys:
            expression, text = _expression(key, table, imports)
            expressions.append(expression)
            words.append(text)
    conditions = read_conditions(index.predicate, table)
    if conditions:
        arguments["condition"] = build_q(conditions)
        words.append(f"condition={q_text(conditions, '{models}')}")
    if index.include:
        arguments["include"] = [_field(column, table).name for column in index.include]
        words.append(f"include={literal_text(arguments['include'])}")
    words.append(f"name={literal_text(name)}")
    if kind is models.Index:
        prefix = "{models}.Index"
    else:
        prefix = kind.__name__
        imports.add((_POSTGRES_INDEXES, prefix))
    made = kind(*expressions, **arguments)
    return Declaration(name, made, f"{prefix}({', '.join(words)})", tuple(fields), tuple(sorted(imports)))


def _is_simple(key: Key) -> bool:
    return bool(key.column) and key.default_nulls and not key.collation


def _signed(key: Key, table: MappedTable) -> str:
    name = _field(key.column, table).name
    return f"-{name}" if key.descending else name


def _expression(key: Key, table: MappedTable, imports: set[tuple[str, str]]) -> tuple[Any, str]:
    if key.collation:
        raise Inexpressible(f"the key {key.text} has a collation of its own")
    made, text = _column(key, table) if key.column else _function(key, table, imports)
    if key.opclass:
        if not apps.is_installed("django.contrib.postgres"):
            raise Inexpressible(f"the key {key.text} needs django.contrib.postgres in INSTALLED_APPS")
        imports.add((_POSTGRES_INDEXES, "OpClass"))
        made = postgres.OpClass(made, name=key.opclass)
        text = f"OpClass({text}, name={literal_text(key.opclass)})"
    elif key.column and key.default_nulls and not key.descending:
        return made, text
    if not key.default_nulls or key.descending:
        made, text = _ordered(key, made, text)
    return made, text


def _column(key: Key, table: MappedTable) -> tuple[Any, str]:
    name = _field(key.column, table).name
    if key.descending or not key.default_nulls:
        return models.F(name), f"{{models}}.F({literal_text(name)})"
    return models.F(name), literal_text(name)


def _function(key: Key, table: MappedTable, imports: set[tuple[str, str]]) -> tuple[Any, str]:
    tree = expression_tree(key.expression)
    function = _FUNCTIONS.get(type(tree)) if tree is not None else None
    if tree is None or function is None or not isinstance(tree.this, exp.Column):
        raise Inexpressible(f"Django has no certain expression for the key ({key.expression})")
    name = _field(tree.this.name, table).name
    imports.add(("django.db.models.functions", function.__name__))
    return function(name), f"{function.__name__}({literal_text(name)})"


def _ordered(key: Key, made: Any, text: str) -> tuple[Any, str]:
    direction = "desc" if key.descending else "asc"
    nulls: dict[str, Any] = {}
    if not key.default_nulls:
        nulls = {"nulls_first" if key.nulls_first else "nulls_last": True}
    words = ", ".join(f"{name}=True" for name in nulls)
    return getattr(made, direction)(**nulls), f"{text}.{direction}({words})"


def _field(column: str, table: MappedTable) -> models.Field[Any, Any]:
    field = table.field(column)
    if field is None:
        raise Inexpressible(f"{table.label} has no field for the column {column}")
    return field


def _prove(
    declaration: Declaration, index: Index, name: str, table: MappedTable, project: ProjectMap
) -> None:
    """Compile the declaration with Django and compare it with our own DDL, structure against structure."""
    try:
        compiled = str(declaration.index.create_sql(table.model, project.editor))
    except (FieldError, ValidationError, ValueError, TypeError) as error:
        raise Inexpressible(f"Django cannot compile the declaration: {error}") from None
    try:
        theirs = read_index(compiled, schema=index.schema)
        ours = read_index(ddl.create_index(index, name))
    except ValueError:
        raise Inexpressible("its SQL could not be compared with Django's") from None
    expected = replace(ours[1], schema="")
    if theirs[0] != name or not same(theirs[1], expected):
        raise Inexpressible(f"Django would build something else: {compiled}")
