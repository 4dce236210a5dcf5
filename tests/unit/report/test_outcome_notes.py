"""What is still to be known about something that was done is shown to people and in JSON."""

from __future__ import annotations

import json

from indexical.model import Applied
from indexical.report.outcomes import outcome_sections
from indexical.report.run_json import run_document

DONE = Applied("create:public.i", "create index i", 12.0, note="still to be run: ANALYZE public.orders")


def test_the_note_stands_beside_the_time():
    (section,) = outcome_sections("Applied", [DONE])
    assert section.table.rows[0][2].endswith("; still to be run: ANALYZE public.orders")


def test_without_a_note_there_is_only_the_time():
    (section,) = outcome_sections("Applied", [Applied("a", "b", 12.0)])
    assert ";" not in section.table.rows[0][2]


def test_the_note_is_a_field_of_the_outcome():
    assert json.loads(run_document(outcomes=[DONE]))["outcomes"][0]["note"] == DONE.note


def test_a_step_without_a_time_of_its_own_shows_none_instead_of_zero() -> None:
    (section,) = outcome_sections("Applied", [Applied("a", "b")])
    assert section.table is not None
    assert section.table.rows[0][-1] == ""
