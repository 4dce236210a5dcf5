"""docs/lookups.md from the table of lookups. ``python -m tests.django.lookups_page`` prints it."""

from __future__ import annotations

import sys

from tests.django.lookups_table import COLLECTIONS, DATES, DOCUMENTS, LOOKUPS, NUMBERS, TEXTS, Lookup

HEAD = """# Lookups and their indexes

What a developer writes, and the index that PostgreSQL uses for the SQL that Django really sends. Each row is tested on
PostgreSQL 15 and 18 with 200,000 rows: before, the plan reads the whole table (or sorts it); with the declared index and
after `ANALYZE`, the plan uses that index. The declarations are what Indexical writes into `Meta.indexes`; the names are
left out here.

`Index` is `models.Index`; `GinIndex`, `GistIndex`, `BrinIndex`, `HashIndex` and `OpClass` come from
`django.contrib.postgres.indexes`, `Upper`, `TruncDate` and their like from `django.db.models.functions`, `KeyTransform`
from `django.db.models.fields.json`. Operator classes of an extension (`gin_trgm_ops`, a number in a GIN or GiST index)
need that [extension](safe-changes.md#migration-operations), for which `write` makes a migration of its own.

This page is made from the table that the tests go through (`tests/django/lookups_table.py`).
"""
FOOT = """
## What no index serves

- A leading wildcard without trigrams: a B-tree knows only beginnings. Fewer than three fixed characters help trigrams
  little.
- `__search` on a text field without a configuration: PostgreSQL's default may change, so the expression cannot be indexed.
  Give `SearchQuery(..., config="english")`.
- `TruncMonth` and its like on a `DateField`: PostgreSQL turns the date into a point in time of the session's zone first.
  A range (`day__gte`, `day__lt`) serves instead.
- Truncations in another time zone than `TIME_ZONE`: Django's migrations cannot hold one.
- `exclude()` on a common value, a boolean that is true for half of the rows, and anything else that finds a large part of
  the table: reading all of it is cheaper.
"""
SECTIONS = (
    ("Text", TEXTS),
    ("Dates, order, pages and relations", DATES),
    ("Numbers and other plain values", NUMBERS),
    ("JSON and full text", DOCUMENTS),
    ("Arrays, hstore and ranges", COLLECTIONS),
)
_BEFORE = {"Seq Scan": "reads all", "Sort": "sorts all"}


def page() -> str:
    parts = [HEAD]
    for title, lookups in SECTIONS:
        parts.append(f"\n## {title}\n\n| lookup | query | index | without |\n|---|---|---|---|\n")
        parts.extend(_row(one) for one in lookups)
    if sum(len(lookups) for _, lookups in SECTIONS) != len(LOOKUPS):
        raise ValueError("a lookup is in no section")
    return "".join([*parts, FOOT])


def _row(one: Lookup) -> str:
    declaration = one.declaration.replace("models.", "").replace(', name="x")', ")")
    cells = (one.topic, _code(one.code), _code(declaration), _BEFORE[one.before])
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    """Inline code that a table takes: a bar would end the cell."""
    return "`" + text.replace("|", "\\|") + "`"


if __name__ == "__main__":
    sys.stdout.write(page())
