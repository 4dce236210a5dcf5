"""The search tree: its bound is that of all chains written down whole, however few of them it has looked at."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.selection import tree as trees
from indexical.selection.chains import Chain
from indexical.selection.lower import Lower
from indexical.selection.problem import Problem
from indexical.selection.program import solver
from indexical.testing import index
from tests.unit.fakes_selection import indexes, open_limits, world

NONE = frozenset()
FAR = 1e9


@st.composite
def programs(draw):
    """A problem, chains about its statements, and pairs of indexes that repeat one another."""
    pool = (*indexes(draw(st.integers(2, 6))), index("public.t", "a, b"))
    ids = [f"q{number}" for number in range(draw(st.integers(1, 3)))]
    made = world(
        {id: {NONE: 1000.0, **{frozenset({member}): 999.0 for member in pool}} for id in ids},
        calls={id: float(draw(st.integers(1, 5))) for id in ids},
        sizes={member: draw(st.integers(1, 10)) for member in pool},
        maintenance={member: float(draw(st.integers(0, 40))) for member in pool},
    )
    limits = open_limits(
        storage_budget=draw(st.none() | st.integers(0, 25)), max_indexes=draw(st.none() | st.integers(0, 4))
    )
    chains = []
    for id in ids:
        for _ in range(draw(st.integers(1, 4))):
            floor = draw(st.integers(100, 1000))
            steps = draw(st.lists(st.tuples(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True),
                                            st.integers(1, floor)), max_size=5))  # fmt: skip
            gains = sorted((gain for _, gain in steps), reverse=True)
            named = tuple(
                (tuple(sorted(step)), float(gain)) for (step, _), gain in zip(steps, gains, strict=True)
            )
            chains.append(Chain(id, float(floor - max(gains, default=0)), float(floor), named))
    return Problem(*made, limits), tuple(dict.fromkeys(chains)), pool


def by_hand(problem, chains, pool):
    """The least that any allowed set costs by the chains."""
    allowed = (
        frozenset(chosen)
        for count in range(len(pool) + 1)
        for chosen in itertools.combinations(pool, count)
        if problem.fits(frozenset(chosen))
    )
    return min(
        problem.upkeep(chosen)
        + sum(
            s.calls * max((each.least(chosen) for each in chains if each.statement == s.id), default=0.0)
            for s in problem.statements
        )
        for chosen in allowed
    )


def grown(lower, best=FAR, known=frozenset(), **more):
    return lower.solve(0.0, 0.0, None, 1e-9, NONE, best, known, **more)


class Everything:
    """As if the planner had been asked about every set."""

    def __contains__(self, chosen):
        return True


@given(programs())
@settings(max_examples=150, deadline=None)
def test_its_bound_is_that_of_all_chains_together(program):
    problem, chains, pool = program
    lower = Lower(solver(), problem, problem.statements)
    lower.add(chains)
    assert grown(lower, known=Everything(), nodes=1000).bound == pytest.approx(
        by_hand(problem, chains, pool), rel=1e-4, abs=0.1
    )


@given(programs())
@settings(max_examples=100, deadline=None)
def test_what_is_learnt_on_the_way_counts_in_the_nodes_that_are_there_already(program):
    problem, chains, pool = program
    lower = Lower(solver(), problem, problem.statements)
    bound = -FAR
    for chain in chains:
        lower.add([chain])
        step = grown(lower, nodes=2)
        assert step.bound >= bound - 1e-3, "what held goes on to hold"
        assert step.bound <= by_hand(problem, chains, pool) + 0.1
        bound = step.bound
    assert grown(lower, known=Everything(), nodes=1000).bound == pytest.approx(
        by_hand(problem, chains, pool), rel=1e-4, abs=0.1
    )


@given(programs())
@settings(max_examples=60, deadline=None)
def test_it_suggests_allowed_sets_only(program):
    problem, chains, _ = program
    lower = Lower(solver(), problem, problem.statements)
    lower.add(chains)
    assert problem.fits(grown(lower, nodes=0).chosen)


@given(programs(), st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_banned_serves_no_bound_and_serves_again_afterwards(program, data):
    problem, chains, pool = program
    banned = frozenset(data.draw(st.lists(st.sampled_from(pool), max_size=3)))
    lower = Lower(solver(), problem, problem.statements)
    lower.add(chains)
    before = grown(lower, known=Everything(), nodes=1000).bound
    lower.ban(banned)
    without = tuple(each for each in pool if each not in banned)
    expected = by_hand(problem, chains, without)
    assert grown(lower, known=Everything(), nodes=1000).bound == pytest.approx(expected, rel=1e-4, abs=0.1)
    lower.ban(NONE)
    assert grown(lower, known=Everything(), nodes=1000).bound == pytest.approx(before, rel=1e-4, abs=0.1)


def test_nothing_is_looked_at_that_cannot_be_better():
    a, b = indexes(2)
    problem = Problem(
        *world({"q": {NONE: 1000.0, frozenset({a}): 10.0, frozenset({b}): 20.0}}), open_limits()
    )
    lower = Lower(solver(), problem, problem.statements)
    lower.add([Chain("q", 10.0, 1000.0, (((a,), 990.0), ((b,), 980.0)))])
    found = grown(lower, best=5.0)
    assert found.final
    assert found.bound == pytest.approx(5.0)


def test_when_the_time_is_over_the_bound_is_what_was_proved_by_then(monkeypatch):
    a, b, c = indexes(3)
    made = world({"q": {NONE: 1000.0, frozenset({a, b, c}): 10.0}}, sizes={a: 2, b: 2, c: 2})
    problem = Problem(*made, open_limits(storage_budget=5))
    chains = [Chain("q", 10.0, 1000.0, (((each,), 990.0),)) for each in (a, b, c)]
    lower = Lower(solver(), problem, problem.statements)
    lower.add(chains)
    monkeypatch.setattr(trees, "time", SimpleNamespace(monotonic=itertools.count().__next__))
    cut = lower.solve(0.0, 0.0, 0.5, 1e-9, NONE, FAR, NONE)
    assert not cut.final
    assert cut.bound < 1000.0
    whole = lower.solve(0.0, 0.0, None, 1e-9, NONE, FAR, Everything())
    assert whole.bound == pytest.approx(1000.0)


def test_without_its_inequalities_it_would_prove_nothing(monkeypatch):
    a, b, c = indexes(3)
    made = world({"q": {NONE: 1000.0, frozenset({a, b, c}): 10.0}}, sizes={a: 2, b: 2, c: 2})
    problem = Problem(*made, open_limits(storage_budget=5))
    lower = Lower(solver(), problem, problem.statements)
    monkeypatch.setattr(trees.Tree, "_cut", lambda *_: False)
    lower.add([Chain("q", 10.0, 1000.0, (((each,), 990.0),)) for each in (a, b, c)])
    assert grown(lower, known=Everything(), nodes=1000).bound < 1.0
