"""What an index would meet in the rows of its table: how many it holds, how wide they are, whether an expression fails on
one, whether keys repeat. Asked of a sample or with a time limit, in a transaction that cannot write.

``TABLESAMPLE SYSTEM`` reads whole pages (https://www.postgresql.org/docs/18/sql-select.html#SQL-FROM), so a part of a large
table costs no more than a small table; with ``REPEATABLE`` the same rows are read every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from indexical.ddl import qualified, quote
from indexical.errors import DatabaseError
from indexical.model import Index
from indexical.pg.session import Session

SAMPLE_ROWS = 20_000
TIMED_OUT = "57014"


@dataclass(frozen=True, slots=True)
class Shape:
    """The planner's idea of what the index will hold."""

    rows: float
    width: int
    """Bytes of the keys and included columns of one row."""


@dataclass(frozen=True, slots=True)
class Sampled:
    rows: int
    widest: int
    """Bytes that the widest row takes of what the index holds, as the table stores it."""


def planned(session: Session, index: Index, *, partitioned: bool) -> Shape:
    """Rows that match the predicate and the width of what is indexed. Nothing is executed.

    Raises :class:`DatabaseError`, of SQLSTATE class 42 when the definition does not fit the table.
    """
    with _bounded(session, 5.0):
        rows = session.rows(
            f"EXPLAIN (FORMAT JSON) SELECT {', '.join(_targets(index))} {_source(index, partitioned)}"
        )
    plan = next(iter(rows[0].values()))
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return Shape(float(top["Plan Rows"]), int(top["Plan Width"]))


def sampled(session: Session, index: Index, rows: float, *, partitioned: bool, seconds: float) -> Sampled:
    """The widest of about ``SAMPLE_ROWS`` rows, every one of them if the table of ``rows`` rows has no more.

    Evaluates the expressions and the predicate of the index. Raises :class:`DatabaseError` with the SQLSTATE of an
    expression that fails, or ``TIMED_OUT``.
    """
    share = 100.0 if rows <= SAMPLE_ROWS else 100.0 * SAMPLE_ROWS / rows
    width = " + ".join(f"COALESCE(pg_catalog.pg_column_size({target}), 0)" for target in _targets(index))
    sample = f"TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE (1)" if share < 100 else ""
    with _bounded(session, seconds):
        found = session.rows(
            "SELECT pg_catalog.count(*) AS rows, COALESCE(pg_catalog.max(w), 0)::bigint AS widest "  # noqa: S608
            f"FROM (SELECT {width} AS w {_source(index, partitioned, sample)}) AS sampled"
        )[0]
    return Sampled(found["rows"], found["widest"])


def repeated(
    session: Session, index: Index, *, partitioned: bool, seconds: float, at_most: int = 1000
) -> int:
    """How many keys more than one row holds, counted up to ``at_most``; NULLs are no repetition.

    Reads the whole table. Raises :class:`DatabaseError`, ``TIMED_OUT`` when that takes longer than ``seconds``.
    """
    keys = [quote(key.column) if key.column else f"({key.expression})" for key in index.keys]
    there = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    names = ", ".join(str(number) for number in range(1, len(keys) + 1))
    source = _source(index, partitioned)
    joined = f"{source} AND {there}" if index.predicate else f"{source} WHERE {there}"
    with _bounded(session, seconds):
        return int(
            session.rows(
                "SELECT pg_catalog.count(*) AS keys FROM "  # noqa: S608
                f"(SELECT {', '.join(keys)} {joined} GROUP BY {names} HAVING pg_catalog.count(*) > 1 LIMIT {at_most}) AS found"
            )[0]["keys"]
        )


def _targets(index: Index) -> list[str]:
    keys = [quote(key.column) if key.column else f"({key.expression})" for key in index.keys]
    return keys + [quote(column) for column in index.include]


def _source(index: Index, partitioned: bool, sample: str = "") -> str:
    # ONLY: an index of a table that others inherit from holds the table's own rows. A partitioned table has none.
    only = "" if partitioned else "ONLY "
    where = f" WHERE ({index.predicate})" if index.predicate else ""
    return f"FROM {only}{qualified(index.schema, index.table)} {sample}{where}"


@contextmanager
def _bounded(session: Session, seconds: float) -> Iterator[None]:
    try:
        with session.transaction(roll_back=True, one_moment=True):
            session.set("statement_timeout", f"{int(seconds * 1000)}ms", local=True)
            yield
    except DatabaseError as error:
        if error.code == "55P03":
            raise DatabaseError(str(error), code=TIMED_OUT) from None
        raise
