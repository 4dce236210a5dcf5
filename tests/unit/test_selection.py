"""The choice against brute force, its limits, and the reasons it gives."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.model import Candidates, Limits, Workload
from indexical.selection import select
from indexical.selection.choose import choose
from indexical.selection.lower import Lower
from indexical.selection.problem import Problem
from indexical.selection.program import Program
from indexical.selection.refusals import explain
from indexical.testing import index
from tests.unit.fakes_selection import brute_force, indexes, open_limits, world

choosing = importlib.import_module("indexical.selection.choose")
NONE = frozenset()
A, B, C, D = indexes(4)


def only(*members):
    return frozenset(members)


@st.composite
def instances(draw):
    """Up to five indexes with interactions, sizes, upkeep and groups; and limits that often bind."""
    pool = indexes(draw(st.integers(1, 5)))
    options = {}
    for number in range(draw(st.integers(1, 4))):
        base = draw(st.integers(50, 400))
        plans = {NONE: float(base)}
        for _ in range(draw(st.integers(0, 4))):
            needed = frozenset(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3)))
            plans[needed] = float(draw(st.integers(1, base)))
        options[f"q{number}"] = plans
    some = st.integers(0, 60).map(float)
    hot = {}
    if draw(st.booleans()):
        group = ("t (a)", 10.0, float(draw(st.integers(1, 200))), ("a",))
        hot = {member: (group,) for member in pool if draw(st.booleans())}
    made = world(
        options,
        calls={id: float(draw(st.integers(1, 9))) for id in options},
        sizes={member: draw(st.integers(1, 10)) for member in pool},
        maintenance={member: draw(some) for member in pool},
        hot=hot,
    )
    limits = open_limits(
        storage_budget=draw(st.none() | st.integers(0, 30)), max_indexes=draw(st.none() | st.integers(0, 4))
    )
    return (*made, limits)


@given(instances())
@settings(max_examples=120, deadline=None)
def test_solver_finds_what_brute_force_finds_and_proves_it(instance):
    problem = Problem(*instance)
    best, _ = brute_force(problem)
    choice = choose(problem)
    assert choice.exact
    assert problem.total(choice.chosen) == pytest.approx(best, rel=1e-4)
    assert choice.bound <= best * (1 + 1e-6) + 1e-6
    assert choice.bound == pytest.approx(best, rel=1e-3, abs=1e-3)


@given(instances())
@settings(max_examples=60, deadline=None)
def test_greedy_keeps_the_limits_and_stays_above_its_bound(instance):
    problem = Problem(*instance)
    best, _ = brute_force(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "solver", lambda: None)
        choice = choose(problem)
    assert problem.fits(choice.chosen)
    assert choice.bound <= best + 1e-6
    assert best - 1e-6 <= problem.total(choice.chosen) <= problem.total(NONE) + 1e-6


@given(instances(), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_order_of_the_input_does_not_matter(instance, seed):
    workload, catalog, candidates, costs, limits = instance
    shuffler = random.Random(seed)
    statements, listed = list(workload.statements), list(candidates.candidates)
    shuffler.shuffle(statements)
    shuffler.shuffle(listed)
    first = select(workload, catalog, candidates, costs, limits)
    shuffled = replace(candidates, candidates=tuple(listed))
    second = select(Workload(tuple(statements)), catalog, shuffled, costs, limits)
    assert [c.index for c in first.chosen] == [c.index for c in second.chosen]
    assert first.refused == second.refused
    assert first.drops == second.drops


def test_two_indexes_that_only_help_together_are_both_chosen():
    made = world({"q": {NONE: 100.0, only(A, B): 5.0, only(A): 100.0, only(B): 100.0}})
    assert {c.index for c in select(*made, open_limits()).chosen} == {A, B}


def test_greedy_too_takes_two_that_only_help_together(monkeypatch):
    monkeypatch.setattr(choosing, "solver", lambda: None)
    made = world({"q": {NONE: 100.0, only(A, B): 5.0}})
    assert {c.index for c in select(*made, open_limits()).chosen} == {A, B}


def test_one_shared_index_beats_two_special_ones():
    options = {
        "q1": {NONE: 100.0, only(A): 10.0, only(C): 12.0},
        "q2": {NONE: 100.0, only(B): 10.0, only(C): 12.0},
    }
    made = world(options, maintenance={A: 20.0, B: 20.0, C: 20.0})
    assert [c.index for c in select(*made, open_limits()).chosen] == [C]


def test_storage_budget_is_held_to_the_byte():
    options = {"q1": {NONE: 100.0, only(A): 1.0}, "q2": {NONE: 90.0, only(B): 1.0}}
    made = world(options, sizes={A: 60, B: 41})
    assert {c.index for c in select(*made, open_limits(storage_budget=101)).chosen} == {A, B}
    result = select(*made, open_limits(storage_budget=100))
    assert [c.index for c in result.chosen] == [A]
    assert [(r.subject, r.reason) for r in result.refused] == [(B.text, "over-budget")]


def test_write_overhead_is_held():
    existing = index("t", "h")
    options = {"q1": {NONE: 100.0, only(A): 1.0}, "q2": {NONE: 90.0, only(B): 1.0}}
    upkeep = {A: 12.0, B: 4.0, existing: 50.0}
    made = world(options, maintenance=upkeep, existing=("keep: primary h",))
    upkeep[made[1].tables[0].indexes[0].index] = 50.0
    result = select(*made, open_limits(max_write_overhead=0.2))
    assert [c.index for c in result.chosen] == [B]
    assert any(r.reason == "over-budget" and r.subject == A.text for r in result.refused)


def test_write_overhead_counts_the_loss_of_heap_only_updates():
    hot = {A: (("t (a)", 5.0, 30.0, ("a",)),)}
    made = world({"q": {NONE: 900.0, only(A): 1.0}}, hot=hot, existing=("keep: primary h",), maintenance={})
    made[3]._maintenance = {made[1].tables[0].indexes[0].index: 100.0}
    assert select(*made, open_limits(max_write_overhead=0.2)).chosen == ()
    assert [c.index for c in select(*made, open_limits(max_write_overhead=0.4)).chosen] == [A]


def test_without_known_writes_the_overhead_limit_says_nothing():
    made = world({"q": {NONE: 100.0, only(A): 1.0}}, maintenance={A: 0.1})
    assert [c.index for c in select(*made, open_limits(max_write_overhead=0.1)).chosen] == [A]


def test_most_indexes_allowed_are_the_best_ones():
    options = {f"q{n}": {NONE: 100.0, only(i): 10.0 * n} for n, i in enumerate((A, B, C), start=1)}
    assert {c.index for c in select(*world(options), open_limits(max_indexes=2)).chosen} == {A, B}


GROUP = ("public.t (a)", 100.0, 50.0, ("a",))


def test_heap_only_updates_are_kept_when_reads_do_not_pay_for_them():
    made = world({"q": {NONE: 60.0, only(A): 20.0}}, hot={A: (GROUP,)})
    result = select(*made, open_limits())
    assert result.chosen == ()
    assert [(r.subject, r.reason) for r in result.refused] == [(A.text, "keeps-hot")]
    assert "save 40.0" in result.refused[0].detail
    assert "50.0 in lost heap-only updates" in result.refused[0].detail


def test_heap_only_updates_are_given_up_when_reads_pay_for_them():
    made = world({"q": {NONE: 160.0, only(A): 20.0}}, hot={A: (GROUP,)})
    result = select(*made, open_limits())
    assert [c.index for c in result.chosen] == [A]
    assert result.maintenance_after == pytest.approx(50.0)


def test_two_indexes_share_the_price_of_one_lost_group():
    options = {"q1": {NONE: 60.0, only(A): 20.0}, "q2": {NONE: 60.0, only(B): 20.0}}
    made = world(options, hot={A: (GROUP,), B: (GROUP,)})
    assert {c.index for c in select(*made, open_limits()).chosen} == {A, B}


def test_an_index_that_keeps_updates_heap_only_is_preferred_when_it_is_nearly_as_good():
    made = world({"q": {NONE: 200.0, only(A): 10.0, only(B): 30.0}}, hot={A: (GROUP,)})
    assert [c.index for c in select(*made, open_limits()).chosen] == [B]


def test_more_writes_make_the_set_smaller():
    options = {f"q{n}": {NONE: 100.0, only(i): 20.0 * n} for n, i in enumerate((A, B, C, D), start=1)}
    sizes = []
    for price in (0.0, 30.0, 50.0, 70.0, 90.0):
        made = world(options, maintenance=dict.fromkeys((A, B, C, D), price))
        sizes.append(len(select(*made, open_limits()).chosen))
    assert sizes == [4, 3, 2, 1, 0]


def test_a_small_benefit_is_refused_with_its_figures():
    made = world({"big": {NONE: 10_000.0}, "q": {NONE: 15.0, only(A): 5.0}})
    result = select(*made, Limits(deadline=None))
    assert result.chosen == ()
    (refusal,) = result.refused
    assert refusal.reason == "below-min-benefit"
    assert "save 10.0" in refusal.detail
    assert "at least 20.0 net" in refusal.detail


def test_a_gain_inside_the_noise_is_refused():
    made = world({"q": {NONE: 100.0, only(A): 93.0}})
    result = select(*made, Limits(deadline=None))
    assert result.chosen == ()
    assert [r.reason for r in result.refused] == ["inside-noise"]


def test_after_a_noisy_index_is_refused_a_better_one_takes_its_part():
    options = {f"q{n}": {NONE: 100.0, only(A): 92.0, **({only(B): 80.0} if n < 3 else {})} for n in range(20)}
    result = select(*world(options), Limits(deadline=None))
    assert [c.index for c in result.chosen] == [B]


def test_what_no_plan_uses_is_refused_as_not_used():
    result = select(*world({"q": {NONE: 100.0}}, extra=(A,)), open_limits())
    assert result.chosen == ()
    assert [(r.subject, r.reason) for r in result.refused] == [(A.text, "not-used")]


def test_a_rival_of_a_chosen_index_is_refused_by_its_name():
    result = select(*world({"q": {NONE: 100.0, only(A): 5.0, only(B): 6.0}}), open_limits())
    assert [c.index for c in result.chosen] == [A]
    (refusal,) = result.refused
    assert (refusal.subject, refusal.reason) == (B.text, "served-by")
    assert refusal.detail.startswith(A.text)


def test_a_duplicate_of_an_existing_index_is_never_chosen():
    wide = index("t", "a, b")
    made = world({"q": {NONE: 100.0, only(A): 1.0}}, existing=(f"wide: {'a, b'}",))
    result = select(*made, open_limits())
    assert wide == made[1].tables[0].indexes[0].index
    assert result.chosen == ()
    assert [(r.subject, r.reason) for r in result.refused] == [(A.text, "covered")]


def test_one_refusal_for_each_idea():
    wide, wider = index("t", "a, b"), index("t", "a, c")
    made = world({"q": {NONE: 100.0}}, extra=(A, wide, wider, B))
    assert [r.subject for r in select(*made, open_limits()).refused] == [A.text, B.text]


def test_nothing_is_advised_when_nothing_helps():
    result = select(*world({"q": {NONE: 100.0, only(A): 100.0}}), open_limits())
    assert (result.chosen, result.drops, result.reads_after) == ((), (), 100.0)


def test_an_empty_candidate_list_gives_an_empty_choice():
    workload, catalog, _, costs = world({"q": {NONE: 100.0}})
    result = select(workload, catalog, Candidates(()), costs, Limits())
    assert (result.chosen, result.refused, result.bound) == ((), (), 100.0)


def test_statements_that_cost_nothing_are_no_reason_for_an_index():
    assert select(*world({"q": {NONE: 0.0, only(A): 0.0}}), Limits()).chosen == ()


def test_only_drop_creates_nothing():
    made = world({"q": {NONE: 100.0, only(A): 1.0}}, existing=("one: h", "two: h"))
    result = select(*made, open_limits(only="drop"))
    assert result.chosen == ()
    assert [d.existing.name for d in result.drops] == ["two"]


def test_only_create_drops_nothing():
    made = world({"q": {NONE: 100.0, only(A): 1.0}}, existing=("one: h", "two: h"))
    result = select(*made, open_limits(only="create"))
    assert [c.index for c in result.chosen] == [A]
    assert result.drops == ()


def test_bound_and_total_speak_of_the_same_thing():
    made = world({"q": {NONE: 100.0, only(A): 10.0}}, maintenance={A: 5.0}, existing=("keep: primary h",))
    made[3]._maintenance = {A: 5.0, made[1].tables[0].indexes[0].index: 7.0}
    result = select(*made, open_limits())
    assert result.bound == pytest.approx(22.0, rel=1e-4)
    assert result.reads_after + result.maintenance_after == pytest.approx(22.0)


def test_a_deadline_that_is_over_still_gives_an_answer_at_once():
    many = indexes(8)
    options = {f"q{n}": {NONE: 100.0, **{only(i): 50.0 + n for i in many}} for n in range(40)}
    made = world(options)
    # Of the processor's time, which a busy machine does not stretch.
    started = time.process_time()
    result = select(*made, open_limits(deadline=0.0))
    assert time.process_time() - started < 2.0
    assert result.reads_after <= result.reads_before


def test_the_result_does_not_depend_on_the_hash_seed():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from fakes_selection import indexes, open_limits, world\n"
        "from indexical.selection import select\n"
        "pool = indexes(8)\n"
        "options = {f'q{n}': {frozenset(): 100.0, frozenset({pool[n % 8]}): 20.0, frozenset({pool[(n + 3) % 8]}): 20.0,"
        " frozenset({pool[(n * 5) % 8], pool[(n + 1) % 8]}): 7.0} for n in range(12)}\n"
        "result = select(*world(options, maintenance=dict.fromkeys(pool, 30.0)), open_limits(max_indexes=4))\n"
        "print([c.index.text for c in result.chosen], result.refused, result.reads_after)\n"
    )
    here = __file__.rpartition("/")[0]
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, here],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1
    assert "public.t" in seen.pop()


@pytest.mark.parametrize("allowed", [60, 90, 150, 400])
def test_when_looking_takes_all_the_time_what_was_found_is_still_chosen_from(monkeypatch, allowed):
    """Every question takes a second of a clock of the test's own, and a program that has no time to speak of finds nothing."""
    now = [0.0]
    prepare, answer, solve = Program.prepare, Program.answer, Lower.solve
    hurried = set()

    def prepared(self, seconds, *more):
        (hurried.add if seconds is not None and seconds < 1.0 else hurried.discard)(id(self))
        prepare(self, seconds, *more)

    def solved(self, price, hot_price, seconds, *more):
        return (
            None if seconds is not None and seconds < 1.0 else solve(self, price, hot_price, seconds, *more)
        )

    monkeypatch.setattr(Program, "prepare", prepared)
    monkeypatch.setattr(Program, "answer", lambda self: None if id(self) in hurried else answer(self))
    monkeypatch.setattr(Lower, "solve", solved)
    monkeypatch.setattr("indexical.selection.problem.time", SimpleNamespace(monotonic=lambda: now[0]))
    pool = indexes(8)
    options = {
        f"q{n:02}": {
            NONE: 100.0,
            **{only(one, other): 40.0 + n for one in pool for other in pool if one != other},
        }
        for n in range(30)
    }
    options["q99"] = {NONE: 90_000.0, only(A): 10.0}
    made = world(options)
    ask = made[3].cost

    def slowly(*question):
        now[0] += 1.0
        return ask(*question)

    monkeypatch.setattr(made[3], "cost", slowly)
    result = select(*made, open_limits(deadline=float(allowed)))
    assert A in {candidate.index for candidate in result.chosen}
    assert result.reads_after < result.reads_before / 2


def test_an_index_that_time_left_open_is_not_called_worthless():
    problem = Problem(*world({"q": {NONE: 100.0, only(A): 10.0}}), open_limits(deadline=0.0))
    (refusal,) = explain(problem, NONE, only(A))
    assert refusal.reason == "unsettled"
    assert "--deadline" in refusal.detail
