"""The rules as a tuple: each is there for a reason, and has one file and one name."""

from __future__ import annotations

import pytest

from indexical.candidates import gathering
from indexical.candidates.rules import RULES, name_of
from indexical.model import Limits
from tests.unit.candidates.shop import ask, short

NEEDED = {
    "equality": ("SELECT * FROM orders WHERE shop_id = $1 AND status = $2", "orders (shop_id, status)"),
    "equality_range": ("SELECT * FROM orders WHERE status = $1 AND total > $2", "orders (status, total)"),
    "equality_order": (
        "SELECT * FROM orders WHERE status = $1 ORDER BY total DESC LIMIT 5",
        "orders (status, total)",
    ),
    "join": ("SELECT * FROM users JOIN orders ON orders.shop_id = users.id", "orders (shop_id)"),
    "order": ("SELECT * FROM orders ORDER BY total LIMIT 5", "orders (total)"),
    "group": ("SELECT status, count(*) FROM orders GROUP BY status", "orders (status)"),
    "partial": ("SELECT * FROM orders WHERE NOT paid", "orders (id) WHERE NOT paid"),
    "covering": (
        "SELECT total FROM visits WHERE shop_id = $1",
        "visits (shop_id) INCLUDE (total)",
    ),
    "brin": ("SELECT * FROM visits WHERE at > $1", "visits (at) USING brin"),
    "hash": ("SELECT * FROM visits WHERE token = $1", "visits (token) USING hash"),
    "expression": ("SELECT * FROM users WHERE lower(city) = $1", "users ((lower(city)))"),
    "pattern": ("SELECT * FROM users WHERE city LIKE 'Ber%'", "users (city text_pattern_ops)"),
    "trigram": ("SELECT * FROM users WHERE city ILIKE '%berl%'", "users (city gin_trgm_ops) USING gin"),
    "document": ("SELECT * FROM orders WHERE data @> $1", "orders (data jsonb_path_ops) USING gin"),
    "elements": ("SELECT * FROM orders WHERE tags && $1", "orders (tags) USING gin"),
    "words": (
        "SELECT * FROM orders WHERE to_tsvector('english', note) @@ plainto_tsquery('english', $1)",
        "orders ((to_tsvector('english', note))) USING gin",
    ),
    "overlap": ("SELECT * FROM orders WHERE place <@ $1::box", "orders (place) USING gist"),
    "nearest": ("SELECT * FROM orders ORDER BY place <-> $1 LIMIT 5", "orders (place) USING gist"),
}
"""For each rule a statement whose candidates change without it."""


def test_every_rule_is_shown_to_matter() -> None:
    assert sorted(name_of(rule) for rule in RULES) == sorted(NEEDED)


@pytest.mark.parametrize("name", [name_of(rule) for rule in RULES])
def test_without_the_rule_its_candidate_is_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sql, wanted = NEEDED[name]
    assert wanted in short(ask(sql))
    monkeypatch.setattr(gathering, "RULES", tuple(rule for rule in RULES if name_of(rule) != name))
    assert wanted not in short(ask(sql))


@pytest.mark.parametrize("name", [name_of(rule) for rule in RULES])
def test_a_candidate_names_the_rule_that_made_it(name: str) -> None:
    sql, wanted = NEEDED[name]
    (made,) = [each for each in ask(sql).candidates if each.index.text == f"public.{wanted}"]
    assert made.rule == name


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_no_rule_goes_beyond_the_width(width: int) -> None:
    sql = (
        "SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE o.shop_id = $1 AND o.status = $2 AND NOT o.paid"
        " AND o.note = $3 AND o.total > $4 ORDER BY o.created_at, o.shipped_at LIMIT 3"
    )
    widths = {len(each.index.keys) for each in ask(sql, limits=Limits(max_width=width)).candidates}
    assert max(widths) == width


def test_grouping_beyond_the_width_is_left_out() -> None:
    columns = "status, shop_id, total, created_at, note"
    sql = f"SELECT {columns} FROM orders GROUP BY {columns}"
    assert short(ask(sql)) == set()


@pytest.mark.parametrize(
    ("sql", "wide"),
    [
        ("SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE o.total = $1", False),
        ("SELECT * FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE o.total = $1", False),
        ("SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE o.total = $1 AND u.city = $2", True),
        (
            "SELECT * FROM orders o JOIN users u ON u.id = o.user_id JOIN lines l ON l.id = u.age WHERE total = 1 AND amount = 2",
            True,
        ),
        (
            "SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total = $1)",
            True,
        ),
        ("SELECT * FROM orders o JOIN (SELECT 1 AS id) u ON u.id = o.user_id WHERE o.total = $1", True),
    ],
)
def test_a_join_that_only_fetches_what_a_row_refers_to_asks_for_no_wider_index(sql: str, wide: bool) -> None:
    assert ("orders (user_id, total)" in short(ask(sql))) is wide


def test_an_index_that_hands_the_join_column_on_must_hold_all_that_is_read() -> None:
    join = "FROM lines l JOIN orders o ON o.id = l.order_id WHERE l.product_id = $1"
    assert "lines (product_id, order_id)" in short(ask(f"SELECT o.total {join}"))
    assert "lines (product_id, order_id)" not in short(ask(f"SELECT o.total, l.amount {join}"))
    assert "lines (product_id, order_id)" not in short(ask(f"SELECT * {join}"))
