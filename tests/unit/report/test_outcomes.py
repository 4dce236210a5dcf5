"""What became of changes, a line each."""

from __future__ import annotations

from indexical.model import Applied
from indexical.report.outcomes import outcome_sections
from indexical.report.text import render_sections


def shown(outcome: Applied) -> str:
    return render_sections(outcome_sections("Applied", (outcome,)), width=100)


def test_a_step_without_a_time_of_its_own_shows_none() -> None:
    assert "0 ms" not in shown(Applied("a", "index a"))
    assert "told so" in shown(Applied("a", "index a", note="told so"))


def test_time_and_note_stand_side_by_side() -> None:
    assert "12 ms; told so" in shown(Applied("a", "index a", 12.0, note="told so"))
