"""Candidates on expressions, operator classes, GIN and GiST are built for real: PostgreSQL takes them, and plans use them.

What the rules write must be the very expression that the server stores, or no plan ever looks at the index. Each case is a
statement, the values it was seen with, and the candidate that is to serve it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.postgres.conftest import Database

from indexical.candidates import generate, immutability
from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.errors import DatabaseError
from indexical.model import Catalog, Index, Limits
from indexical.pg.explain import explain
from indexical.pg.session import Session, connect
from indexical.testing import statement, workload
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

SCHEMA = (
    "CREATE EXTENSION pg_trgm",
    "CREATE EXTENSION hstore",
    (
        "CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS"
        " $$ SELECT lower(replace($1, '-', ' ')) $$"
    ),
    (
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(80) NOT NULL, nick text, code char(12), city text, number uuid,"
        " age int, paid numeric(10,2), spent numeric(10,2), gone timestamptz, seen timestamptz, born timestamp, kind int)"
    ),
    (
        "INSERT INTO people SELECT i, 'Name ' || md5(i::text), 'n' || md5((i % 40000)::text), left(md5(i::text), 12),"
        " 'City-' || i % 3000, md5(i::text)::uuid, i % 90, i % 9973, i % 89,"
        " CASE WHEN i % 50 = 0 THEN timestamptz '2024-01-01Z' END,"
        " timestamptz '2025-01-01Z' + i * interval '11 minutes', timestamp '1970-01-01' + i * interval '7 hours', i % 20"
        " FROM generate_series(1, 50000) i"
    ),
    (
        "CREATE TABLE papers (id int PRIMARY KEY, data jsonb NOT NULL, extra hstore, tags text[], words tsvector, body text,"
        " owner int)"
    ),
    (
        "INSERT INTO papers SELECT i, jsonb_build_object('sku', 's' || i % 20000, 'n', i % 5000, 'k' || i % 400, i, 'in',"
        " jsonb_build_object('deep', md5(i::text))), hstore('h' || i % 900, md5(i::text)), ARRAY['t' || i % 800, 'u' || i % 7],"
        " to_tsvector('simple', 'w' || i % 900 || ' common'), 'body ' || md5(i::text) || ' v' || i % 700, i % 30"
        " FROM generate_series(1, 50000) i"
    ),
    (
        "CREATE TABLE spans (id int PRIMARY KEY, during tstzrange, numbers int4range, many int4multirange, address inet,"
        " place point, area box)"
    ),
    (
        "INSERT INTO spans SELECT i, tstzrange(timestamptz '2025-01-01Z' + i * interval '1 hour',"
        " timestamptz '2025-01-01Z' + (i + 2) * interval '1 hour'), int4range(i, i + 3),"
        " int4multirange(int4range(i, i + 2), int4range(i + 9, i + 11)), ('10.' || i % 200 || '.' || i % 250 || '.7')::inet,"
        " point(i % 250, i / 250), box(point(i, i), point(i + 1, i + 1)) FROM generate_series(1, 50000) i"
    ),
    "CREATE VIEW dwellers AS SELECT id AS who, lower(city) AS town, kind FROM people",
    "VACUUM ANALYZE people, papers, spans",
)

NAME = "Name c4ca4238a0b923820dcc509a6f75849b"
CASES = {
    "iexact as Django writes it": (
        "SELECT * FROM people WHERE UPPER(name::text) = UPPER($1)", (NAME,), "people ((upper(name::text)))",
    ),
    "lower()": ("SELECT * FROM people WHERE lower(nick) = $1", ("nx",), "people ((lower(nick)))"),
    "lower() in a list": (
        "SELECT * FROM people WHERE lower(nick) IN ($1, $2)", ("nx", "ny"), "people ((lower(nick)))",
    ),
    "lower() = ANY": ("SELECT * FROM people WHERE lower(nick) = ANY($1)", ("{nx,ny}",), "people ((lower(nick)))"),
    "an expression behind a column": (
        "SELECT * FROM people WHERE kind = $1 AND lower(city) = $2", ("3", "city-3"), "people (kind, (lower(city)))",
    ),
    "an expression before a range": (
        "SELECT * FROM people WHERE lower(city) = $1 AND age > $2", ("city-3", "80"), "people ((lower(city)), age)",
    ),
    "an expression before the order": (
        "SELECT * FROM people WHERE lower(city) = $1 ORDER BY seen DESC LIMIT 3",
        ("city-3",),
        "people ((lower(city)), seen)",
    ),
    "an order by an expression": (
        "SELECT * FROM people ORDER BY lower(nick), id LIMIT 5", (), "people ((lower(nick)), id)",
    ),
    "an order by an expression, backwards": (
        "SELECT * FROM people WHERE kind = $1 ORDER BY lower(nick) DESC, id LIMIT 5",
        ("3",),
        "people (kind, (lower(nick)), id DESC)",
    ),
    "a day in a time zone": (
        "SELECT * FROM people WHERE (seen AT TIME ZONE 'UTC')::date = $1",
        ("2025-02-01",),
        "people (((seen AT TIME ZONE 'UTC')::date))",
    ),
    "a month, its unit and zone bound as Django binds them": (
        "SELECT * FROM people WHERE DATE_TRUNC($1, seen AT TIME ZONE $2) = $3",
        ("day", "UTC", "2025-02-01 00:00"),
        "people ((date_trunc('day', seen AT TIME ZONE 'UTC')))",
    ),
    "a part of a date": (
        "SELECT * FROM people WHERE EXTRACT(YEAR FROM born) = $1", ("1999",), "people ((EXTRACT(year FROM born)))",
    ),
    "date_part is another function": (
        "SELECT * FROM people WHERE date_part('year', born) = 1999", (), "people ((date_part('year', born)))",
    ),
    "date_trunc in a named zone": (
        "SELECT * FROM people WHERE date_trunc('day', seen, 'UTC') = '2025-02-01Z'",
        (),
        "people ((date_trunc('day', seen, 'UTC')))",
    ),
    "arithmetic": ("SELECT * FROM people WHERE paid - spent > $1", ("9950",), "people ((paid - spent))"),
    "coalesce": (
        "SELECT * FROM people WHERE coalesce(paid, spent, 0) = $1", ("77",), "people ((coalesce(paid, spent, 0)))",
    ),
    "substring": (
        "SELECT * FROM people WHERE substring(code from 1 for 6) = $1", ("c4ca42",), "people ((substring(code, 1, 6)))",
    ),
    "texts put together": (
        "SELECT * FROM people WHERE nick || '/' || city = $1", ("a/b",), "people (((nick || '/') || city))",
    ),
    "a number put behind a text": (
        "SELECT * FROM people WHERE city || age = $1", ("City-77",), "people ((city || age))",
    ),
    "a cast": ("SELECT * FROM people WHERE number::text = $1", ("x",), "people ((number::text))"),
    "a function of the database's own": (
        "SELECT * FROM people WHERE folded(city) = $1", ("city 7",), "people ((folded(city)))",
    ),
    "an expression of a view": ("SELECT who FROM dwellers WHERE town = $1", ("city-9",), "people ((lower(city)))"),
    "a partial index on an expression": (
        "SELECT * FROM people WHERE gone IS NOT NULL AND lower(city) = $1",
        ("city-50",),
        "people ((lower(city))) WHERE gone IS NOT NULL",
    ),
    "a prefix of varchar": (
        "SELECT * FROM people WHERE name LIKE $1", ("Name c4ca42%",), "people (name varchar_pattern_ops)",
    ),
    "a prefix of varchar as Django writes it": (
        "SELECT * FROM people WHERE name::text LIKE $1", ("Name c4ca42%",), "people (name varchar_pattern_ops)",
    ),
    "a prefix of text": ("SELECT * FROM people WHERE nick LIKE 'nc4ca%'", (), "people (nick text_pattern_ops)"),
    "a prefix of char(n)": ("SELECT * FROM people WHERE code LIKE 'c4ca%'", (), "people (code bpchar_pattern_ops)"),
    "a regular expression with a beginning": (
        "SELECT * FROM people WHERE nick ~ $1", ("^nc4ca",), "people (nick text_pattern_ops)",
    ),
    "starts_with": ("SELECT * FROM people WHERE starts_with(nick, $1)", ("nc4ca",), "people (nick text_pattern_ops)"),
    "a prefix whatever the case": (
        "SELECT * FROM people WHERE UPPER(name::text) LIKE UPPER($1)",
        ("name c4ca42%",),
        "people ((upper(name::text)) text_pattern_ops)",
    ),
    "a prefix behind a column": (
        "SELECT * FROM people WHERE kind = $1 AND nick LIKE $2", ("3", "nc4%"), "people (kind, nick text_pattern_ops)",
    ),
    "contains": (
        "SELECT * FROM people WHERE name::text LIKE $1", ("%b92382%",), "people (name gin_trgm_ops) USING gin",
    ),
    "icontains": (
        "SELECT * FROM people WHERE UPPER(name::text) LIKE UPPER($1)",
        ("%b92382%",),
        "people ((upper(name::text)) gin_trgm_ops) USING gin",
    ),
    "ILIKE": ("SELECT * FROM people WHERE nick ILIKE $1", ("%b92382%",), "people (nick gin_trgm_ops) USING gin"),
    "iregex": ("SELECT * FROM people WHERE nick ~* $1", ("b92382[0-9]dcc",), "people (nick gin_trgm_ops) USING gin"),
    "a JSON key": ("SELECT * FROM papers WHERE data ->> 'sku' = $1", ("s7",), "papers ((data ->> 'sku'))"),
    "a JSON key bound as Django binds it": (
        "SELECT * FROM papers WHERE (data ->> $1) = $2", ("sku", "s7"), "papers ((data ->> 'sku'))",
    ),
    "a JSON number": (
        "SELECT * FROM papers WHERE (data ->> 'n')::int > 4990", (), "papers (((data ->> 'n')::integer))",
    ),
    "a JSON path": (
        "SELECT * FROM papers WHERE data #>> '{in,deep}' = $1", ("x",), "papers ((data #>> '{in,deep}'))",
    ),
    "a JSON value as Django compares it": (
        "SELECT * FROM papers WHERE (data -> 'sku') = '\"s7\"'::jsonb", (), "papers ((data -> 'sku'))",
    ),
    "jsonb contains": (
        "SELECT * FROM papers WHERE data @> $1", ('{"sku": "s7"}',), "papers (data jsonb_path_ops) USING gin",
    ),
    "a part of jsonb contains": (
        "SELECT * FROM papers WHERE data -> 'in' @> $1",
        ('{"deep": "x"}',),
        "papers ((data -> 'in') jsonb_path_ops) USING gin",
    ),
    "jsonb has a key": ("SELECT * FROM papers WHERE data ? 'k7'", (), "papers (data) USING gin"),
    "jsonb has any key": ("SELECT * FROM papers WHERE data ?| $1", ("{k7,k8}",), "papers (data) USING gin"),
    "jsonb has all keys": ("SELECT * FROM papers WHERE data ?& $1", ("{k7,sku}",), "papers (data) USING gin"),
    "hstore has a key": ("SELECT * FROM papers WHERE extra ? 'h7'", (), "papers (extra) USING gin"),
    "an array contains": ("SELECT * FROM papers WHERE tags @> $1", ("{t7}",), "papers (tags) USING gin"),
    "an array overlaps": ("SELECT * FROM papers WHERE tags && $1", ("{t7,t9}",), "papers (tags) USING gin"),
    "stored words": (
        "SELECT * FROM papers WHERE words @@ to_tsquery('simple', $1)", ("w7",), "papers (words) USING gin",
    ),
    "words computed": (
        "SELECT * FROM papers WHERE to_tsvector('english', body) @@ plainto_tsquery('english', $1)",
        ("v77",),
        "papers ((to_tsvector('english', body))) USING gin",
    ),
    "words as Django computes them": (
        (
            "SELECT * FROM papers WHERE to_tsvector('english'::regconfig, COALESCE(body, $1)) @@"
            " plainto_tsquery('english'::regconfig, $2)"
        ),
        ("", "v77"),
        "papers ((to_tsvector('english'::regconfig, coalesce(body, '')))) USING gin",
    ),
    "ranges overlap": (
        "SELECT * FROM spans WHERE during && $1", ("[2025-02-01Z,2025-02-02Z)",), "spans (during) USING gist",
    ),
    "a range contains": (
        "SELECT * FROM spans WHERE during @> $1::timestamptz", ("2025-02-01Z",), "spans (during) USING gist",
    ),
    "a range is contained": ("SELECT * FROM spans WHERE numbers <@ $1", ("[10,20)",), "spans (numbers) USING gist"),
    "ranges touch": ("SELECT * FROM spans WHERE numbers -|- $1", ("[10,20)",), "spans (numbers) USING gist"),
    "a multirange contains": ("SELECT * FROM spans WHERE many @> $1::int", ("10",), "spans (many) USING gist"),
    "networks contain": (
        "SELECT * FROM spans WHERE address <<= $1", ("10.7.0.0/24",), "spans (address inet_ops) USING gist",
    ),
    "networks overlap": (
        "SELECT * FROM spans WHERE address && $1", ("10.7.0.0/24",), "spans (address inet_ops) USING gist",
    ),
    "the nearest": (
        "SELECT * FROM spans ORDER BY place <-> point '(17,40)' LIMIT 5", (), "spans (place) USING gist",
    ),
    "points in a box": (
        "SELECT * FROM spans WHERE place <@ '((1,1),(3,3))'::box", (), "spans (place) USING gist",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(server: PrivateServer) -> Database:
    """A database whose texts are not ordered by their bytes, as far as PostgreSQL can tell."""
    with connect(server.url(), read_only=False) as opened:
        opened.execute("CREATE DATABASE planned TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C.UTF-8'")
    made = Database(server.url("planned"))
    made.run(*SCHEMA)
    return made


@pytest.fixture(scope="module")
def catalog(filled: Database) -> Catalog:
    with filled.read() as session:
        return snapshot(session)


@dataclass(slots=True)
class Builder:
    """Has one candidate built at a time, and the same one for as many cases in a row as want it."""

    session: Session
    built: Index | None = None

    def build(self, index: Index) -> None:
        if index == self.built:
            return
        if self.built is not None:
            self.session.execute("DROP INDEX wanted")
            self.built = None
        self.session.execute(create_index(index, "wanted"))
        self.built = index
        if any(key.expression for key in index.keys):
            self.session.execute(f"ANALYZE {index.table}")


@pytest.fixture(scope="module")
def builder(filled: Database) -> Iterator[Builder]:
    with filled.open() as opened:
        # Rough statistics are enough to tell a use from none, and are taken in a fraction of the time.
        opened.execute("SET default_statistics_target = 20")
        yield Builder(opened)


@pytest.mark.parametrize("name", CASES)
def test_the_candidate_is_built_and_used(name: str, catalog: Catalog, builder: Builder) -> None:
    sql, values, wanted = CASES[name]
    asked = statement(sql, calls=100, samples=[values] if values else [])
    found = {each.index.text: each.index for each in generate(workload(asked), catalog, Limits()).candidates}
    assert f"public.{wanted}" in found
    builder.build(found[f"public.{wanted}"])
    assert "wanted" in explain(builder.session, asked, values).plan().index_names


SAMPLE_TYPES = sorted(
    {
        *immutability.TEXTS - {'"char"'},
        *immutability.NUMBERS,
        *immutability.MOMENTS,
        *immutability.JSONS,
        *("boolean", "uuid", "inet", "cidr", "bytea", "timestamp with time zone"),
    }
)


def test_postgresql_builds_indexes_on_every_cast_that_is_called_immutable(builder: Builder) -> None:
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(SAMPLE_TYPES))
    builder.session.execute(f"CREATE TABLE casts (id int, {columns})")
    allowed = [
        (number, target)
        for number, source in enumerate(SAMPLE_TYPES)
        for target in SAMPLE_TYPES
        if source != target and immutability.cast_type(source, target)
    ]
    assert len(allowed) > 80
    for number, target in allowed:
        # json has no order that a B-tree could keep, but whether the cast is immutable shows in a predicate as well.
        builder.session.execute(f"CREATE INDEX ON casts (id) WHERE (c{number}::{target}) IS NULL")


def test_every_function_that_is_called_immutable_is_so_to_postgresql(builder: Builder) -> None:
    named = {*immutability.TEXT_FUNCTIONS, *immutability.NUMBER_FUNCTIONS, *immutability.OTHER_FUNCTIONS}
    rows = builder.session.rows(
        "SELECT proname AS name, bool_and(provolatile = 'i') AS immutable FROM pg_proc WHERE proname = ANY(%s)"
        " AND (proargtypes[0] = 'text'::regtype OR NOT proname = ANY(%s)) AND pronamespace = 'pg_catalog'::regnamespace"
        " GROUP BY proname",
        (sorted(named), sorted(immutability.TEXT_FUNCTIONS)),
    )
    wobbly = [row["name"] for row in rows if not row["immutable"]]
    grammar = named - {row["name"] for row in rows}
    assert (wobbly, grammar) == ([], {"trim"})


@pytest.mark.parametrize(
    "expression",
    [
        "seen::date",
        "date_trunc('day', seen)",
        "EXTRACT(year FROM seen)",
        "to_char(seen, 'YYYY')",
        "born::text",
        "concat(nick, city)",
        "nick || born",
        "(nick)::timestamp",
        "to_tsvector(nick)",
    ],
)
def test_what_no_index_can_be_built_on_is_no_candidate(
    expression: str, catalog: Catalog, builder: Builder
) -> None:
    with pytest.raises(DatabaseError, match="IMMUTABLE"):
        builder.session.execute(f"CREATE INDEX ON people (({expression}))")
    found = generate(workload(f"SELECT * FROM people WHERE {expression} = $1"), catalog, Limits())
    assert [each.index for each in found.candidates if any(key.expression for key in each.index.keys)] == []
    assert not found.not_examined
