"""A hypothetical index on an expression has the statistics that the real one gets from its first ANALYZE, and so do its plans."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.postgres.conftest import Database, make_database
from tests.postgres.majors import MAJORS, server_of

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.model import Catalog, Configuration, Index, Key, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session
from indexical.twin.twin import Twin, open_twin

pytestmark = pytest.mark.postgres

SCHEMA = (
    "SELECT setseed(0.4)",
    "CREATE FUNCTION slow(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN $1; END $$",
    (
        "CREATE TABLE people AS SELECT i AS id, 'Name' || i % 5000 AS name, 'User' || i || '@Example.com' AS email,"
        " (ARRAY['Rome','ROME','Oslo','Bern','rome'])[1 + (5 * random() ^ 2)::int % 5] AS city,"
        " lpad((10 + i * 7919 % 20)::text, 2, '0') || '-' || md5(i::text) AS phone,"
        " timestamp '2024-01-01' + i * interval '20 minutes' AS created, date '2020-01-01' + i % 1500 AS born,"
        " CASE WHEN i % 3 = 0 THEN NULL ELSE i % 40 END AS score, (i % 700)::numeric(10,2) / 7 AS price,"
        " CASE WHEN i % 2000 = 0 THEN 'none' ELSE (i % 900)::text END AS code,"
        " jsonb_build_object('kind', (ARRAY['a','b','c'])[1 + i % 3], 'n', i) AS data FROM generate_series(1, 20000) i"
    ),
)
NAMED = {
    "upper": ("upper(name)", "= 'NAME77'"),
    "lower, unique": ("lower(email)", "= 'user77@example.com'"),
    "merged common values": ("lower(city)", "= 'rome'"),
    "part of a text": ("substring(phone from 1 for 2)", "= '12'"),
    "day": ("date_trunc('day', created)", "= '2024-03-01'"),
    "days": ("date_trunc('day', created)", "BETWEEN '2024-03-01' AND '2024-04-01'"),
    "year": ("EXTRACT(year FROM born)", "= 2022"),
    "null filled": ("COALESCE(score, 0)", "= 0"),
    "null stays": ("abs(score)", "IS NULL"),
    "arithmetic": ("(price * 10)", "> 900"),
}


@dataclass(frozen=True, slots=True)
class Sides:
    real: Session
    twin: Twin
    catalog: Catalog


def on(*expressions: str) -> Index:
    return Index("public", "people", tuple(Key(expression=each) for each in expressions))


def bare(catalog: Catalog) -> Catalog:
    """As it was before its indexes, with the very same statistics of the columns."""
    return replace(
        catalog, tables=tuple(replace(t, indexes=(), expression_statistics=()) for t in catalog.tables)
    )


@pytest.fixture(scope="module", params=MAJORS)
def sides(request: pytest.FixtureRequest) -> Iterator[Sides]:
    with server_of(request.param, {"autovacuum": "off"}) as server:
        database = Database(make_database(server))
        database.run(*SCHEMA)
        with database.open() as real:
            for number, expression in enumerate(sorted({expression for expression, _ in NAMED.values()})):
                real.execute(create_index(on(expression), f"really_{number}"))
            real.execute("VACUUM ANALYZE")
            catalog = snapshot(real)
            with open_twin(bare(catalog)) as twin:
                yield Sides(real, twin, catalog)


def asked(expression: str, condition: str) -> Statement:
    return Statement(id="q", sql=f"SELECT * FROM people WHERE {expression} {condition}")


@pytest.mark.parametrize("name", NAMED)
def test_rows_and_cost_are_those_of_the_real_index(sides: Sides, name: str) -> None:
    expression, condition = NAMED[name]
    real = explain(sides.real, asked(expression, condition), ()).plan()
    plan = sides.twin.plan(asked(expression, condition), (), Configuration().with_added(on(expression)))
    assert plan.rows == pytest.approx(real.rows, rel=0.05, abs=1.5)
    assert plan.cost == pytest.approx(real.cost, rel=0.05)


def test_an_expression_has_statistics_only_while_its_index_is_visible(sides: Sides) -> None:
    statement = asked("lower(city)", "= 'rome'")
    without = sides.twin.plan(statement, (), Configuration())
    index = on("lower(city)")
    assert sides.twin.plan(statement, (), Configuration().with_added(index)).rows > 50 * without.rows
    assert sides.twin.plan(statement, (), Configuration()) == without


def test_a_key_behind_others_has_its_statistics_too(sides: Sides) -> None:
    index = Index("public", "people", (Key.asc("id"), Key(expression="lower(city)")))
    plan = sides.twin.plan(asked("lower(city)", "= 'rome'"), (), Configuration().with_added(index))
    assert plan.rows > 1000


def test_values_that_the_expression_does_not_take_are_passed_over(sides: Sides) -> None:
    plan = sides.twin.plan(
        asked("(code::int % 9)", "= 3"), (), Configuration().with_added(on("code::int % 9"))
    )
    assert plan.rows == pytest.approx(20000 / 9, rel=0.2)


def test_a_field_of_a_document_is_told_from_the_documents_in_the_statistics(sides: Sides) -> None:
    plan = sides.twin.plan(
        asked("(data ->> 'kind')", "= 'a'"), (), Configuration().with_added(on("data ->> 'kind'"))
    )
    assert plan.rows == pytest.approx(20000 / 3, rel=0.3)


def test_functions_of_strangers_are_never_called(sides: Sides) -> None:
    begun = time.monotonic()
    plan = sides.twin.plan(asked("slow(name)", "= 'x'"), (), Configuration().with_added(on("slow(name)")))
    assert time.monotonic() - begun < 50
    assert plan.rows == pytest.approx(100)


def test_several_engines_have_the_same_statistics(sides: Sides) -> None:
    index = on("lower(city)")
    statement = asked("lower(city)", "= 'oslo'")
    expected = sides.twin.plan(statement, (), Configuration().with_added(index)).rows
    with open_twin(bare(sides.catalog), workers=2) as twin:
        for lane in twin._lanes:
            for other in twin._lanes:
                other.busy = other is not lane
            assert twin.plan(statement, (), Configuration().with_added(index)).rows == expected
        for lane in twin._lanes:
            lane.busy = False
