"""Planning what strangers wrote: nothing of it is executed, one statement never harms the next, no value leaks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres.conftest import Database, make_database

from indexical.errors import DatabaseError, PlanRefused
from indexical.model import Statement
from indexical.pg.explain import execute_timed, explain
from indexical.pg.session import Session, connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
SECRET = "canary@example.org"


def function(name: str, volatility: str, body: str, type: str = "integer") -> str:
    return f"CREATE FUNCTION {name}({type}) RETURNS {type} {volatility} LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


SETUP = (
    "CREATE TABLE canary (id integer PRIMARY KEY, note text)",
    "INSERT INTO canary SELECT i, 'alive' FROM generate_series(1, 50) AS i",
    "CREATE TABLE plain (id integer PRIMARY KEY, kind text, day date, total numeric)",
    "INSERT INTO plain SELECT i, 'k' || i % 7, date '2026-01-01' + i % 100, i FROM generate_series(1, 500) AS i",
    function("really_writes", "VOLATILE", "INSERT INTO canary VALUES (-1, 'written'); RETURN $1;"),
    function("writes", "IMMUTABLE", "PERFORM really_writes($1); RETURN $1;"),
    function("sleeps", "IMMUTABLE", "PERFORM pg_sleep(30); RETURN $1;"),
    function("tells", "IMMUTABLE", "RAISE EXCEPTION 'I was given %', $1;", "text"),
    "CREATE PROCEDURE runs() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM canary; END $$",
    "ANALYZE",
)
REFUSED = {
    "a second statement": "SELECT 1; DROP TABLE canary",
    "a second statement after a commit": "SELECT 1; COMMIT; DROP TABLE canary",
    "a commit": "COMMIT",
    "a rollback": "ROLLBACK",
    "analyse and delete": "ANALYZE DELETE FROM canary",
    "options of EXPLAIN": "(ANALYZE) DELETE FROM canary",
    "EXPLAIN itself": "EXPLAIN ANALYZE DELETE FROM canary",
    "a drop": "DROP TABLE canary",
    "a truncate": "TRUNCATE canary",
    "a block": "DO $$ BEGIN DELETE FROM canary; END $$",
    "a procedure": "CALL runs()",
    "a program": "COPY (SELECT 1) TO PROGRAM 'touch /tmp/indexical-canary'",
    "a setting": "SET default_transaction_read_only = off",
    "a role": "SET ROLE postgres",
    "prepared by hand": "EXECUTE indexical_1",
    "a listener": "LISTEN canary",
    "a lock": "LOCK TABLE canary",
    "nothing": "",
    "a comment": "-- nothing at all",
    "half a literal": "SELECT 'open",
    "half a comment": "SELECT 1 /* open",
    "half an identifier": 'SELECT "open',
    "not SQL": "Sehr geehrte Damen und Herren",
    "NUL": "SELECT 'a\x00; DROP TABLE canary'",
    "half a character": "SELECT '\ud800'",
    "a cut text": "SELECT * FROM plain WHERE kind IN ('a', 'b',",
    "too deep": f"SELECT {'(' * 100_000}1{')' * 100_000}",
}
PLANNED = {
    "a delete": "DELETE FROM canary",
    "a delete in a query": "WITH gone AS (DELETE FROM canary RETURNING id) SELECT count(*) FROM gone",
    "an insert": "INSERT INTO canary VALUES (99, 'new')",
    "a new table": "CREATE TABLE made AS SELECT * FROM canary",
    "a volatile function": "SELECT nextval('pg_catalog.nothing') FROM plain WHERE false",
    "ESC and a line break": "SELECT '\x1b[31mred\n' FROM plain",
    "right to left": "SELECT * FROM plain WHERE kind = '\u202eevil'",
    "a percent sign": "SELECT * FROM plain WHERE kind LIKE '%s%(x)s'",
    "a semicolon at the end": "SELECT * FROM plain;",
    "a comment at the end": "SELECT * FROM plain -- ;",
    "deep comments": f"SELECT {'/*' * 3000} x {'*/' * 3000} id FROM plain",
    "deep parentheses": f"SELECT {'(' * 500}id{')' * 500} FROM plain",
    "a long list": f"SELECT * FROM plain WHERE id IN ({','.join(map(str, range(100_000)))})",
    "backslashes": r"SELECT * FROM plain WHERE kind = '\'' OR '",
}


@pytest.fixture(scope="module", params=[18, 15])
def house(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == 18:
        running: PrivateServer = request.getfixturevalue("server")
        made = Database(make_database(running))
        made.run(*SETUP)
        yield made
        return
    if not (DEBIAN_15 / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed")
    with PrivateServer(find(str(DEBIAN_15)), settings={"autovacuum": "off"}) as old:
        made = Database(make_database(old))
        made.run(*SETUP)
        yield made


@pytest.fixture
def session(house: Database) -> Iterator[Session]:
    """One that could change things, so that only the way of planning protects."""
    with connect(house.url, read_only=False, statement_timeout_ms=20_000) as opened:
        yield opened


def alive(session: Session) -> bool:
    rows = session.rows("SELECT count(*) AS n, min(note) AS low, max(note) AS high FROM canary")
    names = session.rows("SELECT to_regclass('made') IS NULL AS unmade")
    return rows == [{"n": 50, "low": "alive", "high": "alive"}] and names == [{"unmade": True}]


def still_plans(session: Session) -> bool:
    statement = Statement(id="next", sql="SELECT * FROM plain WHERE kind = $1")
    return explain(session, statement, ("k1",)).cost > 0 and not session.in_transaction


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_single_query_is_refused_and_harms_nothing(session: Session, name: str) -> None:
    with pytest.raises(DatabaseError):
        explain(session, Statement(id="hostile", sql=REFUSED[name]), ())
    assert alive(session)
    assert still_plans(session)
    assert session.rows("SHOW default_transaction_read_only") == [{"default_transaction_read_only": "off"}]


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in ("too deep", "half a character")])
def test_what_is_no_single_query_is_not_run_for_its_time_either(session: Session, name: str) -> None:
    with pytest.raises(DatabaseError):
        execute_timed(session, Statement(id="hostile", sql=REFUSED[name]), ())
    assert alive(session)
    assert not Path("/tmp/indexical-canary").exists()
    assert not session.in_transaction


@pytest.mark.parametrize("name", PLANNED)
def test_what_can_be_planned_is_planned_and_not_run(session: Session, name: str) -> None:
    try:
        assert explain(session, Statement(id="odd", sql=PLANNED[name]), ()).cost >= 0
    except PlanRefused:
        # A function or a literal that this server does not take is an answer, too; what counts is what follows.
        assert name in ("a volatile function", "backslashes")
    assert alive(session)
    assert still_plans(session)


@pytest.mark.parametrize("sql", ["DELETE FROM canary", "CREATE TABLE made AS SELECT 1", "SELECT writes(1)"])
def test_what_would_write_is_not_run_for_its_time(session: Session, sql: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        execute_timed(session, Statement(id="writes", sql=sql), ())
    assert caught.value.code == "25006"
    assert alive(session)


def test_a_function_that_lies_about_itself_cannot_write(session: Session) -> None:
    with pytest.raises(PlanRefused) as caught:
        explain(session, Statement(id="lies", sql="SELECT * FROM plain WHERE id = writes(1)"), ())
    assert caught.value.code == "25006"
    assert alive(session)
    assert still_plans(session)


def test_a_statement_that_would_explain_itself_for_ever_is_refused(session: Session) -> None:
    """It would end the server's stack, and with it every connection to the server."""
    for number in range(1, 4):
        for sql in (f"EXECUTE indexical_{number}", f"EXPLAIN EXECUTE indexical_{number}"):
            with pytest.raises(PlanRefused):
                explain(session, Statement(id="itself", sql=sql), ())
    names = [name for name, _ in session.prepared.values()]
    assert all(session.mark in name for name in names)
    assert still_plans(session)


def test_a_function_that_sleeps_is_cut_off(house: Database) -> None:
    with connect(house.url, statement_timeout_ms=300) as hurried:
        begun = time.monotonic()
        with pytest.raises(PlanRefused) as caught:
            explain(hurried, Statement(id="sleeps", sql="SELECT * FROM plain WHERE id = sleeps(1)"), ())
        assert caught.value.code == "57014"
        assert time.monotonic() - begun < 20
        assert still_plans(hurried)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT tells($1) FROM plain", (SECRET,)),
        (f"SELECT tells('{SECRET}') FROM plain", ()),
        ("SELECT * FROM plain WHERE id = $1", (SECRET,)),
        ("SELECT * FROM plain WHERE id = $1", (f'5" {SECRET} "',)),
        ("SELECT * FROM plain WHERE day = $1", (SECRET,)),
        (f"SELECT '{SECRET}'::integer", ()),
        (f"SELECT * FROM plain WHERE kind = '{SECRET}' ORDER 1", ()),
        (f"SELECT '{SECRET}", ()),
        ("SELECT $1::jsonb FROM plain", ('{"' + SECRET,)),
        ("SELECT * FROM plain WHERE kind ~ $1", (f"({SECRET}",)),
    ],
)
def test_no_value_is_in_an_error(session: Session, sql: str, values: tuple[str, ...]) -> None:
    with pytest.raises(PlanRefused) as caught:
        explain(session, Statement(id="leaks", sql=sql), values)
    assert SECRET not in str(caught.value)
    assert "canary@" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("sql", "types", "count"),
    [
        ("SELECT * FROM plain WHERE id = $1", (), 1),
        ("SELECT * FROM plain WHERE id = $2 AND kind = $1", (), 2),
        ("SELECT * FROM plain WHERE kind = $1 OR kind = $1", (), 1),
        ("SELECT * FROM plain WHERE day >= $1 AND total < $2 LIMIT $3", (), 3),
        ("SELECT * FROM plain WHERE id = ANY($1)", (), 1),
        ("SELECT * FROM plain WHERE $1 IS NULL OR kind = $2", (), 2),
        ("SELECT $1", (), 1),
        ("SELECT * FROM plain WHERE day = $1 + $2::interval", ("timestamp", ""), 2),
        ("SELECT * FROM plain WHERE id = $1", ("no such type",), 1),
        ("SELECT * FROM plain WHERE id = $1 -- $2", (), 1),
    ],
)
def test_statements_without_values_are_planned_generically(
    session: Session, sql: str, types: tuple[str, ...], count: int
) -> None:
    statement = Statement(id="generic", sql=sql, types=types)
    assert explain(session, statement, ()).cost > 0
    assert next(reversed(session.prepared.values()))[1] == count


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM plain WHERE day = date $1", "SELECT * FROM plain WHERE id = $1 + 'x'"]
)
def test_what_cannot_be_planned_without_values_says_so(session: Session, sql: str) -> None:
    with pytest.raises(PlanRefused, match="cannot be planned"):
        explain(session, Statement(id="impossible", sql=sql), ())
    assert still_plans(session)


def test_a_wrong_number_of_values_is_refused(session: Session) -> None:
    with pytest.raises(PlanRefused, match="it has 1 parameters and 2 values were given"):
        explain(session, Statement(id="many", sql="SELECT * FROM plain WHERE id = $1"), ("1", "2"))


def test_values_are_quoted_whatever_they_hold(session: Session) -> None:
    statement = Statement(id="values", sql="SELECT * FROM plain WHERE kind = $1")
    for value in ("'; DROP TABLE canary; --", "\\'; DROP TABLE canary; --", "$1", '"', "\x1b\u202e\n", None):
        assert explain(session, statement, (value,)).rows >= 0
    with pytest.raises(DatabaseError):
        explain(session, statement, ("a\x00b",))
    assert alive(session)
    assert still_plans(session)


def test_a_refused_statement_leaves_the_callers_transaction_alone(session: Session) -> None:
    with session.transaction(roll_back=True):
        session.execute("INSERT INTO plain VALUES (1000, 'mine')")
        for sql in ("SELECT nothing FROM plain", "SELECT 1; SELECT 2", "SELECT 1 / 0 FROM plain"):
            with pytest.raises(PlanRefused):
                explain(session, Statement(id="refused", sql=sql), ())
        # Several guesses of the types are needed for this one, and each may fail.
        assert explain(
            session, Statement(id="guess", sql="SELECT * FROM plain WHERE id = $1", types=("uuid",)), ()
        ).cost
        assert session.rows("SELECT kind FROM plain WHERE id = 1000") == [{"kind": "mine"}]
    assert session.rows("SELECT kind FROM plain WHERE id = 1000") == []


def test_more_statements_than_a_session_keeps_are_planned_all(session: Session) -> None:
    for number in range(510):
        explain(session, Statement(id=str(number), sql=f"SELECT {number} FROM plain WHERE id = $1"), ("1",))
    assert len(session.prepared) == 500
    assert session.rows("SELECT count(*) AS n FROM pg_prepared_statements") == [{"n": 500}]
