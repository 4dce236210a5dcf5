"""A statement and its normal form, given the values back, are planned alike by a real server: nothing of its meaning is lost."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from indexical.twin import engine
from indexical.twin.server import PrivateServer
from indexical.workload.fingerprint import normalise

pytestmark = pytest.mark.postgres

SCHEMA = """
CREATE TABLE t (id bigint PRIMARY KEY, a int, b text, c varchar(20), d timestamptz, e numeric(8, 2), f float8, j jsonb,
                u uuid, arr int[], "Sel ect" text, day date, ok boolean);
CREATE TABLE s (id bigint PRIMARY KEY, t_id bigint REFERENCES t, name text, UNIQUE (t_id, name));
CREATE INDEX ON t (a); CREATE INDEX ON t (d); CREATE INDEX ON t (upper(b)); CREATE UNIQUE INDEX ON t (c) WHERE ok;
"""

STATEMENTS = [
    "SELECT * FROM t WHERE a = 5 AND b='x'AND c<>'y'",
    "SELECT EXTRACT('year' FROM d), EXTRACT(MONTH FROM d AT TIME ZONE 'UTC') FROM t WHERE EXTRACT(YEAR FROM d) = 2020",
    (
        "SELECT date_trunc('day', d), count(*) FILTER (WHERE b = 'x') FROM t GROUP BY date_trunc('day', "
        "d) HAVING count(*) > 3 AND date_trunc('day', d) > '2020-01-01' ORDER BY date_trunc('day', d) "
        "DESC LIMIT 5 OFFSET 2"
    ),
    "SELECT * FROM t WHERE d > now() - INTERVAL '7 days' AND d < '2024-01-01'::timestamptz + interval '1' day",
    "SELECT * FROM t WHERE UPPER(b::text) LIKE UPPER('%x''y%') ESCAPE '!' OR b ILIKE E'a\\nb\\'c'",
    "SELECT * FROM t WHERE b IS DISTINCT FROM 'x' AND ok IS TRUE AND NOT ok = true AND a IS NOT NULL",
    (
        "SELECT j -> 'k', j ->> 'k' FROM t WHERE j @> '{\"a\": 1}' AND j ? 'k' AND j ->> 'x' = 'y' AND (j "
        "#>> '{a,b}') = 'z'"
    ),
    (
        "SELECT DISTINCT ON (a, coalesce(b, 'none')) id FROM t WHERE coalesce(b, '') = '' ORDER BY a, "
        "coalesce(b, 'none'), id DESC"
    ),
    (
        "SELECT row_number() OVER (PARTITION BY a ORDER BY d DESC), lag(a, 2) OVER (ORDER BY id ROWS 5 "
        "PRECEDING) FROM t WHERE a > -5"
    ),
    (
        "SELECT * FROM t WHERE a IN (1, 2, 3) AND id = ANY('{4,5}') AND arr && ARRAY[1, 2] AND arr[1] = "
        "7 AND u = ANY(ARRAY['00000000-0000-0000-0000-000000000001']::uuid[])"
    ),
    "SELECT * FROM t WHERE e = 1.50 AND f > 1e3 AND a = 3000000000 AND id = 12345678901234567890 AND e < .5",
    "SELECT * FROM t WHERE c::varchar(3) = 'abc' AND CAST(e AS numeric(4, 1)) = 2.5 AND b::character varying (4) = 'x'",
    (
        "SELECT CASE WHEN a = 1 THEN 'one' ELSE 'many' END, 1 AS x FROM t WHERE CASE WHEN a = 1 THEN 2 "
        "ELSE 3 END = 3 ORDER BY 1, 2"
    ),
    (
        "SELECT t.id FROM t JOIN s ON t.id = s.t_id AND s.name = 'n' LEFT JOIN s z ON z.id = 4 WHERE "
        "EXISTS(SELECT 1 AS \"a\" FROM s WHERE s.t_id = t.id AND s.name = 'q' LIMIT 1) FOR UPDATE OF t"
    ),
    (
        'SELECT "Sel ect" FROM t WHERE "Sel ect" = $tag$it\'s; $1 here$tag$ AND b = \'--no comment\' /* a '
        "/* nested */ comment */"
    ),
    (
        "SELECT * FROM t WHERE b COLLATE \"C\" > 'x' COLLATE \"C\" AND d BETWEEN DATE '2020-01-01' AND "
        "timestamp '2021-01-01 10:00'"
    ),
    (
        "SELECT substring(b FROM 2 FOR 3), position('a' IN b), trim(both 'x' from b), overlay(b placing "
        "'z' from 1) FROM t WHERE substring(b from 1 for 2) = 'ab' AND position('q' in b) > 0"
    ),
    (
        "WITH x AS MATERIALIZED (SELECT a FROM t WHERE b = 'w') SELECT * FROM x UNION ALL SELECT 5 FROM "
        "t WHERE a=1 ORDER BY 1 LIMIT 3"
    ),
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, m) JOIN t ON t.a = v.n WHERE v.m = 'b'",
    "SELECT * FROM generate_series(1, 10) g JOIN t ON t.a = g WHERE (t.a, t.b) IN ((1, 'x'), (2, 'y'))",
    (
        "INSERT INTO s (id, t_id, name) VALUES (1, 2, 'n'), (3, 4, 'm') ON CONFLICT (t_id, name) DO "
        "UPDATE SET name = 'z' WHERE s.id > 5 RETURNING id, 'done'"
    ),
    "INSERT INTO t (id, c, ok) VALUES (1, 'x', true) ON CONFLICT (c) WHERE ok = true DO NOTHING",
    "UPDATE t SET a = a + 1, b = NULL, c = 'x', d = '2020-01-01', j = '{}' WHERE id = 7 AND a<-3",
    "DELETE FROM t USING s WHERE s.t_id = t.id AND s.name = 'gone' AND t.a>=-1",
    "SELECT * FROM t WHERE b = 'part one '\n   'part two' AND a = 0x1F AND B'101' = B'111' AND a = 1_000",
    "SELECT * FROM t FETCH FIRST 3 ROWS ONLY",
    "TABLE t",
]


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection[tuple[str]]]:
    with (
        PrivateServer(engine.find()) as server,
        psycopg.connect(server.url(), autocommit=True) as connection,
    ):
        connection.execute(SCHEMA)
        connection.execute("SET plan_cache_mode = force_custom_plan")
        yield connection


def _plan(connection: psycopg.Connection[tuple[str]], explained: sql.Composable | bytes) -> list[str]:
    query = explained if isinstance(explained, bytes) else explained.as_bytes(connection)
    return [row[0] for row in connection.execute(b"EXPLAIN (VERBOSE) " + query)]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_normal_form_is_planned_as_the_statement_was(
    connection: psycopg.Connection[tuple[str]], statement: str
) -> None:
    normal = normalise(statement)
    types = ", ".join(name or "unknown" for name in normal.types)
    connection.execute(f"PREPARE n{f'({types})' if types else ''} AS {normal.sql}".encode())
    try:
        values = [sql.Literal(value) for value in normal.values]
        call = sql.SQL("EXECUTE n") + (
            sql.SQL("({})").format(sql.SQL(", ").join(values)) if values else sql.SQL("")
        )
        assert _plan(connection, call) == _plan(connection, statement.encode())
    finally:
        connection.execute("DEALLOCATE n")
