"""Makes SQL of the patterns: what Django would send, with the values filled in by psycopg's client-side cursor.

https://www.psycopg.org/psycopg3/docs/advanced/cursors.html#client-side-binding-cursors
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections
from django.db.models import QuerySet

from datagen.documented.draw import Draw, latest_moment


def rows(queryset: QuerySet[Any]) -> Any:
    return list(queryset)


def number(queryset: QuerySet[Any]) -> Any:
    return queryset.count()


def one(queryset: QuerySet[Any]) -> Any:
    return queryset.get()


def first(queryset: QuerySet[Any]) -> Any:
    return queryset.first()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One documented query; ``build`` makes it for one draw of values, ``ask`` sends it."""

    id: str
    build: Callable[[Draw], QuerySet[Any]]
    ask: Callable[[QuerySet[Any]], Any] = rows
    values: bool = True
    """False when the query takes no value, so that one sample says everything."""
    weight: int = 1
    """How often it is asked, compared with the others."""


@dataclass(frozen=True, slots=True)
class Sample:
    id: str
    calls: int
    sql: str


class _Caught(Exception):
    def __init__(self, statement: str, parameters: Any) -> None:
        self.statement, self.parameters = statement, parameters


def filled_in(pattern: Pattern, queryset: QuerySet[Any]) -> str:
    """The first statement Django would send for the question, values included as literals; nothing is executed."""

    def catch(execute: object, statement: str, parameters: Any, many: bool, context: object) -> None:
        raise _Caught(statement, parameters)

    connection = connections[queryset.db]
    connection.ensure_connection()
    try:
        with connection.execute_wrapper(catch):
            pattern.ask(queryset)
    except _Caught as caught:
        return psycopg.ClientCursor(connection.connection).mogrify(caught.statement, caught.parameters)
    raise LookupError(f"The documented query {pattern.id} asked the database nothing; look at its values.")


def shares(total: int, parts: int) -> list[int]:
    """``total`` calls over at most ``parts`` samples, none of them without a call."""
    parts = min(parts, total)
    return [total // parts + (number < total % parts) for number in range(parts)]


def samples(
    patterns: tuple[Pattern, ...], using: str, seed: int, per_query: int, calls: int
) -> Iterator[Sample]:
    """Every pattern in order; its ``weight`` times ``calls`` are shared among its samples.

    Raises LookupError when there is no data to take values from.
    """
    now = latest_moment(using)
    for pattern in patterns:
        weights = shares(calls * pattern.weight, per_query if pattern.values else 1)
        merged: dict[str, int] = {}
        for place, weight in enumerate(weights):
            queryset = pattern.build(Draw(using, seed, pattern.id, place, now)).using(using)
            statement = filled_in(pattern, queryset)
            merged[statement] = merged.get(statement, 0) + weight
        for statement, weight in merged.items():
            yield Sample(pattern.id, weight, statement)
