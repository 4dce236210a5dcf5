"""How long and high the files of the twin's relations are made."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from indexical.model import ExistingIndex, Table
from indexical.twin import metapages, other_sizes, storage
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Attribute, Extent, height_of
from indexical.twin.skeleton import PAGE


def file_pages(table: Table) -> int:
    """How long the planner takes a table to be; a foreign table has no file but what it was analysed with."""
    return table.pages or (max(table.analysed_pages, 0) if table.kind == "f" else 0)


def lengthen(
    server: PrivateServer,
    path: Path,
    method: str,
    extent: Extent,
    table_pages: int,
    numbers: count[int],
    pages_per_range: int = 128,
) -> int:
    """Makes the file of an empty index as long and high as the full one; the number of a new file where it needs one.

    The server builds B-trees past its buffers, so their file may be written; GIN and BRIN get a file it has not seen.
    """
    engine = server.engine
    if method == "btree":
        storage.build_tree(path, extent.pages, extent.height, engine)
        return 0
    if method == "brin":
        first = metapages.brin(table_pages, max(1, pages_per_range))
    elif method == "gin" and extent.entry_pages:
        first = metapages.gin(extent.pages, extent.entry_pages, extent.data_pages, extent.entries)
    else:
        storage.extend(path, max(extent.pages, path.stat().st_size // PAGE), engine)
        return 0
    number = next(numbers)
    storage.begin(path.with_name(str(number)), first, max(extent.pages, 3), engine)
    return number


def existing_gin(existing: ExistingIndex, table: Table) -> Extent:
    """How an existing GIN index is made up: as its columns let expect, in the pages that it has."""
    columns = [table.column(key.column) for key in existing.index.keys]
    attributes = [
        Attribute(-1, "i", column.statistics if column else None, column.type if column else "")
        for column in columns
    ]
    classes = [
        key.opclass.rpartition(".")[2] or ("jsonb_ops" if attribute.type == "jsonb" else "")
        for key, attribute in zip(existing.index.keys, attributes, strict=True)
    ]
    pages = max(2, existing.size // PAGE)
    expected = other_sizes.extent("gin", attributes, classes, existing.tuples, file_pages(table))
    share = expected.entry_pages / max(1, expected.entry_pages + expected.data_pages)
    entry_pages = min(pages - 1, max(1, round((pages - 1) * share)))
    return Extent(pages, existing.tuples, 0, entry_pages, pages - 1 - entry_pages, expected.entries)


def existing_height(existing: ExistingIndex, tables: Mapping[tuple[str, str], Table]) -> int:
    """Levels of an existing B-tree whose metapage could not be read."""
    index = existing.index
    table = tables[(index.schema, index.table)]
    column = table.column(index.keys[0].column)
    known = column.statistics if column is not None else None
    if column is None:
        own = (e for e in table.expression_statistics if e.index == existing.name and e.position == 1)
        known = next((each.statistics for each in own), None)
    width = known.average_width if known is not None and known.average_width else 8
    return height_of(existing.size // PAGE, (Attribute(width, "i"),))
