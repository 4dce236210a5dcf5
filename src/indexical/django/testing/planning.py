"""The plan itself: of the test database as the test sees it, or of the planner twin of a snapshot of production."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from django.db import connections, transaction

from indexical.candidates.analysis import analyse
from indexical.catalog import snapshot
from indexical.catalog.file import load
from indexical.django.database import database_url
from indexical.django.testing.explaining import explained
from indexical.django.testing.present import Present
from indexical.errors import InputError
from indexical.model import Catalog, Configuration, Index, Plan, Statement, Table
from indexical.pg.session import connect
from indexical.twin.twin import Twin, open_twin

_READ = """
SELECT n.nspname || '.' || c.relname, pg_catalog.pg_relation_size(c.oid) / 8192
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Planned:
    plan: Plan
    where: str
    """Where it was planned, for a message."""
    uses: Callable[[Present], bool]
    pages: Callable[[str], int]
    """8 kB pages of ``schema.table``."""

    @property
    def index_names(self) -> tuple[str, ...]:
        return tuple(sorted({node.index for node in self.plan.nodes if node.index}))


def here(statement: Statement, alias: str) -> Planned:
    """The test database's own plan, once its statistics are those of the rows it has now."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        tables = sorted({node.relation for node in explained(cursor, statement).nodes if node.relation})
        cursor.execute(
            "SELECT pg_catalog.format('ANALYZE %%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = ANY(%s)",
            [tables],
        )
        for (command,) in cursor.fetchall():
            cursor.execute(command)
        cursor.execute(_READ, [tables])
        pages = {name: int(count) for name, count in cursor.fetchall()}
        plan = explained(cursor, statement)
        transaction.set_rollback(True, using=alias)
    return Planned(
        plan,
        "in the test database",
        lambda index: index.name in plan.index_names,
        lambda table: pages.get(table, 0),
    )


def under(statement: Statement, alias: str, path: Path) -> Planned:
    """The plan with the statistics, sizes and settings of a snapshot, and with the test database's indexes as well.

    Raises :class:`indexical.errors.FileRefused` for a file that is no snapshot, :class:`InputError` for a query whose tables it
    does not have, and :class:`indexical.errors.PlanRefused` for a query that the twin cannot plan.
    """
    twin = _twin(path.resolve(), path.stat().st_mtime_ns if path.exists() else 0)
    with connect(database_url(alias)) as session:
        declared = snapshot(session)
    tables = _tables(statement, twin.catalog, path)
    own = {table.qualified: table for table in declared.tables}
    named = {
        existing.name: existing.index
        for table in tables
        if table.qualified in own
        for existing in own[table.qualified].indexes
        if existing.valid and _fits(existing.index, table)
    }
    sample = statement.samples[0] if statement.samples else ()
    plan = twin.plan(statement, sample, Configuration(added=frozenset(named.values())))
    sizes = {table.qualified: int(table.pages) for table in twin.catalog.tables}
    return Planned(
        plan,
        f"under the statistics of {path.name}",
        partial(_in_plan, plan, named),
        lambda table: sizes.get(table, 0),
    )


def _in_plan(plan: Plan, named: dict[str, Index], index: Present) -> bool:
    structure = named.get(index.name)
    return structure is not None and structure in plan.indexes


def _tables(statement: Statement, catalog: Catalog, path: Path) -> tuple[Table, ...]:
    wanted = {facts.table.qualified for facts in analyse(statement.sql, catalog).tables}
    found = tuple(table for table in catalog.tables if table.qualified in wanted)
    if not found:
        raise InputError(f"{path.name} has none of the query's tables; make a new snapshot of production")
    return found


def _fits(index: Index, table: Table) -> bool:
    """Whether production's table has the columns that this code's index is on."""
    columns = {column.name for column in table.columns}
    return columns.issuperset((*index.columns, *index.include))


@cache
def _twin(path: Path, changed: int) -> Twin:
    """One for each snapshot as it is now, for as long as the tests run."""
    twin = open_twin(load(path))
    atexit.register(twin.close)
    return twin
