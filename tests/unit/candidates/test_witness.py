"""What a plan filters and sorts by, held against what was read from the SQL."""

from __future__ import annotations

import pytest

from indexical.candidates import overlooked
from indexical.model import NotExamined, Plan, PlanNode
from indexical.testing import statement
from tests.unit.candidates.shop import ask, shop


def told(sql: str, *nodes: PlanNode) -> list[str]:
    planned = [(statement(sql), Plan(1.0, nodes=nodes))]
    return [gap.why for gap in overlooked(planned, ask(planned[0][0]), shop())]


def scan(
    condition: str, relation: str = "public.orders", alias: str = "o", type: str = "Seq Scan"
) -> PlanNode:
    return PlanNode(type, relation=relation, alias=alias, condition=condition)


def test_a_filter_that_the_sql_does_not_show_is_named() -> None:
    (why,) = told(
        "SELECT * FROM hidden_in_a_function($1) o",
        scan("Filter: (((o.status)::text = 'NEW'::text) AND (o.total > '5'::numeric))"),
    )
    assert why == "its plan filters or sorts public.orders by status, total, which its SQL does not show"


def test_a_sort_that_the_sql_does_not_show_is_named() -> None:
    sort = PlanNode("Sort", condition="Sort Key: o.created_at DESC, o.total")
    (why,) = told("SELECT * FROM orders o WHERE o.total > 1", sort, scan("Filter: (o.total > '1'::numeric)"))
    assert why == "its plan filters or sorts public.orders by created_at, which its SQL does not show"


@pytest.mark.parametrize(
    "node",
    [
        scan("Filter: (o.total > '1'::numeric)"),
        scan("Filter: ((o.note)::text = 'status'::text)"),
        scan('Filter: ("o"."total" > $1)'),
        scan("Filter: (total > '1'::numeric)"),
        scan("Filter: (o.total = (u.status)::numeric)"),
        scan("Filter: (status(o.total) = '1'::status)"),
        scan("Index Cond: (o.status = 'x'::text)", type="Index Scan"),
        scan("Filter: (o.status = 'x'::text)", type="Index Scan"),
        scan("Filter: (x.status = 'x'::text)", relation="pg_catalog.pg_class", alias="x"),
        PlanNode("Function Scan", alias="f", condition="Filter: (f.status = 1)"),
        PlanNode("Sort", condition="Sort Key: (count(*)) DESC, o.total"),
        PlanNode("Sort", condition="Sort Key: x.created_at"),
    ],
)
def test_nothing_is_named_that_the_sql_shows_or_that_no_index_could_serve(node: PlanNode) -> None:
    assert told("SELECT * FROM orders o WHERE o.total > 1 AND o.note = 'status'", node, scan("")) == []


def test_each_statement_answers_for_itself() -> None:
    plan = Plan(1.0, nodes=(scan("Filter: (o.status = 'x'::text)"),))
    seen = statement("SELECT * FROM orders o WHERE status = $1", id="a")
    blind = statement("SELECT * FROM far_away", id="b")
    assert overlooked([(seen, plan), (blind, plan)], ask(seen, blind), shop()) == (
        NotExamined("b", "its plan filters or sorts public.orders by status, which its SQL does not show"),
    )


def test_an_aggregate_that_is_sorted_by_is_no_column_to_search_by() -> None:
    sort = PlanNode("Sort", condition="Sort Key: (sum(o.total)) DESC")
    assert told("SELECT user_id, sum(total) FROM orders o GROUP BY 1 ORDER BY 2 DESC", sort, scan("")) == []
