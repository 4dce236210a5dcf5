"""Builders and fakes for tests: catalogs, indexes and statements in one line each, a planner and a cost model without a server.

They are part of the package because every Protocol of :mod:`indexical.protocols` ships with its fake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from indexical.ddl import drop_index
from indexical.errors import PlanRefused
from indexical.model import (
    Advice,
    Catalog,
    Change,
    Column,
    ColumnStatistics,
    Configuration,
    DdlStatement,
    ExistingIndex,
    ForeignKey,
    Index,
    Key,
    Parameters,
    Plan,
    PlanNode,
    Statement,
    Table,
    Workload,
)
from indexical.protocols import Answer

_TYPES = {
    "bool": "boolean",
    "int": "integer",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "decimal": "numeric",
    "float": "double precision",
}
_INDEX = re.compile(
    r"(?:(?P<name>\w+):\s*)?(?:(?P<kind>primary|unique constraint|unique|exclusion)\s+)?"
    r"(?:using\s+(?P<method>\w+)\s+)?(?P<keys>.*?)(?:\s+include\s*\((?P<include>[^)]*)\))?(?:\s+where\s+(?P<where>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_KEY = re.compile(
    r"(?P<column>\w+)?(?:\((?P<expression>.*)\))?(?:\s+(?P<opclass>\w+_ops))?(?:\s+(?P<direction>asc|desc))?"
    r"(?:\s+nulls\s+(?P<nulls>first|last))?",
    re.IGNORECASE,
)


def key(text: str) -> Key:
    """A key from ``created_at DESC``, ``slug varchar_pattern_ops``, ``(lower(email))``."""
    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an index key: {text!r}")
    found = match.groupdict(default="")
    descending = found["direction"].lower() == "desc"
    nulls_first = found["nulls"].lower() == "first" if found["nulls"] else descending
    return Key(
        column="" if found["expression"] else found["column"],
        expression=found["column"] + f"({found['expression']})" if found["column"] and found["expression"]
        else found["expression"],
        opclass=found["opclass"],
        descending=descending,
        nulls_first=nulls_first,
    )  # fmt: skip


def index(
    table: str,
    keys: str,
    *,
    where: str = "",
    include: Sequence[str] = (),
    unique: bool = False,
    method: str = "btree",
) -> Index:
    """``index("public.orders", "user_id, created_at DESC", where="paid")``."""
    schema, _, name = table.rpartition(".")
    return Index(
        schema or "public",
        name,
        tuple(key(part) for part in _parts(keys)),
        method=method,
        include=tuple(include),
        predicate=where,
        unique=unique,
    )


def existing(table: str, text: str, *, oid: int = 0, size: int = 8192, **details: object) -> ExistingIndex:
    """An existing index from ``[name:] [primary|unique constraint|unique] [using METHOD] KEYS [include (...)] [where ...]``."""
    match = _INDEX.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an index: {text!r}")
    found = match.groupdict(default="")
    kind = found["kind"].lower()
    structure = index(
        table,
        found["keys"],
        where=found["where"],
        include=_parts(found["include"]),
        unique=kind in ("primary", "unique constraint", "unique"),
        method=found["method"] or "btree",
    )
    name = (
        found["name"] or f"{structure.table}_{'_'.join(_words(found['keys']))}_{kind.split(' ')[0] or 'idx'}"
    )
    constraint = {"primary": "primary", "unique constraint": "unique", "exclusion": "exclusion"}.get(kind, "")
    made = ExistingIndex(name, structure, oid=oid, size=size, constraint=constraint,
                         constraint_name=name if constraint else "")  # fmt: skip
    return _with(made, details)


def table(
    name: str,
    columns: str,
    *,
    rows: float = 100_000,
    pages: int | None = None,
    indexes: Iterable[str | ExistingIndex] = (),
    statistics: Mapping[str, ColumnStatistics] | None = None,
    foreign_keys: Mapping[str, str] | None = None,
    first_oid: int = 1000,
    kind: str = "r",
) -> Table:
    """``table("orders", "id uuid not null, user_id uuid", indexes=["primary id"], foreign_keys={"user_id": "users.id"})``.

    Without ``pages`` a row is taken to fill 100 bytes. Indexes get ascending oids in the order given.
    """
    schema, _, bare = name.rpartition(".")
    given = statistics or {}
    made = tuple(_column(text, position, given) for position, text in enumerate(_parts(columns), start=1))
    return Table(
        schema or "public",
        bare,
        made,
        indexes=tuple(
            entry if isinstance(entry, ExistingIndex) else existing(name, entry, oid=first_oid + number)
            for number, entry in enumerate(indexes)
        ),
        foreign_keys=tuple(_foreign_key(bare, *pair) for pair in (foreign_keys or {}).items()),
        oid=first_oid - 1,
        rows=rows,
        pages=max(1, int(rows // 80)) if pages is None else pages,
        kind=kind,
    )


def catalog(*tables: Table, version: int = 180000) -> Catalog:
    return Catalog("test", version, f"{version // 10000}.{version % 10000}", tables)


def common(
    values: Mapping[str, float], *, distinct: float = 0.0, null_fraction: float = 0.0
) -> ColumnStatistics:
    """Statistics of a column whose values are all common: ``common({"NEW": 0.05, "DONE": 0.95})``."""
    listed = ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return ColumnStatistics(
        null_fraction=null_fraction,
        average_width=8,
        distinct=distinct or float(len(values)),
        common_values="{" + listed + "}",
        common_frequencies=tuple(values.values()),
    )


def statement(
    sql: str,
    *,
    id: str = "s1",
    calls: float = 1.0,
    samples: Sequence[Sequence[str | None]] = (),
    kind: str = "",
) -> Statement:
    word = sql.split(None, 1)[0].lower() if sql.split() else "other"
    known = {"select", "insert", "update", "delete"}
    return Statement(
        id=id,
        sql=sql,
        kind=kind or (word if word in known else "select" if word in ("with", "(") else "other"),
        calls=calls,
        samples=tuple(tuple(sample) for sample in samples),
    )


def workload(*statements: Statement | str) -> Workload:
    return Workload(
        tuple(
            entry if isinstance(entry, Statement) else statement(entry, id=f"s{number}")
            for number, entry in enumerate(statements, start=1)
        )
    )


class FakeConnection:
    """A database that knows only the answers it was given, by the exact text of the question."""

    def __init__(self, answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Sequence[object] | Mapping[str, object]]] = []

    def rows(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[dict[str, Any]]:
        self.asked.append((sql, parameters))
        if sql not in self.answers:
            raise AssertionError(f"the fake connection has no answer to: {sql}")
        return [dict(row) for row in self.answers[sql]]


class FakeSource:
    """A workload source that holds its workload already."""

    def __init__(self, *statements: Statement | str) -> None:
        self.workload = workload(*statements)

    def read(self) -> Workload:
        return self.workload


class FakeEmitter:
    """An emitter that makes one ``CREATE INDEX`` statement of every recommendation, without rendering anything."""

    def changes(self, advice: Advice) -> tuple[Change, ...]:
        return tuple(
            DdlStatement(
                id=made.name,
                sql=made.ddl,
                undo=drop_index(made.index.schema, made.name),
                summary=made.index.text,
                name=made.name,
                index=made.index,
            )
            for made in advice.create
        )


class FakePlanner:
    """A planner whose costs are written down: per statement id, the cost without any index and the cost with each one.

    A plan uses the cheapest index that the configuration has; existing indexes are named in ``existing`` and are there until
    removed. ``calls`` counts the plans made.
    """

    def __init__(
        self,
        costs: Mapping[str, Mapping[Index | None, float]],
        *,
        sizes: Mapping[Index, int] | None = None,
        existing: Iterable[ExistingIndex] = (),
        refuse: Iterable[str] = (),
    ) -> None:
        self.costs = costs
        self.sizes = sizes or {}
        self.existing = {entry.index: entry.name for entry in existing}
        self.refuse = frozenset(refuse)
        self.calls = 0

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        self.calls += 1
        if statement.id in self.refuse or statement.id not in self.costs:
            raise PlanRefused(
                f"statement {statement.id} cannot be planned: the fake planner has no costs for it"
            )
        known = self.costs[statement.id]
        present = configuration.added | (frozenset(self.existing) - configuration.removed)
        offers = sorted((known[entry], entry) for entry in present if entry in known)
        if not offers or offers[0][0] >= known[None]:
            return Plan(known[None], nodes=(PlanNode("Seq Scan", cost=known[None]),))
        cost, chosen = offers[0]
        name = self.existing.get(chosen, "")
        node = PlanNode("Index Scan", relation=chosen.qualified_table, index=name or chosen.text, cost=cost)
        return Plan(cost, nodes=(node,), indexes=frozenset({chosen}), index_names=(name,) if name else ())

    def size(self, index: Index) -> int:
        return self.sizes.get(index, 8192)


class FakeCosts:
    """A cost model over a :class:`FakePlanner`, with maintenance and HOT groups written down."""

    def __init__(
        self,
        planner: FakePlanner,
        *,
        maintenance: Mapping[Index, float] | None = None,
        hot: Mapping[Index, tuple[tuple[str, float, float, tuple[str, ...]], ...]] | None = None,
        after_hot: Mapping[Index, tuple[tuple[str, float], ...]] | None = None,
    ) -> None:
        self.planner = planner
        self._maintenance = maintenance or {}
        self._hot = hot or {}
        self._after_hot = after_hot or {}

    def cost(self, statement: Statement, configuration: Configuration) -> float:
        return self.plan(statement, configuration).cost

    def plan(self, statement: Statement, configuration: Configuration) -> Plan:
        return self.planner.plan(statement, statement.samples[0] if statement.samples else (), configuration)

    def used(self, statement: Statement, configuration: Configuration) -> frozenset[Index]:
        return self.plan(statement, configuration).indexes

    def spread(self, work: Callable[[Statement], Answer], statements: Sequence[Statement]) -> list[Answer]:
        return [work(statement) for statement in statements]

    def size(self, index: Index) -> int:
        return self.planner.size(index)

    def maintenance(self, index: Index) -> float:
        return self._maintenance.get(index, 0.0)

    def hot_groups(self, index: Index) -> tuple[tuple[str, float, float, tuple[str, ...]], ...]:
        return self._hot.get(index, ())

    def after_hot(self, index: Index) -> tuple[tuple[str, float], ...]:
        return self._after_hot.get(index, ())

    def upkeep(self, configuration: Configuration) -> float:
        """Existing indexes must be written down to count; groups that they end are not known here."""
        present = sorted(configuration.added | (frozenset(self.planner.existing) - configuration.removed))
        groups: dict[str, float] = {}
        for index in configuration.added:
            for id, _, cost, _ in self.hot_groups(index):
                groups[id] = max(groups.get(id, 0.0), cost)
        later = (cost for index in present for id, cost in self.after_hot(index) if id in groups)
        return sum(map(self.maintenance, present)) + sum(groups.values()) + sum(later)

    def reads(self, statement: Statement) -> frozenset[tuple[str, str]]:
        """Tables that any index of the planner is on: each may matter here."""
        known = {index for costs in self.planner.costs.values() for index in costs if index is not None}
        return frozenset((index.schema, index.table) for index in {*known, *self.planner.existing})


def _parts(text: str) -> list[str]:
    """The text cut at commas that stand outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _words(text: str) -> list[str]:
    return [part.split()[0].strip("()") for part in _parts(text)]


def _column(text: str, position: int, statistics: Mapping[str, ColumnStatistics]) -> Column:
    name, _, rest = text.strip().partition(" ")
    written = rest.strip().lower()
    nullable = not written.endswith("not null")
    type_name = _TYPES.get(written.removesuffix("not null").strip(), written.removesuffix("not null").strip())
    return Column(
        name,
        re.sub(r"^varchar", "character varying", type_name),
        position=position,
        nullable=nullable,
        statistics=statistics.get(name),
    )


def _foreign_key(table: str, column: str, target: str) -> ForeignKey:
    where, _, target_column = target.rpartition(".")
    schema, _, name = where.rpartition(".")
    return ForeignKey(f"{table}_{column}_fk", (column,), schema or "public", name, (target_column,))


def _with(made: ExistingIndex, details: Mapping[str, object]) -> ExistingIndex:
    values = {field: getattr(made, field) for field in ExistingIndex.__dataclass_fields__}
    unknown = set(details) - set(values)
    if unknown:
        raise TypeError(f"an existing index has no {', '.join(sorted(unknown))}")
    return ExistingIndex(**{**values, **details})
