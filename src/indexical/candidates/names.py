"""What the names in a statement mean to the database: tables, views, types and functions, looked up in constant time.

An unqualified name is looked for along ``search_path`` (https://www.postgresql.org/docs/18/ddl-schemas.html#DDL-SCHEMAS-PATH)
and, since an application may set its own path, then wherever it is unique.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from indexical.candidates.parsing import parse
from indexical.model import Catalog, Column, Table, View

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

_PATH_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^,\s"]+)')
_IMMUTABLE = re.compile(r"\bIMMUTABLE\b")
_RETURNS = re.compile(r"\bRETURNS\s+([\w ]+?)\s*\n", re.IGNORECASE)
_PLAIN_COLLATIONS = frozenset({"C", "POSIX", "ucs_basic", "pg_c_utf8", "pg_unicode_fast"})
_PLAIN_LOCALES = {
    "c": frozenset({"C", "POSIX"}),
    "b": frozenset({"C", "C.UTF-8", "C.UTF8", "PG_UNICODE_FAST"}),
}
"""By provider: libc and PostgreSQL's own. The libc's C.UTF-8 is, to PostgreSQL, a locale like any other."""


class Names:
    """The catalog's names. Reads a view's definition once, when it is first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self.version = catalog.server_version
        self._path = _search_path(dict(catalog.settings).get("search_path", ""))
        self.tables = {(table.schema, table.name): table for table in catalog.tables}
        self._views = {(view.schema, view.name): view for view in catalog.views}
        self._named: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for place in dict.fromkeys((*self.tables, *self._views)):
            self._named[place[1]].append(place)
        self._trees: dict[tuple[str, str], Node | None] = {}
        self._domains = {(each.schema, each.name): each.base for each in catalog.domains}
        self._functions: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for function in catalog.functions:
            self._functions[function.name].append((function.schema, function.definition))

    def find(self, schema: str, name: str) -> Table | View | None:
        """The table or view that a name in a FROM list means."""
        if schema:
            return self._at((schema, name))
        for place in self._path:
            found = self._at((place, name))
            if found is not None:
                return found
        places = self._named.get(name, [])
        return self._at(places[0]) if len(places) == 1 else None

    def _at(self, place: tuple[str, str]) -> Table | View | None:
        table = self.tables.get(place)
        if table is not None and not (table.kind == "v" and place in self._views):
            return table
        return self._views.get(place)

    def definition(self, view: View) -> Node | None:
        """A view's query; None when it cannot be read."""
        place = view.schema, view.name
        if place not in self._trees:
            tree = parse(view.definition.strip().rstrip(";"))
            self._trees[place] = None if isinstance(tree, str) else tree
        return self._trees[place]

    def type_of(self, column: Column) -> str:
        """The column's type without its length, a domain's base type; as ``format_type`` names it."""
        if column.type_kind != "d":
            return plain_type(column.type)
        bare = column.type.replace('"', "")
        base = next(
            (base for (schema, name), base in self._domains.items() if bare in (name, f"{schema}.{name}")), ""
        )
        return plain_type(base)

    def function(self, schema: str, name: str) -> str | None:
        """What a function of the database's own returns, empty when that is not told; None unless it is IMMUTABLE.

        Of overloaded functions all must be.
        """
        found = [body for place, body in self._functions.get(name, ()) if not schema or place == schema]
        if not found or not all(_IMMUTABLE.search(_head(body)) for body in found):
            return None
        types = {match[1].strip().lower() for body in found if (match := _RETURNS.search(_head(body) + "\n"))}
        return types.pop() if len(types) == 1 else ""


def plain_type(text: str) -> str:
    """A type's name without its length: ``character varying(20)`` is ``character varying``."""
    return re.sub(r"\s*\([^)]*\)", "", text).removeprefix("pg_catalog.")


def _head(definition: str) -> str:
    """The part of a function's definition before its body, where what it promises stands."""
    return re.split(r"\bAS \$|\nBEGIN ATOMIC|\nRETURN ", definition, maxsplit=1)[0]


def _search_path(setting: str) -> tuple[str, ...]:
    names = tuple(
        match[1].replace('""', '"') if match[1] else match[2] for match in _PATH_ITEM.finditer(setting)
    )
    return tuple(name for name in names if name and name != "$user") or ("public",)


def orders_by_bytes(catalog: Catalog, collation: str) -> bool:
    """Whether a B-tree under a collation finds prefixes, as it orders texts by their bytes; the empty one is the default."""
    name = collation.removeprefix("pg_catalog.").strip('"')
    if name and name != "default":
        return name in _PLAIN_COLLATIONS
    settings = dict(catalog.settings)
    provider = settings.get("locale_provider", "") or "c"
    locale = settings.get("locale" if provider == "b" else "lc_collate", "")
    return locale in _PLAIN_LOCALES.get(provider, ())
