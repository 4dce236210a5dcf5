"""The indexes that the database has on the tables of a model or of an app, as a shell shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model

from indexical.catalog import snapshot
from indexical.django.database import database_url
from indexical.django.tables import map_models, split_table
from indexical.errors import InputError
from indexical.model import Catalog
from indexical.pg.session import connect
from indexical.report.sections import Column, Section, Table
from indexical.report.text import render_sections
from indexical.report.units import size


@dataclass(frozen=True, slots=True)
class Listed:
    schema: str
    table: str
    name: str
    definition: str
    """As PostgreSQL words it."""
    size: int
    """Bytes."""
    valid: bool


class Listing:
    """Indexes by table and name; a shell shows them as a table."""

    def __init__(self, title: str, indexes: tuple[Listed, ...]) -> None:
        self.title = title
        self.indexes = indexes

    def largest(self, limit: int = 20) -> Listing:
        """The largest of them, the largest first."""
        ordered = sorted(self.indexes, key=lambda each: (-each.size, each.schema, each.name))
        return Listing(f"{self.title}, the largest {limit}", tuple(ordered[:limit]))

    def __iter__(self) -> Iterator[Listed]:
        return iter(self.indexes)

    def __len__(self) -> int:
        return len(self.indexes)

    def __repr__(self) -> str:
        columns = (Column("table"), Column("index"), Column("size", right=True), Column("definition"))
        rows = tuple(
            (each.table, each.name, size(each.size), each.definition + ("" if each.valid else " (not valid)"))
            for each in self.indexes
        )
        return render_sections((Section(self.title, table=Table(columns, rows)),), width=160)


def listed(what: type[Model] | str | None, using: str) -> Listing:
    """The indexes on a model's table, or on all tables of the app with this label, those between two models included.

    Without either, those of every table that the database has.

    Raises :class:`InputError` for anything else and for an app that is not installed.
    """
    with connect(database_url(using)) as session:
        catalog = snapshot(session)
    if what is None:
        return Listing(f"Indexes of {catalog.database}", tuple(_found(catalog, None)))
    tables = _tables(what)
    title = f"Indexes of {what if isinstance(what, str) else what._meta.label}"
    return Listing(title, tuple(_found(catalog, tables)))


def _tables(what: type[Model] | str) -> frozenset[tuple[str, str]]:
    if isinstance(what, type) and issubclass(what, Model):
        return frozenset({split_table(what._meta.db_table)})
    if not isinstance(what, str):
        raise InputError(f"give a model or the label of an app; {type(what).__name__} is neither")
    labels = sorted(config.label for config in apps.get_app_configs())
    if what not in labels:
        raise InputError(f"no app has the label {what!r}; installed are: {', '.join(labels)}")
    mapped = (each for each in map_models(apps) if each.model._meta.app_label == what)
    return frozenset((each.schema, each.name) for each in mapped)


def _found(catalog: Catalog, tables: frozenset[tuple[str, str]] | None) -> Iterator[Listed]:
    for table in sorted(catalog.tables, key=lambda each: (each.schema, each.name)):
        if tables is None or ("", table.name) in tables or (table.schema, table.name) in tables:
            for each in sorted(table.indexes, key=lambda one: one.name):
                yield Listed(table.schema, table.name, each.name, each.definition, each.size, each.valid)
