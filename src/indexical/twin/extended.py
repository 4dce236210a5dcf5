"""Carries extended statistics over to the twin: the objects themselves are made with the schema, here they get their data.

PostgreSQL 14 to 18 can print ``pg_ndistinct``, ``pg_dependencies`` and ``pg_mcv_list`` and read none of them. So the first two
are put together byte by byte (``statext_ndistinct_serialize`` and ``statext_dependencies_serialize``), and a list of common
values is made by the engine itself: a scratch table gets each combination once and is analysed, and then the frequencies in
what came out are replaced by the true ones (``statext_mcv_serialize``: fixed-width items at the end). The planner reads the
result from ``pg_statistic_ext_data``, https://www.postgresql.org/docs/18/catalog-pg-statistic-ext-data.html.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from indexical.ddl import qualified, quote
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Column, ExtendedStatistics, NotExamined, Table
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin import statistics
from indexical.twin.arrays import grid
from indexical.twin.preparing import ROLE

_NDISTINCT = (0xA352BFA4, 1)
_DEPENDENCIES = (0xB4549A2C, 1)
_SCRATCH = "indexical_scratch"
_MOST_ITEMS = 10_000


def restore(session: Session, tables: Iterable[Table]) -> list[NotExamined]:
    """Loads the data of every statistics object that has some; answers those for which that failed."""
    failed: list[NotExamined] = []
    found = [(table, known) for table in tables for known in table.extended_statistics if _has_data(known)]
    if not found:
        return failed
    session.script(
        [
            f"CREATE CAST (bytea AS pg_catalog.{kind}) WITHOUT FUNCTION"
            for kind in ("pg_ndistinct", "pg_dependencies", "pg_mcv_list")
        ]
    )
    for table, known in found:
        try:
            _restore(session, table, known)
        except ConnectionFailed:
            raise
        except (DatabaseError, ValueError, struct.error) as error:
            if session.in_transaction:
                session.script(["ROLLBACK"])
            why = f"its data could not be loaded: {error}"
            failed.append(NotExamined(f"statistics {known.schema}.{known.name}", why))
    return failed


def distinct_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """``pg_ndistinct`` as it is stored, from its text; ``numbers`` translates column numbers."""
    items = [(_numbers(key, ",", numbers), float(value)) for key, value in json.loads(text).items()]
    packed = [struct.pack(f"<di{len(who)}h", value, len(who), *who) for who, value in items]
    return struct.pack("<III", *_NDISTINCT, len(items)) + b"".join(packed)


def dependency_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """``pg_dependencies`` as it is stored, from its text."""
    items = [
        (_numbers(key.replace("=>", ","), ",", numbers), float(value))
        for key, value in json.loads(text).items()
    ]
    packed = [struct.pack(f"<d{len(who) + 1}h", value, len(who), *who) for who, value in items]
    return struct.pack("<III", *_DEPENDENCIES, len(items)) + b"".join(packed)


def with_frequencies(stored: bytes, dimensions: int, frequencies: Sequence[tuple[float, float]]) -> bytes:
    """A stored ``pg_mcv_list`` with other frequencies and base frequencies, in the order of its items."""
    width = dimensions * 3 + 16
    changed = bytearray(stored)
    start = len(stored) - width * len(frequencies)
    for number, pair in enumerate(frequencies):
        struct.pack_into("<dd", changed, start + number * width + dimensions, *pair)
    return bytes(changed)


def _has_data(known: ExtendedStatistics) -> bool:
    return bool(
        known.distinct or known.dependencies or known.common_frequencies or known.expression_statistics
    )


def _numbers(key: str, separator: str, numbers: Mapping[int, int]) -> list[int]:
    return [numbers.get(int(part), int(part)) for part in key.split(separator)]


def _restore(session: Session, table: Table, known: ExtendedStatistics) -> None:
    numbers = {column.position: place for place, column in enumerate(table.columns, 1) if column.position}
    distinct = distinct_bytes(known.distinct, numbers) if known.distinct else None
    dependencies = dependency_bytes(known.dependencies, numbers) if known.dependencies else None
    values = None
    session.script(["BEGIN"])
    scratch = bool(known.common_frequencies or known.expression_statistics)
    if scratch:
        _make_scratch(session, table, known)
        if known.common_frequencies:
            values = _common_values(session, known)
        _expression_statistics(session, known)
    rows = session.rows(
        load("twin_extended" if session.server_version >= 150000 else "twin_extended_before_15"),
        {
            "schema": known.schema,
            "name": known.name,
            "inherited": known.inherited,
            "distinct": distinct,
            "dependencies": dependencies,
            "values": values,
            "scratch": f"{_SCRATCH}.t" if known.expression_statistics else None,
        },
    )
    if not rows:
        raise ValueError("the engine does not have it")
    session.script([*([f"DROP SCHEMA {_SCRATCH} CASCADE"] if scratch else []), "COMMIT"])


def _make_scratch(session: Session, table: Table, known: ExtendedStatistics) -> None:
    """An empty table with the object's columns and expressions; foreign text runs with the twin's own role."""
    columns = [f"{quote(name)} AS c{place}" for place, name in enumerate(known.columns, 1)]
    columns += [f"({text}) AS e{place}" for place, text in enumerate(known.expressions, 1)]
    session.script([f"CREATE SCHEMA {_SCRATCH} AUTHORIZATION {ROLE}", f"SET LOCAL ROLE {ROLE}"])
    session.execute(
        f"CREATE TABLE {_SCRATCH}.t AS SELECT {', '.join(columns)} FROM {qualified(table.schema, table.name)}"  # noqa: S608
        " WITH NO DATA"
    )


def _common_values(session: Session, known: ExtendedStatistics) -> bytes:
    """The stored form of the object's common values; called as the twin's own role, returns as superuser."""
    names = [f"c{n}" for n in range(1, len(known.columns) + 1)]
    names += [f"e{n}" for n in range(1, len(known.expressions) + 1)]
    given = grid(known.common_values)
    nulls = [[cell.startswith("t") for cell in row] for row in grid(known.common_nulls)]
    pairs = list(zip(known.common_frequencies, known.common_base_frequencies, strict=True))
    if len(given) != len(pairs) or len(nulls) != len(pairs) or len(given) > _MOST_ITEMS:
        raise ValueError("its common values and their frequencies differ in number")
    keys = [
        tuple(None if null else cell for cell, null in zip(row, missing, strict=True))
        for row, missing in zip(given, nulls, strict=True)
    ]
    records = [dict(zip(names, key, strict=True)) for key in keys]
    session.execute(
        f"INSERT INTO {_SCRATCH}.t SELECT * FROM pg_catalog.jsonb_populate_recordset(NULL::{_SCRATCH}.t, %s::jsonb)",  # noqa: S608
        (json.dumps(records),),
    )
    session.script(
        [
            f"CREATE STATISTICS {_SCRATCH}.s (mcv) ON {', '.join(names)} FROM {_SCRATCH}.t",
            f"ALTER STATISTICS {_SCRATCH}.s SET STATISTICS {max(len(keys), 1)}",
            f"ANALYZE {_SCRATCH}.t",
            "RESET ROLE",
        ]
    )
    rows: list[dict[str, Any]] = session.rows(load("twin_extended_values"), (_SCRATCH,))
    true = dict(zip(keys, pairs, strict=True))
    if len(rows) != len(true):
        raise ValueError("the engine did not take all of its common values")
    ordered = []
    for row in rows:
        key = tuple(None if null else cell for cell, null in zip(row["cells"], row["nulls"], strict=True))
        if key not in true:
            raise ValueError("the engine prints its common values in another way")
        ordered.append(true[key])
    return with_frequencies(bytes(rows[0]["stored"]), len(names), ordered) if rows else b""


def _expression_statistics(session: Session, known: ExtendedStatistics) -> None:
    session.script(["RESET ROLE"])
    if not known.expression_statistics:
        return
    # Those that the scratch table's own ANALYZE has left.
    session.script(
        [f"DELETE FROM pg_catalog.pg_statistic WHERE starelid = '{_SCRATCH}.t'::pg_catalog.regclass"]  # noqa: S608
    )
    columns = tuple(
        Column(f"e{place}", "", statistics=replace(each, inherited=False))
        for place, each in enumerate(known.expression_statistics, 1)
    )
    failures = statistics.restore(session, [Table(_SCRATCH, "t", columns)])
    if failures:
        raise ValueError(failures[0].why)
