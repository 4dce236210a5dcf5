"""Why a statement is slower than with the guide's set: the index it lacks, and what became of it."""

from __future__ import annotations

from indexical.demo.compare import _reason, misjudged
from indexical.model import Index, Key

INDEX = Index("public", "orders", (Key.asc("user_id"),))
LACKING = {"order_user_idx": INDEX}


def advice(
    drop: list[dict[str, object]] | None = None, refused: list[dict[str, str]] | None = None
) -> dict[str, object]:
    return {"drop": drop or [], "refused": refused or []}


def test_nothing_is_said_when_both_plans_have_the_same_indexes() -> None:
    assert _reason([], advice(), LACKING) == ""


def test_an_index_that_was_dropped_is_named_with_what_does_its_work() -> None:
    drop = {
        "name": "order_user_idx",
        "reason": "redundant",
        "covered_by": "order_user_created_idx",
        "evidence": "x",
    }
    text = _reason(["order_user_idx"], advice([drop]), LACKING)
    assert text.endswith("order_user_idx (redundant: order_user_created_idx)")


def test_a_refusal_of_it_is_quoted_with_its_figures() -> None:
    refusal = {"index": INDEX.text, "reason": "below-min-benefit", "detail": "would save 3"}
    assert _reason(["order_user_idx"], advice(refused=[refusal]), LACKING).endswith(
        "below-min-benefit, would save 3"
    )


def test_an_index_that_nothing_asked_for_is_said_to_be_that() -> None:
    assert "no statement of this workload" in _reason(["order_user_idx"], advice(), LACKING)


def test_a_plan_over_an_index_that_only_our_set_has_is_called_misjudged() -> None:
    text = misjudged(["order_created_idx"])
    assert text.startswith("the planner takes order_created_idx, which only Indexical's set has")
    assert misjudged([]) == ""
