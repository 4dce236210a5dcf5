"""Findings that the catalog alone is enough for: duplicates, redundant indexes, indexes that are not valid."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.ddl import drop_index
from indexical.model import Catalog, ExistingIndex
from indexical.model.check import CheckFinding
from indexical.selection.redundancy import not_valid, redundancies


def subject(existing: ExistingIndex) -> str:
    """What an index is called in findings: ``table.index``, with the schema when it is not ``public``."""
    index = existing.index
    table = index.table if index.schema == "public" else index.qualified_table
    return f"{table}.{existing.name}"


def of_catalog(catalog: Catalog) -> Iterator[CheckFinding]:
    for each in redundancies(catalog):
        existing = each.existing
        keys = ", ".join(key.text for key in existing.index.keys)
        yield CheckFinding(
            "duplicate" if each.reason == "duplicate" else "redundant",
            subject(existing),
            f"({keys}): {each.evidence}",
            f"drop it: {drop_index(existing.index.schema, existing.name)}",
        )
    for existing in not_valid(catalog):
        yield CheckFinding(
            "invalid",
            subject(existing),
            f"{existing.index.text} is not valid: a concurrent build failed, or is running now",
            "see whether a build is running; if none is, drop it and build it again, as apply does",
        )
