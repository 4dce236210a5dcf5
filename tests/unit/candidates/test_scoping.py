"""Names, blocks and conditions: what each table of a statement is asked, however the SQL is nested."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.candidates.analysis import Analysis, Reader, analyse
from indexical.candidates.facts import TableFacts
from indexical.model import Catalog, View
from indexical.testing import catalog, table
from tests.unit.candidates.shop import shop

_MARKS = {
    "equal": "=",
    "list": " in",
    "range": " range",
    "null": " null",
    "notnull": " not null",
    "unequal": " <>",
    "true": "",
    "false": " not",
}


def views(base: Catalog) -> Catalog:
    """The shop with views that read it, and one that reads another."""
    made = (
        View(
            "public",
            "recent",
            "SELECT o.id, o.status, o.total AS amount, o.created_at FROM public.orders o"
            " WHERE o.created_at > '2026-01-01'::date;",
            ("id", "status", "amount", "created_at"),
        ),
        View(
            "public",
            "big",
            "SELECT recent.id, recent.amount FROM public.recent WHERE recent.amount > 100;",
            ("key", "sum"),
        ),
        View(
            "public",
            "per_shop",
            "SELECT shop_id, count(*) AS n FROM public.orders GROUP BY shop_id;",
            ("shop_id", "n"),
        ),
        View("public", "first_ten", "SELECT * FROM public.orders ORDER BY id LIMIT 10;"),
        View("audit", "broken", "SELECT FROM WHERE", ("x",)),
    )
    return replace(base, views=made)


def read(sql: str) -> Analysis:
    return analyse(sql, views(shop()))


def asked(sql: str) -> list[str]:
    """What a statement asks of its tables, one text for each mention of a table that is asked anything."""
    return sorted(text for text in map(_summary, read(sql).tables) if text)


def _summary(facts: TableFacts) -> str:
    parts = [f"{term.column}{_MARKS[term.kind]}" for term in facts.terms]
    parts += [f"{' or '.join(sorted(t.column for t in arm))} alternatively" for arm in facts.alternatives]
    parts += [f"outer {column}" for column in facts.correlated]
    parts += [f"join {column}" for column in facts.joins if column not in facts.correlated]
    parts += [f"by {sort.column}{' desc' if sort.descending else ''}" for sort in facts.order]
    parts += [f"group {column}" for column in facts.group]
    parts += [f"row {', '.join(row)}" for row in facts.rows]
    parts += [f"on {', '.join(facts.distinct_on)}"] if facts.distinct_on else []
    return f"{facts.table.name}: {'; '.join(parts)}" if parts else ""


FOLLOWED = [
    # common table expressions
    ("WITH c AS (SELECT * FROM orders) SELECT * FROM c WHERE c.status = $1", ["orders: status="]),
    ("WITH c AS (SELECT status AS s FROM orders) SELECT * FROM c WHERE s = $1", ["orders: status="]),
    ("WITH c (x) AS (SELECT status FROM orders) SELECT * FROM c WHERE x = $1", ["orders: status="]),
    (
        "WITH c AS NOT MATERIALIZED (SELECT * FROM orders) SELECT * FROM c a, c b WHERE a.status = $1",
        ["orders: status="],
    ),
    (
        "WITH a AS (SELECT * FROM orders), b AS (SELECT * FROM a) SELECT * FROM b WHERE total > $1",
        ["orders: total range"],
    ),
    (
        "WITH c AS (SELECT user_id FROM orders) SELECT * FROM users u JOIN c ON c.user_id = u.id",
        ["orders: join user_id", "users: join id"],
    ),
    (
        "WITH g AS (DELETE FROM orders WHERE total = $1 RETURNING user_id) SELECT * FROM users JOIN g ON user_id = users.id",
        ["orders: total=", "users: join id"],
    ),
    (
        "WITH c AS (SELECT id FROM orders WHERE total = $1) UPDATE orders SET paid = true FROM c WHERE c.id = orders.id",
        ["orders: join id", "orders: total=; join id"],
    ),
    (
        (
            "WITH RECURSIVE up AS (SELECT id, age FROM users WHERE city = $1 UNION ALL"
            " SELECT u.id, u.age FROM users u JOIN up USING (id)) SELECT * FROM up"
        ),
        ["users: city=", "users: join id"],
    ),
    # derived tables
    ("SELECT * FROM (SELECT id, status FROM orders) x WHERE x.status = $1", ["orders: status="]),
    ("SELECT * FROM (SELECT status FROM orders) AS x (s) WHERE s = $1", ["orders: status="]),
    ("SELECT * FROM (SELECT * FROM (SELECT * FROM orders) y) x WHERE status = $1", ["orders: status="]),
    (
        "SELECT * FROM (SELECT DISTINCT status FROM orders) x WHERE status = $1",
        ["orders: status=; group status"],
    ),
    (
        "SELECT * FROM (SELECT shop_id, count(*) AS n FROM orders GROUP BY shop_id) x WHERE shop_id = $1",
        ["orders: shop_id=; group shop_id"],
    ),
    (
        "SELECT * FROM (SELECT o.*, rank() OVER (PARTITION BY shop_id ORDER BY total) AS r FROM orders o) x WHERE shop_id = $1",
        ["orders: shop_id="],
    ),
    (
        "SELECT * FROM (SELECT * FROM orders) x ORDER BY x.created_at DESC LIMIT 5",
        ["orders: by created_at desc"],
    ),
    (
        "SELECT * FROM (SELECT id, total FROM orders UNION ALL SELECT id, age FROM users) x WHERE total = $1",
        ["orders: total=", "users: age="],
    ),
    (
        "SELECT id, created_at FROM orders UNION ALL SELECT id, joined_at FROM users ORDER BY created_at LIMIT 9",
        ["orders: by created_at", "users: by joined_at"],
    ),
    (
        "SELECT id, created_at FROM orders UNION ALL SELECT id, joined_at FROM users ORDER BY 2 DESC LIMIT 9",
        ["orders: by created_at desc", "users: by joined_at desc"],
    ),
    (
        "SELECT id FROM orders WHERE total = $1 INTERSECT SELECT id FROM users WHERE age = $2",
        ["orders: total=", "users: age="],
    ),
    # views
    ("SELECT * FROM recent WHERE status = $1", ["orders: created_at range; status="]),
    (
        "SELECT * FROM public.recent r WHERE r.amount < $1 ORDER BY r.created_at LIMIT 3",
        ["orders: created_at range; total range; by created_at"],
    ),
    ("SELECT * FROM big WHERE key = $1", ["orders: created_at range; id=; total range"]),
    ("SELECT * FROM per_shop WHERE shop_id = $1", ["orders: shop_id=; group shop_id"]),
    ("SELECT * FROM recent AS r (a, b) WHERE b = $1", ["orders: created_at range; status="]),
    # laterals and subqueries
    (
        "SELECT * FROM users u, LATERAL (SELECT * FROM orders o WHERE o.shop_id = u.age) x WHERE x.status = $1",
        ["orders: shop_id=; status=; outer shop_id", "users: join age"],
    ),
    (
        "SELECT * FROM users u CROSS JOIN LATERAL (SELECT * FROM orders o WHERE o.shop_id = u.age LIMIT 1) x",
        ["orders: shop_id=; outer shop_id", "users: join age"],
    ),
    (
        "SELECT * FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders WHERE shop_id = u.age)",
        ["orders: shop_id=; outer shop_id", "users: join age"],
    ),
    (
        "SELECT * FROM users WHERE (id, age) IN (SELECT user_id, shop_id FROM orders)",
        ["orders: join shop_id; join user_id", "users: join age; join id"],
    ),
    (
        "SELECT * FROM users WHERE id = ANY (SELECT user_id FROM orders)",
        ["orders: join user_id", "users: join id"],
    ),
    (
        "SELECT * FROM orders WHERE shop_id = (SELECT min(id) FROM shops)",
        ["orders: shop_id=", "shops: by id"],
    ),
    (
        "SELECT (SELECT count(*) FROM lines l WHERE l.product_id = o.shop_id) FROM orders o WHERE o.total = $1",
        ["lines: product_id=; outer product_id", "orders: total=; join shop_id"],
    ),
    # joins and what they make equal
    (
        "SELECT * FROM orders o JOIN lines l ON l.order_id = o.id WHERE l.order_id = $1",
        ["lines: order_id=; join order_id", "orders: id=; join id"],
    ),
    (
        "SELECT * FROM orders a, orders b, orders c WHERE a.shop_id = b.shop_id AND b.shop_id = c.shop_id AND c.shop_id = $1",
        ["orders: shop_id=; join shop_id"] * 3,
    ),
    (
        "SELECT * FROM orders LEFT JOIN lines l ON l.order_id = orders.id WHERE orders.id = $1",
        ["lines: order_id=; join order_id", "orders: id=; join id"],
    ),
    (
        "SELECT * FROM users JOIN orders USING (id) WHERE id = $1",
        ["orders: id=; join id", "users: id=; join id"],
    ),
    ("SELECT * FROM shops NATURAL JOIN lines WHERE id = $1", ["lines: id=; join id", "shops: id=; join id"]),
    (
        "SELECT * FROM lines l RIGHT JOIN orders o USING (id) WHERE id = $1",
        ["lines: id=; join id", "orders: id=; join id"],
    ),
    (
        "SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o, lines l WHERE o.id = u.id AND l.order_id = o.id)",
        ["lines: order_id=; outer order_id", "orders: id=; outer id", "users: join id"],
    ),
    # names
    ("SELECT * FROM public.orders WHERE orders.status = $1", ["orders: status="]),
    ("SELECT * FROM orders WHERE public.orders.status = $1", ["orders: status="]),
    ('SELECT * FROM "orders" AS "O" WHERE "O"."status" = $1', ["orders: status="]),
    (
        "SELECT * FROM orders AS o (a, b, c, d) WHERE d = $1 ORDER BY c LIMIT 2",
        ["orders: status=; by shop_id"],
    ),
    ("SELECT * FROM ORDERS WHERE STATUS = $1", ["orders: status="]),
    ("SELECT status AS total FROM orders ORDER BY total LIMIT 2", ["orders: by status"]),
    ("SELECT shop_id AS s, count(*) FROM orders GROUP BY s", ["orders: group shop_id"]),
    (
        "MERGE INTO lines USING orders o ON lines.order_id = o.id WHEN MATCHED THEN DELETE",
        ["lines: join order_id", "orders: join id"],
    ),
    # conditions
    (
        "SELECT * FROM orders WHERE (created_at, id) < ($1, $2)",
        ["orders: created_at range; row created_at, id"],
    ),
    (
        "SELECT * FROM orders WHERE ($1, $2) > (created_at, id)",
        ["orders: created_at range; row created_at, id"],
    ),
    ("SELECT * FROM orders WHERE total BETWEEN SYMMETRIC $1 AND $2", ["orders: total range"]),
    ("SELECT * FROM orders WHERE shop_id = 1 OR shop_id IN (2, 3)", ["orders: shop_id in"]),
    (
        "SELECT * FROM orders WHERE shop_id = 1 OR user_id = 2",
        ["orders: shop_id alternatively; user_id alternatively"],
    ),
    (
        "SELECT * FROM orders WHERE (shop_id, user_id) IN (($1, $2), ($3, $4))",
        ["orders: shop_id in; user_id in"],
    ),
    (
        "SELECT * FROM orders WHERE shipped_at IS NOT NULL AND status <> 'DONE'",
        ["orders: shipped_at not null; status <>"],
    ),
    ("SELECT * FROM orders WHERE NOT status = 'DONE'", ["orders: status <>"]),
    ("SELECT * FROM orders WHERE paid <> true", ["orders: paid not"]),
    (
        "SELECT DISTINCT ON (user_id) * FROM orders ORDER BY user_id, created_at DESC",
        ["orders: by user_id; by created_at desc; on user_id"],
    ),
]

NOT_FOLLOWED = [
    # PostgreSQL computes these before anything outside is looked at
    ("WITH c AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM c WHERE status = $1", []),
    ("WITH c AS (SELECT * FROM orders) SELECT * FROM c a JOIN c b USING (id) WHERE a.status = $1", []),
    ("WITH RECURSIVE c AS (SELECT id FROM users UNION SELECT c.id FROM c) SELECT * FROM c WHERE id = $1", []),
    ("SELECT * FROM (SELECT * FROM orders LIMIT 10) x WHERE status = $1", []),
    ("SELECT * FROM (SELECT * FROM orders OFFSET 1) x WHERE status = $1", []),
    (
        "SELECT * FROM (SELECT DISTINCT ON (shop_id) * FROM orders) x WHERE status = $1",
        ["orders: on shop_id"],
    ),
    ("SELECT * FROM (SELECT max(total) AS total FROM orders) x WHERE total = $1", ["orders: by total"]),
    (
        "SELECT * FROM (SELECT shop_id, max(total) AS t FROM orders GROUP BY shop_id) x WHERE t = $1",
        ["orders: group shop_id"],
    ),
    ("SELECT * FROM (SELECT total, rank() OVER (ORDER BY id) AS r FROM orders) x WHERE total = $1", []),
    ("SELECT * FROM (SELECT id FROM users EXCEPT SELECT id FROM lines) x WHERE id = $1", []),
    (
        "SELECT * FROM (SELECT shop_id, count(*) FROM orders GROUP BY shop_id) x ORDER BY shop_id",
        ["orders: group shop_id"],
    ),
    ("SELECT * FROM first_ten WHERE status = $1", ["orders: by id"]),
    ("SELECT * FROM per_shop WHERE n = $1", ["orders: group shop_id"]),
    # not the column itself
    ("SELECT * FROM orders WHERE coalesce(total, 0) = $1", []),
    ("SELECT * FROM orders WHERE total IS NOT DISTINCT FROM $1", []),
    ("SELECT * FROM orders WHERE total = ALL ($1)", []),
    ("SELECT * FROM orders WHERE total <> ALL ($1)", []),
    ("SELECT * FROM orders WHERE shop_id = 1.5", []),
    ("SELECT * FROM orders WHERE shop_id > $1::numeric", []),
    ("SELECT * FROM orders WHERE status::varchar(3) = $1", []),
    ("SELECT * FROM orders WHERE total = random()", []),
    (
        "SELECT * FROM orders o WHERE total = (SELECT avg(total) FROM lines WHERE lines.order_id = o.id)",
        ["lines: order_id=; outer order_id", "orders: join id"],
    ),
    # not certain whose column it is, or nobody's
    ("SELECT * FROM orders, lines WHERE id = $1", []),
    ("SELECT * FROM users FULL JOIN lines USING (id) WHERE id = $1", ["lines: join id", "users: join id"]),
    (
        "SELECT * FROM users LEFT JOIN orders o ON o.user_id = users.id AND o.user_id = $1",
        ["orders: user_id=; join user_id", "users: join id"],
    ),
    ("SELECT x.total FROM (SELECT 1 AS total) AS x, orders WHERE x.total = $1", []),
    ("WITH orders AS (SELECT 1 AS status) SELECT * FROM orders WHERE status = $1", []),
    ("SELECT * FROM generate_series(1, 9) AS g (id) WHERE id = $1", []),
    ("SELECT * FROM orders AS o (a, status) WHERE status = $1 AND total = $2", ["orders: total="]),
    ("SELECT * FROM json_to_recordset($1) AS x(id int) JOIN users ON users.id = x.id", ["users: join id"]),
    ("VALUES (1), (2)", []),
    ("SELECT * FROM orders WHERE status NOT LIKE 'a%' AND total NOT BETWEEN 1 AND 2", []),
]


@pytest.mark.parametrize(("sql", "expected"), FOLLOWED)
def test_a_condition_reaches_the_table_it_is_about(sql: str, expected: list[str]) -> None:
    assert asked(sql) == expected


@pytest.mark.parametrize(("sql", "expected"), NOT_FOLLOWED)
def test_a_condition_is_not_taken_where_the_planner_does_not(sql: str, expected: list[str]) -> None:
    assert asked(sql) == expected


def test_a_good_share_of_the_cases_prove_that_nothing_is_followed() -> None:
    assert len(NOT_FOLLOWED) * 3 >= len(FOLLOWED) + len(NOT_FOLLOWED)


def test_the_search_path_decides_between_schemas() -> None:
    two = catalog(table("a.t", "id int, x int"), table("b.t", "id int, x int"), table("public.t", "id int"))
    for path, schema in (('"b", "a"', "b"), ('"$user", "public"', "public"), ("a", "a"), ("", "public")):
        found = analyse("SELECT * FROM t WHERE id = 1", replace(two, settings=(("search_path", path),)))
        assert [facts.table.schema for facts in found.tables] == [schema]


def test_what_is_missing_is_named_and_the_rest_read() -> None:
    found = read(
        "SELECT * FROM orders o JOIN audit.broken b ON b.x = o.id JOIN gone ON true WHERE o.total = $1"
    )
    assert found.missing == ("audit.broken", "gone")
    assert [facts.table.name for facts in found.tables] == ["orders"]


@pytest.mark.parametrize(
    ("sql", "columns", "everything"),
    [
        ("SELECT id FROM (SELECT * FROM orders) x", ("id",), False),
        ("SELECT x.id FROM (SELECT id, total, note FROM orders) x WHERE x.total = 1", ("id", "total"), False),
        ("SELECT key FROM big", ("created_at", "id", "total"), False),
        ("SELECT count(*) FROM (SELECT * FROM orders WHERE paid) x", ("paid",), False),
        ("SELECT 1 FROM users WHERE EXISTS (SELECT * FROM orders WHERE paid)", ("paid",), False),
        ("WITH c AS MATERIALIZED (SELECT id, total FROM orders) SELECT id FROM c", ("id", "total"), False),
        ("SELECT * FROM orders", (), True),
        ("SELECT o.* FROM orders o JOIN users u ON u.id = o.id", ("id",), True),
    ],
)
def test_columns_are_read_only_as_far_as_somebody_wants_them(
    sql: str, columns: tuple[str, ...], everything: bool
) -> None:
    (facts,) = [each for each in read(sql).tables if each.table.name == "orders"]
    assert (facts.read, facts.reads_all) == (columns, everything)


def test_one_reader_reads_many_statements_alike() -> None:
    reader = Reader(views(shop()))
    for sql, _expected in FOLLOWED[:12]:
        assert reader.analyse(sql) == read(sql)


PIECES = (
    "WITH c AS (", "SELECT * FROM", "orders", "recent", "users u", "(SELECT", ")", "x", "UNION ALL", "WHERE", "AND", "OR",
    "lower(note)", "= $1", "data ->> 'k'", "LIKE 'a%'", "IN (SELECT id FROM lines)", "LATERAL", "JOIN lines USING (id)",
    "NATURAL JOIN shops", "ORDER BY 1", "GROUP BY lower(note)", "LIMIT 5", "AS y (a, b)", ",", "total > 1", "tags && $2",
    "created_at AT TIME ZONE 'UTC'", "::date", "<=> ", "<<=", "->", "(", "*", "count(*) OVER (PARTITION BY id)", "$3::regconfig",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=18))
def test_no_text_ends_in_a_crash(pieces: list[str]) -> None:
    sql = "SELECT * FROM " + " ".join(pieces)
    found = read(sql)
    assert found == read(sql)
    assert not (found.refusal and found.tables)
