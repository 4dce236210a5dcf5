"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.report.units import change, milliseconds, number, plural, printable, share, shorten, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (8192, "8.0 kB"),
        (11 * 1024**2, "11 MB"),
        (3 * 1024**3, "3.0 GB"),
        (10**13, "9313 GB"),
    ],
)
def test_sizes_step_in_binary_units(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (8.0, "8"),
        (0.0123, "0.0123"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123456.7, "123,457"),
        (-5.5, "-5.50"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_long_times_turn_into_seconds() -> None:
    assert milliseconds(12_345) == "12.3 s"
    assert milliseconds(1.5) == "1.50 ms"


def test_shares_and_changes() -> None:
    assert share(0.123) == "12 %"
    assert change(100, 40) == "-60 %"
    assert change(0, 5) == "n/a"
    assert change(0, 0) == "0 %"


def test_plurals() -> None:
    assert plural(1, "index", "indexes") == "1 index"
    assert plural(2, "index", "indexes") == "2 indexes"
    assert plural(1200, "row") == "1,200 rows"


@pytest.mark.parametrize("char", ["\x1b", "\x00", "\u202e", "\u200b", "\x9b", "\u2028"])
def test_what_could_steer_a_terminal_is_escaped(char: str) -> None:
    shown = printable(f"a{char}b")
    assert char not in shown
    assert "\\" in shown


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Zs", "Po"])))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@given(st.text(), st.integers(min_value=5, max_value=60))
def test_a_shortened_text_is_one_line_that_fits(text: str, width: int) -> None:
    line = shorten(text, width)
    assert len(line) <= width
    assert "\n" not in line
