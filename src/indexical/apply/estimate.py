"""Roughly how large an index will be and how long its concurrent build will take, before anything is built.

The size follows the B-tree page layout (https://www.postgresql.org/docs/18/btree.html#BTREE-STRUCTURE): an eight-byte
tuple header, keys padded to eight bytes, a four-byte line pointer, pages filled to 90 %. Deduplication is left out and a
partial index is counted whole, so the figure is an upper one. A concurrent build scans the table twice and sorts once.
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


def estimate(facts: Facts, index: Index) -> Estimate:
    """Bytes of the index and seconds of its build; zeros when the table is unknown or was never analysed."""
    table = facts.table(index.schema, index.table)
    if table is None or table.rows <= 0:
        return Estimate(0, 0.0)
    columns = [key.column for key in index.keys] + list(index.include)
    width = 0
    for column in columns:
        known = facts.width(index.schema, index.table, column) if column else None
        width += known if known is not None else _UNKNOWN_WIDTH
    padded = -(-width // 8) * 8
    size = table.rows * (_TUPLE_HEADER + padded + _LINE_POINTER) / _FILL
    seconds = _SCANS * table.bytes / _SCAN_BYTES_PER_SECOND + table.rows / _SORTED_ROWS_PER_SECOND
    return Estimate(int(size), seconds)
