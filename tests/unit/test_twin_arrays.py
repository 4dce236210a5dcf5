"""PostgreSQL's arrays in text form survive being taken apart and put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexical.twin.arrays import array, elements, with_ends


@given(st.lists(st.text()))
def test_what_is_put_together_comes_apart_again(values: list[str]) -> None:
    assert elements(array(values)) == values


def test_unquoted_and_quoted_elements_are_read() -> None:
    assert elements('{1,-2,"a b","q\\"x","b\\\\s",""}') == ["1", "-2", "a b", 'q"x', "b\\s", ""]
    assert elements("{}") == []


def test_true_ends_take_the_place_of_the_outer_bounds() -> None:
    assert elements(with_ends("{1,5,9}", "0", "12")) == ["0", "5", "12"]
    assert elements(with_ends("{1,5,9}", "", "12")) == ["1", "5", "12"]


def test_a_histogram_without_known_ends_stays_as_it_is() -> None:
    assert with_ends("{1,5,9}", "", "") == "{1,5,9}"
    assert with_ends("", "1", "2") == ""
    assert with_ends("{1}", "0", "2") == "{1}"
