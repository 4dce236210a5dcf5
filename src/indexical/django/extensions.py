"""PostgreSQL extensions that an index needs, and which of the project's migrations installs them.

See https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/operations/#createextension-operation. An extension comes in a
migration of its own: it needs another right than the index, runs in a transaction where the index must not, and stays when
the index goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.contrib.postgres import operations
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass, SpGistIndex
from django.db import models
from django.db.migrations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

OPERATIONS: Mapping[str, Callable[[], operations.CreateExtension]] = {
    "btree_gin": operations.BtreeGinExtension,
    "btree_gist": operations.BtreeGistExtension,
    "citext": operations.CITextExtension,
    "hstore": operations.HStoreExtension,
    "pg_trgm": operations.TrigramExtension,
    "pgcrypto": operations.CryptoExtension,
    "unaccent": operations.UnaccentExtension,
}
"""Those for which Django has an operation of its own; for others there is ``CreateExtension``."""
_OPCLASSES = {
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
    "gin_hstore_ops": "hstore",
    "gist_hstore_ops": "hstore",
    "hash_hstore_ops": "hstore",
    "btree_hstore_ops": "hstore",
    "citext_ops": "citext",
    "citext_pattern_ops": "citext",
    "gin__int_ops": "intarray",
    "gist__int_ops": "intarray",
    "gist__intbig_ops": "intarray",
    "gist_ltree_ops": "ltree",
    "gist_cube_ops": "cube",
}
_FUNCTIONS = {
    "unaccent": "unaccent",
    "crypt": "pgcrypto",
    "digest": "pgcrypto",
    "hmac": "pgcrypto",
    "similarity": "pg_trgm",
    "soundex": "fuzzystrmatch",
    "metaphone": "fuzzystrmatch",
    "dmetaphone": "fuzzystrmatch",
}
_SCALARS = (
    models.IntegerField, models.FloatField, models.DecimalField, models.CharField, models.TextField, models.BooleanField,
    models.DateField, models.TimeField, models.DurationField, models.UUIDField, models.ForeignKey, models.AutoField,
)  # fmt: skip
"""Fields whose type has no operator class of its own in GIN and GiST."""
_SCALAR_METHODS = ((GinIndex, "btree_gin"), (GistIndex, "btree_gist"))
_CREATE = re.compile(
    r"""\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?["']?(?P<name>[\w-]+)""", re.IGNORECASE
)


def needed(index: models.Index, fields: Mapping[str, Any]) -> frozenset[str]:
    """Names of the extensions without which PostgreSQL cannot build the index; ``fields`` are the model's, by name."""
    found = {_OPCLASSES.get(_bare(opclass), "") for opclass in index.opclasses}
    for expression in index.expressions:
        found |= set(_of_expression(expression))
    for kind, extension in _SCALAR_METHODS:
        if isinstance(index, kind) and not isinstance(index, SpGistIndex) and _has_scalar(index, fields):
            found.add(extension)
    return frozenset(found - {""})


def installing(names: Iterable[str]) -> list[Operation]:
    """The operations that install the extensions, in order of their names."""
    return [
        OPERATIONS[name]() if name in OPERATIONS else operations.CreateExtension(name)
        for name in sorted(names)
    ]


def installed_by(loader: MigrationLoader) -> dict[str, tuple[str, str]]:
    """For each extension the first migration of the project that installs it, as (app, name)."""
    found: dict[str, tuple[str, str]] = {}
    for key in sorted(loader.graph.nodes):
        migration = loader.graph.nodes[key]
        if migration is None:
            continue
        for operation in migration.operations:
            for name in _installs(operation):
                found.setdefault(name, key)
    return found


def _installs(operation: Operation) -> Iterator[str]:
    if isinstance(operation, operations.CreateExtension):
        yield operation.name
    elif isinstance(operation, SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from _installs(inner)
    elif isinstance(operation, RunSQL):
        yield from (match["name"].lower() for match in _CREATE.finditer(str(operation.sql)))


def _of_expression(expression: Any) -> Iterator[str]:
    if isinstance(expression, OpClass):
        yield _OPCLASSES.get(_bare(str(expression.extra["name"])), "")
    function = str(
        getattr(expression, "extra", {}).get("function") or getattr(expression, "function", "") or ""
    )
    yield _FUNCTIONS.get(function.lower(), "")
    if hasattr(expression, "get_source_expressions"):
        for inner in expression.get_source_expressions():
            yield from _of_expression(inner)


def _has_scalar(index: models.Index, fields: Mapping[str, Any]) -> bool:
    """Whether a plain key without an operator class of its own is of a type that only B-trees know."""
    opclasses = index.opclasses or [""] * len(index.fields)
    plain = [name for (name, _), opclass in zip(index.fields_orders, opclasses, strict=True) if not opclass]
    plain.extend(str(vars(one)["name"]) for one in index.expressions if isinstance(one, models.F))
    kinds = [fields[name] for name in plain if name in fields]
    return any(isinstance(kind, _SCALARS) for kind in kinds)


def _bare(opclass: str) -> str:
    return opclass.partition("(")[0].strip().rpartition(".")[2]
