"""The whole of a workload: merging, relevance, refusals, what was not examined, and determinism."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexical.candidates import generate
from indexical.candidates.parsing import MAX_SQL
from indexical.model import Limits, NotExamined, Workload
from indexical.testing import catalog, statement, table, workload
from tests.unit.candidates.shop import ask, shop, short

PIECES = (
    "JOIN users u ON u.id = o.user_id", "LEFT JOIN lines USING (id)", "WHERE", "AND", "OR", "NOT", "o.total = $1", "paid",
    "status IN ($1,$2)", "(", ")", "EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id)", "ORDER BY", "total DESC", ",",
    "GROUP BY", "LIMIT 5", "UNION ALL SELECT * FROM orders", "IS NULL", "BETWEEN 1 AND 2", "= ANY($3)", "total", "user_id",
    "IN (SELECT id FROM users)", "::text", "'x'", "FOR UPDATE", "LATERAL", "(SELECT 1) x", ";", "--", "$", "CASE",
)  # fmt: skip


def test_directions_that_no_statement_can_tell_make_one_candidate() -> None:
    found = ask(
        "SELECT * FROM orders WHERE status = $1 ORDER BY created_at DESC LIMIT 5",
        "SELECT * FROM orders WHERE status = $1 ORDER BY created_at LIMIT 5",
        "SELECT * FROM orders WHERE status = $1 AND created_at > $2",
    )
    (pair,) = [each for each in found.candidates if each.index.columns == ("status", "created_at")]
    assert pair.index.text == "public.orders (status, created_at)"
    assert pair.statements == ("s1", "s2", "s3")


def test_a_text_that_begins_with_many_comments_is_read_at_once() -> None:
    begun = time.monotonic()
    found = ask("/* page */ -- of\n" * 40 + "SELECT * FROM orders WHERE status = $1", "/**/" * 40 + "VACUUM")
    assert time.monotonic() - begun < 5
    assert [each.index.text for each in found.candidates] == ["public.orders (status)"]
    assert [each.what for each in found.not_examined] == ["s2"]


def test_a_mixed_order_that_one_statement_needs_serves_those_that_need_none() -> None:
    found = ask(
        "SELECT * FROM orders ORDER BY status, created_at DESC LIMIT 5",
        "SELECT * FROM orders WHERE status = $1 AND created_at > $2",
    )
    (pair,) = [each for each in found.candidates if each.index.columns == ("status", "created_at")]
    assert pair.index.text == "public.orders (status, created_at DESC)"
    assert pair.statements == ("s1", "s2")


def test_orders_that_statements_can_tell_apart_stay_two_candidates() -> None:
    found = ask(
        "SELECT * FROM orders ORDER BY status, created_at DESC LIMIT 5",
        "SELECT * FROM orders ORDER BY status, created_at LIMIT 5",
    )
    assert {"orders (status, created_at DESC)", "orders (status, created_at)"} <= short(found)


def test_the_column_that_most_of_the_workload_shares_may_lead() -> None:
    both = "SELECT * FROM orders WHERE note = $1 AND status = $2"
    assert "orders (status, note)" not in short(ask(both))
    popular = statement("SELECT * FROM orders WHERE status = $1", id="s2", calls=1000)
    assert {"orders (note, status)", "orders (status, note)"} <= short(ask(both, popular))


def test_a_candidate_is_relevant_to_every_statement_that_searches_by_any_of_its_keys() -> None:
    found = ask(
        "SELECT * FROM orders WHERE note = $1 AND total > $2",
        "SELECT * FROM orders WHERE total > $1",
        "SELECT * FROM users WHERE city = $1",
        "SELECT total FROM orders WHERE created_at > $1",
    )
    texts = {id: {each.text for each in indexes} for id, indexes in found.relevant}
    assert "public.orders (note, total)" in texts["s2"]
    assert texts["s3"] == {"public.users (city)"}
    assert texts["s4"] == {"public.orders (created_at)"}
    assert list(texts) == sorted(texts)
    assert found.relevant_to("s3") == tuple(i for i in found.relevant_to("s3") if i.table == "users")


def test_an_index_that_holds_all_a_statement_reads_is_relevant_to_it() -> None:
    found = ask(
        "SELECT * FROM orders WHERE total > $1", "SELECT total FROM orders", "SELECT count(*) FROM orders"
    )
    assert [index.text for index in found.relevant_to("s2")] == ["public.orders (total)"]
    assert [index.text for index in found.relevant_to("s3")] == ["public.orders (total)"]


def test_a_partial_index_is_relevant_to_whoever_searches_by_its_predicate() -> None:
    found = ask(
        "SELECT * FROM orders WHERE NOT paid AND note = $1", "SELECT * FROM orders WHERE NOT paid LIMIT 1"
    )
    assert "public.orders (note) WHERE NOT paid" in {each.text for each in found.relevant_to("s2")}


@pytest.mark.parametrize(
    ("sql", "subject", "reason", "detail"),
    [
        (
            "SELECT * FROM orders WHERE user_id = $1",
            "public.orders (user_id)",
            "covered",
            "orders_user does the same already",
        ),
        (
            "SELECT * FROM orders WHERE number = $1 AND status = $2",
            "public.orders (number, status)",
            "one-row",
            "orders_number_key is unique and finds the one row already",
        ),
        (
            "SELECT * FROM lines l JOIN orders o ON o.id = l.order_id WHERE o.total > $1 AND l.amount = 2",
            "public.orders (id, total)",
            "covered",
            "orders_pkey is unique, and further keys tell nothing apart",
        ),
        (
            "SELECT * FROM shops WHERE name = $1",
            "public.shops",
            "small-table",
            "40 rows in 1 page (8192 bytes); below 16 pages a scan is as fast",
        ),
        (
            "SELECT * FROM orders WHERE data = $1",
            "public.orders (data)",
            "no-order",
            "data is jsonb, which a B-tree does not help to search",
        ),
        (
            "SELECT * FROM orders WHERE body = $1",
            "public.orders (body)",
            "too-wide",
            "body holds 4000 bytes on average; a B-tree entry holds 2704",
        ),
        (
            "SELECT * FROM orders WHERE paid",
            "public.orders (paid)",
            "boolean-alone",
            "true and false split the rows in two parts, of which a scan is the better reader unless one is rare",
        ),
    ],
)
def test_a_refusal_says_what_and_why(sql: str, subject: str, reason: str, detail: str) -> None:
    assert (subject, reason, detail) in {(r.subject, r.reason, r.detail) for r in ask(sql).refused}


def test_an_index_that_is_not_valid_covers_nothing() -> None:
    assert short(ask("SELECT * FROM users WHERE city = $1")) == {"users (city)"}


def test_the_same_table_small_or_large_is_the_only_difference() -> None:
    big = shop()
    small = catalog(*(replace(each, pages=15) for each in big.tables))
    statements = workload("SELECT * FROM orders WHERE status = $1")
    assert generate(statements, big, Limits()).candidates
    assert generate(statements, small, Limits()).candidates == ()
    assert generate(statements, small, Limits(min_table_pages=15)).candidates


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT FROM WHERE (", "the SQL cannot be parsed"),
        ("SELECT 'unfinished", "the SQL cannot be parsed"),
        ("SELECT 1; SELECT 2", "it is more than one statement"),
        ("", "it is neither SELECT, INSERT, UPDATE nor DELETE"),
        ("BEGIN", "it is neither SELECT, INSERT, UPDATE nor DELETE"),
        ("DROP TABLE orders", "it is neither SELECT, INSERT, UPDATE nor DELETE"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "the SQL is nested too deeply to be parsed"),
        ("SELECT * FROM orders WHERE note = '" + "x" * MAX_SQL + "'", "the statement is longer than 100 kB"),
        (
            "SELECT * FROM missing WHERE a = $1",
            "the catalog has no table missing: it may be a view, a temporary or a new table",
        ),
        (
            "SELECT * FROM nowhere.orders",
            "the catalog has no table nowhere.orders: it may be a view, a temporary or a new table",
        ),
    ],
)
def test_what_cannot_be_read_is_not_examined_and_says_why(sql: str, why: str) -> None:
    found = ask(statement(sql, id="odd"))
    assert found.candidates == ()
    assert [each.what for each in found.not_examined] == ["odd"]
    assert found.not_examined[0].why.startswith(why)


def test_a_reason_never_quotes_a_value_of_the_statement() -> None:
    (gap,) = ask("SELECT * FROM orders WHERE note = 'secret' AND AND").not_examined
    assert "secret" not in gap.why


def test_a_known_table_is_examined_beside_an_unknown_one() -> None:
    found = ask("SELECT * FROM orders o JOIN missing m ON m.order_id = o.id WHERE o.total = $1")
    assert "orders (total)" in short(found)
    assert len(found.not_examined) == 1


def test_one_unreadable_statement_does_not_spoil_the_others() -> None:
    found = ask("SELECT * FROM orders WHERE total = $1", "SELECT ((")
    assert short(found) == {"orders (total)"}
    assert [each.what for each in found.not_examined] == ["s2"]


def test_parameters_side_by_side_are_not_taken_for_dollar_quotes() -> None:
    sql = "SELECT * FROM orders WHERE status IN ($1,$2) AND note=$3||$4 AND total>$5 AND number='$6,$7'"
    found = ask(sql)
    assert found.not_examined == ()
    assert {each.reason for each in found.refused} == {"one-row"}


def test_a_table_name_in_two_schemas_is_not_guessed() -> None:
    two = catalog(table("a.t", "id int, x int"), table("b.t", "id int, x int"))
    found = generate(workload("SELECT * FROM t WHERE x = $1"), two, Limits())
    assert found.candidates == ()
    assert found.not_examined == (
        NotExamined("s1", "the catalog has no table t: it may be a view, a temporary or a new table"),
    )


def test_public_comes_before_other_schemas() -> None:
    two = catalog(table("a.t", "id int, x int"), table("public.t", "id int, x int"))
    found = generate(workload("SELECT * FROM t WHERE x = $1"), two, Limits())
    assert [each.index.text for each in found.candidates] == ["public.t (x)"]


def test_a_table_whose_columns_are_renamed_is_not_guessed_at() -> None:
    assert short(ask("SELECT * FROM orders AS o (total, id) WHERE total = $1")) == set()


def test_a_foreign_table_gets_no_index_and_says_so() -> None:
    far = catalog(table("public.far", "id int, x int", kind="f"))
    found = generate(workload("SELECT * FROM far WHERE x = $1"), far, Limits())
    assert found.candidates == ()
    assert found.not_examined == (NotExamined("s1", "it reads a foreign table, which can have no index"),)


def test_a_table_whose_columns_get_other_names_is_not_passed_over_in_silence() -> None:
    found = ask("SELECT * FROM lines AS l (a, b, c, d, e) WHERE e = $1")
    assert found.candidates == ()
    assert found.not_examined == (
        NotExamined("s1", "it gives the columns of public.lines other names, which are not followed"),
    )
    assert ask("WITH c AS (SELECT 1) SELECT * FROM c AS o (a) WHERE a = $1").not_examined == ()


def test_a_write_without_a_table_is_refused_politely() -> None:
    (gap,) = ask(statement("DELETE orders WHERE id = 1", id="odd")).not_examined
    assert gap.why == "it does not say which table it writes to"


@pytest.mark.parametrize("word", ["AND", "OR"])
def test_thousands_of_conditions_are_no_trouble(word: str) -> None:
    sql = "SELECT * FROM orders WHERE " + f" {word} ".join(f"total = {number}" for number in range(3000))
    assert short(ask(sql)) == {"orders (total)"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14))
def test_no_text_ends_in_a_crash(pieces: list[str]) -> None:
    found = ask("SELECT * FROM orders o " + " ".join(pieces))
    assert found.relevant or found.not_examined


def test_an_empty_workload_asks_for_nothing() -> None:
    found = generate(Workload(()), shop(), Limits())
    assert (found.candidates, found.relevant, found.refused, found.not_examined) == ((), (), (), ())


MANY = (
    "SELECT * FROM orders WHERE shop_id = $1 AND status = $2 AND NOT paid ORDER BY created_at DESC LIMIT 5",
    "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.city = $1 AND o.total > $2",
    "SELECT status, count(*) FROM orders WHERE shop_id = $1 GROUP BY status",
    "SELECT * FROM lines WHERE product_id IN (SELECT id FROM orders WHERE shipped_at IS NULL)",
)


def test_the_order_of_the_statements_does_not_show() -> None:
    statements = tuple(statement(sql, id=f"s{number}") for number, sql in enumerate(MANY))
    assert generate(Workload(statements), shop(), Limits()) == generate(
        Workload(statements[::-1]), shop(), Limits()
    )


def test_the_hash_seed_does_not_show() -> None:
    code = (
        "from tests.unit.candidates.shop import ask\n"
        "from tests.unit.candidates.test_generate import MANY\n"
        "print(ask(*MANY))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1
    assert "public" in seen.pop()


def test_a_hundred_statements_take_well_under_a_second() -> None:
    columns = ", ".join(f'"orders"."{name}"' for name in ("id", "user_id", "status", "paid", "total", "note"))
    statements = tuple(
        statement(
            f'SELECT {columns} FROM "orders" WHERE "orders"."shop_id" = $1 AND "orders"."total" > {number}'
            ' ORDER BY "orders"."created_at" DESC LIMIT 20',
            id=f"s{number:03}",
        )
        for number in range(100)
    )
    started = time.process_time()
    found = generate(Workload(statements), shop(), Limits())
    assert time.process_time() - started < 3.0
    assert len(found.relevant) == 100
