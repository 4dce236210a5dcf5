"""What in a Django project declares an existing index.

Django makes indexes for more than ``Meta.indexes``: for ``db_index``, ``unique``, foreign keys, ``LIKE`` on text
(``_like``), ``unique_together``, constraints and many-to-many tables. See
https://docs.djangoproject.com/en/5.2/ref/databases/#indexes-for-varchar-and-text-columns and the schema editor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, Model, UniqueConstraint

from indexical.django.compiled import canonical, read_index, same
from indexical.django.migration_source.changes import FieldIndexSql
from indexical.django.tables import MappedTable, ProjectMap
from indexical.model import ExistingIndex, Index, Key

META_INDEXES = "Meta.indexes"
DB_INDEX = "db_index"
FOREIGN_KEY = "ForeignKey"
LIKE = "_like"
MANY_TO_MANY = "ManyToManyField"
UNIQUE = "unique"
ONE_TO_ONE = "OneToOneField"
UNIQUE_TOGETHER = "unique_together"
CONSTRAINT = "Meta.constraints"
PRIMARY_KEY = "primary_key"


@dataclass(frozen=True, slots=True)
class Declared:
    """One index that the models ask for."""

    by: str
    """One of the words above."""
    name: str
    """The name Django gives it; empty where PostgreSQL chooses."""
    index: Index | None
    """Its structure; None when it could not be compiled."""
    field: str = ""
    """The field that carries it, for ``db_index``, ``unique``, keys and ``_like``."""
    companion_of: str = ""
    """For a ``_like`` index: ``db_index``, ``unique`` or ``ForeignKey``."""


def declared_indexes(table: MappedTable, project: ProjectMap) -> tuple[Declared, ...]:
    """Every index of the table that the model declares, in the order Django makes them."""
    return tuple(_declared(table, project))


def like_name(table: MappedTable, field: Field[Any, Any], project: ProjectMap) -> str:
    """The name of the field's ``_like`` companion; empty when it has none."""
    statement = project.editor._create_like_index_sql(table.model, field)
    return "" if statement is None else read_index(str(statement))[0]


def existing_field_indexes(
    table: MappedTable, field: Any, existing: Iterable[ExistingIndex], project: ProjectMap
) -> tuple[FieldIndexSql, ...]:
    """Drop and re-creation of a field's own indexes, in Django's words; sorted by name.

    Where the database's name is not the one Django gives today, as after a renamed table, both are dropped: a new database
    may have either.
    """
    found: dict[str, FieldIndexSql] = {}
    for one in existing:
        opclasses = [key.opclass.rpartition(".")[2] for key in one.index.keys if key.opclass]
        create = _create_concurrently(table, field, one.name, opclasses, project)
        found[one.name] = FieldIndexSql(one.name, _drop_concurrently(table, one.name, project), create)
        usual = (
            like_name(table, field, project) if opclasses else automatic_name(table, field.column, project)
        )
        if usual and usual not in found:
            found[usual] = FieldIndexSql(usual, _drop_concurrently(table, usual, project), "")
    return tuple(found[name] for name in sorted(found))


def _create_concurrently(
    table: MappedTable, field: Any, name: str, opclasses: list[str], project: ProjectMap
) -> str:
    statement = project.editor._create_index_sql(
        table.model, fields=[field], name=name, opclasses=opclasses, concurrently=True
    )
    return str(statement)


def _drop_concurrently(table: MappedTable, name: str, project: ProjectMap) -> str:
    return str(project.editor._delete_index_sql(table.model, name, concurrently=True))


def automatic_name(table: MappedTable, column: str, project: ProjectMap) -> str:
    """The name the schema editor gives to the plain index of one column."""
    return str(project.editor._create_index_name(table.model._meta.db_table, [column], suffix=""))


def same_structure(existing: ExistingIndex, declared: Declared) -> bool:
    """Whether the existing index is what the declaration asks for, names left aside."""
    if declared.index is None or bool(existing.constraint) != (declared.by in _BACKED):
        return False
    return same(existing.index, declared.index)


_BACKED = frozenset(
    {PRIMARY_KEY, UNIQUE, ONE_TO_ONE, UNIQUE_TOGETHER, CONSTRAINT, MANY_TO_MANY + " " + UNIQUE}
)


def _declared(table: MappedTable, project: ProjectMap) -> Iterator[Declared]:
    model = table.model
    for field in model._meta.local_concrete_fields:
        yield from _of_field(table, field, project)
    for names in model._meta.unique_together:
        yield _unique(table, _columns(model, names), _word(table, UNIQUE_TOGETHER))
    for constraint in model._meta.constraints:
        yield from _of_constraint(table, constraint, project)
    for index in model._meta.indexes:
        statement = index.create_sql(model, project.editor)
        yield _compiled(table, META_INDEXES, str(statement), fallback=index.name)


def _of_field(table: MappedTable, field: Field[Any, Any], project: ProjectMap) -> Iterator[Declared]:
    column = str(field.column)
    if field.primary_key:
        yield _unique(table, (column,), PRIMARY_KEY, field.name)
    elif field.unique:
        yield _unique(table, (column,), ONE_TO_ONE if field.one_to_one else UNIQUE, field.name)
    elif getattr(field, "db_index", False):
        by = MANY_TO_MANY if table.through_of else FOREIGN_KEY if field.is_relation else DB_INDEX
        statement = project.editor._create_index_sql(table.model, fields=[field])
        yield _compiled(table, by, str(statement), field=field.name)
    like = project.editor._create_like_index_sql(table.model, field)
    if like is not None:
        yield _compiled(table, LIKE, str(like), field=field.name, companion_of=_companion(field))


def _companion(field: Field[Any, Any]) -> str:
    if field.primary_key:
        return PRIMARY_KEY
    if field.unique:
        return UNIQUE
    return FOREIGN_KEY if field.is_relation else DB_INDEX


def _of_constraint(table: MappedTable, constraint: Any, project: ProjectMap) -> Iterator[Declared]:
    if not isinstance(constraint, UniqueConstraint):
        yield Declared(CONSTRAINT, constraint.name, None)
        return
    statement = str(constraint.create_sql(table.model, project.editor) or "")
    if statement.startswith("CREATE"):
        # Conditions, expressions, INCLUDE and opclasses make a unique index instead of a constraint.
        yield _compiled(table, CONSTRAINT + " index", statement, fallback=constraint.name)
    elif statement:
        columns = _columns(table.model, constraint.fields)
        yield Declared(CONSTRAINT, constraint.name, _unique(table, columns, CONSTRAINT).index)


def _unique(table: MappedTable, columns: tuple[str, ...], by: str, field: str = "") -> Declared:
    keys = tuple(Key.asc(column) for column in columns)
    return Declared(by, "", Index(table.schema, table.name, keys, unique=True), field)


def _word(table: MappedTable, by: str) -> str:
    return f"{MANY_TO_MANY} {UNIQUE}" if table.through_of else by


def _compiled(
    table: MappedTable, by: str, sql: str, *, field: str = "", companion_of: str = "", fallback: str = ""
) -> Declared:
    try:
        name, index = read_index(sql, schema=table.schema)
    except ValueError:
        return Declared(by, fallback, None, field, companion_of)
    return Declared(by, name, canonical(index), field, companion_of)


def _columns(model: type[Model], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(model._meta.get_field(name).column) for name in names)  # type: ignore[union-attr]
