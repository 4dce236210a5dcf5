"""The reference advisors of ``make bench-select`` do what their papers say: a planner whose costs are written down answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path
from types import ModuleType

import pytest

from indexical.model import Catalog, Index
from indexical.testing import FakePlanner, catalog, index, statement, table

A, B, AB, BA = (index("t", keys) for keys in ("a", "b", "a, b", "b, a"))
U = index("u", "c")
SIZES = {A: 10, B: 10, AB: 15, BA: 15, U: 10}
STATEMENTS = (
    statement("SELECT 1 FROM t WHERE a = 1 AND b = 2", id="s1", calls=2),
    statement("SELECT 1 FROM u WHERE c = 3", id="s2"),
)
COSTS: Mapping[str, Mapping[Index | None, float]] = {
    "s1": {None: 100.0, A: 40.0, B: 60.0, AB: 10.0, BA: 12.0},
    "s2": {None: 100.0, U: 30.0},
}


@pytest.fixture
def references(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    import references

    yield references
    for name in [each for each in sys.modules if each.partition(".")[0] == "references"]:
        del sys.modules[name]


def tables() -> Catalog:
    return catalog(
        table("t", "id int not null, a int, b int", indexes=["primary id"]),
        table("u", "id int not null, c int", indexes=["primary id"]),
    )


def best_cost(budget: int) -> float:
    """By trying every set."""
    everything = chain.from_iterable(combinations(SIZES, n) for n in range(len(SIZES) + 1))
    fitting = [each for each in everything if sum(SIZES[i] for i in each) <= budget]
    return min(total(frozenset(each)) for each in fitting)


def total(chosen: frozenset[Index]) -> float:
    found = {
        id: min(cost for entry, cost in costs.items() if entry is None or entry in chosen)
        for id, costs in COSTS.items()
    }
    return sum(each.calls * found[each.id] for each in STATEMENTS)


def test_extend_widens_an_index_that_it_chose_before(references: ModuleType) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    assert references.REFERENCES["extend"](what_if, 25) == {AB, U}


def test_extend_stops_at_the_width_it_is_given(references: ModuleType) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    chosen = references.extend(what_if, None, width=1)
    assert chosen
    assert max(len(each.keys) for each in chosen) == 1


def test_extend_takes_nothing_that_saves_next_to_nothing(references: ModuleType) -> None:
    costs = {"s1": {None: 100.0, A: 99.9}, "s2": {None: 100.0}}
    what_if = references.WhatIf(FakePlanner(costs, sizes=SIZES), tables(), STATEMENTS)
    assert references.REFERENCES["extend"](what_if, None) == frozenset()


@pytest.mark.parametrize("budget", [5, 10, 15, 20, 25, 60])
def test_cophy_finds_the_best_set_there_is(references: ModuleType, budget: int) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    chosen = references.REFERENCES["cophy"](what_if, budget)
    assert sum(SIZES[each] for each in chosen) <= budget
    assert total(chosen) == best_cost(budget)


def test_cophy_chooses_no_index_that_no_plan_uses(references: ModuleType) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    assert references.REFERENCES["cophy"](what_if, None) == {AB, U}


def test_anytime_finds_the_pair_that_a_query_uses(references: ModuleType) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    assert references.REFERENCES["anytime"](what_if, 25) == {AB, U}


def test_dexter_keeps_what_plans_use_and_fills_the_budget_by_benefit_per_byte(references: ModuleType) -> None:
    what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
    assert references.REFERENCES["dexter"](what_if, None) == {A, U}
    assert references.REFERENCES["dexter"](what_if, 10) == {A}


@pytest.mark.parametrize("name", ["extend", "extend2", "anytime", "cophy", "dexter"])
def test_no_reference_goes_over_its_budget(references: ModuleType, name: str) -> None:
    for budget in (0, 9, 10, 14, 15, 24):
        what_if = references.WhatIf(FakePlanner(COSTS, sizes=SIZES), tables(), STATEMENTS)
        assert sum(SIZES[each] for each in references.REFERENCES[name](what_if, budget)) <= budget


def test_a_run_is_charged_for_what_another_run_asked_before(references: ModuleType) -> None:
    planner = FakePlanner(COSTS, sizes=SIZES)
    what_if = references.WhatIf(planner, tables(), STATEMENTS)
    charged = []
    for _ in range(2):
        what_if.begin()
        references.REFERENCES["dexter"](what_if, None)
        charged.append(what_if.calls)
    assert charged == [4, 4]
    assert planner.calls == 4


def test_an_index_of_other_columns_asks_nothing_of_the_planner(references: ModuleType) -> None:
    planner = FakePlanner(COSTS, sizes=SIZES)
    what_if = references.WhatIf(planner, tables(), STATEMENTS)
    before = what_if.costs(())
    assert what_if.changed(before, frozenset((U,)), (U,)) == {"s1": 200.0, "s2": 30.0}
    assert planner.calls == 3


def test_candidates_are_all_permutations_but_prefixes_of_what_exists(references: ModuleType) -> None:
    known = catalog(table("t", "id int not null, a int, b int", indexes=["primary a, b"]))
    what_if = references.WhatIf(FakePlanner(COSTS), known, STATEMENTS)
    assert set(what_if.candidates(STATEMENTS[0], 2)) == {B, BA}
