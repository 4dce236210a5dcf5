"""One engine of a twin, with a session that plans and one that changes the catalog.

A configuration is a change of ``pg_index`` that is rolled back, and two sessions of one server would wait for each other's. So
a twin that plans on several connections at once has a server for each: the data directory is copied when the twin is built,
which is quick because it holds no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, IndexicalError, PlanRefused
from indexical.model import Catalog, Configuration, Index, Parameters, Plan, Statement
from indexical.pg.explain import ExplainResult, document, explain_script
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.twin import clock
from indexical.twin.building import Built
from indexical.twin.hypothetical import Hypothetical, Workshop
from indexical.twin.preparing import ROLE
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Extent

_STATEMENT_TIMEOUT_MS = 15_000


class Lane:
    """Used by one thread at a time."""

    def __init__(self, server: PrivateServer) -> None:
        self.server = server
        self.current: Configuration | None = None
        """The configuration that the open transaction stands for."""
        self.made: dict[Index, Hypothetical] = {}
        self.busy = False
        self._sessions: list[Session] = []
        self._changed: dict[Configuration, list[int]] = {}
        self.admin = self._connect("postgres", 0)

    def open(
        self, catalog: Catalog, built: Built, settings: Mapping[str, str], names: dict[str, Index]
    ) -> None:
        """Gets ready to plan."""
        self._names = names
        self._existing: dict[Index, list[tuple[bool, bool, int]]] = {}
        children: dict[tuple[str, str], list[int]] = {}
        for existing, oid in built.indexes:
            if existing.parent:
                parent = (existing.parent_schema or existing.index.schema, existing.parent)
                children.setdefault(parent, []).append(oid)
        by_oid = {oid: (existing.index.schema, existing.name) for existing, oid in built.indexes}
        for existing, oid in built.indexes:
            for each in _below(oid, by_oid, children):
                self._existing.setdefault(existing.index, []).append(
                    (existing.valid, existing.backs_constraint, each)
                )
        self.planner = self._connect(ROLE, _STATEMENT_TIMEOUT_MS)
        self._apply(settings)
        self._workshop = Workshop(self.server, catalog, self.admin, built, self._rows, self._values)

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.server.stop()

    def stands(self, index: Index) -> bool:
        """Whether the index exists and is valid."""
        return any(valid for valid, _, _ in self._existing.get(index, ()))

    def make(self, index: Index, extents: Sequence[Extent] | None) -> Hypothetical:
        """Makes a hypothetical index here. Raises :class:`PlanRefused` for one that PostgreSQL would not create."""
        # The planner's open transaction holds no lock that would stand in the way of a new index, once it has ended.
        self.reset()
        self._changed.clear()
        made = self.made[index] = self._workshop.make(index, extents)
        return made

    def plan(
        self,
        statement: Statement,
        parameters: Parameters,
        configuration: Configuration,
        ready: Callable[[], None],
    ) -> Plan:
        """The plan under a configuration whose indexes have all been made."""
        session = self.planner
        try:
            opening: list[str] = []
            if self.current != configuration:
                if session.in_transaction:
                    opening.append("ROLLBACK")
                opening.append("BEGIN")
                changed = self._changes(configuration)
                if changed:
                    opening.append(f"SELECT indexical_twin.flip('{{{','.join(map(str, changed))}}}')")
                self.current = None
            words = self._words(statement, parameters)
            results = session.script([*opening, *words])
            self.current = configuration
            answer = results[-1].get_value(0, 0)
        except ConnectionFailed as error:
            raise EngineFailed(f"the planner twin's engine has ended: {error}") from None
        except DatabaseError as error:
            self.reset()
            if isinstance(error, PlanRefused):
                raise
            raise PlanRefused(
                f"statement {statement.id} cannot be planned: {error}", code=error.code
            ) from None
        # From here on the engine is not needed: another thread may have it.
        ready()
        return ExplainResult(document(answer, statement)).plan(self._names)

    def reset(self) -> None:
        """Ends the open transaction: nothing hypothetical is visible any more."""
        self.current = None
        if not self.planner.closed and self.planner.in_transaction:
            self.planner.script(["ROLLBACK"])

    def _words(self, statement: Statement, parameters: Parameters) -> list[str]:
        stopped = clock.stopped(statement)
        if stopped is not statement:
            try:
                return explain_script(self.planner, stopped, parameters)
            except ConnectionFailed:
                raise
            except DatabaseError:
                # What looked like a word for the time was something else.
                self.reset()
        return explain_script(self.planner, statement, parameters)

    def _changes(self, configuration: Configuration) -> list[int]:
        """Oids of the indexes whose validity differs from the twin's own state."""
        known = self._changed.get(configuration)
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
        if len(self._changed) > 10_000:
            self._changed.clear()
        self._changed[configuration] = sorted(changed)
        return self._changed[configuration]

    def _rows(self, sql: str) -> float:
        """How many rows the twin's planner expects of a query."""
        self.reset()
        answer = self.planner.rows(f"EXPLAIN (FORMAT JSON) {sql}")
        return float(answer[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"])

    def _values(self, sql: str) -> list[str | None]:
        """The texts that a query of sample values answers; it can change nothing."""
        self.reset()
        with self.planner.transaction(roll_back=True, one_moment=True):
            return [row["value"] for row in self.planner.rows(sql)]

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


def _below(
    oid: int, names: Mapping[int, tuple[str, str]], children: Mapping[tuple[str, str], Sequence[int]]
) -> list[int]:
    """The index, and those attached to it."""
    found = [oid]
    for child in children.get(names[oid], ()):
        found += _below(child, names, children)
    return found
