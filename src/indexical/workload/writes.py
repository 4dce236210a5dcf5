"""What a workload writes to each table, in rows: what the upkeep of an index is paid from.

An update counts by the columns it really changes, because PostgreSQL keeps it heap-only as long as no indexed column is among
them (https://www.postgresql.org/docs/18/storage-hot.html). Where a capture has watched the updates, its shares are used;
otherwise the SET list is all there is, less the columns set to themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Catalog, Statement, Table, TableWrites, UpdateProfile, Workload
from indexical.workload.fingerprint import normalise

_WRITES = frozenset(["insert", "update", "delete"])
_UPSERT_SHARE = 0.5
"""Of the rows of INSERT ... ON CONFLICT DO UPDATE, how many are taken to be there already: no source tells."""


def table_writes(workload: Workload, catalog: Catalog) -> tuple[TableWrites, ...]:
    """Rows written to each of the catalog's tables over the workload's window, sorted by table.

    Tables that the catalog does not have are left out. A statement whose rows were not counted writes as many as its VALUES
    list has, or one a call.
    """
    counts: dict[tuple[str, str], _Counts] = {}
    for statement in workload.statements:
        if statement.kind in _WRITES:
            for write in _writes(statement):
                _count(write, statement, catalog, counts)
    return tuple(found.result(*place) for place, found in sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class _Write:
    kind: str
    schema: str
    table: str
    rows: float
    columns: tuple[str, ...] | None = ()
    """Of an update: the columns it may change; None is all of them."""


@dataclass(slots=True)
class _Counts:
    inserts: float = 0.0
    deletes: float = 0.0
    updates: dict[tuple[str, ...], float] = field(default_factory=dict)
    statements: dict[tuple[str, ...], set[str]] = field(default_factory=dict)

    def update(self, columns: tuple[str, ...], rows: float, statement: str) -> None:
        self.updates[columns] = self.updates.get(columns, 0.0) + rows
        self.statements.setdefault(columns, set()).add(statement)

    def result(self, schema: str, table: str) -> TableWrites:
        profiles = (
            UpdateProfile(columns, rows, tuple(sorted(self.statements[columns])))
            for columns, rows in self.updates.items()
        )
        return TableWrites(schema, table, self.inserts, self.deletes, tuple(sorted(profiles)))


def _count(
    write: _Write, statement: Statement, catalog: Catalog, counts: dict[tuple[str, str], _Counts]
) -> None:
    table = _resolve(catalog, write.schema, write.table)
    if table is None or write.rows <= 0:
        return
    found = counts.setdefault((table.schema, table.name), _Counts())
    match write.kind:
        case "insert":
            found.inserts += write.rows
        case "delete":
            found.deletes += write.rows
        case _:
            columns = write.columns
            possible = [c.name for c in table.columns] if columns is None else columns
            for changed, share in _profiles(possible, dict(statement.changed_columns)):
                found.update(changed, write.rows * share, statement.id)


def _profiles(
    columns: Iterator[str] | list[str] | tuple[str, ...], shares: Mapping[str, float]
) -> list[tuple[tuple[str, ...], float]]:
    """Groups of columns that change together, with the share of the updates that changes exactly them.

    Only each column's own share is known. They are taken to nest: the rarely changed ones change when the others do, which
    makes the fewest groups and breaks the fewest heap-only updates for each column.
    """
    known = sorted(set(columns))
    if not shares:
        return [(tuple(known), 1.0)]
    levels = sorted({shares.get(column, 1.0) for column in known} | {1.0})
    groups = []
    below = 0.0
    for level in levels:
        changed = tuple(column for column in known if shares.get(column, 1.0) >= level)
        if level > below:
            groups.append((changed, level - below))
        below = max(below, level)
    return groups


def _resolve(catalog: Catalog, schema: str, name: str) -> Table | None:
    if schema:
        return catalog.table(schema, name)
    public = catalog.table("public", name)
    if public is not None:
        return public
    others = sorted((table for table in catalog.tables if table.name == name), key=lambda table: table.schema)
    return others[0] if others else None


def _writes(statement: Statement) -> Iterator[_Write]:
    try:
        tree = sqlglot.parse_one(statement.sql, read="postgres")
        nodes = list(tree.find_all(exp.Insert, exp.Update, exp.Delete))
    except (SqlglotError, RecursionError):
        nodes = []
    if not nodes:
        yield _unparsed(statement)
        return
    for node in nodes:
        # Rows that were counted belong to the statement itself; of a part in a WITH nothing is known.
        counted = statement.rows if len(nodes) == 1 and statement.rows >= 0 else None
        yield from _node_writes(node, statement.calls, counted)


def _unparsed(statement: Statement) -> _Write:
    rows = statement.calls * (statement.rows if statement.rows >= 0 else 1.0)
    return _Write(statement.kind, "", normalise(statement.sql).table, rows, None)


def _node_writes(node: exp.Expression, calls: float, counted: float | None) -> Iterator[_Write]:
    table = _target(node)
    if table is None:
        return
    schema, name = _name(table.args.get("db")), _name(table.this)
    rows = calls * (counted if counted is not None else 1.0)
    if isinstance(node, exp.Delete):
        yield _Write("delete", schema, name, rows)
    elif isinstance(node, exp.Update):
        yield _Write("update", schema, name, rows, _set_columns(node.expressions, table))
    else:
        values = node.args.get("expression")
        if counted is None and isinstance(values, exp.Values):
            rows = calls * len(values.expressions)
        conflict = node.args.get("conflict")
        columns = _set_columns(conflict.expressions, table) if conflict is not None else ()
        updated = rows * _UPSERT_SHARE if columns else 0.0
        yield _Write("insert", schema, name, rows - updated)
        if columns:
            yield _Write("update", schema, name, updated, columns)


def _target(node: exp.Expression) -> exp.Table | None:
    target = node.this
    if isinstance(target, exp.Schema):
        target = target.this
    return target if isinstance(target, exp.Table) else None


def _set_columns(assignments: list[exp.Expression], table: exp.Table) -> tuple[str, ...]:
    """Columns that the SET list gives another value than their own."""
    own = {_name(table.this), table.alias} - {""}
    columns: list[str] = []
    for assignment in assignments:
        if not isinstance(assignment, exp.EQ):
            continue
        targets, value = assignment.this, assignment.expression
        if isinstance(targets, exp.Tuple | exp.Paren):
            columns.extend(_name(column.this) for column in targets.find_all(exp.Column))
        elif isinstance(targets, exp.Column) and not _is_itself(targets, value, own):
            columns.append(_name(targets.this))
    return tuple(sorted(set(columns)))


def _is_itself(column: exp.Column, value: exp.Expression, own: set[str]) -> bool:
    if not isinstance(value, exp.Column) or _name(value.this) != _name(column.this):
        return False
    return not value.table or value.table in own


def _name(identifier: object) -> str:
    """An identifier as the catalog has it: unquoted ones in lower case."""
    if not isinstance(identifier, exp.Identifier):
        return ""
    return identifier.name if identifier.args.get("quoted") else identifier.name.lower()
