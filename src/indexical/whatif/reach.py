"""Which tables a statement may read, by the names in its text: what it could notice when an index of theirs goes.

A name that only looks like a table's costs a planner call, never a wrong answer. What is behind views, SQL functions, parents of
partitions and inheriting tables counts too, because the planner plans right through them
(https://www.postgresql.org/docs/18/rules-views.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from indexical.model import Catalog, Table

Place = tuple[str, str]
"""Schema and name."""
_WORD = re.compile(r"[^\W\d][\w$]*")


class Reach:
    """Answers for the statements of one catalog; every text is looked through once."""

    def __init__(self, catalog: Catalog) -> None:
        self._tables = {(table.schema, table.name): table for table in catalog.tables}
        self._named: dict[str, set[Place]] = {}
        self._odd: dict[str, set[Place]] = {}
        """Names that are not one word, which are looked for anywhere in the text."""
        children = _children(catalog.tables)
        for place, table in self._tables.items():
            self._name(table.name, _below(place, children))
        texts = [(view.name, view.definition) for view in catalog.views]
        texts += [(f.name, f.definition) for f in catalog.functions if f.language == "sql"]
        self._see_through(texts)

    def table(self, schema: str, name: str) -> Table | None:
        return self._tables.get((schema, name))

    def tables(self, text: str) -> frozenset[Place]:
        """Tables that a statement of this text may read."""
        return frozenset(self._found(text.lower()))

    def _found(self, text: str) -> set[Place]:
        found: set[Place] = set()
        for word in set(_WORD.findall(text)):
            found |= self._named.get(word, set())
        for name, places in self._odd.items():
            if name in text:
                found |= places
        return found

    def _name(self, name: str, places: Iterable[Place]) -> None:
        spelled = name.lower().replace('"', '""')
        by_name = self._named if _WORD.fullmatch(spelled) else self._odd
        by_name.setdefault(spelled, set()).update(places)

    def _see_through(self, texts: list[tuple[str, str]]) -> None:
        """Gives each view and function the tables of its definition; they may name one another in any order."""
        lowered = [(name, text.lower()) for name, text in texts]
        for _ in range(len(lowered) + 1):
            before = self._known()
            for name, text in lowered:
                self._name(name, self._found(text))
            if self._known() == before:
                return

    def _known(self) -> int:
        return sum(map(len, self._named.values())) + sum(map(len, self._odd.values()))


def _children(tables: Iterable[Table]) -> Mapping[Place, list[Place]]:
    children: dict[Place, list[Place]] = {}
    for table in tables:
        for parent in table.parents:
            children.setdefault(parent, []).append((table.schema, table.name))
    return children


def _below(place: Place, children: Mapping[Place, list[Place]]) -> Iterator[Place]:
    """The place itself and all that inherit from it."""
    seen = {place}
    waiting = [place]
    while waiting:
        each = waiting.pop()
        yield each
        fresh = [child for child in children.get(each, ()) if child not in seen]
        seen.update(fresh)
        waiting += fresh
