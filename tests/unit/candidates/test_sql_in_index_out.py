"""SQL in, candidates out: the whole set of them, so that one too many fails as one too few does."""

from __future__ import annotations

import pytest

from tests.unit.candidates.shop import ask, short

ADVISED = [
    ("SELECT * FROM orders WHERE status = $1", ["orders (status)"]),
    (
        "SELECT * FROM orders WHERE shop_id = $1 AND status = $2",
        ["orders (shop_id)", "orders (shop_id, status)", "orders (status)"],
    ),
    ("SELECT * FROM orders WHERE status IN ($1,$2,$3)", ["orders (status)"]),
    ("SELECT * FROM orders WHERE status = ANY($1)", ["orders (status)"]),
    ("SELECT * FROM orders WHERE status IN ($1)", ["orders (status)"]),
    ("SELECT * FROM orders WHERE total > $1", ["orders (total)"]),
    ("SELECT * FROM orders WHERE $1 < total", ["orders (total)"]),
    ("SELECT * FROM orders WHERE created_at BETWEEN $1 AND $2", ["orders (created_at)"]),
    (
        "SELECT * FROM orders WHERE shop_id = $1 AND created_at >= now() - interval '7 days'",
        ["orders (created_at)", "orders (shop_id)", "orders (shop_id, created_at)"],
    ),
    (
        "SELECT * FROM orders WHERE shop_id = $1 AND status = $2 AND created_at >= $3 AND total < $4",
        [
            "orders (created_at)",
            "orders (shop_id)",
            "orders (shop_id, created_at)",
            "orders (shop_id, status)",
            "orders (shop_id, status, created_at)",
            "orders (shop_id, status, created_at, total)",
            "orders (shop_id, status, total)",
            "orders (shop_id, status, total, created_at)",
            "orders (shop_id, total)",
            "orders (status)",
            "orders (status, created_at)",
            "orders (status, total)",
            "orders (total)",
        ],
    ),
    (
        "SELECT * FROM orders WHERE shop_id = $1 ORDER BY created_at DESC LIMIT 20",
        ["orders (created_at)", "orders (shop_id)", "orders (shop_id, created_at)"],
    ),
    (
        "SELECT * FROM orders WHERE shop_id = $1 ORDER BY created_at LIMIT 20",
        ["orders (created_at)", "orders (shop_id)", "orders (shop_id, created_at)"],
    ),
    (
        "SELECT * FROM orders WHERE shop_id = $1 ORDER BY created_at DESC, total LIMIT 5",
        [
            "orders (created_at)",
            "orders (created_at, total DESC)",
            "orders (shop_id)",
            "orders (shop_id, created_at, total DESC)",
        ],
    ),
    ("SELECT * FROM orders ORDER BY created_at DESC LIMIT 10", ["orders (created_at)"]),
    (
        "SELECT * FROM orders ORDER BY total DESC, created_at LIMIT 10",
        ["orders (total)", "orders (total, created_at DESC)"],
    ),
    (
        "SELECT * FROM orders ORDER BY shipped_at DESC NULLS LAST LIMIT 10",
        ["orders (shipped_at NULLS FIRST)"],
    ),
    ("SELECT id, created_at AS c FROM orders ORDER BY c LIMIT 10", ["orders (created_at)"]),
    ("SELECT id, total FROM orders ORDER BY 2 LIMIT 10", ["orders (total)"]),
    ("SELECT max(created_at) FROM orders", ["orders (created_at)"]),
    (
        "SELECT min(created_at) FROM orders WHERE shop_id = $1",
        ["orders (created_at)", "orders (shop_id)", "orders (shop_id, created_at)"],
    ),
    ("SELECT status, count(*) FROM orders GROUP BY status", ["orders (status)"]),
    (
        "SELECT status, count(*) FROM orders WHERE shop_id = $1 GROUP BY status",
        ["orders (shop_id)", "orders (shop_id, status)", "orders (status)"],
    ),
    ("SELECT DISTINCT shop_id FROM orders", ["orders (shop_id)"]),
    ("SELECT * FROM users WHERE city = $1 AND active", ["users (city)", "users (city, active)"]),
    ("SELECT * FROM users WHERE city IS NULL", ["users (city)"]),
    ('SELECT * FROM "users" WHERE "users"."city" = $1', ["users (city)"]),
    (
        "SELECT * FROM orders o JOIN lines l ON l.order_id = o.id WHERE l.product_id = $1",
        ["lines (product_id)"],
    ),
    (
        "SELECT * FROM orders JOIN users USING (id) WHERE users.city = $1",
        ["users (city)"],
    ),
    (
        "SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total > $1)",
        ["orders (total)", "orders (user_id, total)"],
    ),
    (
        "SELECT * FROM users WHERE id IN (SELECT user_id FROM orders WHERE shop_id = $1)",
        ["orders (shop_id)", "orders (shop_id, user_id)", "orders (user_id, shop_id)"],
    ),
    (
        "SELECT (SELECT o.total FROM orders o WHERE o.shop_id = s.id ORDER BY o.created_at DESC LIMIT 1) FROM shops s",
        ["orders (created_at)", "orders (shop_id)", "orders (shop_id, created_at)"],
    ),
    (
        "WITH recent AS (SELECT * FROM orders WHERE created_at > $1) SELECT * FROM recent WHERE status = $2",
        ["orders (created_at)", "orders (status)", "orders (status, created_at)"],
    ),
    (
        "SELECT * FROM (SELECT * FROM orders WHERE total > $1) AS big WHERE big.status = $2",
        ["orders (status)", "orders (status, total)", "orders (total)"],
    ),
    (
        "SELECT id FROM orders WHERE total = $1 UNION ALL SELECT id FROM users WHERE age = $2",
        ["orders (total)", "users (age)"],
    ),
    ("UPDATE orders SET paid = true WHERE total = $1", ["orders (total)"]),
    (
        "DELETE FROM orders USING users WHERE users.id = orders.user_id AND users.age = $1",
        ["users (age)", "users (age, id)"],
    ),
    ("INSERT INTO lines (id) SELECT id FROM orders WHERE total = $1", ["orders (total)"]),
    ("SELECT * FROM orders WHERE total = $1 OR created_at > $2", ["orders (created_at)", "orders (total)"]),
    ("SELECT * FROM orders WHERE shop_id = $1 OR shop_id = $2", ["orders (shop_id)"]),
    (
        "SELECT * FROM orders WHERE (shop_id, status) = ($1, $2)",
        ["orders (shop_id)", "orders (shop_id, status)", "orders (status)"],
    ),
    (
        "SELECT * FROM orders WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT 10",
        ["orders (created_at)", "orders (created_at, id)"],
    ),
    ("SELECT * FROM orders WHERE NOT paid", ["orders (id) WHERE NOT paid"]),
    (
        "SELECT * FROM orders WHERE NOT paid ORDER BY created_at LIMIT 10",
        ["orders (created_at)", "orders (created_at) WHERE NOT paid", "orders (paid, created_at)"],
    ),
    ("SELECT * FROM orders WHERE status = 'NEW'", ["orders (id) WHERE status = 'NEW'", "orders (status)"]),
    (
        "SELECT * FROM orders WHERE status = 'IT''S' AND created_at > $1",
        [
            "orders (created_at)",
            "orders (created_at) WHERE status = 'IT''S'",
            "orders (status)",
            "orders (status, created_at)",
        ],
    ),
    (
        "SELECT * FROM orders WHERE shipped_at IS NULL AND shop_id = $1",
        [
            "orders (shipped_at)",
            "orders (shop_id)",
            "orders (shop_id) WHERE shipped_at IS NULL",
            "orders (shop_id, shipped_at)",
        ],
    ),
    ("SELECT * FROM audit.events WHERE kind = $1", ["audit.events (kind)"]),
    ("SELECT * FROM events WHERE score > $1", ["audit.events (score)"]),
    (
        "SELECT * FROM orders LEFT JOIN users u ON u.id = orders.user_id AND u.city = $1",
        ["users (city)"],
    ),
    (
        "SELECT * FROM users u JOIN orders o ON o.shop_id = u.age WHERE u.age = $1",
        ["orders (shop_id)", "users (age)"],
    ),
    ("SELECT * FROM users WHERE city::text = $1", ["users (city)"]),
    (
        "SELECT o.* FROM (orders o JOIN users u ON u.id = o.user_id) WHERE o.total = $1",
        ["orders (total)"],
    ),
    (
        "SELECT * FROM orders o, LATERAL (SELECT * FROM lines l WHERE l.amount = $1 AND l.order_id = o.id) x",
        ["lines (amount)", "lines (amount, order_id)", "lines (order_id, amount)"],
    ),
    (
        "SELECT * FROM orders WHERE status IN ('A', 'B') AND created_at BETWEEN $1 AND $2 ORDER BY total LIMIT 9",
        [
            "orders (created_at)",
            "orders (status)",
            "orders (status, created_at)",
            "orders (total)",
            "orders (total, created_at)",
        ],
    ),
    ("SELECT * FROM orders WHERE $1 = total AND TRUE", ["orders (total)"]),
    ("SELECT * FROM orders WHERE total IN ($1,$2)", ["orders (total)"]),
]

NOTHING = [
    "SELECT * FROM orders WHERE created_at::date = $1",
    "SELECT * FROM orders WHERE total IS DISTINCT FROM $1",
    "SELECT * FROM orders WHERE coalesce(total, $1) = total",
    "SELECT * FROM orders LIMIT 10",
    'SELECT * FROM users WHERE "City" = $1 OR city = $2',
    "SELECT 1",
    "SELECT * FROM orders",
    "SELECT * FROM orders WHERE id = $1",
    "SELECT * FROM orders WHERE user_id = $1",
    "SELECT * FROM orders WHERE number = $1 AND status = $2",
    "SELECT * FROM orders WHERE paid",
    "SELECT * FROM shops WHERE name = $1",
    "SELECT * FROM users ORDER BY joined_at LIMIT 3",
    "SELECT count(*) FROM orders",
    "SELECT * FROM orders WHERE data = $1",
    "SELECT * FROM orders WHERE place = $1",
    "SELECT * FROM orders WHERE tags = $1",
    "SELECT * FROM orders WHERE body = $1",
    "SELECT * FROM users WHERE UPPER(email::text) LIKE UPPER($1)",
    "SELECT * FROM orders WHERE status <> $1",
    "SELECT * FROM orders WHERE status NOT IN ($1, $2)",
    "SELECT * FROM orders WHERE total = $1 OR upper(note) = $2",
    "SELECT * FROM orders WHERE note LIKE '%x%'",
    "SELECT * FROM orders WHERE total > shop_id",
    "SELECT * FROM orders ORDER BY random() LIMIT 1",
    "INSERT INTO orders (id) VALUES ($1)",
    "UPDATE orders SET total = $1 WHERE id = $2",
    "DELETE FROM orders WHERE id = $1",
    "WITH orders AS (SELECT 1 AS status) SELECT * FROM orders WHERE status = $1",
    "SELECT * FROM lines WHERE order_id = $1",
    "SELECT * FROM generate_series(1, 10) AS orders WHERE orders = 1",
    "SELECT * FROM orders FETCH FIRST 5 ROWS ONLY -- total = $1",
    "SELECT * FROM orders WHERE NOT (total = $1)",
    "SELECT * FROM orders WHERE note IS NOT NULL",
    "SELECT * FROM orders WHERE total = NULL",
    "SELECT x.total FROM (SELECT 1 AS total) AS x, orders WHERE x.total = $1",
    "SELECT count(*) FROM orders o FULL JOIN users u ON u.id = o.user_id AND u.city = $1",
    "SELECT * FROM orders LEFT JOIN users u ON u.id = orders.user_id AND orders.total = $1",
    "SELECT * FROM users a JOIN users b ON a.id = b.id WHERE city = $1",
]


@pytest.mark.parametrize(("sql", "expected"), ADVISED)
def test_sql_in_index_out(sql: str, expected: list[str]) -> None:
    assert sorted(short(ask(sql))) == expected


@pytest.mark.parametrize("sql", NOTHING)
def test_nothing_to_advise(sql: str) -> None:
    assert short(ask(sql)) == set()


def test_a_good_share_of_the_cases_prove_that_nothing_happens() -> None:
    assert len(ADVISED) + len(NOTHING) >= 60
    assert len(NOTHING) * 3 >= len(ADVISED) + len(NOTHING)
