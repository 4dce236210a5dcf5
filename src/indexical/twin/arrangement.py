"""What of a twin's indexes the planner sees at the moment, and the least that has to change for the next question.

Turning an index on or off makes PostgreSQL read it anew, some 50 microseconds each, so only differences are sent, and only those
on tables that the statement is about. An index that is merely turned off is still looked at with every plan; one that has not
been used for a while is parked, which takes it off its table's list. Taking one off the list or putting it back makes PostgreSQL
read the whole table anew, so a number of idle ones is kept at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

AT_HAND = 48
"""Idle indexes that a table keeps at hand."""

Scope = frozenset[int]
"""Groups of tables; see :func:`groups`."""


@dataclass(frozen=True, slots=True)
class Change:
    """Oids, sorted. Each index is in one of the first three; ``tables`` are those whose list of indexes changes."""

    shown: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    parked: tuple[int, ...] = ()
    tables: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shown or self.hidden or self.parked)

    @property
    def call(self) -> str:
        """The statement that brings it about; it holds nothing but numbers."""
        parts = (self.shown, self.hidden, self.parked, self.tables)
        return f"SELECT indexical_twin.arrange({', '.join(_array(part) for part in parts)})"


@dataclass(frozen=True, slots=True)
class _Known:
    table: int
    group: int
    standing: bool
    """Visible when nothing is asked for."""


class Arrangement:
    """The state of one engine. A wish names the indexes that are not to be as they stand: hypothetical ones, and hidden ones."""

    def __init__(self, groups: Mapping[int, int], at_hand: int = AT_HAND) -> None:
        self._groups = groups
        self._limit = at_hand
        self._known: dict[int, _Known] = {}
        self._turned: set[int] = set()
        """Those that are not as they stand."""
        self._parked: set[int] = set()
        self._idle_since: dict[int, dict[int, int]] = {}
        """Of each table's hypothetical indexes that are not parked: the last question that wanted it."""
        self._doubtful: set[int] = set()
        self._questions = 0

    def know(self, oid: int, table: int, *, standing: bool) -> None:
        """An index that exists in the engine; one that does not stand is parked."""
        self._known[oid] = _Known(table, self._groups.get(table, table), standing)
        if not standing:
            self._parked.add(oid)

    def scope(self, tables: Iterable[int]) -> Scope:
        """What the indexes of these tables can matter to; other relations are passed over."""
        return frozenset(self._groups[table] for table in tables if table in self._groups)

    def distance(self, wish: frozenset[int], scope: Scope | None) -> int:
        """How many indexes would have to change."""
        return len(self._wrong(wish, scope))

    def change(self, wish: frozenset[int], scope: Scope | None) -> Change:
        """What has to change, no more than what is in the scope; without one everything counts."""
        self._questions += 1
        wrong = self._wrong(wish, scope) | self._doubtful
        fetched = {oid for oid in wrong if oid in self._parked or oid in self._doubtful}
        tables = {self._known[oid].table for oid in fetched}
        staying = wish | (self._turned - wrong)
        parked = {oid for table in tables for oid in self._spare(table, staying)}
        shown = {oid for oid in wrong if (oid in wish) is not self._known[oid].standing}
        for oid in wish:
            known = self._known[oid]
            if not known.standing:
                self._idle_since.setdefault(known.table, {})[oid] = self._questions
        return Change(
            tuple(sorted(shown)), tuple(sorted(wrong - shown - parked)), tuple(sorted(parked)), tuple(sorted(tables))
        )  # fmt: skip

    def done(self, change: Change, wish: frozenset[int]) -> None:
        """The change has been made."""
        touched = {*change.shown, *change.hidden, *change.parked}
        self._turned = (self._turned - touched) | {oid for oid in touched if oid in wish}
        self._parked = (self._parked - touched) | set(change.parked)
        self._doubtful -= touched
        for oid in change.parked:
            self._idle_since[self._known[oid].table].pop(oid, None)

    def failed(self, change: Change) -> None:
        """Nobody knows whether the change has been made: it is made again, whatever is asked next."""
        self._doubtful.update(change.shown, change.hidden, change.parked)

    def _wrong(self, wish: frozenset[int], scope: Scope | None) -> set[int]:
        different = self._turned ^ wish
        if scope is None:
            return different
        return {oid for oid in different if self._known[oid].group in scope}

    def _spare(self, table: int, staying: frozenset[int]) -> list[int]:
        """Idle indexes of the table beyond those to keep at hand, the longest idle first."""
        idle = [(since, oid) for oid, since in self._idle_since.get(table, {}).items() if oid not in staying]
        return [oid for _, oid in sorted(idle)[: max(0, len(idle) - self._limit)]]


def groups(parents: Mapping[int, Iterable[int]]) -> dict[int, int]:
    """For each table the group that is planned together: the table with its partitions or children, and theirs."""
    leader = {table: table for table in parents}

    def of(table: int) -> int:
        while leader[table] != table:
            leader[table] = leader[leader[table]]
            table = leader[table]
        return table

    for table in sorted(parents):
        for parent in parents[table]:
            if parent in leader:
                a, b = sorted((of(table), of(parent)))
                leader[b] = a
    return {table: of(table) for table in leader}


def _array(oids: Iterable[int]) -> str:
    return f"'{{{','.join(map(str, oids))}}}'"
