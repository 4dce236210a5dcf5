"""SQL in, candidates out, over columns: widths, covering, partial, BRIN, hash, DISTINCT ON, keyset pages."""

from __future__ import annotations

import pytest

from indexical.model import Limits
from indexical.testing import statement
from tests.unit.candidates.shop import ask, short

ADVISED = [
    (
        "SELECT * FROM visits WHERE user_id = $1 AND shop_id = $2 AND state = $3",
        [
            "visits (shop_id)",
            "visits (state)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, state)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE user_id = $1 AND shop_id = $2 AND state = $3 AND page = $4",
        [
            "visits (page)",
            "visits (shop_id)",
            "visits (state)",
            "visits (user_id)",
            "visits (user_id, page)",
            "visits (user_id, page, shop_id)",
            "visits (user_id, page, shop_id, state)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE user_id = $1 AND shop_id = $2 AND state = $3 AND total > $4",
        [
            "visits (shop_id)",
            "visits (shop_id, total)",
            "visits (state)",
            "visits (state, total)",
            "visits (total)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, state)",
            "visits (user_id, shop_id, state, total)",
            "visits (user_id, shop_id, total)",
            "visits (user_id, total)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE total > $1 AND updated_at > $2",
        ["visits (total)", "visits (total, updated_at)", "visits (updated_at)", "visits (updated_at, total)"],
    ),
    (
        "SELECT * FROM visits WHERE shop_id = $1 AND total > $2 AND updated_at > $3",
        [
            "visits (shop_id)",
            "visits (shop_id, total)",
            "visits (shop_id, total, updated_at)",
            "visits (shop_id, updated_at)",
            "visits (shop_id, updated_at, total)",
            "visits (total)",
            "visits (updated_at)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE user_id = $1 AND shop_id = $2 ORDER BY updated_at DESC, total LIMIT 20",
        [
            "visits (shop_id)",
            "visits (shop_id, updated_at, total DESC)",
            "visits (updated_at)",
            "visits (updated_at, total DESC)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, updated_at, total DESC)",
            "visits (user_id, updated_at, total DESC)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE user_id = $1 AND shop_id = $2 AND total > $3 ORDER BY updated_at LIMIT 20",
        [
            "visits (shop_id)",
            "visits (shop_id, total)",
            "visits (shop_id, updated_at)",
            "visits (total)",
            "visits (updated_at)",
            "visits (updated_at, total)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, total)",
            "visits (user_id, shop_id, updated_at)",
            "visits (user_id, shop_id, updated_at, total)",
            "visits (user_id, total)",
            "visits (user_id, updated_at)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE total > $1 ORDER BY updated_at LIMIT 20",
        ["visits (total)", "visits (updated_at)", "visits (updated_at, total)"],
    ),
    (
        "SELECT * FROM visits ORDER BY shop_id, user_id DESC, state, updated_at, total LIMIT 20",
        ["visits (shop_id)", "visits (shop_id, user_id DESC, state, updated_at)"],
    ),
    (
        "SELECT * FROM visits ORDER BY updated_at DESC NULLS LAST, total ASC NULLS FIRST LIMIT 5",
        ["visits (updated_at NULLS FIRST)", "visits (updated_at NULLS FIRST, total DESC NULLS LAST)"],
    ),
    (
        "SELECT * FROM visits ORDER BY updated_at DESC, total DESC LIMIT 5",
        ["visits (updated_at)", "visits (updated_at, total)"],
    ),
    (
        "SELECT * FROM visits v JOIN users u ON u.id = v.user_id WHERE u.city = $1 AND v.shop_id = $2 AND v.total > $3",
        [
            "users (city)",
            "users (city, id)",
            "visits (shop_id)",
            "visits (shop_id, total)",
            "visits (shop_id, user_id)",
            "visits (total)",
            "visits (total, user_id)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, total)",
            "visits (user_id, total)",
        ],
    ),
    (
        "SELECT shop_id, user_id, count(*) FROM visits WHERE state = $1 GROUP BY shop_id, user_id",
        [
            "visits (shop_id, user_id)",
            "visits (shop_id, user_id) INCLUDE (state)",
            "visits (state)",
            "visits (state) INCLUDE (shop_id, user_id)",
            "visits (state, shop_id, user_id)",
        ],
    ),
    ("SELECT DISTINCT shop_id, state FROM visits", ["visits (shop_id, state)"]),
    (
        "SELECT DISTINCT ON (user_id) * FROM visits ORDER BY user_id, updated_at DESC",
        ["visits (user_id)", "visits (user_id, updated_at DESC)"],
    ),
    (
        "SELECT DISTINCT ON (user_id) * FROM visits WHERE shop_id = $1 ORDER BY user_id, updated_at DESC",
        [
            "visits (shop_id)",
            "visits (shop_id, user_id)",
            "visits (shop_id, user_id, updated_at DESC)",
            "visits (user_id)",
        ],
    ),
    ("SELECT DISTINCT ON (shop_id) * FROM visits", ["visits (shop_id)"]),
    (
        "SELECT max(updated_at) FROM visits WHERE user_id = $1 AND shop_id = $2",
        [
            "visits (shop_id)",
            "visits (shop_id, updated_at)",
            "visits (updated_at)",
            "visits (user_id)",
            "visits (user_id, shop_id)",
            "visits (user_id, shop_id, updated_at)",
            "visits (user_id, updated_at)",
        ],
    ),
    ("SELECT min(total) FROM visits", ["visits (total)"]),
    (
        "SELECT * FROM visits WHERE (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT 50",
        ["visits (updated_at)", "visits (updated_at, id)"],
    ),
    (
        "SELECT * FROM visits WHERE shop_id = $1 AND (updated_at, id) < ($2, $3) ORDER BY updated_at DESC, id DESC LIMIT 50",
        [
            "visits (shop_id)",
            "visits (shop_id, updated_at)",
            "visits (shop_id, updated_at, id)",
            "visits (updated_at)",
            "visits (updated_at, id)",
        ],
    ),
    (
        "SELECT * FROM visits WHERE (total, updated_at) < ($1, $2)",
        ["visits (total)", "visits (total, updated_at)"],
    ),
    (
        "SELECT sum(total) FROM visits WHERE shop_id = $1",
        ["visits (shop_id)", "visits (shop_id) INCLUDE (total)"],
    ),
    (
        "SELECT sum(total) FROM visits WHERE shop_id = $1 AND updated_at > $2",
        [
            "visits (shop_id)",
            "visits (shop_id) INCLUDE (total, updated_at)",
            "visits (shop_id, updated_at)",
            "visits (shop_id, updated_at) INCLUDE (total)",
            "visits (updated_at)",
        ],
    ),
    (
        "SELECT user_id FROM visits WHERE shop_id = $1",
        ["visits (shop_id)", "visits (shop_id) INCLUDE (user_id)"],
    ),
    (
        "SELECT shop_id, sum(total) FROM visits GROUP BY shop_id",
        ["visits (shop_id)", "visits (shop_id) INCLUDE (total)"],
    ),
    (
        "SELECT shop_id, state, sum(total) FROM visits GROUP BY 1, 2",
        ["visits (shop_id, state)", "visits (shop_id, state) INCLUDE (total)"],
    ),
    (
        "SELECT count(*) FROM visits WHERE shop_id = $1 AND state = $2",
        ["visits (shop_id)", "visits (shop_id, state)", "visits (state)"],
    ),
    (
        "SELECT avg(total) FROM visits WHERE updated_at BETWEEN $1 AND $2",
        ["visits (updated_at)", "visits (updated_at) INCLUDE (total)"],
    ),
    (
        "SELECT v.total FROM users u JOIN visits v ON v.user_id = u.id WHERE u.city = $1",
        ["users (city)", "users (city, id)", "visits (user_id)", "visits (user_id) INCLUDE (total)"],
    ),
    (
        "SELECT user_id, total FROM visits WHERE shop_id IN ($1, $2)",
        ["visits (shop_id)", "visits (shop_id) INCLUDE (total, user_id)"],
    ),
    (
        "SELECT total FROM visits WHERE shop_id = $1 ORDER BY updated_at",
        [
            "visits (shop_id)",
            "visits (shop_id) INCLUDE (total, updated_at)",
            "visits (shop_id, updated_at)",
            "visits (shop_id, updated_at) INCLUDE (total)",
        ],
    ),
    (
        "SELECT page, count(*) FROM visits WHERE shop_id = $1 GROUP BY page",
        [
            "visits (page)",
            "visits (page) INCLUDE (shop_id)",
            "visits (shop_id)",
            "visits (shop_id) INCLUDE (page)",
            "visits (shop_id, page)",
        ],
    ),
    ("SELECT tags FROM visits WHERE shop_id = $1", ["visits (shop_id)", "visits (shop_id) INCLUDE (tags)"]),
    (
        "SELECT sum(total) FROM visits WHERE state = 1 AND shop_id = $1",
        [
            "visits (shop_id)",
            "visits (shop_id) WHERE state = 1",
            "visits (shop_id, state)",
            "visits (shop_id, state) INCLUDE (total)",
            "visits (state)",
        ],
    ),
    ("SELECT * FROM visits WHERE state = 1", ["visits (id) WHERE state = 1", "visits (state)"]),
    (
        "SELECT * FROM visits WHERE state = 1 AND shop_id = $1 ORDER BY updated_at DESC LIMIT 10",
        [
            "visits (shop_id)",
            "visits (shop_id) WHERE state = 1",
            "visits (shop_id, state)",
            "visits (shop_id, state, updated_at)",
            "visits (shop_id, updated_at)",
            "visits (shop_id, updated_at) WHERE state = 1",
            "visits (state)",
            "visits (state, updated_at)",
            "visits (updated_at)",
            "visits (updated_at) WHERE state = 1",
        ],
    ),
    (
        "SELECT * FROM visits WHERE state <> 0 AND user_id = $1",
        ["visits (user_id)", "visits (user_id) WHERE state <> 0"],
    ),
    (
        "SELECT * FROM visits WHERE state <> 0 AND state <> 1 ORDER BY updated_at LIMIT 10",
        ["visits (updated_at)", "visits (updated_at) WHERE state <> 0 AND state <> 1"],
    ),
    (
        "SELECT * FROM orders WHERE shipped_at IS NULL AND user_id = $1",
        ["orders (shipped_at)", "orders (user_id) WHERE shipped_at IS NULL", "orders (user_id, shipped_at)"],
    ),
    (
        "SELECT * FROM orders WHERE shipped_at IS NULL AND status = 'NEW' AND total > $1",
        [
            "orders (shipped_at)",
            "orders (shipped_at) WHERE status = 'NEW'",
            "orders (shipped_at, status)",
            "orders (shipped_at, status, total)",
            "orders (shipped_at, total)",
            "orders (status)",
            "orders (status) WHERE shipped_at IS NULL",
            "orders (status, total)",
            "orders (total)",
            "orders (total) WHERE shipped_at IS NULL",
            "orders (total) WHERE shipped_at IS NULL AND status = 'NEW'",
            "orders (total) WHERE status = 'NEW'",
        ],
    ),
    (
        "SELECT * FROM notes WHERE owner = $1 AND deleted_at IS NULL",
        [
            "notes (deleted_at)",
            "notes (owner)",
            "notes (owner) WHERE deleted_at IS NULL",
            "notes (owner, deleted_at)",
        ],
    ),
    (
        "SELECT * FROM notes WHERE owner = $1 AND deleted_at IS NULL ORDER BY title",
        [
            "notes (deleted_at)",
            "notes (deleted_at, title)",
            "notes (owner)",
            "notes (owner) WHERE deleted_at IS NULL",
            "notes (owner, deleted_at)",
            "notes (owner, deleted_at, title)",
            "notes (owner, title)",
            "notes (owner, title) WHERE deleted_at IS NULL",
        ],
    ),
    (
        "SELECT * FROM notes WHERE owner = $1 AND shown ORDER BY title",
        [
            "notes (owner)",
            "notes (owner) WHERE shown",
            "notes (owner, shown)",
            "notes (owner, shown, title)",
            "notes (owner, title)",
            "notes (owner, title) WHERE shown",
            "notes (shown, title)",
        ],
    ),
    ("SELECT * FROM visits WHERE at > $1", ["visits (at)", "visits (at) USING brin"]),
    (
        "SELECT * FROM visits WHERE at BETWEEN $1 AND $2 AND shop_id = $3",
        ["visits (at)", "visits (at) USING brin", "visits (shop_id)", "visits (shop_id, at)"],
    ),
    (
        "SELECT * FROM visits WHERE at < $1 OR total > $2",
        ["visits (at)", "visits (at) USING brin", "visits (total)"],
    ),
    ("DELETE FROM visits WHERE at < $1", ["visits (at)", "visits (at) USING brin"]),
    ("SELECT * FROM visits WHERE token = $1", ["visits (token)", "visits (token) USING hash"]),
    (
        "SELECT * FROM visits WHERE token = $1 AND shop_id = $2",
        ["visits (shop_id)", "visits (token)", "visits (token) USING hash", "visits (token, shop_id)"],
    ),
    (
        "SELECT total FROM visits WHERE at > $1",
        ["visits (at)", "visits (at) INCLUDE (total)", "visits (at) USING brin"],
    ),
    ("SELECT * FROM visits WHERE token = ANY($1)", ["visits (token)"]),
    ("SELECT * FROM visits WHERE token > $1", ["visits (token)"]),
    (
        "SELECT * FROM visits a JOIN visits b ON a.token = b.token WHERE a.shop_id = $1",
        ["visits (shop_id)", "visits (token)"],
    ),
    (
        "SELECT * FROM visits WHERE (shop_id = $1 AND total > $2) OR (shop_id = $1 AND updated_at > $3)",
        [
            "visits (shop_id)",
            "visits (shop_id, total)",
            "visits (shop_id, updated_at)",
            "visits (total)",
            "visits (updated_at)",
        ],
    ),
    (
        (
            "SELECT * FROM users u, visits v WHERE (v.user_id = u.id AND u.city = $1 AND v.total > $2)"
            " OR (v.user_id = u.id AND u.city = $3 AND v.total < $4)"
        ),
        [
            "users (city)",
            "users (city, id)",
            "visits (total)",
            "visits (total, user_id)",
            "visits (user_id)",
            "visits (user_id, total)",
        ],
    ),
]

NOTHING = [
    "SELECT * FROM ledger WHERE account = $1",
    "SELECT sum(amount) FROM ledger WHERE account = $1",
    "SELECT amount FROM ledger WHERE account = $1 AND booked_at > $2",
    "SELECT amount, booked_at FROM ledger WHERE account = $1",
    "SELECT * FROM ledger WHERE account = $1 ORDER BY booked_at DESC LIMIT 10",
    "SELECT * FROM ledger WHERE account = $1 ORDER BY booked_at LIMIT 10",
    "SELECT account, amount FROM ledger WHERE account = $1 ORDER BY booked_at DESC",
    "SELECT DISTINCT account FROM ledger",
    "SELECT account, sum(amount) FROM ledger GROUP BY account",
    "SELECT DISTINCT ON (account) * FROM ledger ORDER BY account, booked_at DESC",
    "SELECT DISTINCT ON (account) * FROM ledger ORDER BY account DESC, booked_at",
    "SELECT max(booked_at) FROM ledger WHERE account = $1",
    "SELECT max(booked_at) FROM ledger",
    "SELECT min(booked_at) FROM ledger",
    "SELECT * FROM ledger WHERE booked_at > $1",
    "SELECT * FROM ledger ORDER BY booked_at DESC LIMIT 5",
    "DELETE FROM ledger WHERE booked_at < $1",
    "SELECT * FROM ledger WHERE reference = $1",
    "SELECT note FROM ledger WHERE reference = $1",
    "SELECT * FROM ledger WHERE reference = $1 AND account = $2",
    "SELECT * FROM ledger WHERE id = $1 AND state = 'OPEN'",
    "SELECT * FROM ledger WHERE (account, booked_at) > ($1, $2) LIMIT 50",
    "SELECT count(*) FROM ledger",
    "SELECT * FROM ledger WHERE note IS NOT NULL",
    "SELECT amount FROM ledger WHERE amount IS NOT NULL",
    "SELECT sum(amount) FROM ledger",
    "SELECT * FROM ledger WHERE amount <> $1",
    "SELECT note FROM ledger l WHERE EXISTS (SELECT 1 FROM shops s WHERE s.id = $1)",
    "SELECT total FROM visits WHERE id = $1",
    "SELECT * FROM visits WHERE state = 0 OR user_id <> $1",
    "SELECT state FROM visits",
    "SELECT * FROM ledger WHERE account = $1 FOR UPDATE",
    "UPDATE ledger SET amount = $1 WHERE account = $2",
    "UPDATE visits SET total = $1 WHERE id = $2",
    "DELETE FROM ledger WHERE account = $1 AND booked_at < $2",
]

NOT_COVERING = [
    ("it reads the whole row", "SELECT * FROM visits WHERE shop_id = $1"),
    ("it needs the whole row to change it", "UPDATE visits SET state = 1 WHERE shop_id = $1"),
    ("what it reads is wide", "SELECT agent, page, tags FROM visits WHERE shop_id = $1"),
    ("it reads most of the row", "SELECT token, page, tags, agent FROM visits WHERE user_id = $1"),
    ("it reads no further column", "SELECT count(*) FROM visits WHERE shop_id = $1 AND user_id = $2"),
    ("the first rows end it", "SELECT total FROM visits WHERE shop_id = $1 ORDER BY updated_at LIMIT 10"),
    ("few rows are found", "SELECT total FROM visits WHERE token = $1"),
    ("no page is all-visible", "SELECT total FROM orders WHERE shop_id = $1"),
    ("nothing is searched by", "SELECT total, state FROM visits"),
]

NOT_BRIN = [
    ("the column lies in no order", "SELECT * FROM visits WHERE updated_at > $1"),
    ("the table is small", "SELECT * FROM orders WHERE created_at > $1"),
    ("it is compared with one value", "SELECT * FROM visits WHERE at = $1"),
    ("it is only sorted by", "SELECT * FROM visits ORDER BY at LIMIT 5"),
    ("its values have no order", "SELECT * FROM visits WHERE place = $1"),
]

NOT_HASH = [
    ("a range", "SELECT * FROM visits WHERE token > $1"),
    ("a list", "SELECT * FROM visits WHERE token IN ($1, $2)"),
    ("an order", "SELECT * FROM visits WHERE token = $1 OR shop_id = $2 ORDER BY token"),
    ("short values", "SELECT * FROM visits WHERE user_id = $1"),
    ("values that repeat", "SELECT * FROM visits WHERE agent = $1"),
    ("a unique index is there", "SELECT * FROM ledger WHERE reference = $1"),
]


@pytest.mark.parametrize(("sql", "expected"), ADVISED)
def test_sql_in_index_out(sql: str, expected: list[str]) -> None:
    assert sorted(short(ask(sql))) == expected


@pytest.mark.parametrize("sql", NOTHING)
def test_nothing_to_advise(sql: str) -> None:
    assert short(ask(sql)) == set()


@pytest.mark.parametrize(("why", "sql"), NOT_COVERING)
def test_nothing_covering_to_advise(why: str, sql: str) -> None:
    assert not [each for each in ask(sql).candidates if each.index.include], why


@pytest.mark.parametrize(("why", "sql"), NOT_BRIN)
def test_no_brin_to_advise(why: str, sql: str) -> None:
    assert not [each for each in ask(sql).candidates if each.index.method == "brin"], why


@pytest.mark.parametrize(("why", "sql"), NOT_HASH)
def test_no_hash_to_advise(why: str, sql: str) -> None:
    assert not [each for each in ask(sql).candidates if each.index.method == "hash"], why


def test_a_good_share_of_the_cases_prove_that_nothing_happens() -> None:
    nothing = len(NOTHING) + len(NOT_COVERING) + len(NOT_BRIN) + len(NOT_HASH)
    assert len(ADVISED) + nothing >= 80
    assert nothing * 3 >= len(ADVISED) + nothing


EVERY_KIND = (
    "SELECT total FROM visits WHERE shop_id = $1 AND at > $2",
    "SELECT * FROM visits WHERE token = $1",
)


def test_every_access_method_is_proposed_where_it_may_be() -> None:
    assert {each.index.method for each in ask(*EVERY_KIND).candidates} == {"btree", "brin", "hash"}


@pytest.mark.parametrize("kinds", [("btree",), ("btree", "hash"), ("brin",), ()])
def test_an_access_method_that_is_not_allowed_is_never_proposed(kinds: tuple[str, ...]) -> None:
    found = ask(*EVERY_KIND, limits=Limits(kinds=kinds))
    assert {each.index.method for each in found.candidates} == set(kinds)
    assert not {each.reason for each in found.refused}


@pytest.mark.parametrize(
    ("most", "expected"),
    [(0, set()), (1, {1}), (2, {1, 2}), (6, {1, 2})],
)
def test_no_more_columns_are_included_than_allowed(most: int, expected: set[int]) -> None:
    found = ask(
        "SELECT total, state FROM visits WHERE shop_id = $1 AND state > $2", limits=Limits(max_include=most)
    )
    assert {len(each.index.include) for each in found.candidates if each.index.include} == expected


READ = "SELECT total FROM visits WHERE shop_id = $1"
CHANGE = "UPDATE visits SET total = $1 WHERE id = $2"


def test_a_column_that_changes_more_often_than_it_is_read_is_not_included() -> None:
    calm = ask(statement(READ, id="r", calls=100), statement(CHANGE, id="w", calls=99))
    busy = ask(statement(READ, id="r", calls=100), statement(CHANGE, id="w", calls=100))
    assert "visits (shop_id) INCLUDE (total)" in short(calm)
    assert "visits (shop_id) INCLUDE (total)" not in short(busy)
    (refused,) = [each for each in busy.refused if each.reason == "keeps-hot"]
    assert refused.subject == "public.visits (shop_id) INCLUDE (total)"
    assert refused.detail == "updates change total 100 times, and it would be read from the index 100 times"


def test_a_hash_index_gives_way_when_another_statement_sorts_by_the_column() -> None:
    found = ask("SELECT * FROM visits WHERE token = $1", "SELECT * FROM visits ORDER BY token LIMIT 9")
    assert "visits (token)" in short(found)
    assert "visits (token) USING hash" not in short(found)
    (refused,) = [each for each in found.refused if each.reason == "needs-order"]
    assert refused.subject == "public.visits (token) USING hash"


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("visits (shop_id)", 0),
        ("visits (shop_id, total)", 0),
        ("visits (shop_id, updated_at)", 1),
        ("visits (shop_id, total, updated_at)", 1),
        ("visits (shop_id) INCLUDE (total)", 2),
        ("visits (at) USING brin", 2),
        ("visits (token) USING hash", 2),
        ("visits (id) WHERE state = 1", 0),
    ],
)
def test_narrow_and_shared_candidates_come_first(text: str, stage: int) -> None:
    found = ask(
        "SELECT * FROM visits WHERE shop_id = $1 AND total > $2 AND updated_at > $3",
        "SELECT total FROM visits WHERE shop_id = $1 AND total > $2",
        "SELECT sum(total) FROM visits WHERE shop_id = $1",
        "SELECT * FROM visits WHERE at > $1",
        "SELECT * FROM visits WHERE token = $1",
        "SELECT * FROM visits WHERE state = 1",
    )
    assert {each.stage for each in found.candidates if each.index.text == f"public.{text}"} == {stage}
