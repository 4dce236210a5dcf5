"""Sizes, shares and times as people type them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from indexical.cli import units


@pytest.mark.parametrize(
    ("text", "bytes"),
    [
        ("500MB", 500 * 2**20),
        ("1.5 GB", 3 * 2**29),
        ("4096", 4096),
        ("64k", 65536),
        ("2GiB", 2 * 2**30),
        ("0", 0),
    ],
)
def test_sizes_are_binary(text: str, bytes: int) -> None:
    assert units.size(text) == bytes


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "5 parsecs", "1e9", "five"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a size"):
        units.size(text)


@pytest.mark.parametrize(("text", "value"), [("20%", 0.2), ("0.2", 0.2), (" 100 % ", 1.0), ("0", 0.0)])
def test_shares_are_percent_or_fractions(text: str, value: float) -> None:
    assert units.share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["many", "", "-1%", "nan", "inf"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        units.share(text)


@pytest.mark.parametrize(
    ("text", "value"), [("60s", 60), ("2min", 120), ("500ms", 0.5), ("1h", 3600), ("7", 7)]
)
def test_times_take_a_unit_or_are_seconds(text: str, value: float) -> None:
    assert units.seconds(text) == value


@pytest.mark.parametrize("text", ["soon", "-1s", "1 week"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a time"):
        units.seconds(text)


@pytest.mark.parametrize("text", ["0", "-3", "2.5", "x"])
def test_counts_start_at_one(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number of at least 1"):
        units.count(text)


def test_kinds_are_those_that_can_be_advised() -> None:
    assert units.kinds("btree") == ("btree",)
    assert units.kinds("gin, brin") == ("gin", "brin")
    with pytest.raises(argparse.ArgumentTypeError, match="spgist cannot be advised; the kinds are: btree"):
        units.kinds("btree,spgist")
    with pytest.raises(argparse.ArgumentTypeError, match="the kinds are: btree"):
        units.kinds(",")


@pytest.mark.parametrize("parse", [units.size, units.seconds])
def test_a_number_beyond_all_bounds_is_refused(parse: Callable[[str], float]) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write one such as"):
        parse("9" * 400)
