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
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Collate

from indexical import ddl
from indexical.django.compiled import bare_opclass, option_value, read_index, read_options, same
from indexical.django.expressions import Made, Translation
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
_ALWAYS_SEARCHED = frozenset({"pg_catalog", "public"})
_WITH_OPTIONS = {"btree": postgres.BTreeIndex}
"""The class that takes storage parameters, where the usual one takes none."""
_FLAGS = frozenset({"autosummarize", "buffering", "deduplicate_items", "fastupdate"})


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


Options = tuple[tuple[str, str], ...]


def declare(
    index: Index, name: str, table: MappedTable, project: ProjectMap, *, options: Options = ()
) -> Declaration:
    """The declaration of the index under that name, with the storage parameters it is to have.

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
    if index.method != "btree" and not apps.is_installed("django.contrib.postgres"):
        raise Inexpressible("it needs django.contrib.postgres in INSTALLED_APPS")
    declaration = _build(index, name, table, options)
    _prove(declaration, index, name, table, project)
    _prove_options(declaration, options, table, project)
    return declaration


def _build(index: Index, name: str, table: MappedTable, options: Options) -> Declaration:
    translation = Translation(table)
    kind = _WITH_OPTIONS.get(index.method, _METHODS[index.method]) if options else _METHODS[index.method]
    words: list[str] = []
    arguments: dict[str, Any] = {"name": name}
    expressions: list[Any] = []
    fields: list[str] = []
    if all(_is_simple(key) for key in index.keys):
        arguments["fields"] = fields = [_signed(key, translation) for key in index.keys]
        words.append(f"fields={literal_text(fields)}")
        if any(key.opclass for key in index.keys):
            arguments["opclasses"] = [_opclass(key) for key in index.keys]
            words.append(f"opclasses={literal_text(arguments['opclasses'])}")
    else:
        for key in index.keys:
            made = _expression(key, translation)
            expressions.append(made.expression)
            words.append(made.argument)
    conditions = read_conditions(index.predicate, table)
    if conditions:
        arguments["condition"] = build_q(conditions)
        words.append(f"condition={q_text(conditions, '{models}')}")
    if index.include:
        arguments["include"] = [translation.column(column).name for column in index.include]
        words.append(f"include={literal_text(arguments['include'])}")
    for option, value in options:
        arguments[option] = _option(option, value)
        words.append(f"{option}={arguments[option]!r}")
    words.append(f"name={literal_text(name)}")
    if kind is models.Index:
        prefix = "{models}.Index"
    else:
        prefix = kind.__name__
        translation.imports.add((_POSTGRES_INDEXES, prefix))
    try:
        made_index = kind(*expressions, **arguments)
    except (TypeError, ValueError) as error:
        raise Inexpressible(f"{kind.__name__} does not take it: {error}") from None
    imports = tuple(sorted(translation.imports))
    return Declaration(name, made_index, f"{prefix}({', '.join(words)})", tuple(fields), imports)


def _is_simple(key: Key) -> bool:
    return bool(key.column) and key.default_nulls and not key.collation


def _signed(key: Key, translation: Translation) -> str:
    name = translation.column(key.column).name
    return f"-{name}" if key.descending else name


def _opclass(key: Key) -> str:
    """The class's name without a schema that is on every search path."""
    schema, dot, _ = key.opclass.partition("(")[0].rpartition(".")
    return bare_opclass(key.opclass) if not dot or schema in _ALWAYS_SEARCHED else key.opclass


def _expression(key: Key, translation: Translation) -> Made:
    made = translation.column(key.column) if key.column else translation.of(key.expression)
    if key.collation:
        try:
            name = key.collation.removeprefix("pg_catalog.")
            collated = Collate(made.name or made.expression, name)
        except ValueError:
            raise Inexpressible(f"Django's Collate() does not take the name {key.collation}") from None
        translation.imports.add(("django.db.models.functions", "Collate"))
        made = Made(collated, f"Collate({made.argument}, {literal_text(name)})")
    if key.opclass:
        if not apps.is_installed("django.contrib.postgres"):
            raise Inexpressible(f"the key {key.text} needs django.contrib.postgres in INSTALLED_APPS")
        translation.imports.add((_POSTGRES_INDEXES, "OpClass"))
        opclass = _opclass(key)
        made = Made(
            postgres.OpClass(made.name or made.expression, name=opclass),
            f"OpClass({made.argument}, name={literal_text(opclass)})",
        )
    return _ordered(key, made) if key.descending or not key.default_nulls else made


def _ordered(key: Key, made: Made) -> Made:
    direction = "desc" if key.descending else "asc"
    nulls: dict[str, Any] = {}
    if not key.default_nulls:
        nulls = {"nulls_first" if key.nulls_first else "nulls_last": True}
    words = ", ".join(f"{name}=True" for name in nulls)
    text = f"({made.text})" if isinstance(made.expression, CombinedExpression) else made.text
    return Made(getattr(made.expression, direction)(**nulls), f"{text}.{direction}({words})")


def _option(option: str, value: str) -> Any:
    if option in _FLAGS:
        return option_value(value) == "on"
    try:
        return int(value)
    except ValueError:
        raise Inexpressible(f"Django has no word for the storage parameter {option}={value}") from None


def _prove(
    declaration: Declaration, index: Index, name: str, table: MappedTable, project: ProjectMap
) -> None:
    """Compile the declaration with Django and compare it with our own DDL, structure against structure."""
    compiled = _compiled(declaration, table, project)
    try:
        theirs = read_index(compiled, schema=index.schema)
        ours = read_index(ddl.create_index(index, name))
    except ValueError:
        raise Inexpressible("its SQL could not be compared with Django's") from None
    expected = replace(ours[1], schema="")
    if theirs[0] != name or not same(theirs[1], expected):
        raise Inexpressible(f"Django would build something else: {compiled}")


def _prove_options(
    declaration: Declaration, options: Options, table: MappedTable, project: ProjectMap
) -> None:
    wanted = tuple(sorted((name, option_value(value)) for name, value in options))
    compiled = _compiled(declaration, table, project)
    if read_options(compiled) != wanted:
        raise Inexpressible(f"Django would give it other storage parameters: {compiled}")


def _compiled(declaration: Declaration, table: MappedTable, project: ProjectMap) -> str:
    try:
        return str(declaration.index.create_sql(table.model, project.editor))
    except (FieldError, ValidationError, ValueError, TypeError) as error:
        raise Inexpressible(f"Django cannot compile the declaration: {error}") from None
