"""A measured run is saved, read back and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import FileRefused
from indexical.model import Measurement, NotMeasured
from indexical.report.measured import Run, load, render_json, sections
from indexical.report.text import render_sections


def run(ms: float, *missing: NotMeasured) -> Run:
    return Run(
        "18.6", ms * 10, (Measurement("list", 10.0, 7, ms, ms * 2, ms, 321, 5.0, ("a_idx",)),), missing
    )


def test_a_run_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(render_json(run(12.0)))
    assert load(path) == run(12.0)


def test_the_comparison_shows_both_times_and_the_change() -> None:
    text = render_sections(sections(run(3.0), run(12.0)))
    assert "12 ms" in text
    assert "3 ms" in text
    assert "-75 %" in text


def test_a_statement_that_was_not_measured_before_says_so() -> None:
    earlier = Run("18.6", 0.0, ())
    assert "not measured" in render_sections(sections(run(3.0), earlier))


def test_what_was_not_measured_is_listed() -> None:
    text = render_sections(sections(run(3.0, NotMeasured("w", "update x", "it writes"))))
    assert "Not measured (1)" in text
    assert "it writes" in text


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": "indexical-measure", "version": 2}', "{" * 9999]
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(FileRefused):
        load(path)


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(render_json(run(1.0)).replace('"calls"', '"cals"'))
    with pytest.raises(FileRefused, match="damaged"):
        load(path)


def test_totals_are_compared_only_over_what_both_runs_measured() -> None:
    slow = Measurement("slow", 1.0, 7, 900.0, 900.0, 900.0, 9, 1.0)
    earlier = run(12.0)
    earlier = Run("18.6", earlier.read_ms + 900.0, (*earlier.reads, slow))
    now = run(12.0, NotMeasured("slow", "slow", "it ran into the statement timeout"))
    text = " ".join(render_sections(sections(now, earlier)).split())
    assert "Measured in both runs: 1 statement, before 120 ms, now 120 ms (+0 %)." in text
    assert "Only measured before: slow." in text


def test_runs_without_a_common_statement_are_not_compared() -> None:
    assert "there is nothing to compare" in render_sections(sections(run(3.0), Run("18.6", 9.0, ())))


def test_a_run_with_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(render_json(run(1.0)).replace('"buffers": 321', '"buffers": 1e999'))
    with pytest.raises(FileRefused, match="damaged"):
        load(path)
