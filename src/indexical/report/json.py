"""Advice as JSON, version 1, and back.

The keys are a public interface: more may be added, none change meaning. Sizes are bytes, times milliseconds, costs planner
units weighted by calls. ``index`` and ``existing`` hold the structure of an index, so that `write`, `apply` and `verify`
can work from the file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from indexical.model import Advice, Drop, Plan, Recommendation, StatementVerdict
from indexical.report.confirmation import confirmation_document

VERSION = 1


def advice_document(advice: Advice) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "version": VERSION,
        "database": advice.database,
        "planner": {
            "kind": advice.planner.kind,
            "server_version": advice.planner.server_version,
            "calls": advice.planner.calls,
            "milliseconds": round(advice.planner.milliseconds),
        },
        "statistics": {"taken_at": advice.taken_at, "counters_since": advice.statistics_since},
        "workload": {
            "statements": advice.workload_statements,
            "calls": advice.workload_calls,
            "examined": len(advice.statements),
        },
        "cost": {
            "before": advice.cost_before,
            "after": advice.cost_after,
            "maintenance_before": advice.maintenance_before,
            "maintenance_after": advice.maintenance_after,
            "bound": advice.bound,
            "gap": advice.gap,
            "slack": advice.slack,
            "proved": advice.proved,
        },
        "storage": {
            "before": advice.storage_before,
            "added": advice.storage_added,
            "freed": advice.storage_freed,
            "budget": advice.storage_budget,
        },
        "frontier": [asdict(point) for point in advice.frontier],
        "milliseconds": round(advice.milliseconds),
        "create": [_create(item) for item in advice.create],
        "drop": [_drop(drop) for drop in advice.drop],
        "refused": [{"index": r.subject, "reason": r.reason, "detail": r.detail} for r in advice.refused],
        "statements": [_statement(verdict) for verdict in advice.statements],
        "not_examined": [asdict(item) for item in advice.not_examined],
        "confirmation": confirmation_document(advice.confirmation),
    }


def render_advice(advice: Advice) -> str:
    text = json.dumps(advice_document(advice), indent=2, ensure_ascii=False)
    # What could steer a terminal, such as U+202E or U+009B, stands only inside strings, where its escape means the same.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def _create(item: Recommendation) -> dict[str, Any]:
    index = item.index
    return {
        "ddl": item.ddl,
        "name": item.name,
        "table": index.qualified_table,
        "keys": [key.text for key in index.keys],
        "include": list(index.include),
        "where": index.predicate or None,
        "method": index.method,
        "size": item.size,
        "benefit": item.benefit,
        "maintenance": item.maintenance,
        "hot_loss": [asdict(loss) for loss in item.hot_loss],
        "statements": list(item.statements),
        "model": item.model or None,
        "django": item.declaration or None,
        "phase": item.phase,
        "rule": item.rule,
        "origin": _origins(item.origins),
        "index": asdict(index),
        "made_for": asdict(item.made_for),
    }


def _drop(drop: Drop) -> dict[str, Any]:
    return {
        "ddl": drop.ddl,
        "name": drop.existing.name,
        "table": drop.existing.index.qualified_table,
        "reason": drop.reason,
        "covered_by": drop.covered_by or None,
        "evidence": drop.evidence,
        "size": drop.existing.size,
        "model": drop.model or None,
        "declared_by": drop.declared_by or None,
        "existing": asdict(drop.existing),
    }


def _statement(verdict: StatementVerdict) -> dict[str, Any]:
    return {
        "id": verdict.id,
        "sql": verdict.sql,
        "calls": verdict.calls,
        "cost_before": verdict.cost_before,
        "cost_after": verdict.cost_after,
        "indexes_used": list(verdict.indexes_used),
        "origin": _origins(verdict.origins),
        "plan_before": _plan(verdict.plan_before),
        "plan_after": _plan(verdict.plan_after),
    }


def _origins(origins: tuple[Any, ...]) -> list[str]:
    return list(dict.fromkeys(origin.location or origin.view or origin.source for origin in origins))


def _plan(plan: Plan | None) -> list[str] | None:
    if plan is None:
        return None
    return [
        "  " * node.depth + " ".join(filter(None, (node.type, node.relation, node.index)))
        for node in plan.nodes
    ]
