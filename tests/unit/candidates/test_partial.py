"""When a constant is rare enough, and constant enough, for a partial index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.candidates import generate
from indexical.candidates.rarity import array_items, literal, share_of
from indexical.model import Column, ColumnStatistics, Limits
from indexical.model.covers import covers
from indexical.testing import catalog, common, index, statement, table, workload
from tests.unit.candidates.shop import ask, shop

STATUS = "SELECT * FROM orders WHERE status = $1 AND created_at > $2"


def partial(*args: object, **options: object) -> set[str]:
    found = ask(statement(*args, **options))  # type: ignore[arg-type]
    return {each.index.text.removeprefix("public.") for each in found.candidates if each.index.predicate}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM orders WHERE NOT paid", {"orders (id) WHERE NOT paid"}),
        ("SELECT * FROM orders WHERE paid = false", {"orders (id) WHERE NOT paid"}),
        ("SELECT * FROM orders WHERE paid IS FALSE", {"orders (id) WHERE NOT paid"}),
        ("SELECT * FROM orders WHERE shipped_at IS NULL", {"orders (id) WHERE shipped_at IS NULL"}),
        ("SELECT * FROM orders WHERE status = 'NEW'", {"orders (id) WHERE status = 'NEW'"}),
        ("SELECT * FROM orders WHERE status IN ('NEW')", {"orders (id) WHERE status = 'NEW'"}),
        ("SELECT * FROM orders WHERE status = 'NEW'::varchar", {"orders (id) WHERE status = 'NEW'"}),
        ("SELECT * FROM orders WHERE status = 'GONE'", {"orders (id) WHERE status = 'GONE'"}),
        ("SELECT * FROM orders WHERE status <> 'DONE'", {"orders (id) WHERE status <> 'DONE'"}),
        ("SELECT * FROM orders WHERE NOT (status = 'DONE')", {"orders (id) WHERE status <> 'DONE'"}),
        ("SELECT * FROM orders WHERE status NOT IN ('DONE')", {"orders (id) WHERE status <> 'DONE'"}),
        (
            "SELECT * FROM orders WHERE status <> 'NEW' AND status <> 'DONE' AND total > $1",
            {"orders (total) WHERE status <> 'DONE' AND status <> 'NEW'"},
        ),
        ("SELECT * FROM visits WHERE state <> 0", {"visits (id) WHERE state <> 0"}),
        ("SELECT * FROM orders WHERE NOT paid AND total > $1", {"orders (total) WHERE NOT paid"}),
        ("SELECT * FROM orders WHERE NOT paid ORDER BY total LIMIT 1", {"orders (total) WHERE NOT paid"}),
        (
            "SELECT * FROM orders WHERE NOT paid AND shop_id = $1 ORDER BY total DESC",
            {
                "orders (shop_id) WHERE NOT paid",
                "orders (total) WHERE NOT paid",
                "orders (shop_id, total) WHERE NOT paid",
            },
        ),
        (
            "SELECT * FROM orders WHERE NOT paid AND status = 'NEW'",
            {
                "orders (status) WHERE NOT paid",
                "orders (paid) WHERE status = 'NEW'",
                "orders (id) WHERE NOT paid AND status = 'NEW'",
            },
        ),
    ],
)
def test_a_rare_constant_makes_a_partial_index(sql: str, expected: set[str]) -> None:
    assert partial(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders WHERE paid",
        "SELECT * FROM orders WHERE status = 'DONE'",
        "SELECT * FROM orders WHERE status = $1",
        "SELECT * FROM orders WHERE status <> 'NEW'",
        "SELECT * FROM orders WHERE status <> $1",
        "SELECT * FROM orders WHERE status <> 'DONE' OR total > $1",
        "SELECT * FROM orders WHERE number <> 'A-1'",
        "SELECT * FROM orders WHERE shipped_at <> '2026-01-01'",
        "SELECT * FROM orders WHERE shipped_at IS NOT NULL",
        "SELECT * FROM orders WHERE created_at IS NULL",
        "SELECT * FROM orders WHERE user_id = 7",
        "SELECT * FROM orders WHERE number = 'A-1'",
        "SELECT * FROM orders WHERE note = 'x'",
        "SELECT * FROM orders WHERE NOT paid OR total > 5",
        "SELECT * FROM users WHERE NOT active",
        "SELECT * FROM orders WHERE id = $1 AND NOT paid",
    ],
)
def test_nothing_partial_to_advise(sql: str) -> None:
    assert partial(sql) == set()


NEW = ("NEW", "2026-01-01")


@pytest.mark.parametrize(
    ("calls", "samples"),
    [
        (5.0, [NEW]),
        (5.0, [NEW, ("NEW", "2026-02-01")]),
        (500.0, [NEW, ("NEW", "2026-02-01"), ("NEW", None)]),
    ],
)
def test_a_parameter_that_never_varied_is_a_constant(calls: float, samples: list[tuple[str, str]]) -> None:
    assert partial(STATUS, calls=calls, samples=samples) == {"orders (created_at) WHERE status = 'NEW'"}


@pytest.mark.parametrize(
    ("calls", "samples"),
    [
        (4.0, [NEW, ("NEW", "2026-02-01")]),
        (500.0, [NEW, ("IT'S", "2026-01-01")]),
        (500.0, [NEW, (None, "2026-01-01")]),
        (500.0, [(None, "2026-01-01")]),
        (500.0, [()]),
        (500.0, []),
        (500.0, [("DONE", "2026-01-01")]),
    ],
)
def test_a_parameter_that_varies_or_is_unknown_never_makes_a_partial_index(
    calls: float, samples: list[tuple[str | None, ...]]
) -> None:
    assert partial(STATUS, calls=calls, samples=samples) == set()


def test_one_sample_is_not_enough_on_a_column_of_many_values() -> None:
    many = replace(common({"NEW": 0.05}), distinct=60.0)
    orders = table("public.t", "id int, kind text, at timestamptz", statistics={"kind": many})
    sql = "SELECT * FROM t WHERE kind = $1 AND at > $2"

    def asked(*samples: tuple[str, str]) -> set[str]:
        found = generate(workload(statement(sql, calls=50, samples=samples)), catalog(orders), Limits())
        return {each.index.predicate for each in found.candidates}

    assert asked(("NEW", "x")) == {""}
    assert asked(("NEW", "x"), ("NEW", "y")) == {"", "kind = 'NEW'"}


def test_a_key_is_never_a_constant_however_steady() -> None:
    few = replace(common({"7": 0.01, "8": 0.99}))
    orders = table(
        "public.t", "id int, user_id int", statistics={"user_id": few}, foreign_keys={"user_id": "users.id"}
    )
    found = generate(workload("SELECT * FROM t WHERE user_id = 7"), catalog(orders), Limits())
    assert [each.index.text for each in found.candidates] == ["public.t (user_id)"]


def test_three_conditions_that_are_rare_only_together() -> None:
    flags = {"t": 0.3, "f": 0.7}
    users = table(
        "public.t",
        "id int, a boolean, b boolean, at timestamptz",
        indexes=["primary id"],
        statistics={"a": common(flags), "b": common(flags)},
    )
    found = generate(workload("SELECT * FROM t WHERE a AND b ORDER BY at LIMIT 9"), catalog(users), Limits())
    assert [each.index.text for each in found.candidates if each.index.predicate] == [
        "public.t (at) WHERE a AND b"
    ]
    assert not [each for each in found.candidates if each.index.predicate in ("a", "b")]


def test_a_name_that_needs_quotes_has_them_in_the_predicate() -> None:
    odd = table(
        "public.t",
        "id int, user boolean",
        indexes=["primary id"],
        statistics={"user": common({"t": 0.01, "f": 0.99})},
    )
    found = generate(workload('SELECT * FROM t WHERE "user"'), catalog(odd), Limits())
    assert [each.index.predicate for each in found.candidates] == ['"user"']


def test_an_existing_partial_index_is_recognised_in_postgresqls_own_words() -> None:
    stored = index("public.orders", "id", where="((status)::text = 'NEW'::text)")
    (wanted,) = [
        each.index
        for each in ask("SELECT * FROM orders WHERE status = 'NEW'").candidates
        if each.index.predicate
    ]
    assert covers(stored, wanted)
    orders = shop().tables[0]
    made = replace(
        orders, indexes=(*orders.indexes, replace(orders.indexes[1], name="new_ones", index=stored))
    )
    found = generate(workload("SELECT * FROM orders WHERE status = 'NEW'"), catalog(made), Limits())
    assert [each.index.text for each in found.candidates] == ["public.orders (status)"]
    assert [each.detail for each in found.refused] == ["new_ones does the same already"]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("{a,b}", ("a", "b")),
        ('{"a b","c\\"d","e\\\\f",g}', ("a b", 'c"d', "e\\f", "g")),
        ('{"","x,y"}', ("", "x,y")),
        ("{}", ()),
        ("", ()),
        ("{1,-2}", ("1", "-2")),
    ],
)
def test_array_text_is_read_as_postgresql_writes_it(text: str, items: tuple[str, ...]) -> None:
    assert array_items(text) == items


def test_a_share_is_known_only_from_complete_statistics() -> None:
    assert share_of(common({"a": 0.2, "b": 0.8}), "a") == 0.2
    assert share_of(common({"a": 0.2, "b": 0.8}), "c") == 0.0
    assert share_of(replace(common({"a": 0.2}), distinct=40.0), "c") is None
    assert share_of(replace(common({"a": 0.2}), distinct=-0.1), "c") is None
    assert share_of(ColumnStatistics(), "a") is None


@pytest.mark.parametrize(
    ("type_name", "value", "expected"),
    [
        ("integer", "5", "5"),
        ("bigint", "-5", "-5"),
        ("integer", "5; DROP TABLE orders", None),
        ("character varying(20)", "IT'S", "'IT''S'"),
        ("text", "back\\slash", None),
        ("timestamp with time zone", "2026-01-01", None),
        ("uuid", "x", None),
    ],
)
def test_only_values_that_django_writes_alike_become_literals(
    type_name: str, value: str, expected: str | None
) -> None:
    assert literal(Column("c", type_name), value) == expected
