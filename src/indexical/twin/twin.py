"""The planner twin: answers "what if" with the plans and costs production's own planner would give.

Schema, statistics, settings and sizes are those of a :class:`Catalog`; there are no rows, and production is never asked.
A hypothetical index is a real, empty one whose file is as long and whose tree is as high as the full one's would be; a
configuration is chosen by ``pg_index.indisvalid`` inside a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from indexical.errors import ConnectionFailed, DatabaseError, EngineFailed, IndexicalError, PlanRefused
from indexical.model import (
    Catalog,
    Configuration,
    ExistingIndex,
    Index,
    NotExamined,
    Parameters,
    Plan,
    PlanNode,
    Statement,
)
from indexical.pg.capabilities import Capabilities
from indexical.pg.explain import ExplainResult, document, explain_script
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.twin import engine as engines
from indexical.twin.building import ROLE, build
from indexical.twin.engine import Engine
from indexical.twin.hypothetical import Hypothetical, Workshop
from indexical.twin.locales import initdb_options
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Extent

OnEvent = Callable[[str, float, str], None]

_SETTINGS = {
    "autovacuum": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_skip_threshold": "0",
    "checkpoint_timeout": "1h",
    "track_counts": "off",
    "track_activities": "off",
    "max_parallel_workers": "0",
    "max_connections": "10",
    "jit": "off",
    "client_min_messages": "error",
}
_STATEMENT_TIMEOUT_MS = 15_000
_NOT_SETTINGS = frozenset(
    {"lc_collate", "lc_ctype", "locale_provider", "locale", "encoding", "plan_cache_mode", "jit"}
)


def open_twin(catalog: Catalog, *, engine: Engine | None = None, on_event: OnEvent | None = None) -> Twin:
    """Starts a private server and makes it the twin of the catalog.

    Raises :class:`EngineFailed` when the engine is older than PostgreSQL 18 or does not start, and
    :class:`indexical.errors.ExtraMissing` when there is none.
    """
    tell = on_event or (lambda stage, share, detail: None)
    chosen = engine or engines.find()
    answer = Capabilities(chosen.major * 10000).restore_statistics()
    if not answer:
        raise EngineFailed(
            f"the planner twin cannot run on PostgreSQL {chosen.version}: {answer.reason.partition(';')[0]};"
            ' install the bundled engine with: pip install "indexical[twin]"'
        )
    return Twin(catalog, chosen, tell)


class Twin:
    """A planner that implements :class:`indexical.protocols.Planner`; a context manager, not for several threads."""

    def __init__(self, catalog: Catalog, engine: Engine, tell: OnEvent) -> None:
        self.catalog = catalog
        self.calls = 0
        """Plans made so far."""
        options, notes = initdb_options(catalog)
        self._server = PrivateServer(engine, settings=_SETTINGS, shared_buffers="32MB", locale=options)
        self._sessions: list[Session] = []
        self._current: Configuration | None = None
        try:
            tell("twin", 0.0, "starting the engine")
            self._server.start()
            admin = self._connect("postgres", 0)
            built = build(self._server, catalog, admin, lambda share, detail: tell("twin", share, detail))
            self._planner = self._connect(ROLE, _STATEMENT_TIMEOUT_MS)
            self._apply_settings()
        except BaseException:
            self.close()
            raise
        self._existing: dict[Index, list[tuple[ExistingIndex, int]]] = {}
        for existing, oid in built.indexes:
            self._existing.setdefault(existing.index, []).append((existing, oid))
        self._names = _names(existing for existing, _ in built.indexes)
        self._workshop = Workshop(self._server, catalog, admin, built, self._rows)
        self.not_examined: tuple[NotExamined, ...] = (*notes, *built.not_examined)
        tell("twin", 1.0, f"{len(built.tables)} tables, {len(built.indexes)} indexes")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_version(self) -> str:
        """The engine's, such as ``18.6``."""
        return self._server.engine.version

    @property
    def data_directory(self) -> Path:
        return self._server.data_directory

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self._server.stop()

    def add(self, indexes: Iterable[Index], *, measured: Mapping[Index, Extent] | None = None) -> None:
        """Makes hypothetical indexes ahead of their first use; ``measured`` gives true sizes where they are known.

        Raises :class:`PlanRefused` for one that PostgreSQL would not create.
        """
        for index in indexes:
            self._made(index, (measured or {}).get(index))

    def extent(self, index: Index) -> Extent:
        """Pages, tuples and height of an existing or hypothetical index."""
        for existing, _ in self._existing.get(index, ()):
            return Extent(existing.size // 8192, existing.tuples, existing.height)
        return self._made(index).extent

    def size(self, index: Index) -> int:
        """Bytes. Raises :class:`PlanRefused` for an index that PostgreSQL would not create."""
        for existing, _ in self._existing.get(index, ()):
            return existing.size
        return self._made(index).extent.pages * 8192

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        """The plan under a configuration. An index that exists may be named as added, too; that changes nothing.

        Raises :class:`PlanRefused` when the statement cannot be planned, :class:`EngineFailed` when the engine is lost.
        """
        changed = self._changes(configuration)
        self.calls += 1
        return self._plan(statement, parameters, configuration, changed)

    def _plan(
        self, statement: Statement, parameters: Parameters, configuration: Configuration, changed: list[int]
    ) -> Plan:
        session = self._planner
        try:
            opening: list[str] = []
            if self._current != configuration:
                if session.in_transaction:
                    opening.append("ROLLBACK")
                opening.append("BEGIN")
                if changed:
                    opening.append(f"SELECT indexical_twin.flip('{{{','.join(map(str, changed))}}}')")
                self._current = None
            words = explain_script(session, statement, parameters)
            results = session.script([*opening, *words])
            self._current = configuration
            plan = ExplainResult(document(results[-1].get_value(0, 0), statement)).plan(self._names)
        except ConnectionFailed as error:
            raise EngineFailed(f"the planner twin's engine has ended: {error}") from None
        except DatabaseError as error:
            self._reset()
            if isinstance(error, PlanRefused):
                raise
            raise PlanRefused(
                f"statement {statement.id} cannot be planned: {error}", code=error.code
            ) from None
        return self._readable(plan)

    def _reset(self) -> None:
        self._current = None
        if not self._planner.closed and self._planner.in_transaction:
            self._planner.script(["ROLLBACK"])

    def _changes(self, configuration: Configuration) -> list[int]:
        """Oids of the indexes whose validity differs from the twin's own state."""
        changed = []
        for index in configuration.added:
            standing = any(existing.valid for existing, _ in self._existing.get(index, ()))
            if not standing or index in configuration.removed:
                changed.append(self._made(index).oid)
        for index in configuration.removed:
            standing_ones = [pair for pair in self._existing.get(index, ()) if pair[0].valid]
            plain = [pair for pair in standing_ones if not pair[0].backs_constraint]
            changed += [oid for _, oid in plain or standing_ones]
        return sorted(changed)

    def _made(self, index: Index, extent: Extent | None = None) -> Hypothetical:
        made = self._workshop.find(index)
        if made is None:
            # The planner's open transaction holds no lock that would stand in the way of a new index, once it has ended.
            self._reset()
            made = self._workshop.make(index, extent)
            self._names[made.name] = index
        return made

    def _rows(self, sql: str) -> float:
        """How many rows the twin's planner expects of a query."""
        self._reset()
        answer = self._planner.rows(f"EXPLAIN (FORMAT JSON) {sql}")
        return float(answer[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"])

    def _readable(self, plan: Plan) -> Plan:
        """The plan with hypothetical indexes shown by their structure instead of the twin's names."""
        hypothetical = self._workshop.names
        if not hypothetical or not any(name in hypothetical for name in plan.index_names):
            return plan
        return replace(
            plan,
            nodes=tuple(_shown(node, hypothetical) for node in plan.nodes),
            index_names=tuple(name for name in plan.index_names if name not in hypothetical),
        )

    def _connect(self, user: str, timeout_ms: int) -> Session:
        session = connect(
            self._server.url(user=user),
            read_only=False,
            application_name="indexical twin",
            statement_timeout_ms=timeout_ms,
        )
        self._sessions.append(session)
        return session

    def _apply_settings(self) -> None:
        wanted = {name: value for name, value in self.catalog.settings if name not in _NOT_SETTINGS}
        known = {row["name"] for row in self._planner.rows(load("twin_settings"), (list(wanted),))}
        for name in sorted(known):
            try:
                self._planner.set(name, wanted[name])
            except ConnectionFailed:
                raise
            except IndexicalError:
                # A value of another version, such as an enumeration that has changed; the engine's own default stands.
                continue


def _shown(node: PlanNode, hypothetical: Mapping[str, Index]) -> PlanNode:
    index = hypothetical.get(node.index)
    return node if index is None else replace(node, index=index.text)


def _names(indexes: Iterable[ExistingIndex]) -> dict[str, Index]:
    found: dict[str, Index] = {}
    for existing in indexes:
        found[f"{existing.index.schema}.{existing.name}"] = existing.index
        found.setdefault(existing.name, existing.index)
    return found
