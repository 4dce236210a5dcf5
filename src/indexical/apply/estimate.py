"""Roughly how large an index will be and how long its concurrent build will take, before anything is built.

The size follows the B-tree page layout (https://www.postgresql.org/docs/18/btree.html#BTREE-STRUCTURE): an eight-byte
tuple header, keys padded to eight bytes, a four-byte line pointer, pages filled to 90 %. Deduplication is left out, so the
figure is an upper one, as far as the planner knows how many rows a predicate leaves. A concurrent build scans the table
twice and sorts once.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexical.apply.facts import Facts
from indexical.model import Index

_TUPLE_HEADER = 8
_LINE_POINTER = 4
_FILL = 0.9
_UNKNOWN_WIDTH = 16
_SCAN_BYTES_PER_SECOND = 150e6
_SORTED_ROWS_PER_SECOND = 600_000
_SCANS = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    bytes: int
    seconds: float


def estimate(facts: Facts, index: Index, name: str = "") -> Estimate:
    """Bytes of the index and seconds of its build; zeros when the table is unknown or was never analysed.

    With the ``name`` of a build, what the planner said of its predicate and expressions counts.
    """
    table = facts.table(index.schema, index.table)
    shape = facts.content(name).shape
    if table is None or (table.rows <= 0 and shape is None):
        return Estimate(0, 0.0)
    # Of a table that was never analysed the planner still knows the length.
    rows = table.rows if shape is None else shape.rows
    width = shape.width if shape else _width(facts, index)
    padded = -(-width // 8) * 8
    size = rows * (_TUPLE_HEADER + padded + _LINE_POINTER) / _FILL
    seconds = _SCANS * table.bytes / _SCAN_BYTES_PER_SECOND + rows / _SORTED_ROWS_PER_SECOND
    return Estimate(int(size), seconds)


def _width(facts: Facts, index: Index) -> int:
    columns = [key.column for key in index.keys] + list(index.include)
    known = [facts.width(index.schema, index.table, column) if column else None for column in columns]
    return sum(_UNKNOWN_WIDTH if width is None else width for width in known)
