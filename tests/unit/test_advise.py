"""The straight line from a workload to complete advice, with a written-down planner."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from indexical.advise import advise
from indexical.errors import WorkloadEmpty
from indexical.model import ColumnStatistics, Limits, Origin, Skipped, Statement, Workload
from indexical.testing import catalog, common, existing, index, statement, table
from tests.unit.fakes_selection import OptionPlanner

NONE = frozenset()
LIST = "select id, total from orders where user_id = $1 order by created_at limit 20"
OPEN = "select count(*) from orders where status = 'OPEN'"
LIST_INDEX = index("public.orders", "user_id, created_at")
FK = index("public.orders", "user_id")
UNIQUE = ColumnStatistics(distinct=-1.0, average_width=16, histogram="{1,2,3}")
ORDERS = table(
    "orders",
    "id uuid not null, user_id uuid not null, status text, created_at timestamptz, total numeric",
    rows=100_000,
    indexes=["orders_pkey: primary id", "orders_user_id_fk: user_id"],
    statistics={
        "id": UNIQUE,
        "user_id": ColumnStatistics(distinct=1000.0, average_width=16),
        "created_at": replace(UNIQUE, correlation=0.99),
        "status": common({"DONE": 0.6, "OPEN": 0.4}),
    },
    foreign_keys={"user_id": "users.id"},
)
CATALOG = replace(
    catalog(ORDERS), statistics_since="2026-01-01", taken_at="2026-02-01", not_examined=(("x", "y"),)
)


def planner(**more):
    options = {
        "list": {NONE: 900.0, frozenset({FK}): 400.0, frozenset({LIST_INDEX}): 4.0},
        "open": {NONE: 500.0},
        **more,
    }
    return OptionPlanner(
        options, existing={e.index: e.name for e in ORDERS.indexes}, sizes={LIST_INDEX: 5_000_000}
    )


def workload(*more, calls=100.0):
    origin = Origin("shop/views.py:41", "order-list")
    listing = replace(statement(LIST, id="list", calls=calls, samples=[["1"], ["2"]]), origins=(origin,))
    return Workload((listing, statement(OPEN, id="open", calls=10.0), *more))


def still(advice):
    """The advice without its clock."""
    return replace(advice, milliseconds=0.0, planner=replace(advice.planner, milliseconds=0.0))


def test_a_workload_becomes_complete_advice():
    advice = advise(workload(), CATALOG, Limits(), planner())
    (made,) = advice.create
    assert made.index == LIST_INDEX
    assert made.ddl == f"CREATE INDEX {made.name} ON public.orders (user_id, created_at)"
    assert made.benefit == pytest.approx(100 * (400 - 4))
    assert made.size == 5_000_000
    assert made.statements == ("list",)
    assert made.origins == (Origin("shop/views.py:41", "order-list"),)
    assert made.phase == "critical"
    assert advice.cost_before == pytest.approx(100 * 400 + 10 * 500)
    assert advice.cost_after == pytest.approx(100 * 4 + 10 * 500)
    assert advice.bound <= advice.total_after
    assert advice.gap == pytest.approx(0.0, abs=1e-3)
    assert (advice.planner.kind, advice.planner.server_version) == ("fake", "18.0")
    assert advice.planner.calls > 0
    assert advice.storage_before == 2 * 8192
    assert (advice.taken_at, advice.statistics_since) == ("2026-02-01", "2026-01-01")


def test_verdicts_hold_costs_plans_and_names():
    advice = advise(workload(), CATALOG, Limits(), planner())
    verdicts = {v.id: v for v in advice.statements}
    assert (verdicts["list"].cost_before, verdicts["list"].cost_after) == (400.0, 4.0)
    assert verdicts["list"].indexes_used == (advice.create[0].name,)
    assert verdicts["list"].plan_before.index_names == ("orders_user_id_fk",)
    assert verdicts["list"].plan_after.indexes == {LIST_INDEX}
    assert verdicts["open"].cost_before == verdicts["open"].cost_after == 500.0
    assert verdicts["open"].indexes_used == ()


def test_the_foreign_keys_index_that_the_new_one_covers_is_dropped_by_its_name():
    advice = advise(workload(), CATALOG, Limits(), planner())
    (gone,) = advice.drop
    assert (gone.existing.name, gone.reason) == ("orders_user_id_fk", "redundant")
    assert gone.covered_by == advice.create[0].name
    assert advice.create[0].name in gone.evidence
    assert gone.ddl == "DROP INDEX public.orders_user_id_fk"


def test_a_statement_that_still_needs_the_old_index_keeps_it():
    other = statement(
        "select total from orders where user_id = $1 and total > 5", id="other", samples=[["1"]]
    )
    costs = {NONE: 900.0, frozenset({FK}): 8.0, frozenset({LIST_INDEX}): 12.0}
    advice = advise(workload(other), CATALOG, Limits(), planner(other=costs))
    assert [r.index for r in advice.create] == [LIST_INDEX]
    assert advice.drop == ()
    assert any(r.reason == "still-used" and r.subject == "orders_user_id_fk" for r in advice.refused)


def test_nothing_to_gain_is_advice_too():
    made = OptionPlanner({"list": {NONE: 4.0}, "open": {NONE: 500.0}})
    advice = advise(workload(), CATALOG, Limits(only="create"), made)
    assert (advice.create, advice.drop) == ((), ())
    assert advice.cost_before == advice.cost_after
    assert advice.refused != ()


def test_what_was_not_examined_is_all_named():
    broken = statement("select nothing from orders where status = 'x'", id="broken")
    given = replace(workload(broken), skipped=(Skipped("COPY", "not a query"),))
    fake = planner(broken={NONE: 1.0})
    fake.refuse = frozenset({"broken"})
    advice = advise(given, CATALOG, Limits(), fake)
    named = {n.what: n.why for n in advice.not_examined}
    assert "cannot be planned" in named["broken"]
    assert named["COPY"] == "not a query"
    assert named["x"] == "y"
    assert "broken" not in {v.id for v in advice.statements}


def test_an_empty_workload_is_refused():
    with pytest.raises(WorkloadEmpty, match="no statement"):
        advise(Workload(()), CATALOG, Limits(), planner())


def test_a_workload_of_which_nothing_can_be_planned_is_refused_in_one_line():
    fake = planner()
    fake.refuse = frozenset({"list", "open"})
    with pytest.raises(WorkloadEmpty) as caught:
        advise(workload(), CATALOG, Limits(), fake)
    assert "none of the 2 statements" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_statement_that_the_advice_makes_worse_is_reported():
    class Odd(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            plan = super().plan(statement, parameters, configuration)
            odd = statement.id == "open" and LIST_INDEX in configuration.added
            return replace(plan, cost=600.0, indexes=frozenset({LIST_INDEX})) if odd else plan

    known = planner()
    sql = "select count(*) from orders where user_id > $1 and status = 'OPEN'"
    counting = Statement("open", sql, calls=1.0, samples=(("1",),))
    given = Workload((workload().statements[0], counting))
    advice = advise(given, CATALOG, Limits(only="create"), Odd(known.options, existing=known.existing))
    assert [r.index for r in advice.create] == [LIST_INDEX]
    assert [(r.subject, r.reason) for r in advice.refused if r.reason == "made-worse"] == [
        ("open", "made-worse")
    ]


def test_budget_and_reason_reach_the_advice():
    advice = advise(workload(), CATALOG, Limits(storage_budget=1_000_000), planner())
    assert advice.create == ()
    assert advice.storage_budget == 1_000_000
    assert any(r.reason == "over-budget" and r.subject == LIST_INDEX.text for r in advice.refused)


def test_names_avoid_those_that_are_taken():
    first = advise(workload(), CATALOG, Limits(), planner()).create[0].name
    taken = table("other", "a int", indexes=[f"{first}: a"])
    second = advise(workload(), replace(CATALOG, tables=(ORDERS, taken)), Limits(), planner()).create[0].name
    assert second != first


def test_the_same_input_gives_the_same_advice_in_any_order():
    given = workload()
    expected = still(advise(given, CATALOG, Limits(deadline=None), planner()))
    for seed in range(3):
        statements = list(given.statements)
        random.Random(seed).shuffle(statements)
        shuffled = replace(given, statements=tuple(statements))
        assert still(advise(shuffled, CATALOG, Limits(deadline=None), planner())) == expected


def test_planner_calls_are_limited_and_the_answer_says_so():
    fake = planner()
    advice = advise(workload(), CATALOG, Limits(max_planner_calls=3), fake)
    assert fake.calls <= 3
    assert any(n.what == "the search" for n in advice.not_examined)


def test_stages_are_told_in_order():
    heard = []
    advise(
        workload(), CATALOG, Limits(), planner(), on_event=lambda stage, share, detail: heard.append(stage)
    )
    order = [stage for n, stage in enumerate(heard) if stage not in heard[:n]]
    assert order == ["candidates", "what-if", "selection", "justify"]


def test_heap_only_updates_keep_a_column_out_of_the_set():
    update = statement(
        "update orders set created_at = $1 where id = $2", id="touch", calls=100_000.0, samples=[["1", "2"]]
    )
    advice = advise(workload(update), CATALOG, Limits(only="create"), planner(touch={NONE: 1.0}))
    assert advice.create == ()
    assert any(r.reason in ("keeps-hot", "below-min-benefit") and "save" in r.detail for r in advice.refused)


def test_a_verdict_never_names_an_index_that_is_to_go():
    twins = replace(ORDERS, indexes=(*ORDERS.indexes, existing("orders", "a_twin: user_id", oid=9000)))
    made = OptionPlanner(
        {"list": {NONE: 900.0, frozenset({FK}): 4.0}, "open": {NONE: 500.0}}, existing={FK: "a_twin"}
    )
    advice = advise(workload(), replace(CATALOG, tables=(twins,)), Limits(), made)
    assert [d.existing.name for d in advice.drop] == ["a_twin"]
    verdict = next(v for v in advice.statements if v.id == "list")
    assert verdict.indexes_used == ("orders_user_id_fk",)
