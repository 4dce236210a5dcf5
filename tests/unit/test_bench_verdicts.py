"""What ``make bench-select`` claims about a set is what became of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from indexical.testing import catalog, index, table

A, WIDE = index("t", "a"), index("t", "a, b")
CATALOG = catalog(table("t", "id int not null, a int, b int", indexes=["primary id, a"]))


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    import select_verdicts

    yield select_verdicts
    for name in ("select_verdicts", "select_judge", "select_ours", "select_source", "tpch"):
        sys.modules.pop(name, None)


def made(
    checks: ModuleType, by: str, *, rel: float, budget: int = 90_000_000, true: int = 0, **more: Any
) -> Any:
    """One row; what is not given holds every claim."""
    sizes = more.pop("sizes", {A: 80_000_000})
    chosen: dict[str, Any] = {"seconds": 1.0, "calls": 10, "estimate": rel, "costs": {}, "bound": rel, **more}
    judgement = SimpleNamespace(bytes=true or sum(sizes.values()))
    errors = {each: size / judgement.bytes - 1 for each, size in sizes.items()}
    choice = checks.Choice(by, budget, sizes, **chosen)
    return checks.Row(choice, judgement, rel, rel, errors, {})


def claims(checks: ModuleType, *rows: Any, best: float = 0.7) -> dict[str, bool]:
    budget = checks.Budget(rows[0].choice.budget, rows, best)
    judge = SimpleNamespace(failed={})
    found: dict[str, dict[str, bool]] = checks.verdicts("tpch19", 1.0, [budget], CATALOG, judge)
    return found["ours"]


def test_a_set_better_than_everything_known_holds_every_claim(checks: ModuleType) -> None:
    found = claims(checks, made(checks, "ours", rel=0.7), made(checks, "extend", rel=0.75))
    assert all(found.values()), found
    assert {"better_than_table", "no_worse_than_extend", "near_best_known"} <= set(found)


@pytest.mark.parametrize(
    ("broken", "change"),
    [
        ("better_than_table", {"rel": 0.745}),
        ("no_worse_than_extend", {"rel": 0.7401}),
        ("near_best_known", {"rel": 0.7106}),
        ("near_bound", {"bound": 0.68}),
        ("bound_holds", {"bound": 0.71}),
        ("in_time", {"seconds": 15.1}),
        ("in_calls", {"calls": 5001}),
        ("budget_kept", {"true": 94_600_000}),
        ("set_sizes", {"true": 90_000_000}),
        ("index_sizes", {"true": 72_000_000}),
        ("nothing_repeated", {"sizes": {index("t", "id"): 80_000_000}}),
    ],
)
def test_each_claim_can_fail(checks: ModuleType, broken: str, change: dict[str, Any]) -> None:
    ours = made(checks, "ours", **{"rel": 0.7, **change})
    assert claims(checks, ours, made(checks, "extend", rel=0.74))[broken] is False


def test_a_reference_that_breaks_its_budget_is_no_measure(checks: ModuleType) -> None:
    over = made(checks, "extend", rel=0.5, sizes={WIDE: 120_000_000})
    assert claims(checks, made(checks, "ours", rel=0.7), over)["no_worse_than_extend"]


def test_only_a_whole_prefix_is_a_repetition(checks: ModuleType) -> None:
    repeating = [index("t", "id"), index("t", "id, a")]
    fine = [A, index("t", "id, b"), index("t", "a, id"), index("t", "id", include=["b"])]
    assert checks.repeated([*repeating, *fine], CATALOG) == tuple(repeating)


def test_the_bound_is_that_of_the_advice_without_floors_where_there_is_one(checks: ModuleType) -> None:
    rows = (made(checks, "ours", rel=0.7, bound=0.69), made(checks, checks.NO_FLOORS, rel=0.7, bound=0.66))
    assert checks.Budget(90_000_000, rows, 0.7).bound == 0.66
    assert checks.Budget(90_000_000, rows[:1], 0.7).bound == 0.69
