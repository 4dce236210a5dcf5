"""What is proven of predicates, held against a real server: its rows, and the words it stores a predicate in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from tests.postgres.conftest import Database
from tests.unit.predicates import ROWS, Predicate, predicates

from indexical.model.implication import implies
from indexical.pg.session import Session

pytestmark = pytest.mark.postgres

_ROWS_OF_P_NOT_OF_Q = "SELECT count(*) AS n FROM domain WHERE ({}) AND ({}) IS NOT TRUE"


@pytest.fixture(scope="module")
def domain(module_database: Database) -> Iterator[Session]:
    """Every combination of a few values in four columns, NULL among them."""
    with module_database.open() as session:
        session.execute("CREATE TABLE domain (n int, t varchar(9), b boolean, d date)")
        for row in ROWS:
            session.execute("INSERT INTO domain VALUES (%(n)s, %(t)s, %(b)s, %(d)s)", row)
        yield session


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(predicates(), predicates())
def test_what_is_proven_the_server_finds_true(domain: Session, p: Predicate, q: Predicate) -> None:
    for one, other in ((p.sql, q.sql), (f"({p.sql}) AND ({q.sql})", q.sql), (q.sql, p.sql)):
        if implies(one, other):
            assert domain.rows(_ROWS_OF_P_NOT_OF_Q.format(one, other)) == [{"n": 0}]


@settings(max_examples=40, deadline=None)
@given(predicates().filter(lambda p: ") IS TRUE" not in p.sql))
def test_the_words_the_server_stores_mean_what_was_written(domain: Session, p: Predicate) -> None:
    domain.execute(f"CREATE INDEX stored ON domain (n) WHERE {p.sql}")
    (row,) = domain.rows(
        "SELECT pg_get_expr(indpred, indrelid) AS words FROM pg_index WHERE indexrelid = 'stored'::regclass"
    )
    domain.execute("DROP INDEX stored")
    assert implies(row["words"], p.sql)
    assert implies(p.sql, row["words"])


def test_the_server_calls_the_rows_as_the_test_does(domain: Session) -> None:
    (row,) = domain.rows("SELECT count(*) AS n, count(n) AS known FROM domain")
    assert row == {"n": len(ROWS), "known": sum(each["n"] is not None for each in ROWS)}
