"""The same business with ever more writes, planned by the twin: indexes that do not pay go, and updates stay heap-only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.warehouse import HOT_COLUMNS, warehouse, workload

from indexical.advise import advise
from indexical.model import Advice, Index, Limits
from indexical.twin.twin import open_twin

SHARES = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def advices() -> dict[float, Advice]:
    catalog = warehouse()
    # B-trees alone: BRIN, which is next to free, would only blur the count.
    limits = replace(Limits(), deadline=10.0, only="create", kinds=("btree",), max_include=0, max_width=3)
    with open_twin(catalog) as twin:
        return {share: advise(workload(share), catalog, limits, twin) for share in SHARES}


def created(advice: Advice) -> list[Index]:
    return sorted(each.index for each in advice.create)


def on_hot_columns(advice: Advice) -> list[Index]:
    """Created indexes that hold or ask about a column that frequent updates change."""
    found = []
    for index in created(advice):
        text = index.text.partition(" ")[2]
        if any(column in text for column in HOT_COLUMNS.get(index.table, ())):
            found.append(index)
    return found


def test_every_statement_of_the_workload_is_planned(advices: dict[float, Advice]) -> None:
    assert all(len(advice.statements) == 60 and not advice.not_examined for advice in advices.values())


def test_the_more_is_written_the_fewer_indexes_are_advised(advices: dict[float, Advice]) -> None:
    counts = [len(advices[share].create) for share in SHARES]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < counts[0]


def test_hot_columns_are_indexed_only_where_reading_prevails(advices: dict[float, Advice]) -> None:
    assert on_hot_columns(advices[0.1])
    assert on_hot_columns(advices[0.9]) == []


def test_frequent_updates_stay_heap_only_when_writing_prevails(advices: dict[float, Advice]) -> None:
    updates = sum(s.calls for s in workload(0.9).statements if s.kind == "update")
    lost = {
        (each.index.table, loss.columns): loss.updates
        for each in advices[0.9].create
        for loss in each.hot_loss
    }
    assert sum(lost.values()) < 0.1 * updates


def test_what_is_advised_pays_for_its_upkeep_at_every_share(advices: dict[float, Advice]) -> None:
    for advice in advices.values():
        assert advice.total_after < advice.cost_before + advice.maintenance_before


def test_an_index_that_is_advised_although_all_is_written_saves_more_than_its_own_upkeep(
    advices: dict[float, Advice],
) -> None:
    for each in advices[0.9].create:
        assert each.benefit > each.maintenance
