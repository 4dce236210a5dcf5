"""Predicates at random, each as SQL text and as a function of a row, so that a proof can be held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies as st

Row = dict[str, object]
Truth = bool | None

NUMBERS = (None, 1, 2, 3, 4)
TEXTS = (None, "a", "b", "c")
BOOLEANS = (None, True, False)
DATES = (None, "2024-01-01", "2024-01-02", "2024-02-01")
ROWS: tuple[Row, ...] = tuple(
    {"n": n, "t": t, "b": b, "d": d} for n, t, b, d in product(NUMBERS, TEXTS, BOOLEANS, DATES)
)


@dataclass(frozen=True)
class Predicate:
    sql: str
    holds: Callable[[Row], Truth]


def _compare(column: str, operator: str, value: object) -> Callable[[Row], Truth]:
    def holds(row: Row) -> Truth:
        mine = row[column]
        if mine is None:
            return None
        return {
            "=": mine == value, "<>": mine != value, "<": mine < value, "<=": mine <= value,  # type: ignore[operator]
            ">": mine > value, ">=": mine >= value,  # type: ignore[operator]
        }[operator]  # fmt: skip

    return holds


def _listed(column: str, values: list[object], wanted: bool) -> Callable[[Row], Truth]:
    def holds(row: Row) -> Truth:
        return None if row[column] is None else (row[column] in values) == wanted

    return holds


def _literal(column: str, value: object) -> str:
    return {"n": f"{value}", "t": f"'{value}'::text", "d": f"'{value}'::date", "b": str(value).lower()}[
        column
    ]


@st.composite
def _comparison(draw: st.DrawFn) -> Predicate:
    column = draw(st.sampled_from("nntd"))
    value = draw(st.sampled_from({"n": NUMBERS, "t": TEXTS, "d": DATES}[column][1:]))
    operator = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
    spelled = "!=" if operator == "<>" and draw(st.booleans()) else operator
    term = f"({column})::text" if column == "t" and draw(st.booleans()) else column
    if draw(st.booleans()):
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(spelled, spelled)
        return Predicate(f"{_literal(column, value)} {mirrored} {term}", _compare(column, operator, value))
    return Predicate(f"{term} {spelled} {_literal(column, value)}", _compare(column, operator, value))


@st.composite
def _list(draw: st.DrawFn) -> Predicate:
    column = draw(st.sampled_from("nt"))
    values = draw(st.lists(st.sampled_from({"n": NUMBERS, "t": TEXTS}[column][1:]), min_size=1, max_size=3))
    wanted, in_array = draw(st.booleans()), draw(st.booleans())
    listed = ", ".join(_literal(column, value) for value in values)
    if in_array:
        text = f"{column} {'= ANY' if wanted else '<> ALL'} (ARRAY[{listed}])"
    else:
        text = f"{column} {'IN' if wanted else 'NOT IN'} ({listed})"
    return Predicate(text, _listed(column, list(values), wanted))


@st.composite
def _between(draw: st.DrawFn) -> Predicate:
    low, high = draw(st.sampled_from(NUMBERS[1:])), draw(st.sampled_from(NUMBERS[1:]))
    inside = draw(st.booleans())

    def holds(row: Row) -> Truth:
        n = row["n"]
        return None if n is None else (low <= n <= high) == inside  # type: ignore[operator]

    return Predicate(f"n {'' if inside else 'NOT '}BETWEEN {low} AND {high}", holds)


@st.composite
def _test(draw: st.DrawFn) -> Predicate:
    kind = draw(st.sampled_from(["null", "true", "false", "bare", "equal", "distinct"]))
    denied = draw(st.booleans())
    word = "IS NOT" if denied else "IS"
    if kind == "null":
        column = draw(st.sampled_from("ntbd"))
        return Predicate(f"{column} {word} NULL", lambda row: (row[column] is None) != denied)
    if kind == "distinct":
        value = draw(st.sampled_from(NUMBERS[1:]))
        return Predicate(f"n {word} DISTINCT FROM {value}", lambda row: (row["n"] != value) != denied)
    if kind == "bare":
        return Predicate("b", lambda row: row["b"])  # type: ignore[return-value,arg-type]
    wanted = kind == "true"
    if kind == "equal":
        return Predicate("b <> false", lambda row: None if row["b"] is None else row["b"] is True)
    return Predicate(f"b {word} {kind.upper()}", lambda row: (row["b"] is wanted) != denied)


def _not(inner: Predicate) -> Predicate:
    def holds(row: Row) -> Truth:
        value = inner.holds(row)
        return None if value is None else not value

    return Predicate(f"NOT ({inner.sql})", holds)


def _joined(parts: list[Predicate], word: str) -> Predicate:
    def holds(row: Row) -> Truth:
        values = [part.holds(row) for part in parts]
        decisive = word == "OR"
        if decisive in values:
            return decisive
        return None if None in values else not decisive

    return Predicate(f" {word} ".join(f"({part.sql})" for part in parts), holds)


def _is_true(inner: Predicate) -> Predicate:
    return Predicate(f"({inner.sql}) IS TRUE", lambda row: inner.holds(row) is True)


def predicates() -> st.SearchStrategy[Predicate]:
    leaf = st.one_of(_comparison(), _list(), _between(), _test())
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(_not),
            inner.map(_is_true),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(parts, "AND")),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: _joined(parts, "OR")),
        ),
        max_leaves=5,
    )
