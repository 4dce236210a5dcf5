"""Naming who is in the way: enough to find them, nothing of what they keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.apply.blockers import Blocker, redacted, told


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("UPDATE t SET a = 'x''y' WHERE id = 42", "UPDATE t SET a = ? WHERE id = ?"),
        ("SELECT 1.5e3, -7, col1, t2.a3", "SELECT ?, ?, col1, t2.a3"),
        ("SELECT $1, $2", "SELECT $1, $2"),
        (r"SELECT E'it\'s ' || 'b'", "SELECT ? || ?"),
        ("SELECT $tag$ secret $$ 'x' $tag$, $$more$$", "SELECT ?, ?"),
        ("SELECT 'cut off in the mid", "SELECT ?"),
        ("SELECT $$cut off", "SELECT ?"),
        ("SELECT 1 -- secret\nFROM t /* secret */ WHERE a", "SELECT ? FROM t WHERE a"),
        ("SELECT a /* cut off", "SELECT a"),
        ("SELECT 1 /* a /* it's */ secret */, 'x'", "SELECT ? , ?"),
        (r"SELECT 'C:\\', 'it\'s secret'", "SELECT ?..."),
        ("SELECT $a$b$c$, $1", "SELECT ?"),
        ('SELECT "it\'s 5" FROM "t"', 'SELECT "it\'s 5" FROM "t"'),
        ("ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD ?"),
        ("SELECT\x1b[2J a\u202e\tb", "SELECT [? a b"),
    ],
)
def test_a_statement_is_told_without_values_and_comments(query, shown):
    assert redacted(query) == shown


def test_a_long_statement_is_cut():
    assert redacted("SELECT " + ", ".join(["column"] * 100)).endswith("...")
    assert len(redacted("SELECT " + ", ".join(["column"] * 100))) == 80


@given(st.text(alphabet=st.characters(exclude_characters="'\\"), max_size=30), st.text(max_size=30))
def test_no_value_gets_through_whatever_stands_around_it(before, value):
    literal = "'canary" + value.replace("'", "''") + "canary'"
    plain = before.replace('"', "").replace("$", "").replace("/", "").replace("-", "").rstrip("eE")
    assert "canary" not in redacted(f"SELECT {plain} {literal}")


@given(st.text(max_size=200))
def test_whatever_the_text_it_is_one_printable_line(text):
    shown = redacted(text)
    assert shown.isprintable()
    assert len(shown) <= 80


def test_all_who_are_in_the_way_are_told():
    first = Blocker("pid 7 (role app)", 12.4, "idle in transaction", "UPDATE t SET a = ?")
    second = Blocker("prepared transaction 'x' (role app)", 99.0)
    assert told([first, second]) == (
        "pid 7 (role app), idle in transaction for 12 s, last: UPDATE t SET a = ?; "
        "prepared transaction 'x' (role app), open for 99 s"
    )
    assert told([]) == ""
