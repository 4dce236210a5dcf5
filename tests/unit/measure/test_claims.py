"""Claims are read with care and judged by proportion; what was not measured is neither met nor not met."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import FileRefused
from indexical.measure.claims import Figures, judge, read_claims
from indexical.model.claims import Claim, Judged

GOOD = '[[claim]]\nid = "a"\nkind = "statement"\nwhat = "Orders"\ntarget = "D1"\nbefore = 80\nafter = 5\nunit = "ms"\n'


def verdict(claim: Claim, before: float | None, after: float | None) -> Judged:
    key = (claim.kind, claim.target, claim.scale)
    was = Figures({key: before} if before is not None else {})
    now = Figures({key: after} if after is not None else {})
    (judged,) = judge([claim], was, now)
    return judged


def time(before: float | None, after: float, kind: str = "statement", unit: str = "ms") -> Claim:
    return Claim("a", kind, "a claim", "D1", unit, before, after)


def test_a_claim_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(GOOD + 'scale = "1000"\nsource = "results"\n')
    (claim,) = read_claims(file)
    assert claim == Claim("a", "statement", "Orders", "D1", "ms", 80.0, 5.0, "1000", "results")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"no \[\[claim\]\]"),
        ("claim = 3", r"no \[\[claim\]\]"),
        ("[[claim", "not TOML"),
        (GOOD.replace('"statement"', '"magic"'), "the kinds are"),
        (GOOD.replace('"ms"', '"furlongs"'), "the units are"),
        (GOOD.replace("after = 5", ""), "no figure 'after'"),
        (GOOD.replace("80", '"80"'), "must be a number"),
        (GOOD.replace("80", "inf"), "must be a number"),
        (GOOD.replace("80", "1e300"), "out of range"),
        (GOOD.replace("80", "true"), "must be a number"),
        (GOOD.replace('"D1"', "7"), "no text 'target'"),
        (GOOD + GOOD, "two claims have the id 'a'"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(text)
    with pytest.raises(FileRefused, match=said):
        read_claims(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no ordinary file"):
        read_claims(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (160.0, 10.0, "met"),
        (160.0, 10.9, "met"),
        (160.0, 12.0, "not-met"),
        (5.0, 0.1, "met"),
        (0.048, 0.042, "not-met"),
    ],
)
def test_a_time_is_judged_by_its_proportion(before: float, after: float, expected: str) -> None:
    assert verdict(time(80.0, 5.0), before, after).verdict == expected


def test_a_gain_that_could_not_be_had_is_explained() -> None:
    judged = verdict(time(80.0, 5.0), 0.048, 0.042)
    assert "no such time to save" in judged.reason
    assert (judged.before, judged.after) == (0.048, 0.042)


def test_an_index_that_changed_nothing_is_explained() -> None:
    assert "made no difference" in verdict(time(80.0, 5.0), 90.0, 91.0).reason


def test_a_ceiling_that_was_kept_before_proves_nothing() -> None:
    judged = verdict(time(None, 50.0), 0.4, 0.1)
    assert judged.verdict == "met"
    assert "the limit proves nothing" in judged.reason
    assert verdict(time(None, 50.0), 90.0, 80.0).verdict == "not-met"


@pytest.mark.parametrize(
    ("claimed", "after", "expected"), [(10.0, 1.0, "met"), (10.0, 2.0, "not-met"), (100.0, 0.05, "met")]
)
def test_a_factor_is_how_many_times_faster(claimed: float, after: float, expected: str) -> None:
    assert verdict(time(None, claimed, unit="x"), 10.0, after).verdict == expected


@pytest.mark.parametrize(
    ("target", "after", "expected"), [("throughput", 260.0, "met"), ("cpu", 260.0, "not-met")]
)
def test_of_throughput_more_is_better(target: str, after: float, expected: str) -> None:
    claim = Claim("a", "database", "a claim", target, "x", None, 2.5)
    assert verdict(claim, 100.0, after).verdict == expected


@pytest.mark.parametrize(
    ("change", "after", "expected"),
    [(-40.0, 55.0, "met"), (-40.0, 80.0, "not-met"), (150.0, 250.0, "met"), (150.0, 120.0, "not-met")],
)
def test_a_change_in_percent_has_a_direction(change: float, after: float, expected: str) -> None:
    assert verdict(time(None, change, "database", "%"), 100.0, after).verdict == expected


@pytest.mark.parametrize(("after", "expected"), [(2.0, "met"), (5.0, "not-met")])
def test_a_write_may_cost_so_much_more_and_no_more(after: float, expected: str) -> None:
    claim = Claim("a", "write", "INSERT", "order", "ms", 0.0, 3.0)
    assert verdict(claim, 0.5, after).verdict == expected


def test_a_write_that_costs_little_and_yet_several_times_as_much_says_so() -> None:
    claim = Claim("a", "write", "INSERT", "activity", "ms", 0.0, 3.0)
    assert "5.0 times as much" in verdict(claim, 0.015, 0.075).reason


def test_a_count_is_equal_or_not() -> None:
    claim = Claim("a", "count", "descending", "descending", "indexes", None, 16.0)
    assert verdict(claim, None, 16.0).verdict == "met"
    judged = verdict(claim, None, 19.0)
    assert (judged.verdict, judged.reason) == ("not-met", "counted 19, claimed 16")


def test_storage_is_a_ceiling() -> None:
    claim = Claim("a", "storage", "of the database", "index-growth", "%", None, 8.0)
    assert verdict(claim, None, 7.0).verdict == "met"
    assert verdict(claim, None, 20.0).verdict == "not-met"


def test_nothing_measured_is_neither_met_nor_not_met() -> None:
    assert verdict(time(80.0, 5.0), 80.0, None).verdict == "not-measured"
    assert verdict(time(80.0, 5.0), None, 5.0).verdict == "not-measured"
    assert verdict(time(80.0, 5.0), 0.0, 5.0).verdict == "not-measured"


def test_the_reason_why_something_has_no_figure_is_told() -> None:
    missing = Figures({}, {("statement", "D1", ""): "it ran into the statement timeout"})
    (judged,) = judge([time(80.0, 5.0)], Figures(), missing)
    assert judged.reason == "it ran into the statement timeout"
