"""The planner twin: answers "what if" with the plans and costs production's own planner would give.

Schema, statistics, settings and sizes are those of a :class:`Catalog`; there are no rows, and production is never asked.
A hypothetical index is a real, empty one whose file is as long and whose tree is as high as the full one's would be; a
configuration is chosen by ``pg_index.indisvalid`` and ``indislive``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from indexical.errors import EngineFailed, PlanRefused
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
from indexical.pg.capabilities import OLDEST
from indexical.twin import clock, schema
from indexical.twin import engine as engines
from indexical.twin.building import Built, build
from indexical.twin.engine import Engine
from indexical.twin.hypothetical import Hypothetical, Order
from indexical.twin.lanes import Lane, Learned
from indexical.twin.locales import initdb_options
from indexical.twin.preparing import ROLE, prepare
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
    "max_locks_per_transaction": "1024",
    "jit": "off",
    "client_min_messages": "error",
}
_NOT_SETTINGS = frozenset(
    {"lc_collate", "lc_ctype", "locale_provider", "locale", "encoding", "plan_cache_mode", "jit"}
)


def open_twin(
    catalog: Catalog, *, engine: Engine | None = None, workers: int = 1, on_event: OnEvent | None = None
) -> Twin:
    """Starts a private server and makes it the twin of the catalog; ``workers`` threads can plan on it at once.

    Without an engine it is one of the source's own major version if there is one here, else the bundled one.
    Raises :class:`EngineFailed` when the engine is older than PostgreSQL 14 or does not start, and
    :class:`indexical.errors.ExtraMissing` when there is none.
    """
    tell = on_event or (lambda stage, share, detail: None)
    chosen = engine or engines.choose(catalog.server_version)
    if chosen.major < OLDEST:
        raise EngineFailed(
            f"the planner twin cannot run on PostgreSQL {chosen.version}: it needs {OLDEST} or newer;"
            ' install the bundled engine with: pip install "indexical[twin]"'
        )
    return Twin(catalog, chosen, tell, workers)


class Twin:
    """A planner that implements :class:`indexical.protocols.Planner`; a context manager.

    :meth:`plan` may be called from several threads; as many run at once as the twin has workers.
    """

    def __init__(self, catalog: Catalog, engine: Engine, tell: OnEvent, workers: int = 1) -> None:
        self.catalog = catalog
        self.calls = 0
        """Plans made so far."""
        self.workers = max(1, workers)
        self._turn = threading.Condition()
        self._making = threading.RLock()
        self._refused: dict[Index, PlanRefused] = {}
        self._orders: dict[tuple[str, str], dict[Index, Order]] = {}
        """Hypothetical indexes, by table, in the order in which every engine makes them."""
        self._lanes: list[Lane] = []
        self._learned = Learned()
        options, notes = initdb_options(catalog, engine.major)
        server = PrivateServer(engine, settings=_SETTINGS, shared_buffers="32MB", locale=options)
        try:
            tell("twin", 0.0, "starting the engine")
            server.start()
            self._lanes.append(Lane(server))
            built = self._build(server, tell)
            self._names, self._parents = _names(existing for existing, _ in built.indexes)
            self._open(server, built, tell)
        except BaseException:
            self.close()
            server.stop()
            raise
        self._number = 0
        self._taken = {each.name for each in catalog.indexes()} | {table.name for table in catalog.tables}
        self._existing: dict[Index, ExistingIndex] = {}
        for existing, _ in built.indexes:
            self._existing.setdefault(existing.index, existing)
        self.not_examined: tuple[NotExamined, ...] = (
            *notes, *_versions(catalog, engine), *_left_out(catalog), *built.not_examined,
        )  # fmt: skip
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
        return self._lanes[0].server.engine.version

    @property
    def data_directory(self) -> Path:
        return self._lanes[0].server.data_directory

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()

    def add(self, indexes: Iterable[Index], *, measured: Mapping[Index, Extent] | None = None) -> None:
        """Makes hypothetical indexes ahead of their first use; ``measured`` gives true sizes where they are known.

        Those of one table that follow each other are made together, which is quicker. Raises :class:`PlanRefused` for one that
        PostgreSQL would not create, once all others of its table have been made.
        """
        for _, some in groupby(indexes, key=lambda index: (index.schema, index.table)):
            self._order(list(some), measured or {})

    def extent(self, index: Index) -> Extent:
        """Pages, tuples and height of an existing or hypothetical index."""
        existing = self._existing.get(index)
        if existing is not None:
            return Extent(existing.size // 8192, existing.tuples, existing.height)
        return self._made(index).extent

    def size(self, index: Index) -> int:
        """Bytes. Raises :class:`PlanRefused` for an index that PostgreSQL would not create."""
        existing = self._existing.get(index)
        if existing is not None and not existing.partitioned:
            return existing.size
        if existing is not None:
            attached = (e for e, _ in self._built.indexes if index in self._parents.get(_key(e), ()))
            return existing.size + sum(each.size for each in attached)
        return self._made(index).extent.pages * 8192

    @contextmanager
    def under(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Other planner settings than the catalog's for what is planned inside; nobody else may plan meanwhile.

        Raises :class:`DatabaseError` for a setting or a value that the engine does not know.
        """
        before = [[(name, lane.planner.rows("SELECT pg_catalog.current_setting(%s) AS value", (name,))[0]["value"])
                   for name in sorted(settings)] for lane in self._lanes] if settings else []  # fmt: skip
        try:
            for lane in self._lanes if settings else ():
                for name, value in sorted(settings.items()):
                    lane.planner.set(name, value)
            yield
        finally:
            for lane, values in zip(self._lanes, before, strict=False):
                for name, value in values:
                    lane.planner.set(name, value)

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        """The plan under a configuration. An index that exists may be named as added, too; that changes nothing.

        Raises :class:`PlanRefused` when the statement cannot be planned, :class:`EngineFailed` when the engine is lost.
        """
        stands = self._lanes[0].stands
        needed = [i for i in configuration.added if not stands(i) or i in configuration.removed]
        for index in needed:
            self._made(index)
        lane = self._take(statement, configuration)
        held = [lane]

        def ready() -> None:
            # Once only: from then on the engine is somebody else's.
            if held:
                self._give_back(held.pop())

        try:
            self._catch_up(lane, needed)
            plan = lane.plan(statement, parameters, configuration, ready)
        finally:
            ready()
        return self._readable(plan, lane.hypothetical)

    def _build(self, server: PrivateServer, tell: OnEvent) -> Built:
        lane = self._lanes[0]
        prepare(lane.admin)
        built = build(server, self.catalog, lane.admin, lambda share, detail: tell("twin", share, detail))
        clock.stop(lane.admin, self.catalog.taken_at, ROLE)
        self._built = built
        return built

    def _open(self, server: PrivateServer, built: Built, tell: OnEvent) -> None:
        """Copies the engine for further workers, and opens the sessions that plan."""
        for number in range(1, self.workers):
            tell("twin", 0.9, f"engine {number + 1} of {self.workers}")
            self._lanes[0].admin.script(["CHECKPOINT"])
            copy = server.copy()
            try:
                copy.start()
                self._lanes.append(Lane(copy))
            except BaseException:
                copy.stop()
                raise
        settings = {name: value for name, value in self.catalog.settings if name not in _NOT_SETTINGS}
        for lane in self._lanes:
            lane.open(self.catalog, built, settings, self._names, self._learned)

    def _take(self, statement: Statement, configuration: Configuration) -> Lane:
        """A free engine, the one that stands nearest to the configuration."""
        with self._turn:
            while True:
                free = [lane for lane in self._lanes if not lane.busy]
                if free:
                    lane = free[0]
                    if len(free) > 1:
                        lane = min(free, key=lambda each: each.distance(statement, configuration))
                    lane.busy = True
                    self.calls += 1
                    return lane
                self._turn.wait()

    def _give_back(self, lane: Lane) -> None:
        with self._turn:
            lane.busy = False
            # Whoever waits may wait for this engine alone.
            self._turn.notify_all()

    @contextmanager
    def _first(self) -> Iterator[Lane]:
        """The engine that makes every hypothetical index first; nobody plans on it meanwhile."""
        lane = self._lanes[0]
        with self._turn:
            self._turn.wait_for(lambda: not lane.busy)
            lane.busy = True
        try:
            yield lane
        finally:
            self._give_back(lane)

    def _made(self, index: Index) -> Hypothetical:
        made = self._lanes[0].made.get(index)
        if made is None:
            self._order([index], {})
            made = self._lanes[0].made[index]
        return made

    def _order(self, indexes: Sequence[Index], measured: Mapping[Index, Extent]) -> None:
        """Has the first engine make indexes of one table; the others do when they need one of them."""
        with self._making:
            orders = self._orders.setdefault((indexes[0].schema, indexes[0].table), {})
            new = {index: self._new(index, measured) for index in indexes
                   if index not in orders and index not in self._refused}  # fmt: skip
            if new:
                with self._first() as lane:
                    self._refused.update(lane.make(list(new.values())))
                    for index, order in new.items():
                        if index in lane.made:
                            # Estimated once: every engine gets the same.
                            orders[index] = replace(order, extents=lane.made[index].extents)
        for index in indexes:
            if index in self._refused:
                raise self._refused[index]

    def _new(self, index: Index, measured: Mapping[Index, Extent]) -> Order:
        while True:
            self._number += 1
            name = f"whatif_{self._number}"
            if name not in self._taken:
                return Order(index, name, (measured[index],) if index in measured else ())

    def _catch_up(self, lane: Lane, needed: Iterable[Index]) -> None:
        """Has an engine make what it lacks, and what comes before it on its table: of equal indexes the first made is taken."""
        for place in sorted({(i.schema, i.table) for i in needed if i not in lane.made}):
            with self._making:
                orders = list(self._orders[place].values())
            missing = [order for order in orders if order.index not in lane.made]
            for index, error in lane.make(missing).items():
                raise EngineFailed(f"the planner twin's engines differ on {index.text}: {error}")

    def _readable(self, plan: Plan, hypothetical: Mapping[str, Index]) -> Plan:
        """The plan with hypothetical indexes shown by their structure instead of the twin's names.

        A partitioned table's index is used where one of its parts is.
        """
        above = [self._parents[name] for name in plan.index_names if name in self._parents]
        if above:
            plan = replace(plan, indexes=plan.indexes.union(*above))
        if not hypothetical or not any(name in hypothetical for name in plan.index_names):
            return plan
        return replace(
            plan,
            nodes=tuple(_shown(node, hypothetical) for node in plan.nodes),
            index_names=tuple(name for name in plan.index_names if name not in hypothetical),
        )


def _shown(node: PlanNode, hypothetical: Mapping[str, Index]) -> PlanNode:
    index = hypothetical.get(node.index)
    return node if index is None else replace(node, index=index.text)


def _key(existing: ExistingIndex) -> str:
    return existing.name


def _names(
    indexes: Iterable[ExistingIndex],
) -> tuple[dict[str, Index], dict[str, tuple[Index, ...]]]:
    """Structures by name; and, by the name of an index that is attached to others, the structures of those."""
    found: dict[str, Index] = {}
    by_place: dict[tuple[str, str], ExistingIndex] = {}
    for existing in indexes:
        found[f"{existing.index.schema}.{existing.name}"] = existing.index
        found.setdefault(existing.name, existing.index)
        by_place[(existing.index.schema, existing.name)] = existing
    parents: dict[str, tuple[Index, ...]] = {}
    for existing in by_place.values():
        above: list[Index] = []
        each: ExistingIndex | None = existing
        while each is not None and each.parent and len(above) < 20:
            each = by_place.get((each.parent_schema or each.index.schema, each.parent))
            above += [each.index] if each is not None else []
        if above:
            parents[_key(existing)] = tuple(above)
    return found, parents


def _versions(catalog: Catalog, engine: Engine) -> Iterator[NotExamined]:
    source = catalog.server_version // 10000
    if source == engine.major:
        return
    why = f"the server is PostgreSQL {source} and the planner twin runs {engine.version}: costs can differ slightly"
    if engine.major < source:
        why += ", and what is new since then is not planned with"
    yield NotExamined("the planner's version", why)


def _left_out(catalog: Catalog) -> Iterator[NotExamined]:
    for name in schema.foreign_extensions(catalog):
        yield NotExamined(
            f"extension {name}", "the planner twin does not have it; what needs it is not examined"
        )
    for role in sorted({setting.role for setting in catalog.scoped_settings if setting.role}):
        names = ", ".join(sorted({s.name for s in catalog.scoped_settings if s.role == role}))
        yield NotExamined(
            f"role {role}",
            f"it has planner settings of its own ({names}); plans are those of the snapshot's role",
        )
