"""What the rules for expressions, operator classes and access methods other than B-tree have in common."""

from __future__ import annotations

from collections.abc import Iterable

from indexical.candidates.facts import Search, TableFacts
from indexical.candidates.proposal import Proposal
from indexical.model import Catalog, Index, Key, Refusal
from indexical.model.sqltext import normalised

ORDERED_TYPES = frozenset(
    [
        *("smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "boolean"),
        *("character varying", "character", "text", "citext", "name", "uuid", "inet", "cidr", "jsonb", ""),
        *(
            "date",
            "timestamp without time zone",
            "timestamp with time zone",
            "time without time zone",
            "interval",
        ),
    ]
)
"""Types of an expression that a B-tree can hold; the empty one is not known and left to PostgreSQL."""
RANGE_TYPES = frozenset(
    f"{name}{kind}"
    for name in ("int4", "int8", "num", "ts", "tstz", "date")
    for kind in ("range", "multirange")
)
_PUBLIC = frozenset({"public", "pg_catalog"})


def keyed(
    table: TableFacts,
    keys: Iterable[Key],
    *,
    method: str = "btree",
    predicate: str = "",
    bound: int | None = None,
) -> Proposal:
    """A proposal of ready keys; ``bound`` is how many of them never decide an order, all by default."""
    made = tuple(keys)
    index = Index(table.table.schema, table.table.name, made, method=method, predicate=predicate)
    return Proposal(index, len(made) if bound is None else bound)


def with_opclass(key: Key, opclass: str) -> Key:
    return Key(column=key.column, expression=key.expression, opclass=opclass)


def in_extension(
    table: TableFacts, search: Search, extension: str, opclass: str, method: str, catalog: Catalog
) -> Proposal | Refusal:
    """An index with an operator class of an extension; a refusal that names the extension where it is not installed."""
    schema = dict(catalog.extension_schemas).get(extension, "public")
    name = opclass if schema in _PUBLIC else f"{schema}.{opclass}"
    proposal = keyed(table, (with_opclass(search.key, name),), method=method)
    if extension in catalog.extensions:
        return proposal
    detail = f"its operator class comes with the extension {extension}, which the database does not have"
    return Refusal(proposal.index.text, "needs-extension", detail)


def served(table: TableFacts, key: Key, method: str, opclasses: Iterable[str]) -> bool:
    """Whether an existing index of the method answers what the key is for, perhaps with another operator class.

    A GIN index answers by any of its keys, a GiST index well only by its first.
    """
    wanted = key.column, normalised(key.expression)
    suitable = set(opclasses)
    for entry in table.table.indexes:
        if not entry.valid or entry.index.method != method or entry.index.predicate:
            continue
        keys = entry.index.keys if method == "gin" else entry.index.keys[:1]
        for each in keys:
            same = (each.column, normalised(each.expression)) == wanted
            if same and each.opclass.rpartition(".")[2] in suitable:
                return True
    return False
