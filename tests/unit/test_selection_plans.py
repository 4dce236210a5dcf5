"""All plans of a statement, where they are few, and the programs that know them."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.model import Limits
from indexical.selection.answers import Answers
from indexical.selection.choose import choose
from indexical.selection.memory import Memory
from indexical.selection.plans import every_plan
from indexical.selection.polish import verdict, worth
from indexical.selection.problem import Problem
from indexical.testing import index
from tests.unit.fakes_selection import brute_force, indexes, open_limits, world
from tests.unit.test_selection import instances
from tests.unit.test_selection_search import NONE, only, subsets

A, B, C, D = indexes(4)


@given(instances())
@settings(max_examples=60, deadline=None)
def test_all_plans_say_of_every_set_what_it_costs(instance):
    problem = Problem(*instance)
    answers = Answers(problem)
    for statement in problem.statements:
        found = every_plan(problem, answers, statement)
        assert found is not None
        for chosen in subsets(problem.candidates):
            cost = problem.cost(statement, chosen)
            assert found.least(chosen) <= cost + 1e-9
            assert found.least(chosen) == pytest.approx(cost, rel=1e-3, abs=0.2)


def test_a_statement_of_too_many_plans_is_not_known_to_the_end():
    problem = Problem(
        *world({"q": {NONE: 100.0, only(A): 50.0, only(B): 60.0, only(C): 70.0}}), open_limits()
    )
    (statement,) = problem.statements
    assert every_plan(problem, Answers(problem), statement, most=2) is None
    found = every_plan(problem, Answers(problem), statement)
    assert found is not None
    assert found.plans == ((only(A), 50.0), (only(B), 60.0), (only(C), 70.0), (NONE, 100.0))


def test_a_plan_that_needs_more_and_costs_no_less_is_left_out():
    options = {"q": {NONE: 100.0, only(A): 10.0, only(A, B): 10.0, only(B): 60.0}}
    problem = Problem(*world(options), open_limits())
    found = every_plan(problem, Answers(problem), problem.statements[0])
    assert found is not None
    assert found.plans == ((only(A), 10.0), (only(B), 60.0), (NONE, 100.0))


def test_nothing_is_enumerated_when_the_time_is_up():
    problem = Problem(*world({"q": {NONE: 100.0, only(A): 10.0}}), Limits(deadline=0.0))
    assert every_plan(problem, Answers(problem), problem.statements[0]) is None


@given(instances())
@settings(max_examples=40, deadline=None)
def test_with_all_plans_known_the_best_set_is_found_and_proved(instance):
    problem = Problem(*instance)
    memory = Memory(problem)
    choice = choose(problem, memory)
    assert memory.open(problem) == ()
    best, _ = brute_force(problem)
    assert problem.total(choice.chosen) == pytest.approx(best, rel=1e-3, abs=1e-3)
    assert choice.bound <= best + 1e-6
    assert choice.exact


def test_with_all_plans_known_no_chain_is_asked_for():
    problem = Problem(*world({"q": {NONE: 100.0, only(A): 10.0}}), open_limits())
    memory = Memory(problem)
    choose(problem, memory)
    assert list(memory.complete) == ["q"]
    assert memory.chains == {}


@given(instances(), st.sampled_from([0, 2, 3, 5]))
@settings(max_examples=80, deadline=None)
def test_the_choice_is_right_whatever_number_of_plans_counts_as_few(instance, most):
    problem = Problem(*instance)
    best, _ = brute_force(problem)
    with patch("indexical.selection.memory.MOST", most):
        choice = choose(problem)
    assert problem.total(choice.chosen) == pytest.approx(best, rel=1e-3, abs=1e-3)
    assert choice.bound <= best + 1e-6


def test_statements_of_many_plans_and_of_few_are_chosen_for_together():
    options = {
        "p": {NONE: 100.0, only(A): 50.0, only(B): 55.0, only(C): 60.0},
        "q": {NONE: 100.0, only(C): 1.0},
    }
    made = world(options, sizes={A: 10, B: 10, C: 10})
    problem = Problem(*made, open_limits(storage_budget=10))
    memory = Memory(problem)
    with patch("indexical.selection.memory.MOST", 2):
        choice = choose(problem, memory)
    assert list(memory.complete) == ["q"]
    assert {each.statement for each in memory.chains} == {"p"}
    assert choice.chosen == only(C)
    assert choice.exact


# Indexes that look alike to a statement.

DAY, DAY_NOTE, PRICE = index("t", "a"), index("t", "a, b"), index("t", "c")


class Wider:
    """Three statements on one table; ``q`` mentions no ``b``, so (a) and (a, b) look alike to it, but the wider one is dearer."""

    def __init__(self):
        needed = {NONE: 100.0, only(DAY): 10.0, only(DAY_NOTE): 30.0, only(PRICE): 60.0}
        other = {NONE: 500.0, only(DAY_NOTE): 1.0}
        self.made = world({"other": other, "q": needed}, sizes={DAY: 10, DAY_NOTE: 10, PRICE: 10})
        workload, *rest = self.made
        sql = {"q": "select c from t where a = 1", "other": "select c from t where a = 1 and b = 2"}
        statements = tuple(replace(s, sql=sql[s.id]) for s in workload.statements)
        self.made = (replace(workload, statements=statements), *rest)


def test_what_looks_like_the_narrowest_costs_no_less_until_it_is_told_apart():
    problem = Problem(*Wider().made, open_limits())
    statement = next(s for s in problem.statements if s.id == "q")
    answers = Answers(problem)
    coarse = every_plan(problem, answers, statement)
    fine = every_plan(problem, answers, statement, only(DAY_NOTE))
    assert coarse is not None
    assert fine is not None
    assert coarse.alike[DAY] == (DAY, DAY_NOTE)
    assert (coarse.least(only(DAY_NOTE)), fine.least(only(DAY_NOTE))) == (10.0, 30.0)
    assert fine.least(only(DAY, DAY_NOTE)) == 10.0
    assert fine.plans == ((only(DAY), 10.0), (only(DAY_NOTE), 30.0), (only(PRICE), 60.0), (NONE, 100.0))


def test_the_choice_knows_what_the_wider_index_really_costs():
    """For (a, b) alone both cost 31, for (a, b) and (a) 11; twenty bytes are not allowed."""
    problem = Problem(*Wider().made, open_limits(storage_budget=10))
    memory = Memory(problem)
    choice = choose(problem, memory)
    assert choice.chosen == only(DAY_NOTE)
    assert choice.exact
    assert choice.bound == pytest.approx(31.0)
    assert memory.complete["q"].least(only(DAY_NOTE)) == 30.0


# What ends heap-only updates.

GROUP = ("t (a, b)", 5.0, 0.0, ("a", "b"))


def test_an_index_that_ends_no_more_heap_only_updates_is_not_held_to_more():
    """(a) and (b) end the same updates: beside (a), (b) need not bring what an index has to that ends them."""
    options = {"p": {NONE: 1000.0, only(A): 1.0}, "q": {NONE: 1000.0, only(B): 985.0}}
    made = world(options, hot={A: (GROUP,), B: (GROUP,)})
    problem = Problem(*made, open_limits(min_benefit=0.001, min_hot_benefit=0.05))
    assert verdict(problem, worth(problem, only(A, B), B)) == ""
    assert verdict(problem, worth(problem, only(B), B)) == "keeps-hot"


def test_only_the_one_that_ends_them_alone_is_said_to_end_them():
    problem = Problem(
        *world({"q": {NONE: 9.0, only(A): 1.0, only(B): 2.0}}, hot={A: (GROUP,), B: (GROUP,)}), open_limits()
    )
    assert worth(problem, NONE, A).ends_hot
    assert not worth(problem, only(B), A).ends_hot
