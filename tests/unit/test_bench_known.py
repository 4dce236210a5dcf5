"""``make bench-select`` knows the best set that any run has judged for a budget."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from indexical.testing import index

BASE = {"q1": 100.0, "q2": 50.0}
SMALL, LARGE = index("t", "a"), index("t", "b DESC", where="c", include=["d"])


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    import select_known

    yield select_known
    for name in ("select_known", "select_judge", "select_source", "tpch"):
        sys.modules.pop(name, None)


def fill(known: ModuleType, file: Path) -> None:
    sets = known.Known(file, BASE)
    sets.add("one", [SMALL], SimpleNamespace(bytes=10, costs={"q1": 60.0, "q2": 50.0}))
    sets.add("both", [SMALL, LARGE], SimpleNamespace(bytes=30, costs={"q1": 60.0, "q2": 10.0}))


def test_the_best_that_fits_is_found_again(known: ModuleType, tmp_path: Path) -> None:
    fill(known, tmp_path / "sets")
    again = known.Known(tmp_path / "sets", BASE)
    assert [again.best(budget, BASE)[0] for budget in (10, 29)] == [pytest.approx(110 / 150)] * 2
    assert [again.best(budget, BASE)[0] for budget in (30, None)] == [pytest.approx(70 / 150)] * 2
    assert again.best(9, BASE) is None
    assert again.indexes() == tuple(sorted((SMALL, LARGE)))


def test_only_the_statements_of_the_workload_count(known: ModuleType, tmp_path: Path) -> None:
    fill(known, tmp_path / "sets")
    assert known.Known(tmp_path / "sets", BASE).best(None, ["q1"])[0] == pytest.approx(0.6)


def test_a_set_is_written_once(known: ModuleType, tmp_path: Path) -> None:
    fill(known, tmp_path / "sets")
    fill(known, tmp_path / "sets")
    assert len((tmp_path / "sets").read_text().splitlines()) == 2


def test_what_was_judged_on_other_ground_is_left_out(known: ModuleType, tmp_path: Path) -> None:
    fill(known, tmp_path / "sets")
    assert known.Known(tmp_path / "sets", {**BASE, "q2": 51.0}).best(None, BASE) is None
