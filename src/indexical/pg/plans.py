"""EXPLAIN's JSON to a :class:`Plan`; pure.

Node and property names are PostgreSQL's (https://www.postgresql.org/docs/18/using-explain.html).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from indexical.model import ExistingIndex, Index, Plan, PlanNode
from indexical.model.sqltext import without_literals

_CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "Order By",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "One-Time Filter",
    "TID Cond",
)
_LISTS = ("Sort Key", "Presorted Key", "Group Key")


def parse_plan(
    document: Mapping[str, Any] | Sequence[Any] | str | bytes, index_by_name: Mapping[str, Index]
) -> Plan:
    """The plan of EXPLAIN's answer, as text or as the parsed JSON.

    ``index_by_name`` finds structures by ``schema.name`` or, where a schema is not told, by the bare name.
    """
    top = _top(document)
    nodes: list[PlanNode] = []
    indexes: set[Index] = set()
    names: set[str] = set()
    for node, depth, schema in _walk(top, 0, ""):
        index = str(node.get("Index Name", ""))
        if index:
            structure = index_by_name.get(f"{schema}.{index}") or index_by_name.get(index)
            names.add(index)
            if structure is not None:
                indexes.add(structure)
        nodes.append(_node(node, depth, index))
    return Plan(
        cost=float(top.get("Total Cost", 0.0)),
        rows=float(top.get("Plan Rows", 0.0)),
        nodes=tuple(nodes),
        indexes=frozenset(indexes),
        index_names=tuple(sorted(names)),
    )


def names_of(indexes: Iterable[ExistingIndex]) -> dict[str, Index]:
    """Structures by ``schema.name``, and by the bare name of the first that has it, for :func:`parse_plan`."""
    found: dict[str, Index] = {}
    for existing in indexes:
        found[f"{existing.index.schema}.{existing.name}"] = existing.index
        found.setdefault(existing.name, existing.index)
    return found


def with_structures(plan: Plan, hypothetical: Mapping[str, Index]) -> Plan:
    """The plan with hypothetical indexes shown by their structure instead of a name that nobody knows."""
    if not any(name in hypothetical for name in plan.index_names):
        return plan
    nodes = tuple(
        replace(node, index=hypothetical[node.index].text) if node.index in hypothetical else node
        for node in plan.nodes
    )
    return replace(
        plan, nodes=nodes, index_names=tuple(name for name in plan.index_names if name not in hypothetical)
    )


def without_values(plan: Plan) -> Plan:
    """The plan with every literal of its conditions left out, for values that nobody wrote into the workload."""
    nodes = tuple(replace(node, condition=without_literals(node.condition)) for node in plan.nodes)
    return replace(plan, nodes=nodes)


def _top(document: Mapping[str, Any] | Sequence[Any] | str | bytes) -> Mapping[str, Any]:
    found: Any = json.loads(document) if isinstance(document, (str, bytes)) else document
    if isinstance(found, Sequence):
        found = found[0]
    top: Mapping[str, Any] = found.get("Plan", found)
    return top


def _walk(node: Mapping[str, Any], depth: int, schema: str) -> Iterator[tuple[Mapping[str, Any], int, str]]:
    """Every node, init plans, subplans and CTEs too, in EXPLAIN's order; with the schema of the relation it reads.

    A bitmap index scan names no relation: its heap scan above does.
    """
    schema = str(node.get("Schema", schema))
    yield node, depth, schema
    for child in node.get("Plans", ()):
        yield from _walk(child, depth + 1, schema)


def _node(node: Mapping[str, Any], depth: int, index: str) -> PlanNode:
    relation = str(node.get("Relation Name", ""))
    schema = str(node.get("Schema", ""))
    return PlanNode(
        type=str(node.get("Node Type", "")),
        depth=depth,
        relation=f"{schema}.{relation}" if schema and relation else relation,
        alias=str(node.get("Alias", "")),
        index=index,
        cost=float(node.get("Total Cost", 0.0)),
        rows=float(node.get("Plan Rows", 0.0)),
        condition=_condition(node),
    )


def _condition(node: Mapping[str, Any]) -> str:
    parts = [f"{name}: {node[name]}" for name in _CONDITIONS if node.get(name)]
    parts += [f"{name}: {', '.join(map(str, node[name]))}" for name in _LISTS if node.get(name)]
    return "; ".join(parts)
