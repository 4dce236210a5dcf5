"""From timings to verdicts, without a server."""

from __future__ import annotations

import pytest

from indexical.confirm.trials import Side, Trial, unfit
from indexical.confirm.verdicts import (
    faster,
    judge_index,
    judge_statement,
    ms_per_unit,
    slower,
    take_back,
)
from indexical.ddl import create_index
from indexical.model import Advice, Drop, Plan, PlannerUse, Recommendation, StatementVerdict
from indexical.model.confirmation import IndexConfirmation, StatementConfirmation
from indexical.testing import existing, index, statement

WANTED = index("public.t", "a")


def _wanted(*statements: str, maintenance: float = 0.0) -> Recommendation:
    return Recommendation(
        WANTED, "t_a", create_index(WANTED, "t_a"), 100, 1.0, maintenance, statements=statements
    )


def _base() -> IndexConfirmation:
    return IndexConfirmation("t_a", WANTED, 100, "not-measured")


def _ran(id: str, before: float, after: float, *used: str, calls: float = 1.0) -> StatementConfirmation:
    return StatementConfirmation(
        id, calls, 100, 10, "confirmed", cost_before=100, cost_after=10, ms_before=before, ms_after=after,
        indexes_used=used or ("t_a",),
    )  # fmt: skip


def _verdict(id: str = "s", before: float = 100.0, after: float = 10.0, *used: str) -> StatementVerdict:
    return StatementVerdict(id, "", 1.0, before, after, used, plan_before=Plan(before, index_names=("old",)))


def _trial(before: float, after: float) -> Trial:
    return Trial(Side(1, before, (), 3), Side(1, after, ("t_a",), 3))


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(10.0, 1.0, "confirmed"), (10.0, 9.9, "not-confirmed"), (10.0, 12.0, "not-confirmed"), (0.1, 0.09, "not-confirmed")],
)  # fmt: skip
def test_a_statement_that_should_get_faster_is_confirmed_when_it_does(
    before: float, after: float, verdict: str
) -> None:
    assert judge_statement(_verdict(), _trial(before, after)).verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(10.0, 10.5, "confirmed"), (0.01, 0.04, "confirmed"), (10.0, 20.0, "not-confirmed")],
)  # fmt: skip
def test_a_statement_that_should_stay_as_it_is_is_confirmed_unless_it_gets_slower(
    before: float, after: float, verdict: str
) -> None:
    assert judge_statement(_verdict(after=100.0), _trial(before, after)).verdict == verdict


def test_a_statement_that_was_not_executed_is_not_measured_and_says_why() -> None:
    found = judge_statement(_verdict(), Trial(reason="no values"))
    assert (found.verdict, found.reason, found.speedup) == ("not-measured", "no values", None)


def test_an_index_is_judged_by_the_calls_of_all_its_statements() -> None:
    rare, often = _ran("rare", 50, 1), _ran("often", 1.0, 2.0, calls=100)
    found = judge_index(_base(), _wanted("often"), {"rare": rare, "often": often}, [rare, often], 0.0)
    assert found.verdict == "not-confirmed"
    assert found.saved_ms == pytest.approx(-51)
    assert found.statements == ("often", "rare")


def test_an_index_with_unexecuted_statements_is_never_refused_for_what_those_might_save() -> None:
    slow = _ran("a", 1.0, 1.0)
    found = judge_index(_base(), _wanted("a", "b"), {"a": slow}, [slow], 0.0)
    assert found.verdict == "not-measured"
    assert "not executed: b" in found.reason
    assert judge_index(_base(), _wanted("b"), {}, [], 0.0).verdict == "not-measured"
    dear = _wanted("a", "b", maintenance=1e9)
    assert judge_index(_base(), dear, {"a": slow}, [_ran("a", 9, 1)], 1.0).verdict == "confirmed"


def test_upkeep_counts_at_the_rate_of_the_executed_statements() -> None:
    quick = _ran("a", 9.0, 1.0)
    assert ms_per_unit([quick]) == pytest.approx(0.1)
    for maintenance, verdict in ((79.0, "confirmed"), (81.0, "not-confirmed")):
        wanted = _wanted("a", maintenance=maintenance)
        assert judge_index(_base(), wanted, {"a": quick}, [quick], 0.1).verdict == verdict


def test_without_an_execution_there_is_no_rate() -> None:
    assert ms_per_unit([]) == 0.0


def test_a_hair_is_neither_faster_nor_slower() -> None:
    assert not faster(1.0, 0.98)
    assert not slower(1.0, 1.05)
    assert not faster(0.02, 0.018)
    assert not slower(0.01, 0.05)


def _advice(*drops: Drop) -> Advice:
    kept = Recommendation(index("public.t", "b"), "t_b", "", 50, 1.0, 2.0)
    return Advice(
        (_wanted("s", "both", maintenance=3.0), kept), drops, (),
        (_verdict("s", 100, 10, "t_a"), _verdict("both", 100, 20, "t_a", "t_b"), _verdict("other", 5, 5, "t_b")),
        (), PlannerUse("twin", "18", 1, 1.0), 205.0, 35.0, 30.0, maintenance_after=5.0, proved=True,
    )  # fmt: skip


def test_nothing_taken_back_changes_nothing() -> None:
    assert take_back(_advice(), {}, {}) == _advice()


def test_what_is_taken_out_leaves_every_figure_in_agreement() -> None:
    after = take_back(_advice(), {"t_a": "no use"}, {})
    assert [item.name for item in after.create] == ["t_b"]
    assert [(r.subject, r.reason, r.detail) for r in after.refused] == [
        ("public.t (a)", "not-confirmed", "no use")
    ]
    assert [s.cost_after for s in after.statements] == [100, 20, 5]
    assert after.statements[1].indexes_used == ("t_b",)
    assert after.cost_after == 125
    assert after.maintenance_after == 2.0
    assert after.storage_added == 50
    assert not after.proved


def test_a_drop_is_taken_back_when_its_statements_lose_what_was_to_serve_them() -> None:
    used = Drop(existing("public.t", "old: c"), "superseded")
    spare = Drop(existing("public.t", "spare: d"), "unused")
    after = take_back(_advice(used, spare), {"t_a": "no use"}, {})
    assert after.drop == (spare,)
    assert after.refused[1].detail == "s uses it today, and t_a, which was to serve that, is not confirmed"
    assert take_back(_advice(used, spare), {}, {"spare": "slower"}).drop == (used,)


@pytest.mark.parametrize(
    ("sql", "samples", "writes", "fit"),
    [
        ("SELECT 1", [], False, True),
        ("SELECT $1", [], False, False),
        ("SELECT $1", [(None,)], False, False),
        ("SELECT $1", [(None,), ("1",)], False, True),
        ("DELETE FROM t", [], False, False),
        ("DELETE FROM t", [], True, True),
        ("VACUUM t", [], True, False),
    ],
)  # fmt: skip
def test_only_what_can_be_executed_is(
    sql: str, samples: list[tuple[str | None]], writes: bool, fit: bool
) -> None:
    assert (unfit(statement(sql, samples=samples), writes) == "") is fit
