"""A plan as the nodes that reports show, with nothing in them that may be a row's value."""

from __future__ import annotations

from typing import Literal

from indexical.model import Plan, PlanNode
from indexical.model.sqltext import without_literals
from indexical.report.sections import Node
from indexical.report.units import number, shorten


def tree(plan: Plan | None) -> tuple[Node, ...]:
    return tuple(_node(node) for node in plan.nodes) if plan is not None else ()


def _node(node: PlanNode) -> Node:
    index = node.index.removeprefix("public.")
    where = " ".join(filter(None, (node.relation.removeprefix("public."), index and f"by {index}")))
    return Node(
        node.depth,
        f"{node.type} {where}".strip(),
        shorten(without_literals(node.condition), 200),
        f"cost {number(node.cost)}, {number(node.rows)} rows",
        _mark(node),
    )


def _mark(node: PlanNode) -> Literal["", "index", "scan", "sort"]:
    if node.index:
        return "index"
    if "Seq Scan" in node.type:
        return "scan"
    return "sort" if "Sort" in node.type else ""
