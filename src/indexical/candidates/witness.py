"""The planner as a witness: columns that a plan filters whole tables by, or sorts by, and that the statement's text did not show.

A view that could not be read, a function that PostgreSQL inlined, a rewrite that nobody thought of: the plan knows them all. Only
columns are compared, and only those that an index might serve: filters of sequential scans and keys of sorts
(https://www.postgresql.org/docs/18/using-explain.html). Pure: the plans are asked for elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from indexical.model import Candidates, Catalog, NotExamined, Plan, PlanNode, Statement

_PART = re.compile(r"(?:^|; )(Filter|Sort Key): ((?:'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^;'\"])*)")
_NAME = re.compile(
    r"""'(?:[^']|'')*' | ::\s*(?:"[^"]*"|[\w.]+)
    | (?:(?P<alias>"(?:[^"]|"")*"|[^\W\d]\w*)\.)? (?P<name>"(?:[^"]|"")*"|[^\W\d]\w*) (?!\s*[\w"]*\()""",
    re.VERBOSE,
)


def overlooked(
    planned: Iterable[tuple[Statement, Plan]], candidates: Candidates, catalog: Catalog
) -> tuple[NotExamined, ...]:
    """What the plans of statements filter or sort by and the reading of their SQL did not see, in the order of the plans."""
    columns = {table.qualified: {column.name for column in table.columns} for table in catalog.tables}
    searched = {id: {table: set(names) for table, names in tables} for id, tables in candidates.searched}
    found: list[NotExamined] = []
    for statement, plan in planned:
        seen = searched.get(statement.id, {})
        gaps: dict[str, set[str]] = defaultdict(set)
        for relation, name in _named(plan.nodes, columns):
            if name not in seen.get(relation, ()):
                gaps[relation].add(name)
        for relation, names in sorted(gaps.items()):
            why = f"its plan filters or sorts {relation} by {', '.join(sorted(names))}, which its SQL does not show"
            found.append(NotExamined(statement.id, why))
    return tuple(found)


def _named(nodes: tuple[PlanNode, ...], columns: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Tables and the columns of theirs that sequential scans filter by and sorts sort by."""
    relations = {node.alias: node.relation for node in nodes if node.alias and node.relation in columns}
    for node in nodes:
        for part, text in _PART.findall(node.condition):
            if part == "Filter" and (node.type != "Seq Scan" or node.relation not in columns):
                continue
            if part == "Sort Key" and "(" in text:
                # An aggregate or an expression: sorted by, but not by the columns in it.
                continue
            for match in _NAME.finditer(text):
                if match["name"] is None:
                    continue
                alias, name = _bare(match["alias"]), _bare(match["name"])
                relation = relations.get(alias, "") if alias else node.relation
                if part == "Filter" and relation != node.relation:
                    continue
                if name in columns.get(relation, ()):
                    yield relation, name


def _bare(name: str | None) -> str:
    if not name:
        return ""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
