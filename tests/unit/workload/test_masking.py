"""The text that pg_stat_statements keeps and the text that was sent are one statement."""

from __future__ import annotations

import pytest

from indexical.errors import StatementRefused
from indexical.workload.fingerprint import normalise
from indexical.workload.gathering import Observation, Observed, workload_of
from indexical.workload.lexer import tokens
from indexical.workload.screening import Screen, relations

# Sent, as PostgreSQL 15 keeps it, as PostgreSQL 18 keeps it where that differs.
KEPT = [
    ("SELECT 1 AS one FROM t WHERE a=-5 AND d = true", "SELECT $1 AS one FROM t WHERE a=$2 AND d = $3", ""),
    ("SELECT a FROM t WHERE a IN (1,2,3) ORDER BY 1, a+2 LIMIT 10",
     "SELECT a FROM t WHERE a IN ($1,$2,$3) ORDER BY 1, a+$4 LIMIT $5",
     "SELECT a FROM t WHERE a IN ($1 /*, ... */) ORDER BY 1, a+$2 LIMIT $3"),
    ("SELECT extract(year from c), a -5 FROM t WHERE c > now() - interval '1 day' and c > date '2020-01-01'",
     "SELECT extract($1 from c), a -$2 FROM t WHERE c > now() - interval $3 and c > date $4", ""),
    ("SELECT a FROM t WHERE a = NULL OR e::numeric(10,1) > 1.5 AND f[1] = 4 AND a BETWEEN -1 AND +3",
     "SELECT a FROM t WHERE a = $1 OR e::numeric(10,1) > $2 AND f[$3] = $4 AND a BETWEEN $5 AND +$6", ""),
    ("INSERT INTO t (a,b) VALUES (1,'x'),(2,NULL)", "INSERT INTO t (a,b) VALUES ($1,$2),($3,$4)", ""),
    ("SELECT a FROM t WHERE a = ANY(ARRAY[1,2]) AND c < timestamp with time zone '2021-01-01' LIMIT ALL",
     "SELECT a FROM t WHERE a = ANY(ARRAY[$1,$2]) AND c < timestamp with time zone $3 LIMIT $4",
     "SELECT a FROM t WHERE a = ANY(ARRAY[$1 /*, ... */]) AND c < timestamp with time zone $2 LIMIT $3"),
    ("SELECT a FROM t WHERE c > now() - interval '1' day and a in (1::bigint,2::bigint)",
     "SELECT a FROM t WHERE c > now() - interval $1 day and a in ($2::bigint,$3::bigint)",
     "SELECT a FROM t WHERE c > now() - interval $1 day and a in ($2 /*, ... */)"),
    ("SELECT date_trunc('day', c), count(*) FROM t GROUP BY date_trunc('day', c)",
     "SELECT date_trunc($1, c), count(*) FROM t GROUP BY date_trunc('day', c)", ""),
    ("SELECT a, row_number() over (partition by 1 order by a) FROM t WHERE b like 'x%' escape '!'",
     "SELECT a, row_number() over (partition by $1 order by a) FROM t WHERE b like $2 escape $3 -- end", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "kept", "kept_by_18"), KEPT)
def test_sent_and_kept_have_one_fingerprint(sent: str, kept: str, kept_by_18: str) -> None:
    assert normalise(sent).fingerprint == normalise(kept).fingerprint
    if kept_by_18:
        assert normalise(sent).fingerprint == normalise(kept_by_18).fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a - $1 FROM t", "SELECT a, $1 FROM t"),
        ("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b = $1"),
        ("SELECT a FROM t WHERE b IS NOT true", "SELECT a FROM t WHERE b IS NOT false"),
        ("SELECT extract(a FROM b) FROM t", "SELECT extract($1 FROM b) FROM t"),
        ("SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY $1"),
        ("SELECT a::varchar(5) FROM t", "SELECT a::varchar(6) FROM t"),
    ],
)
def test_what_a_server_keeps_apart_stays_apart(one: str, other: str) -> None:
    assert normalise(one).fingerprint != normalise(other).fingerprint


@pytest.mark.parametrize(
    ("kept", "plannable"),
    [
        ("SELECT a FROM t WHERE b > timestamp with time zone $1", "SELECT a FROM t WHERE b > $1::timestamp with time zone"),
        ("SELECT a FROM t WHERE b > interval $1 day", "SELECT a FROM t WHERE b > $1::interval day"),
        ("SELECT a FROM t WHERE b AT TIME ZONE $1 > $2", "SELECT a FROM t WHERE b AT TIME ZONE $1 > $2"),
        ("SELECT a FROM t WHERE b = point $1", "SELECT a FROM t WHERE b = $1::point"),
    ],
)  # fmt: skip
def test_a_typed_constant_that_became_a_placeholder_becomes_a_cast(kept: str, plannable: str) -> None:
    assert normalise(kept).sql == plannable


def _seen(sql: str, calls: float, *samples: tuple[str | None, ...]) -> Observation:
    return Observation(normalise(sql), calls=calls, samples=samples, weights=(1.0,) * len(samples))


def test_kept_text_lends_its_calls_to_the_text_that_was_sent() -> None:
    sent, kept, _ = KEPT[0]
    (one,) = workload_of([Observed((_seen(kept, 1000),)), Observed((_seen(sent, 1, ("5",)),))]).statements
    assert (one.calls, one.samples) == (1001, (("5",),))
    assert one.sql.startswith("SELECT 1 AS one")


def test_constants_that_stay_keep_statements_of_one_source_apart() -> None:
    days, months = "SELECT date_trunc('day', c) FROM t", "SELECT date_trunc('month', c) FROM t"
    workload = workload_of([Observed((_seen(days, 1), _seen(months, 2)))])
    assert [statement.calls for statement in workload.statements] == [1, 2]
    assert len({statement.id for statement in workload.statements}) == 2


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT a FROM x, y JOIN s.z ON true", [("", "x"), ("", "y"), ("s", "z")]),
        ("WITH c AS (SELECT 1 FROM x) SELECT * FROM c, y", [("", "x"), ("", "y")]),
        ('INSERT INTO "T" (a) SELECT b FROM ONLY u', [("", "T"), ("", "u")]),
        ("UPDATE t SET a = 1 FROM u WHERE t.b = u.b", [("", "t"), ("", "u")]),
        (
            "SELECT extract(year FROM a) FROM t WHERE b IN (SELECT c FROM d)",
            [("", "a"), ("", "d"), ("", "t")],
        ),
        ("SELECT f(1) FROM generate_series(1, 2)", []),
    ],
)
def test_the_relations_of_a_statement_are_found(sql: str, named: list[tuple[str, str]]) -> None:
    assert list(relations(tokens(sql))) == sorted(named)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM pg_catalog.pg_class JOIN pg_namespace n ON true", "system"),
        ("SELECT pg_catalog.set_config($1, $2, $3)", "system"),
        ("<insufficient privilege>", "pg_read_all_stats"),
        ("SELECT a FROM t WHERE b = $1 AND", "cut off"),
        ("ALTER ROLE a PASSWORD 'canary'", "not a query"),
    ],
)
def test_what_is_not_to_be_examined_is_refused_with_the_reason(sql: str, why: str) -> None:
    with pytest.raises(StatementRefused, match=why):
        Screen().normalise(sql)


def test_a_text_of_exactly_the_size_that_is_shown_may_be_cut_in_a_word() -> None:
    text = "SELECT a FROM t WHERE b = 'x' AND " + "c" * 1023
    with pytest.raises(StatementRefused, match="cut off"):
        Screen(limit=1024).normalise(text[:1023])
    assert Screen(limit=1024).normalise(text[:1022]).kind == "select"
    assert Screen(limit=1024).normalise(text).kind == "select"
