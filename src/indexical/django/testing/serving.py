"""Whether an index can serve a query at all: it is planned on an empty copy of the table that has this one index.

A temporary table comes before every other one on the search path, so the statement itself need not be changed. The planner
makes a path over an index only where a condition, an order, the index's predicate or an index-only scan gives it a reason
(``build_index_paths`` in PostgreSQL's ``src/backend/optimizer/path/indxpath.c``), and takes the path when reading the table
whole is turned off. A condition counts only on the first key of a B-tree: on a later one alone the whole index has
to be read. Everything is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import ProgrammingError, connections, transaction

from indexical.ddl import qualified, quote
from indexical.django.testing.explaining import explained
from indexical.django.testing.present import Present
from indexical.errors import InputError
from indexical.model import Plan, Statement

_WAYS = (
    ("enable_seqscan", "enable_tidscan"),
    (
        "enable_seqscan", "enable_tidscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort",
        "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_material",
    ),
)  # fmt: skip
"""What is turned off: little, so that an index that needs a bitmap is taken; and much, so that its order counts."""
_PRIMARY_KEY = """
SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conrelid = %s AND contype = 'p'
"""
_GROUPING_ERROR = "42803"


@dataclass(frozen=True, slots=True)
class Served:
    served: bool
    without_sort: bool
    reads_table: bool
    plan: Plan
    """One that uses the index, if there is one."""


def served(statement: Statement, index: Present, alias: str) -> Served:
    """Plans the statement with this one index on its table. Leaves the caller's transaction as it was.

    Raises :class:`InputError` for a statement that names the table with its schema, so that no copy can take its place.
    """
    before = _reads(statement, index, alias)
    if before is not None:
        return Served(False, False, False, before)
    try:
        found = _on_a_copy(statement, index, alias, with_key=False)
    except ProgrammingError as error:
        # Grouping by the primary key alone is understood only where there is one.
        cause = error.__cause__
        if _GROUPING_ERROR not in (getattr(cause, "sqlstate", ""), getattr(cause, "pgcode", "")):
            raise
        found = _on_a_copy(statement, index, alias, with_key=True)
    leading = any(_binds(plan, index) for plan in found.first)
    good = [plan for plan in found.full if _has_reason(plan, index, found.without, leading=leading)]
    unsorted = [plan for plan in good if not _sorts(plan)]
    return Served(bool(good), bool(unsorted), True, [*unsorted, *good, *found.full][0])


@dataclass(frozen=True, slots=True)
class _Plans:
    """On the copy, each in every way."""

    without: list[Plan]
    first: list[Plan]
    """With an index of the first key alone."""
    full: list[Plan]


def _reads(statement: Statement, index: Present, alias: str) -> Plan | None:
    """None when the statement reads the index's table, else the plan that does not.

    The plan of a partitioned table names its parts, so that nothing can be told of it beforehand.
    """
    if index.partitioned:
        return None
    with connections[alias].cursor() as cursor:
        plan = _plan(cursor, statement)
    here = {f"{index.schema}.{index.table}"}
    return None if any(node.relation in here for node in plan.nodes) else plan


def _on_a_copy(statement: Statement, index: Present, alias: str, *, with_key: bool) -> _Plans:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        place = qualified(index.schema, index.table)
        copy = f"pg_temp.{quote(index.table)}"
        cursor.execute(f"CREATE TEMPORARY TABLE {quote(index.table)} (LIKE {place})")
        if with_key:
            cursor.execute(_PRIMARY_KEY, [index.table_oid])
            for (definition,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {copy} ADD {definition}")
        without = [_plan(cursor, statement, off) for off in _WAYS]
        made = []
        for keys in (first_key(index.keys), index.keys):
            cursor.execute(f"CREATE INDEX {quote(index.name)} ON {copy} {keys}")
            made.append([_plan(cursor, statement, off) for off in _WAYS])
            cursor.execute(f"DROP INDEX pg_temp.{quote(index.name)}")
        transaction.set_rollback(True, using=alias)
    first, full = made
    if not any(node.relation.startswith("pg_temp") for plan in full for node in plan.nodes):
        raise InputError(
            f"whether {index.name} can serve the query was not examined: the query names {index.table} with its schema, "
            "so that no empty copy can take its place; use assert_used"
        )
    return _Plans(without, first, full)


def first_key(keys: str) -> str:
    """A B-tree's definition from ``USING`` on, cut down to its first key; any other as it is, since its keys have no order."""
    start = "USING btree ("
    if not keys.startswith(start):
        return keys
    depth, quoted = 0, ""
    for at in range(len(start), len(keys)):
        letter = keys[at]
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "\"'":
            quoted = letter
        elif depth == 0 and letter in ",)":
            return f"{keys[:at]})"
        else:
            depth += (letter == "(") - (letter == ")")
    return keys


def _plan(cursor: Any, statement: Statement, off: tuple[str, ...] = ()) -> Plan:
    for setting in off:
        cursor.execute(f"SET LOCAL {setting} = off")
    plan = explained(cursor, statement)
    for setting in off:
        cursor.execute(f"SET LOCAL {setting} = DEFAULT")
    return plan


def _has_reason(plan: Plan, index: Present, without: list[Plan], *, leading: bool) -> bool:
    """Whether the plan uses the index for more than to read every row, or every entry, from it."""
    if not any(node.index == index.name for node in plan.nodes):
        return False
    if index.partial or (leading and _binds(plan, index)):
        return True
    return not _sorts(plan) and any(_sorts(other) for other in without)


def _binds(plan: Plan, index: Present) -> bool:
    return any(
        node.index == index.name and ("Index Cond:" in node.condition or "Order By:" in node.condition)
        for node in plan.nodes
    )


def _sorts(plan: Plan) -> bool:
    return any(node.type in ("Sort", "Incremental Sort") for node in plan.nodes)
