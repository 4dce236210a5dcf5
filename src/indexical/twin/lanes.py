"""One engine of a twin, with a session that plans and one that changes the catalog.

A configuration is a change of ``pg_index``, of which a server can have one at a time. So a twin that plans on several
connections at once has a server for each: the data directory is copied when the twin is built, which is quick because it holds
no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, IndexicalError, PlanRefused
from indexical.model import Catalog, Configuration, Index, Parameters, Plan, Statement
from indexical.pg.explain import ExplainResult, document, explain_script
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.twin import clock
from indexical.twin.arrangement import Arrangement, Change, Scope, groups
from indexical.twin.building import Built
from indexical.twin.hypothetical import Derived, Hypothetical, Order, Workshop
from indexical.twin.preparing import ROLE
from indexical.twin.server import PrivateServer

_STATEMENT_TIMEOUT_MS = 15_000
_WISHES = 10_000
_MAKING = 100
"""Making an index takes as long as turning so many on."""
_LOOKED_AT = (
    "SELECT relation::pg_catalog.int8 FROM pg_catalog.pg_locks"
    " WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND locktype OPERATOR(pg_catalog.=) 'relation'"
)
"""Every relation that planning has opened is locked until the transaction ends."""


@dataclass(slots=True)
class Learned:
    """What the engines of a twin find out, and all may know."""

    scopes: dict[tuple[str, tuple[str, ...]], Scope] = field(default_factory=dict)
    """Of a statement and its types, which tables it is about; learned with its first plan."""
    derived: Derived = field(default_factory=dict)


class Lane:
    """Used by one thread at a time."""

    def __init__(self, server: PrivateServer) -> None:
        self.server = server
        self.made: dict[Index, Hypothetical] = {}
        self.names: dict[str, Index] = {}
        """Structures by the names that plans have them under."""
        self.hypothetical: dict[str, Index] = {}
        """Those of hypothetical indexes alone."""
        self.busy = False
        self._sessions: list[Session] = []
        self._wishes: dict[Configuration, frozenset[int]] = {}
        self.admin = self._connect("postgres", 0)

    def open(
        self,
        catalog: Catalog,
        built: Built,
        settings: Mapping[str, str],
        names: Mapping[str, Index],
        learned: Learned,
    ) -> None:
        """Gets ready to plan."""
        self.names = dict(names)
        self._scopes = learned.scopes
        self._built = built
        self._arrangement = Arrangement(_table_groups(catalog, built))
        self._existing: dict[Index, list[tuple[bool, bool, int]]] = {}
        children: dict[tuple[str, str], list[int]] = {}
        for existing, oid in built.indexes:
            if existing.parent:
                parent = (existing.parent_schema or existing.index.schema, existing.parent)
                children.setdefault(parent, []).append(oid)
        by_oid = {oid: (existing.index.schema, existing.name) for existing, oid in built.indexes}
        for existing, oid in built.indexes:
            if existing.valid:
                table = built.tables[(existing.index.schema, existing.index.table)]
                self._arrangement.know(oid, table, standing=True)
            for each in _below(oid, by_oid, children):
                self._existing.setdefault(existing.index, []).append(
                    (existing.valid, existing.backs_constraint, each)
                )
        self.planner = self._connect(ROLE, _STATEMENT_TIMEOUT_MS)
        self._apply(settings)
        self._workshop = Workshop(
            self.server, catalog, self.admin, built, self._rows, self.planner, learned.derived
        )

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.server.stop()

    def stands(self, index: Index) -> bool:
        """Whether the index exists and is valid."""
        return any(valid for valid, _, _ in self._existing.get(index, ()))

    def make(self, orders: Sequence[Order]) -> dict[Index, PlanRefused]:
        """Makes hypothetical indexes of one table here, in this order; answers those that PostgreSQL would not create."""
        first = orders[0].index
        table = self._built.tables.get((first.schema, first.table))
        if table is not None:
            # What is estimated of them is to be so as things stand.
            self._arrange(frozenset(), self._arrangement.scope((table,)))
        failed = {}
        for order, made in zip(orders, self._workshop.make(orders), strict=True):
            if isinstance(made, PlanRefused):
                failed[order.index] = made
                continue
            self.made[order.index] = made
            for oid, name, on in zip(made.oids, made.names, made.tables, strict=True):
                self.names[name] = self.hypothetical[name] = order.index
                self._arrangement.know(oid, on, standing=False)
        return failed

    def distance(self, statement: Statement, configuration: Configuration) -> int:
        """How many indexes would have to be turned on or off for the question; more where some have yet to be made."""
        lacking = sum(index not in self.made and not self.stands(index) for index in configuration.added)
        if lacking:
            return _MAKING * lacking
        return self._arrangement.distance(self._wish(configuration), self._scopes.get(_key(statement)))

    def plan(
        self,
        statement: Statement,
        parameters: Parameters,
        configuration: Configuration,
        ready: Callable[[], None],
    ) -> Plan:
        """The plan under a configuration whose indexes have all been made."""
        wish = self._wish(configuration)
        key = _key(statement)
        scope = self._scopes.get(key)
        try:
            words = self._words(statement, parameters)
            change = self._arrangement.change(wish, scope)
            looking = [_LOOKED_AT] if scope is None else []
            with self._changing(change, wish):
                results = self.planner.script(
                    [*_sent(change), "BEGIN READ ONLY", *words, *looking, "ROLLBACK"]
                )
            if scope is None:
                seen = results[-2]
                tables = [int(seen.get_value(row, 0) or 0) for row in range(seen.ntuples)]
                self._scopes[key] = self._arrangement.scope(tables)
            answer = results[-2 - len(looking)].get_value(0, 0)
        except ConnectionFailed as error:
            raise EngineFailed(f"the planner twin's engine has ended: {error}") from None
        except PlanRefused:
            raise
        except DatabaseError as error:
            raise PlanRefused(
                f"statement {statement.id} cannot be planned: {error}", code=error.code
            ) from None
        # From here on the engine is not needed: another thread may have it.
        ready()
        return ExplainResult(document(answer, statement)).plan(self.names)

    def _arrange(self, wish: frozenset[int], scope: Scope | None) -> None:
        change = self._arrangement.change(wish, scope)
        if change:
            with self._changing(change, wish):
                self.planner.script(_sent(change))

    @contextmanager
    def _changing(self, change: Change, wish: frozenset[int]) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._arrangement.failed(change)
            if not self.planner.closed and self.planner.in_transaction:
                self.planner.script(["ROLLBACK"])
            raise
        self._arrangement.done(change, wish)

    def _words(self, statement: Statement, parameters: Parameters) -> list[str]:
        stopped = clock.stopped(statement)
        if stopped is not statement:
            try:
                return self._explained(stopped, parameters)
            except ConnectionFailed:
                raise
            except DatabaseError:
                # What looked like a word for the time was something else.
                pass
        return self._explained(statement, parameters)

    def _explained(self, statement: Statement, parameters: Parameters) -> list[str]:
        if "$" not in statement.sql and not parameters:
            # With a parameter, though it be of no use, PostgreSQL plans anew each time; else it would have to be told to forget
            # every plan, and would then read every statement anew.
            spare = replace(statement, sql=f"{statement.sql}\n/* $1 */", types=("pg_catalog.text",))
            return explain_script(self.planner, spare, ("",))
        return explain_script(self.planner, statement, parameters)

    def _wish(self, configuration: Configuration) -> frozenset[int]:
        """Oids of the indexes whose validity differs from the twin's own state."""
        known = self._wishes.get(configuration)
        if known is not None:
            return known
        changed: set[int] = set()
        for index in configuration.added:
            if not self.stands(index) or index in configuration.removed:
                changed.update(self.made[index].oids)
        for index in configuration.removed:
            standing = [(backs, oid) for valid, backs, oid in self._existing.get(index, ()) if valid]
            plain = [oid for backs, oid in standing if not backs]
            changed.update(plain or [oid for _, oid in standing])
        if len(self._wishes) >= _WISHES:
            self._wishes.clear()
        found = self._wishes[configuration] = frozenset(changed)
        return found

    def _rows(self, sql: str) -> float:
        """How many rows the twin's planner expects of a query."""
        answer = self.planner.rows(f"EXPLAIN (FORMAT JSON) {sql}")
        return float(answer[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"])

    def _connect(self, user: str, timeout_ms: int) -> Session:
        session = connect(
            self.server.url(user=user),
            read_only=False,
            application_name="indexical twin",
            statement_timeout_ms=timeout_ms,
        )
        self._sessions.append(session)
        return session

    def _apply(self, settings: Mapping[str, str]) -> None:
        known = {row["name"] for row in self.planner.rows(load("twin_settings"), (list(settings),))}
        for name in sorted(known):
            try:
                self.planner.set(name, settings[name])
            except ConnectionFailed:
                raise
            except IndexicalError:
                # A value of another version, such as an enumeration that has changed; the engine's own default stands.
                continue
        self.planner.set("search_path", clock.search_path(self.planner))


def _sent(change: Change) -> list[str]:
    return ["BEGIN", change.call, "COMMIT"] if change else []


def _key(statement: Statement) -> tuple[str, tuple[str, ...]]:
    return statement.sql, statement.types


def _table_groups(catalog: Catalog, built: Built) -> dict[int, int]:
    oids = built.tables
    return groups(
        {
            oids[(table.schema, table.name)]: [oids[parent] for parent in table.parents if parent in oids]
            for table in catalog.tables
            if (table.schema, table.name) in oids
        }
    )


def _below(
    oid: int, names: Mapping[int, tuple[str, str]], children: Mapping[tuple[str, str], Sequence[int]]
) -> list[int]:
    """The index, and those attached to it."""
    found = [oid]
    for child in children.get(names[oid], ()):
        found += _below(child, names, children)
    return found
