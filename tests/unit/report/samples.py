"""One advice with everything in it, for the tests of the reports."""

from __future__ import annotations

from indexical import ddl
from indexical.model import (
    Advice,
    Drop,
    ExistingIndex,
    HotLoss,
    Index,
    Key,
    NotExamined,
    Origin,
    Plan,
    PlannerUse,
    PlanNode,
    Recommendation,
    Refusal,
    StatementVerdict,
)

ORDERS = Index("public", "orders", (Key.asc("user_id"), Key.desc("created_at")))
PAID = Index("public", "orders", (Key.asc("paid_at"),), predicate="status = 'PAID'", include=("total",))
OLD = ExistingIndex(
    "orders_user_id_idx", Index("public", "orders", (Key.asc("user_id"),)), oid=42, size=3 * 2**20, scans=7
)


def recommendation(index: Index, name: str, **values: object) -> Recommendation:
    fields: dict[str, object] = {
        "index": index,
        "name": name,
        "ddl": ddl.create_index(index, name),
        "size": 12_000_000,
        "benefit": 81_000.0,
        "maintenance": 120.0,
        "statements": ("orders-list",),
    }
    return Recommendation(**(fields | values))  # type: ignore[arg-type]


def advice(**values: object) -> Advice:
    fields: dict[str, object] = {
        "create": (
            recommendation(
                ORDERS,
                "orders_user_created_idx",
                phase="critical",
                origins=(Origin("shop/views.py:41", "orders"),),
            ),
            recommendation(PAID, "orders_paid_idx", hot_loss=(HotLoss(("status",), 300.0, 7200.0),)),
        ),
        "drop": (
            Drop(
                OLD,
                "redundant",
                "orders_user_created_idx",
                "its key leads that one",
                "DROP INDEX public.orders_user_id_idx",
            ),
        ),
        "refused": (Refusal("public.plans", "small-table", "3 rows on 1 page"),),
        "statements": (
            StatementVerdict(
                "orders-list",
                "SELECT * FROM orders WHERE user_id = $1",
                120.0,
                812.0,
                8.3,
                ("orders_user_created_idx",),
                (Origin("shop/views.py:41", "orders"),),
                Plan(812.0, nodes=(PlanNode("Seq Scan", relation="public.orders"),)),
                Plan(
                    8.3,
                    nodes=(
                        PlanNode("Index Scan", relation="public.orders", index="orders_user_created_idx"),
                    ),
                ),
            ),
            StatementVerdict("same", "SELECT 1", 5.0, 1.0, 1.0),
        ),
        "not_examined": (NotExamined("statement broken", "it cannot be parsed: line 1"),),
        "planner": PlannerUse("twin", "18.6", 412, 1930.4),
        "cost_before": 97_445.0,
        "cost_after": 1_001.0,
        "bound": 1_100.0,
        "maintenance_before": 50.0,
        "maintenance_after": 170.0,
        "storage_before": 20_000_000,
        "storage_budget": 500_000_000,
        "milliseconds": 3100.4,
        "workload_statements": 3,
        "workload_calls": 131.0,
        "database": "shop",
        "taken_at": "2026-01-02T03:04:05+00:00",
    }
    return Advice(**(fields | values))  # type: ignore[arg-type]
