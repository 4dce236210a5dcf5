"""EXPLAIN's JSON becomes a plan, with the indexes found wherever they hide."""

from __future__ import annotations

import json

from indexical.model import Index, Key
from indexical.pg.plans import parse_plan

BY_STATUS = Index("shop", "orders", (Key.asc("status"),))
BY_DATE = Index("shop", "orders", (Key.desc("created"),))
OTHER = Index("other", "orders", (Key.asc("status"),))

BITMAP = [
    {
        "Plan": {
            "Node Type": "Bitmap Heap Scan", "Relation Name": "orders", "Schema": "shop", "Alias": "o",
            "Total Cost": 12.5, "Plan Rows": 7, "Recheck Cond": "(a = 1)", "Filter": "(b > 2)",
            "Plans": [
                {
                    "Node Type": "BitmapAnd", "Total Cost": 9.0, "Plan Rows": 0,
                    "Plans": [
                        {
                            "Node Type": "Bitmap Index Scan", "Index Name": "i", "Total Cost": 4.0, "Plan Rows": 9,
                            "Index Cond": "(a = 1)",
                        },
                        {"Node Type": "Bitmap Index Scan", "Index Name": "j", "Total Cost": 4.5, "Plan Rows": 8},
                    ],
                },
                {
                    "Node Type": "Index Only Scan", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1",
                    "Index Name": "i", "Relation Name": "orders", "Schema": "other", "Total Cost": 1.0, "Plan Rows": 1,
                },
            ],
        }
    }
]  # fmt: skip

NAMES = {"shop.i": BY_STATUS, "shop.j": BY_DATE, "other.i": OTHER}


def test_a_bitmap_scan_takes_the_schema_of_the_table_above_it() -> None:
    plan = parse_plan(BITMAP, NAMES)
    assert plan.indexes == {BY_STATUS, BY_DATE, OTHER}
    assert plan.index_names == ("i", "j")


def test_nodes_come_in_the_order_of_explain_with_their_depth() -> None:
    nodes = parse_plan(BITMAP, NAMES).nodes
    assert [(node.type, node.depth) for node in nodes] == [
        ("Bitmap Heap Scan", 0), ("BitmapAnd", 1), ("Bitmap Index Scan", 2), ("Bitmap Index Scan", 2), ("Index Only Scan", 1),
    ]  # fmt: skip
    assert nodes[0].relation == "shop.orders"
    assert nodes[0].condition == "Recheck Cond: (a = 1); Filter: (b > 2)"
    assert nodes[2].condition == "Index Cond: (a = 1)"


def test_text_and_parsed_json_give_the_same_plan() -> None:
    assert parse_plan(json.dumps(BITMAP), NAMES) == parse_plan(BITMAP, NAMES) == parse_plan(BITMAP[0], NAMES)


def test_an_unknown_index_is_named_but_has_no_structure() -> None:
    plan = parse_plan(BITMAP, {"j": BY_DATE})
    assert plan.indexes == {BY_DATE}
    assert plan.index_names == ("i", "j")


def test_costs_and_rows_are_those_of_the_top() -> None:
    plan = parse_plan(BITMAP, {})
    assert (plan.cost, plan.rows) == (12.5, 7.0)
