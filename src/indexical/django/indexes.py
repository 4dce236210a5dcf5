"""Questions about indexes in a shell: ``from indexical.django import indexes; indexes.why(Order.objects.filter(...))``.

Reads only: the planner twin plans, and the database is asked for its schema, its statistics and a sample of the tables.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import Model, QuerySet

from indexical.catalog import snapshot
from indexical.diagnose import diagnose, reduced
from indexical.django.capture.placeholders import number_placeholders
from indexical.django.capture.values import write
from indexical.django.database import database_url
from indexical.django.listing import Listing, listed
from indexical.errors import InputError
from indexical.model import Statement
from indexical.model.diagnosis import Diagnosis
from indexical.pg.session import connect
from indexical.report.diagnosis import diagnosis_sections
from indexical.report.text import render_sections

__all__ = ["Listing", "Why", "of", "statement_of", "why"]


class Why:
    """A diagnosis that a shell shows as text."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis

    def __repr__(self) -> str:
        return render_sections(diagnosis_sections(self.diagnosis), width=110)

    @property
    def cause(self) -> str:
        """The first cause's name; empty when nothing is wrong or nothing could be proven."""
        return self.diagnosis.causes[0].name if self.diagnosis.causes else ""


def of(what: type[Model] | str | None = None, *, using: str = "default") -> Listing:
    """The indexes that the database has on a model's table or on all tables of an app: ``indexes.of("shop")``.

    Without either, all that the database has. ``.largest(20)`` are the largest of them.

    Raises :class:`indexical.errors.IndexicalError` with one line that says what is wrong.
    """
    return listed(what, using)


def why(query: QuerySet[Any] | str, index: str = "", *, using: str = "") -> Why:
    """Why a query set, or a query in SQL, does not use an index.

    Args:
        query: a query set, which is not executed, or SQL.
        index: name of the index that should be used; left out, any that comes near.
        using: the database alias; left out, the query set's own or ``default``.

    Raises :class:`indexical.errors.IndexicalError` with one line that says what is wrong.
    """
    if isinstance(query, str):
        alias, statement = using or "default", Statement("query", query.strip().rstrip(";"))
    elif isinstance(query, QuerySet):
        alias = using or query.db
        statement = statement_of(query, alias)
    else:
        raise InputError(f"give a query set or SQL; {type(query).__name__} is neither")
    with connect(database_url(alias)) as session:
        catalog = reduced(snapshot(session), statement)
        return Why(diagnose(statement, catalog, index=index, session=session))


def statement_of(query: QuerySet[Any], alias: str) -> Statement:
    """The statement as Django would send it: with its values in the text, unless the database binds them itself."""
    connection = connections[alias]
    sql, parameters = query.query.get_compiler(alias).as_sql()
    if (connection.settings_dict.get("OPTIONS") or {}).get("server_side_binding"):
        numbered = number_placeholders(sql)
        written = [write(value, server_side=True) for value in numbered.arrange(parameters)]
        sample = tuple(text for text, _ in written)
        return Statement("query", numbered.sql, types=tuple(kind for _, kind in written), samples=(sample,))
    with connection.cursor() as cursor:
        text = cursor.mogrify(sql, parameters)
    return Statement("query", text.decode() if isinstance(text, bytes) else str(text))
