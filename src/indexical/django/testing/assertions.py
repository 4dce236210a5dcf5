"""The assertions themselves: can an index serve a query, does the planner pick it, is a table read whole.

Each raises AssertionError with the plan that speaks against it, :class:`unittest.SkipTest` on a database that is not PostgreSQL
(nothing was examined), and :class:`indexical.errors.IndexicalError` when the question itself is wrong.
"""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from indexical.django.indexes import statement_of
from indexical.django.testing.planning import Planned, here, under
from indexical.django.testing.present import Present, names_on, present
from indexical.django.testing.serving import Served, served
from indexical.errors import InputError
from indexical.model import Plan, PlanNode, Statement

FEW_PAGES = 8
"""Tables of at most so many 8 kB pages are read whole by any sensible planner."""


class IndexAssertions:
    """A mixin for Django's test cases; it needs nothing but its methods, so an instance of its own works too."""

    def assert_served(
        self, query: QuerySet[Any] | str, *, by: str, without_sort: bool = False, using: str = ""
    ) -> None:
        """The index ``by`` CAN serve the query: by a condition, by its order, or by its own predicate.

        Every other index of its table is left out of account, and so are rows and statistics, so the answer is the same on an
        empty test database as on a full one. ``without_sort`` asks besides that the rows come in the query's order unsorted.
        """
        alias, statement = _asked(query, using)
        index = _index(by, alias)
        found = served(statement, index, alias)
        if not found.served:
            raise AssertionError(f"{by} cannot serve the query: {_why_not(found, index)}{_shown(found.plan)}")
        if without_sort and not found.without_sort:
            raise AssertionError(
                f"{by} serves the query, but its rows still have to be sorted{_shown(found.plan)}"
            )

    def assert_used(
        self, query: QuerySet[Any] | str, *, by: str, snapshot: str | Path | None = None, using: str = ""
    ) -> None:
        """The planner DOES pick the index ``by``.

        With ``snapshot``, a file of ``indexical snapshot``, it plans with production's statistics and sizes, and with the indexes
        that this code declares beside production's. Without one it plans the test database as it is now, with the test's rows.
        """
        alias, statement = _asked(query, using)
        index = _index(by, alias)
        found = _planned(statement, alias, snapshot)
        if not found.uses(index):
            used = ", ".join(found.index_names) or "no index"
            raise AssertionError(f"{by} is not used {found.where}: the plan uses {used}{_shown(found.plan)}")

    def assert_no_seq_scan(
        self, query: QuerySet[Any] | str, *, snapshot: str | Path | None = None, using: str = ""
    ) -> None:
        """No table of more than eight pages is read whole.

        Smaller ones are by any sensible planner. Where the test database's tables are all as small as that, it says nothing about
        production's: the assertion then fails, since nothing was examined, and asks for a snapshot.
        """
        alias, statement = _asked(query, using)
        found = _planned(statement, alias, snapshot)
        scans = [node for node in found.plan.nodes if node.type == "Seq Scan"]
        large = sorted({node.relation for node in scans if found.pages(node.relation) > FEW_PAGES})
        if large:
            raise AssertionError(f"{', '.join(large)} is read whole {found.where}{_shown(found.plan)}")
        if snapshot is None and scans:
            small = sorted({node.relation for node in scans})
            raise AssertionError(
                f"not examined: {', '.join(small)} has at most {FEW_PAGES} pages in the test database, which are always read "
                "whole; load more rows, or give a snapshot of production"
            )


def _asked(query: QuerySet[Any] | str, using: str) -> tuple[str, Statement]:
    if isinstance(query, str):
        alias, statement = using or "default", Statement("query", query.strip().rstrip(";"))
    elif isinstance(query, QuerySet):
        alias = using or query.db
        _on_postgresql(alias)
        statement = statement_of(query, alias)
    else:
        raise InputError(f"give a query set or SQL; {type(query).__name__} is neither")
    _on_postgresql(alias)
    return alias, statement


def _on_postgresql(alias: str) -> None:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        raise unittest.SkipTest(
            f"not examined: the database {alias!r} is {connection.display_name}, and only PostgreSQL's plans can be asserted"
        )


def _index(name: str, alias: str) -> Present:
    """Raises AssertionError when there is no such index, or only an unfinished one."""
    found = present(name, alias)
    if found is None:
        raise AssertionError(f"the database {alias!r} has no index {name}{names_on(name, alias)}")
    if not found.valid:
        raise AssertionError(f"{name} is not valid: a build of it has failed or is not over")
    return found


def _planned(statement: Statement, alias: str, snapshot: str | Path | None) -> Planned:
    return here(statement, alias) if snapshot is None else under(statement, alias, Path(snapshot))


def _why_not(found: Served, index: Present) -> str:
    if not found.reads_table:
        return f"it does not read {index.schema}.{index.table}, which the index is on"
    return f"no condition and no order of it is one that {index.keys} answers"


def _shown(plan: Plan) -> str:
    return "".join(f"\n{'  ' * node.depth}  {_line(node)}" for node in plan.nodes)


def _line(node: PlanNode) -> str:
    words = [
        node.type,
        f"using {node.index}" if node.index else "",
        f"on {node.relation}" if node.relation else "",
    ]
    line = " ".join(word for word in words if word)
    return f"{line} ({node.condition})" if node.condition else line
