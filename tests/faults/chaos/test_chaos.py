"""Six rounds of chaos on a small table; ``make chaos`` plays two hundred on a large one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.chaos.arena import Arena, arena
from tests.faults.chaos.plan import draw
from tests.faults.chaos.round import play

SEED = 68
ROWS = 30_000


@pytest.fixture(scope="module")
def small(major: int) -> Iterator[Arena]:
    with arena(major, ROWS) as made:
        yield made


@pytest.mark.fault(68, "random faults at random moments")
@pytest.mark.parametrize("number", range(6))
def test_whatever_happens_the_run_reaches_its_end_and_nothing_else_changes(small: Arena, number: int) -> None:
    found = play(small, draw(SEED, number))
    assert not found.broken, "\n".join([found.plan.text, *found.broken])


def test_a_round_is_the_same_whenever_it_is_drawn() -> None:
    assert draw(SEED, 3) == draw(SEED, 3)
    assert len({draw(SEED, number) for number in range(50)}) == 50
