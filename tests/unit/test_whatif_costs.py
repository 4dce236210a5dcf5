"""The cost model: how rarely it asks, what it averages, and how it behaves when time is up."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.errors import EngineFailed, PlanRefused
from indexical.model import (
    Candidate,
    Candidates,
    ColumnStatistics,
    Configuration,
    Plan,
    PlanNode,
    Statement,
    View,
    Workload,
)
from indexical.testing import catalog, index, table
from indexical.whatif import CostModel
from tests.unit.fakes_selection import OptionPlanner, indexes

NONE = frozenset()
A, B, C = indexes(3)
EXISTING = index("t", "h")
OTHER = index("public.u", "a")


def added(*members):
    return Configuration(frozenset(members))


def removed(*members):
    return Configuration(frozenset(), frozenset(members))


def q(id="q", **values):
    return Statement(id=id, sql=values.pop("sql", "select * from t"), **values)


def model(options, *statements, planner=None, relevant=None, stages=None, **values):
    tables = (table("t", "a int, b int, h int", indexes=["h_idx: h"]), table("u", "a int"))
    planner = planner or OptionPlanner(options, existing={EXISTING: "h_idx"})
    relevant = relevant if relevant is not None else {s.id: (A, B, C) for s in statements}
    stages = {A: 0, B: 0, C: 0, OTHER: 0, **(stages or {})}
    candidates = Candidates(
        tuple(Candidate(i, "test", tuple(sorted(relevant)), stage) for i, stage in stages.items()),
        tuple(sorted(relevant.items())),
    )
    made = CostModel(Workload(tuple(statements)), catalog(*tables), planner, candidates, (), **values)
    return made, planner


def test_the_same_question_is_asked_once():
    costs, planner = model({"q": {NONE: 10.0}}, q())
    assert [costs.cost(q(), Configuration()) for _ in range(3)] == [10.0] * 3
    assert planner.calls == costs.planner_calls == 1


def test_an_index_that_is_not_relevant_costs_no_planner_call():
    costs, planner = model({"q": {NONE: 10.0}}, q())
    costs.cost(q(), Configuration())
    assert costs.cost(q(), added(OTHER)) == 10.0
    assert planner.calls == 1


def test_an_index_nobody_proposed_is_relevant_on_its_table():
    strange = index("t", "h, a")
    costs, _ = model({"q": {NONE: 10.0, frozenset({strange}): 2.0}}, q())
    assert costs.cost(q(), added(strange)) == 2.0


def test_a_plan_among_many_answers_for_fewer_that_hold_its_indexes():
    costs, planner = model({"q": {NONE: 10.0, frozenset({A}): 3.0}}, q())
    costs.cost(q(), added(A, B, C))
    before = planner.calls
    assert costs.cost(q(), added(A, B)) == 3.0
    assert costs.cost(q(), added(A)) == 3.0
    assert planner.calls == before


def test_a_plan_does_not_answer_for_a_set_without_its_index():
    costs, _ = model({"q": {NONE: 10.0, frozenset({A}): 3.0}}, q())
    costs.cost(q(), added(A, B, C))
    assert costs.cost(q(), added(B, C)) == 10.0


def test_a_removed_index_that_the_plan_uses_is_asked_about():
    costs, planner = model({"q": {NONE: 10.0, frozenset({EXISTING}): 4.0}}, q())
    assert costs.cost(q(), Configuration()) == 4.0
    assert costs.cost(q(), removed(EXISTING)) == 10.0
    assert planner.calls == 2


def test_a_removed_index_that_the_plan_does_not_use_is_not_asked_about():
    costs, planner = model({"q": {NONE: 10.0}}, q())
    costs.cost(q(), Configuration())
    assert costs.cost(q(), removed(EXISTING)) == 10.0
    assert planner.calls == 1


pool = st.sampled_from((A, B, C))
subsets = st.frozensets(pool)


@given(
    st.dictionaries(st.frozensets(pool, min_size=1), st.integers(1, 99).map(float), max_size=6),
    st.lists(st.tuples(subsets, st.booleans()), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_every_derived_cost_is_what_the_planner_would_have_said(plans, questions):
    options = {"q": {NONE: 100.0, **plans, frozenset({EXISTING}): 60.0}}
    costs, _ = model(options, q())
    fresh = OptionPlanner(options, existing={EXISTING: "h_idx"})
    for members, without in questions:
        configuration = Configuration(members, frozenset({EXISTING}) if without else NONE)
        assert costs.cost(q(), configuration) == fresh.plan(q(), (), configuration).cost


def test_samples_are_averaged_by_weight():
    statement = q(sql="select * from t where a > $1", samples=(("1",), ("2",)), sample_weights=(3.0, 1.0))

    class ByValue(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            return Plan(8.0 if parameters == ("1",) else 40.0)

    costs, _ = model({}, statement, planner=ByValue({}))
    assert costs.cost(statement, Configuration()) == pytest.approx(16.0)


def test_the_plan_shown_is_that_of_the_dearest_sample():
    statement = q(sql="select * from t where a > $1", samples=(("1",), ("2",)))

    class ByValue(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            return Plan(8.0 if parameters == ("1",) else 40.0)

    costs, _ = model({}, statement, planner=ByValue({}))
    assert costs.plan(statement, Configuration()).cost == 40.0


def test_indexes_used_are_those_of_all_samples():
    statement = q(sql="select * from t where a > $1", samples=(("1",), ("2",)))

    class ByValue(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            wanted = A if parameters == ("1",) else B
            return Plan(1.0, indexes=frozenset({wanted}) & configuration.added)

    costs, _ = model({}, statement, planner=ByValue({}))
    assert costs.used(statement, added(A, B, C)) == {A, B}


def test_a_statement_that_cannot_be_planned_is_named_and_costs_nothing():
    planner = OptionPlanner({"good": {NONE: 10.0}}, refuse=frozenset({"bad"}))
    costs, _ = model({}, q("good"), q("bad"), planner=planner)
    assert [s.id for s in costs.examine()] == ["good"]
    assert [n.what for n in costs.not_examined] == ["bad"]
    assert "column does not exist" in costs.not_examined[0].why
    assert costs.cost(q("bad"), Configuration()) == costs.cost(q("bad"), added(A)) == 0.0
    assert costs.used(q("bad"), added(A)) == NONE
    assert costs.plan(q("bad"), added(A)).cost == 0.0


def test_one_refused_sample_does_not_lose_the_statement():
    statement = q(sql="select * from t where a > $1", samples=(("x",), ("2",)))

    class Half(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            if parameters == ("x",):
                self.refuse = frozenset({"q"})
                try:
                    return super().plan(statement, parameters, configuration)
                finally:
                    self.refuse = frozenset()
            return Plan(7.0)

    costs, _ = model({}, statement, planner=Half({}))
    assert [s.id for s in costs.examine()] == ["q"]
    assert costs.cost(statement, Configuration()) == 7.0
    assert costs.not_examined == ()


def test_a_configuration_that_cannot_be_planned_costs_what_is_known():
    class Picky(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            self.refuse = frozenset({"q"}) if B in configuration.added else frozenset()
            return super().plan(statement, parameters, configuration)

    costs, _ = model({}, q(), planner=Picky({"q": {NONE: 10.0, frozenset({A}): 4.0}}))
    assert costs.cost(q(), added(A)) == 4.0
    assert costs.cost(q(), added(A, B)) == 4.0
    assert costs.not_examined == ()


def test_a_lost_engine_is_not_swallowed():
    class Lost(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            raise EngineFailed("the planner's server has ended")

    costs, _ = model({}, q(), planner=Lost({}))
    with pytest.raises(EngineFailed):
        costs.examine()


def test_after_the_last_planner_call_answers_come_from_memory_and_are_never_too_low():
    options = {"q": {NONE: 10.0, frozenset({A}): 3.0, frozenset({B}): 1.0}}
    costs, planner = model(options, q(), max_planner_calls=2)
    costs.cost(q(), Configuration())
    costs.cost(q(), added(A))
    assert costs.exhausted
    assert costs.cost(q(), added(A, B)) == 3.0
    assert costs.cost(q(), added(B)) == 10.0
    assert planner.calls == 2


def test_an_unknown_removal_without_planner_calls_left_is_infinitely_dear():
    costs, _ = model({"q": {frozenset({EXISTING}): 5.0, NONE: 9.0}}, q(), max_planner_calls=1)
    assert costs.cost(q(), Configuration()) == 5.0
    assert costs.cost(q(), removed(EXISTING)) == math.inf


def test_statements_that_the_deadline_cut_off_are_named():
    costs, planner = model(
        {"q": {NONE: 10.0}, "r": {NONE: 5.0}}, q(total_ms=5.0), q("r"), max_planner_calls=1
    )
    assert [s.id for s in costs.examine()] == ["q"]
    assert [n.what for n in costs.not_examined] == ["r"]
    assert "ran out" in costs.not_examined[0].why
    assert planner.calls == 1


def test_the_deadline_is_honoured_while_the_planner_is_slow(monkeypatch):
    now = [0]
    monkeypatch.setattr("indexical.whatif.costs.time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            now[0] += 1
            return super().plan(statement, parameters, configuration)

    many = [q(f"q{n}") for n in range(200)]
    costs, planner = model({}, *many, planner=Slow({s.id: {NONE: 1.0} for s in many}), deadline=5)
    assert len(costs.examine()) == planner.calls == 5
    assert len(costs.not_examined) == 195


def test_size_of_an_existing_index_is_the_catalogs():
    costs, _ = model({"q": {NONE: 1.0}}, q(), planner=OptionPlanner({}, sizes={A: 777, EXISTING: 1}))
    assert costs.size(A) == 777
    assert costs.size(EXISTING) == 8192


def test_progress_is_told():
    heard = []
    costs, _ = model({"q": {NONE: 1.0}}, q(), on_event=lambda *event: heard.append(event))
    costs.examine()
    assert heard == [("what-if", 0.0, "q")]


class ManyHands(OptionPlanner):
    """Takes several threads, answers some statements late, and says who asked and in which order indexes were made."""

    workers = 3

    def __init__(self, *arguments, gathers=False, **values):
        """Where it ``gathers``, each thread's first question waits until every worker asks."""
        super().__init__(*arguments, **values)
        self.threads = set()
        self.made = []
        # Else one or two threads can be quick enough to do it all.
        self.gathering = threading.Barrier(self.workers) if gathers else None

    def add(self, made):
        for each in made:
            if each == B:
                raise PlanRefused("no such operator class")
            self.made += [each] if each not in self.made else []

    def plan(self, statement, parameters, configuration):
        name = threading.current_thread().name
        if name not in self.threads:
            self.threads.add(name)
            if self.gathering is not None:
                self.gathering.wait(60)
        time.sleep(0.02 if statement.id in ("q1", "q4") else 0.001)
        return super().plan(statement, parameters, configuration)


MANY = tuple(q(f"q{n}") for n in range(9))
OPTIONS = {s.id: {NONE: 10.0 + n, frozenset({A}): 3.0, frozenset({A, C}): 2.0} for n, s in enumerate(MANY)}


def walk(costs):
    """What a search does with each statement, one question after the other."""

    def work(statement):
        return [
            (costs.cost(statement, each), costs.used(statement, each))
            for each in (added(A, B, C), added(B, C), added(A), added())
        ]

    return costs.spread(work, MANY)


def test_any_number_of_workers_gives_the_same_answers_with_the_same_questions():
    hands = ManyHands(OPTIONS, existing={EXISTING: "h_idx"}, gathers=True)
    several, _ = model(OPTIONS, *MANY, planner=hands)
    alone, planner = model(OPTIONS, *MANY)
    assert [s.id for s in several.examine()] == [s.id for s in alone.examine()]
    assert walk(several) == walk(alone)
    assert several.planner_calls == alone.planner_calls == hands.calls == planner.calls
    assert len(hands.threads) == 3


def test_candidates_are_made_when_asked_for_by_stage_and_in_one_order_and_a_refused_one_stops_nothing():
    late, wide = index("t", "a, b"), index("t", "a, c")
    made = []
    for first in (A, C, late):
        hands = ManyHands(OPTIONS, existing={EXISTING: "h_idx"})
        relevant = {s.id: (A, B, C, late, wide) for s in MANY}
        costs, _ = model(OPTIONS, *MANY, planner=hands, relevant=relevant, stages={late: 1, wide: 2})
        costs.cost(MANY[0], added(first))
        costs.cost(MANY[0], added(late))
        made.append(hands.made)
    assert made == [[A, C, late]] * 3


def test_what_nobody_asks_for_is_not_made():
    costs, hands = model(OPTIONS, *MANY, planner=ManyHands(OPTIONS, existing={EXISTING: "h_idx"}))
    assert len(costs.examine()) == 9
    assert hands.made == []


def test_a_limit_of_calls_lets_one_ask_at_a_time():
    hands = ManyHands(OPTIONS, existing={EXISTING: "h_idx"})
    costs, _ = model(OPTIONS, *MANY, planner=hands, max_planner_calls=4)
    assert [s.id for s in costs.examine()] == ["q0", "q1", "q2", "q3"]
    assert hands.threads == {threading.current_thread().name}


def test_ample_calls_let_several_ask_at_once_and_the_limit_holds():
    asked = {}
    for workers in (1, 3):
        hands = ManyHands(OPTIONS, existing={EXISTING: "h_idx"}, gathers=workers > 1)
        hands.workers = workers
        costs, _ = model(OPTIONS, *MANY, planner=hands, max_planner_calls=4000)
        assert len(costs.examine()) == 9
        asked[workers] = (walk(costs), costs.planner_calls, len(hands.threads))
    assert asked[1][:2] == asked[3][:2]
    assert (asked[1][2], asked[3][2]) == (1, 3)


def test_where_a_plan_costs_as_much_as_with_everything_visible_nothing_in_between_is_asked():
    options = {"q": {NONE: 10.0, frozenset({A, B}): 10.0}}

    class Indifferent(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            super().plan(statement, parameters, configuration)
            return Plan(10.0, indexes=configuration.added & frozenset({A, B}))

    costs, planner = model(options, q(), planner=Indifferent(options))
    assert [costs.cost(q(), each) for each in (added(), added(A, B, C))] == [10.0, 10.0]
    assert [costs.cost(q(), each) for each in (added(A), added(B), added(C, A))] == [10.0] * 3
    assert planner.calls == 2


def test_an_index_of_a_table_behind_a_view_can_be_missed():
    seen = replace(
        catalog(table("t", "a int, b int, h int", indexes=["h_idx: h"])),
        views=(View("public", "v", "SELECT a FROM public.t"),),
    )
    planner = OptionPlanner({"q": {NONE: 9.0, frozenset({EXISTING}): 4.0}}, existing={EXISTING: "h_idx"})
    asked = q(sql="select * from v")
    costs = CostModel(Workload((asked,)), seen, planner, Candidates((), ()), ())
    assert costs.cost(asked, Configuration()) == 4.0
    assert costs.cost(asked, removed(EXISTING)) == 9.0
    assert costs.reads(asked) == {("public", "t")}


def test_an_engine_that_ends_under_one_thread_ends_the_work():
    class Ends(ManyHands):
        def plan(self, statement, parameters, configuration):
            if statement.id == "q3":
                raise EngineFailed("gone")
            return super().plan(statement, parameters, configuration)

    costs, _ = model(OPTIONS, *MANY, planner=Ends(OPTIONS, existing={EXISTING: "h_idx"}))
    with pytest.raises(EngineFailed, match="gone"):
        costs.examine()
    assert not [t for t in threading.enumerate() if t.name.startswith("indexical-what-if")]


def test_values_drawn_from_the_statistics_are_not_shown_in_a_plan():
    class Shows(OptionPlanner):
        def plan(self, statement, parameters, configuration):
            condition = (
                f"Index Cond: (mail = '{parameters[0]}'::text); Filter: (\"a'b 7\" > 4111111111111111)"
            )
            return Plan(1.0, nodes=(PlanNode("Index Scan", condition=condition),))

    known = ColumnStatistics(common_values="{canary@example.org}", common_frequencies=(0.9,))
    tables = (table("t", "mail text", statistics={"mail": known}),)
    drawn = q("drawn", sql="select * from t where mail = $1")
    shown = q("shown", sql="select * from t where mail = $1", samples=(("mine@example.org",),))
    costs = CostModel(Workload((drawn, shown)), catalog(*tables), Shows({}), Candidates((), ()), ())
    hidden = costs.plan(drawn, Configuration()).nodes[0].condition
    assert hidden == 'Index Cond: (mail = ...::text); Filter: ("a\'b 7" > ...)'
    assert "mine@example.org" in costs.plan(shown, Configuration()).nodes[0].condition
