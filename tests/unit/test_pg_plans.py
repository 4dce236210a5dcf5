"""EXPLAIN's JSON becomes a plan, with the indexes found wherever they hide."""

from __future__ import annotations

import json

import pytest

from indexical.model import ExistingIndex, Index, Key, Plan, PlanNode
from indexical.pg.plans import names_of, parse_plan, with_structures, without_values

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


def test_hypothetical_indexes_are_shown_by_their_structure() -> None:
    plan = with_structures(parse_plan(BITMAP, NAMES), {"j": BY_DATE})
    assert plan.index_names == ("i",)
    assert [node.index for node in plan.nodes] == ["", "", "i", BY_DATE.text, "i"]
    assert with_structures(plan, {"k": OTHER}) is plan


def test_names_are_found_with_and_without_their_schema() -> None:
    found = names_of([ExistingIndex("i", BY_STATUS), ExistingIndex("i", OTHER), ExistingIndex("j", BY_DATE)])
    assert found == {**NAMES, "i": BY_STATUS, "j": BY_DATE}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Index Cond: (mail = 'a''b'::text)", "Index Cond: (mail = ...::text)"),
        ("Filter: (card > 4111111111111111)", "Filter: (card > ...)"),
        (
            "Filter: ((total >= '-1.5'::numeric) AND (x = -2.5e-3))",
            "Filter: ((total >= ...::numeric) AND (x = ...))",
        ),
        ("Filter: (note ~~ E'a\\\\b%'::text)", "Filter: (note ~~ ...::text)"),
        (
            'Filter: ("o\'clock 7" = ANY (\'{1,"two"}\'::text[]))',
            'Filter: ("o\'clock 7" = ANY (...::text[]))',
        ),
        ("Filter: ((t1.col2 = $1) AND (md5(t2.x3) = $2))", "Filter: ((t1.col2 = $1) AND (md5(t2.x3) = $2))"),
        ("Sort Key: orders.created DESC, o2.id", "Sort Key: orders.created DESC, o2.id"),
    ],
)
def test_no_literal_is_left_in_a_condition(condition: str, expected: str) -> None:
    plan = Plan(1.0, nodes=(PlanNode("Seq Scan", condition=condition),))
    assert without_values(plan).nodes[0].condition == expected
