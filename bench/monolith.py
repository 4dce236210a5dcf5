"""A generated monolith: a catalog of many tables and existing indexes, and a workload of many distinct statements.

Nothing of it is in a database: the catalog is made as a snapshot would tell it, with statistics, so that only the advisor is
measured. The same numbers always give the same catalog and workload.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from indexical.model import (
    Catalog,
    Column,
    ColumnStatistics,
    ExistingIndex,
    ForeignKey,
    Index,
    Key,
    Statement,
    Table,
    Workload,
)

TABLES = 1000
INDEXES = 5000
STATEMENTS = 10_000
SCHEMA = "public"
_STATES = ("new", "open", "paid", "sent", "done", "lost")
_SHARES = (0.02, 0.03, 0.10, 0.15, 0.68, 0.02)
_KINDS = ("a", "b", "c", "d")
_TABLES_PER_APP = 20


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as the statements see it."""

    table: Table
    parents: tuple[tuple[str, str], ...]
    """Foreign key column and the table it points to."""


def make(
    tables: int = TABLES, indexes: int = INDEXES, statements: int = STATEMENTS, seed: int = 20260801
) -> tuple[Catalog, Workload]:
    """The catalog and a workload of ``statements`` distinct ones; fewer are the first of more."""
    chance = random.Random(seed)
    relations: list[Relation] = []
    for number in range(tables):
        relations.append(_relation(number, relations, chance, indexes / tables))
    catalog = Catalog(
        "monolith",
        180000,
        "18.0",
        tuple(relation.table for relation in relations),
        taken_at="2026-08-01T00:00:00+00:00",
        statistics_since="2026-06-01T00:00:00+00:00",
        settings=(("effective_cache_size", "4GB"), ("random_page_cost", "1.1"), ("work_mem", "4MB")),
    )
    return catalog, Workload(_statements(relations, statements, random.Random(seed + 1)), seconds=86_400.0)


def _relation(number: int, before: list[Relation], chance: random.Random, indexes: float) -> Relation:
    app = number // _TABLES_PER_APP
    name = f"app{app:02d}_table{number:04d}"
    rows = float(int(10 ** chance.uniform(3.0, 6.6)))
    parents = _parents(number, before, chance)
    columns = [
        _column("id", "bigint", 1, ColumnStatistics(0.0, 8, -1.0, correlation=1.0,
                histogram=_numbers(rows)), nullable=False, identity="a"),
        _column("token", "uuid", 2, ColumnStatistics(0.0, 16, -1.0, correlation=0.01,
                histogram=_uuids(chance)), nullable=False),
        _column("state", "character varying(16)", 3, ColumnStatistics(0.0, 5, float(len(_STATES)),
                "{" + ",".join(_STATES) + "}", _SHARES, "", 0.5), nullable=False),
        _column("kind", "character varying(8)", 4, ColumnStatistics(0.1, 2, 4.0,
                "{" + ",".join(_KINDS) + "}", (0.4, 0.3, 0.15, 0.05), "", 0.3)),
        _column("email", "character varying(120)", 5, ColumnStatistics(0.0, 24, -0.9,
                histogram=_emails(rows), correlation=0.02), nullable=False),
        _column("total", "numeric(12,2)", 6, ColumnStatistics(0.0, 6, -0.5, histogram=_numbers(10_000.0),
                correlation=0.01), nullable=False),
        _column("created_at", "timestamp with time zone", 7, ColumnStatistics(0.0, 8, -1.0,
                histogram=_times(), correlation=0.99), nullable=False),
        _column("updated_at", "timestamp with time zone", 8, ColumnStatistics(0.0, 8, -0.8,
                histogram=_times(), correlation=0.4), nullable=False),
        _column("deleted_at", "timestamp with time zone", 9, ColumnStatistics(0.97, 8, -0.03,
                histogram=_times(), correlation=0.3)),
        _column("is_active", "boolean", 10, ColumnStatistics(0.0, 1, 2.0, "{t,f}", (0.93, 0.07), "", 0.9),
                nullable=False),
        _column("note", "text", 11, ColumnStatistics(0.5, 90, -0.5, correlation=0.01)),
    ]  # fmt: skip
    keys = []
    for column, parent in parents:
        place = next(relation.table for relation in before if relation.table.name == parent)
        distinct = max(1.0, min(place.rows, rows * 0.3))
        keys.append(ForeignKey(f"{name}_{column}_fk", (column,), SCHEMA, parent, ("id",)))
        columns.append(_column(column, "bigint", len(columns) + 1, ColumnStatistics(
            0.0, 8, distinct, histogram=_numbers(place.rows), correlation=0.05), nullable=False))  # fmt: skip
    width = 24.0 + sum(c.statistics.average_width if c.statistics else 8 for c in columns)
    pages = max(1, int(rows * width / 8000))
    made = Table(
        SCHEMA, name, tuple(columns), _indexes(name, number, rows, parents, chance, indexes), tuple(keys),
        oid=20_000 + number, rows=rows, pages=pages, visible_pages=int(pages * 0.9),
    )  # fmt: skip
    return Relation(made, parents)


def _parents(number: int, before: list[Relation], chance: random.Random) -> tuple[tuple[str, str], ...]:
    if not before:
        return ()
    near = before[-(number % _TABLES_PER_APP) :] if number % _TABLES_PER_APP else before[:5]
    found: dict[str, str] = {}
    for _ in range(chance.randint(1, 3)):
        target = chance.choice([*near, *before[:3]]).table.name
        found.setdefault(f"{target[-4:]}_id", target)
    return tuple((f"t{column}", target) for column, target in sorted(found.items()))


def _indexes(
    name: str,
    number: int,
    rows: float,
    parents: tuple[tuple[str, str], ...],
    chance: random.Random,
    wanted: float,
) -> tuple[ExistingIndex, ...]:
    """The primary key, most foreign keys, and what people added over the years, some of it double."""
    ideas = [("id",), *((column,) for column, _ in parents if chance.random() < 0.8)]
    more = [
        ("token",),
        ("email",),
        ("state",),
        ("created_at",),
        ("kind", "state"),
        ("state", "created_at"),
        ("id", "state"),
    ]
    if parents:
        more += [(parents[0][0], "created_at"), (parents[0][0],)]
    chance.shuffle(more)
    target = int(wanted) + (chance.random() < wanted % 1)
    made = []
    for place, columns in enumerate([*ideas, *more][:target]):
        primary = place == 0
        made.append(
            ExistingIndex(
                f"{name}_pkey" if primary else f"{name}_{'_'.join(columns)}_{place}",
                Index(SCHEMA, name, tuple(Key.asc(column) for column in columns), unique=primary),
                oid=100_000 + number * 20 + place,
                size=8192 * max(1, int(rows * (8 + 10 * len(columns)) / 7300)),
                tuples=rows,
                scans=0 if place > 3 and chance.random() < 0.4 else 1000,
                constraint="primary" if primary else "",
                constraint_name=f"{name}_pkey" if primary else "",
            )
        )
    return tuple(made)


def _column(
    name: str,
    type: str,
    position: int,
    statistics: ColumnStatistics,
    *,
    nullable: bool = True,
    identity: str = "",
) -> Column:
    return Column(name, type, position=position, nullable=nullable, statistics=statistics, identity=identity)


def _numbers(top: float) -> str:
    return "{" + ",".join(str(int(1 + top * step / 100)) for step in range(101)) + "}"


def _times() -> str:
    return (
        "{"
        + ",".join(f'"2026-{1 + n * 7 // 101:02d}-{1 + n % 28:02d} 00:00:00+00"' for n in range(0, 101, 4))
        + "}"
    )


def _emails(rows: float) -> str:
    return "{" + ",".join(f"p{int(rows * step / 50):07d}@example.com" for step in range(51)) + "}"


def _uuids(chance: random.Random) -> str:
    return "{" + ",".join(sorted(f"{chance.getrandbits(128):032x}" for _ in range(21))) + "}"


Template = Callable[["_Speaker"], tuple[str, str, list[tuple[str, ...]]]]


class _Speaker:
    """Writes one statement: SQL, kind, samples."""

    def __init__(self, relations: list[Relation], chance: random.Random) -> None:
        self.relations = relations
        self.by_name = {relation.table.name: relation for relation in relations}
        self.chance = chance
        self.relation = relations[self.zipf(len(relations))]

    def zipf(self, count: int) -> int:
        """Small numbers often: about 1/n."""
        return int(count ** self.chance.random()) - 1

    @property
    def name(self) -> str:
        return self.relation.table.name

    def columns(self, prefix: str = "") -> str:
        names = [column.name for column in self.relation.table.columns]
        picked = sorted(self.chance.sample(names, self.chance.randint(2, 6)))
        return ", ".join(prefix + name for name in picked)

    def parent(self) -> tuple[str, Relation]:
        if not self.relation.parents:
            return "id", self.relation
        column, target = self.chance.choice(self.relation.parents)
        return column, self.by_name[target]

    def number(self, relation: Relation | None = None) -> str:
        return str(1 + int(self.chance.random() * (relation or self.relation).table.rows))

    def state(self) -> str:
        return self.chance.choices(_STATES, _SHARES)[0]

    def time(self) -> str:
        return f"2026-{self.chance.randint(1, 7):02d}-{self.chance.randint(1, 28):02d} 00:00:00+00"

    def email(self) -> str:
        return f"p{int(self.chance.random() * self.relation.table.rows):07d}@example.com"

    def thrice(self, one: Callable[[], tuple[str, ...]]) -> list[tuple[str, ...]]:
        return [one() for _ in range(3)]


def _by_token(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    values = s.thrice(lambda: (f"{s.chance.getrandbits(128):032x}",))
    return f"SELECT {s.columns()} FROM {s.name} WHERE token = $1", "select", values


def _by_email(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    return (
        f"SELECT {s.columns()} FROM {s.name} WHERE email = $1 AND is_active",
        "select",
        s.thrice(lambda: (s.email(),)),
    )


def _by_id(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    return f"SELECT {s.columns()} FROM {s.name} WHERE id = $1", "select", s.thrice(lambda: (s.number(),))


def _children(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    order = s.chance.choice(("created_at DESC", "updated_at DESC", "created_at", "total DESC"))
    limit = s.chance.choice((10, 20, 25, 50, 100))
    sql = f"SELECT {s.columns()} FROM {s.name} WHERE {column} = $1 ORDER BY {order} LIMIT {limit}"
    return sql, "select", s.thrice(lambda: (s.number(parent),))


def _queue(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    order = s.chance.choice(("created_at", "updated_at", "created_at DESC", "total DESC"))
    extra = s.chance.choice(("", " AND deleted_at IS NULL", " AND is_active", " AND kind = 'a'"))
    sql = f"SELECT {s.columns()} FROM {s.name} WHERE state = $1{extra} ORDER BY {order} LIMIT 50"
    return sql, "select", s.thrice(lambda: (s.state(),))


def _since(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column = s.chance.choice(("created_at", "updated_at"))
    sql = f"SELECT {s.columns()} FROM {s.name} WHERE state = $1 AND {column} >= $2 ORDER BY {column} DESC LIMIT 100"
    return sql, "select", s.thrice(lambda: (s.state(), s.time()))


def _count(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    extra = s.chance.choice(
        ("state = 'new'", "is_active", "deleted_at IS NULL", "kind = 'd'", "state <> 'done'")
    )
    return (
        f"SELECT count(*) FROM {s.name} WHERE {column} = $1 AND {extra}",
        "select",
        s.thrice(lambda: (s.number(parent),)),
    )


def _group(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    group = s.chance.choice(("state", "kind", "is_active"))
    column, parent = s.parent()
    sql = f"SELECT {group}, count(*), sum(total) FROM {s.name} WHERE {column} = $1 AND created_at >= $2 GROUP BY {group}"
    return sql, "select", s.thrice(lambda: (s.number(parent), s.time()))


def _join(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    other = parent.table.name
    sql = (
        f"SELECT {s.columns('a.')}, b.email FROM {s.name} a JOIN {other} b ON b.id = a.{column}"
        f" WHERE b.email = $1 AND a.state = $2 ORDER BY a.created_at DESC LIMIT 20"
    )
    return sql, "select", s.thrice(lambda: (s.email(), s.state()))


def _join_three(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    middle = parent.table.name
    up = parent.parents[0] if parent.parents else ("id", middle)
    sql = (
        f"SELECT {s.columns('a.')}, c.kind FROM {s.name} a JOIN {middle} b ON b.id = a.{column}"
        f" JOIN {up[1]} c ON c.id = b.{up[0]} WHERE c.token = $1 AND a.created_at >= $2"
    )
    return sql, "select", s.thrice(lambda: (f"{s.chance.getrandbits(128):032x}", s.time()))


def _exists(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    sql = (
        f"SELECT p.id, p.{s.chance.choice(('email', 'kind', 'total', 'token'))} FROM {parent.table.name} p"
        f" WHERE p.state = $1 AND EXISTS"
        f" (SELECT 1 FROM {s.name} c WHERE c.{column} = p.id AND c.state = 'new') LIMIT {s.chance.choice((10, 20, 50))}"
    )
    return sql, "select", s.thrice(lambda: (s.state(),))


def _listed(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    sql = f"SELECT {s.columns()} FROM {s.name} WHERE {column} IN ($1, $2, $3) AND deleted_at IS NULL"
    return sql, "select", s.thrice(lambda: (s.number(parent), s.number(parent), s.number(parent)))


def _change(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column = s.chance.choice(("total", "note", "kind", "email"))
    values = {"total": "9.50", "note": "x", "kind": "b", "email": "p0000001@example.com"}
    sql = f"UPDATE {s.name} SET {column} = $1, updated_at = $2 WHERE id = $3"
    return sql, "update", s.thrice(lambda: (values[column], s.time(), s.number()))


def _advance(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    column, parent = s.parent()
    extra = s.chance.choice(("is_active", "deleted_at IS NULL", "kind = 'a'", "kind = 'b'"))
    sql = f"UPDATE {s.name} SET state = $1 WHERE {column} = $2 AND {extra}"
    return sql, "update", s.thrice(lambda: (s.state(), s.number(parent)))


def _insert(s: _Speaker) -> tuple[str, str, list[tuple[str, ...]]]:
    keys = "".join(f", {column}" for column, _ in s.relation.parents)
    values = "".join(f", ${n}" for n in range(6, 6 + len(s.relation.parents)))
    sql = (
        f"INSERT INTO {s.name} (token, state, email, total, created_at, updated_at, is_active{keys})"
        f" VALUES ($1, $2, $3, $4, $5, $5, true{values})"
    )
    return sql, "insert", []


_TEMPLATES: tuple[tuple[Template, int], ...] = (
    (_by_token, 6), (_by_email, 6), (_by_id, 8), (_children, 18), (_queue, 12), (_since, 8), (_count, 8), (_group, 5),
    (_join, 8), (_join_three, 5), (_exists, 4), (_listed, 5), (_change, 5), (_advance, 4), (_insert, 4),
)  # fmt: skip


def _statements(relations: list[Relation], wanted: int, chance: random.Random) -> tuple[Statement, ...]:
    """Distinct by their text; the k-th runs about 1/k as often as the first."""
    templates, weights = zip(*_TEMPLATES, strict=True)
    made: dict[str, Statement] = {}
    while len(made) < wanted:
        speaker = _Speaker(relations, chance)
        sql, kind, samples = chance.choices(templates, weights)[0](speaker)
        if sql in made:
            continue
        place = len(made) + 1
        calls = max(1.0, round(2_000_000 / place**0.9))
        made[sql] = Statement(
            f"q{place:05d}",
            sql,
            kind,
            calls=calls,
            total_ms=calls * 10 ** chance.uniform(-1.0, 1.5),
            samples=tuple(samples),
        )
    return tuple(made.values())
