"""The bound, its slack and the frontier, as a report tells them."""

from __future__ import annotations

import json

import pytest
from tests.unit.report.samples import advice

from indexical.model import FrontierPoint
from indexical.report import render

POINTS = (FrontierPoint(8_192_000, 900.0, 890.0, 1), FrontierPoint(81_920_000, 450.0, 441.0, 3))


def test_the_frontier_is_a_table_of_budgets() -> None:
    text = render(advice(frontier=POINTS), "text", width=120)
    assert "Benefit against budget" in text
    (row,) = [line for line in text.splitlines() if "78 MB" in line and "450" in line]
    assert "3" in row
    assert "2.0 %" in row or "2.0%" in row


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_without_a_frontier_nothing_is_said_of_it(format: str) -> None:
    assert "Benefit against budget" not in render(advice(), format, width=120)


def test_the_frontier_the_slack_and_the_proof_are_in_the_document() -> None:
    document = json.loads(render(advice(frontier=POINTS, slack=7.0, proved=True), "json"))
    assert document["frontier"][1] == {"storage": 81_920_000, "cost": 450.0, "bound": 441.0, "indexes": 3}
    assert (document["cost"]["slack"], document["cost"]["proved"]) == (7.0, True)


def test_a_set_is_called_proved_only_when_it_is() -> None:
    assert "proved to be the best" in render(advice(proved=True), "markdown")
    assert "proved" not in render(advice(), "markdown")


def test_the_planners_contradictions_are_told_when_they_matter() -> None:
    assert "by which the planner contradicted itself" in render(advice(slack=50.0), "markdown")
    assert "contradicted" not in render(advice(slack=0.01), "markdown")
