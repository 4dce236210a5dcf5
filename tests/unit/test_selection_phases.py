"""The order in which recommendations are worth taking up."""

from __future__ import annotations

from indexical.model import HotLoss, Recommendation, Workload
from indexical.selection import phases
from indexical.testing import statement
from tests.unit.fakes_selection import indexes

A, B, C, D = indexes(4)
EVEN = Workload(tuple(statement("select 1", id=id) for id in ("p", "q", "r")))


def made(index, benefit, *statements, hot=False):
    loss = (HotLoss(("a",), 1.0, 1.0),) if hot else ()
    return Recommendation(
        index, index.keys[0].column, "", 1, benefit, 0.0, hot_loss=loss, statements=statements
    )


def test_the_first_four_fifths_of_the_benefit_are_critical():
    found = phases((made(A, 60.0, "p"), made(B, 30.0, "q"), made(C, 8.0, "r"), made(D, 2.0, "r")), EVEN)
    assert found == {"a": "critical", "b": "critical", "c": "performance", "d": "performance"}


def test_what_ends_heap_only_updates_is_to_be_reviewed():
    assert phases((made(A, 60.0, "p", hot=True),), EVEN) == {"a": "review"}


def test_what_only_rare_statements_use_is_analytics():
    often = Workload((statement("select 1", id="p", calls=10_000), statement("select 2", id="q", calls=1)))
    found = phases((made(A, 60.0, "p"), made(B, 30.0, "q"), made(C, 20.0, "p", "q")), often)
    assert found["b"] == "analytics"
    assert found["a"] == "critical"
    assert found["c"] != "analytics"


def test_equal_calls_make_nothing_rare():
    assert "analytics" not in phases((made(A, 1.0, "p"), made(B, 1.0, "q")), EVEN).values()


def test_nothing_recommended_has_no_phase():
    assert phases((), EVEN) == {}
