"""The judge of ``make bench-select`` judges exactly the set it is given, and leaves the database as it found it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.postgres.conftest import Database

from indexical.model import Index, Key
from indexical.pg.session import Session
from indexical.testing import index, statement

pytestmark = pytest.mark.postgres

ROWS = 50_000
BY_NUMBER = index("judged", "number")
BY_LETTERS = Index("public", "judged", (Key(expression="lower(name)"),))
IMPOSSIBLE = Index("public", "judged", (Key(expression="random()"),))
QUERIES = (
    statement("SELECT * FROM judged WHERE number = 77", id="number"),
    statement("SELECT * FROM judged WHERE lower(name) = 'name 77'", id="name"),
)
STATISTICS = (
    "SELECT c.reltuples, c.relpages, c.relallvisible, s.attname, s.null_frac, s.avg_width, s.n_distinct,"
    " s.most_common_vals::text, s.most_common_freqs, s.histogram_bounds::text, s.correlation"
    " FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename WHERE s.tablename = 'judged' ORDER BY s.attname"
)


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    import select_judge

    yield select_judge
    for name in ("select_judge", "select_source", "tpch"):
        sys.modules.pop(name, None)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.open() as session:
        session.execute("CREATE TABLE judged (id bigint PRIMARY KEY, number integer, name text)")
        session.execute(
            f"INSERT INTO judged SELECT i, i % 5000, 'Name ' || i % 9000 FROM generate_series(1, {ROWS}) i"
        )
        session.execute("VACUUM ANALYZE judged")
        yield session


def test_only_the_set_that_is_judged_is_there(judging: ModuleType, session: Session) -> None:
    judge = judging.Judge(session, QUERIES)
    judge.build([BY_NUMBER, BY_LETTERS])
    one, other, both = (judge.judge(each) for each in ([BY_NUMBER], [BY_LETTERS], [BY_NUMBER, BY_LETTERS]))
    assert one.used == {BY_NUMBER}
    assert one.costs["number"] < judge.base["number"] / 10
    assert one.costs["name"] == judge.base["name"]
    assert other.costs["name"] < judge.base["name"] / 10
    assert other.costs["number"] == judge.base["number"]
    assert both.costs == {"number": one.costs["number"], "name": other.costs["name"]}
    assert both.bytes == one.bytes + other.bytes


def test_nothing_but_a_judgement_sees_a_built_index(judging: ModuleType, session: Session) -> None:
    judge = judging.Judge(session, QUERIES)
    judge.build([BY_NUMBER, BY_LETTERS])
    judge.judge([BY_NUMBER])
    assert (
        session.rows(
            "SELECT indexrelid FROM pg_index WHERE indisvalid AND NOT indisprimary AND indexrelid > 16383"
        )
        == []
    )
    assert judge.judge([]).costs == judge.base


def test_an_expression_gets_statistics_and_the_others_stay_as_they_were(
    judging: ModuleType, session: Session
) -> None:
    before = session.rows(STATISTICS)
    judge = judging.Judge(session, QUERIES)
    judge.build([BY_LETTERS])
    assert session.rows(STATISTICS) == before
    found = session.rows(
        "SELECT n_distinct FROM pg_stats WHERE tablename = %s", (judging.name_of(BY_LETTERS),)
    )
    assert len(found) == 1


def test_a_built_index_is_kept_for_the_next_run(judging: ModuleType, session: Session) -> None:
    judging.Judge(session, QUERIES).build([BY_NUMBER])
    again = judging.Judge(session, QUERIES)
    again.build([BY_NUMBER])
    assert again.built_seconds == 0
    assert again.bytes(BY_NUMBER) > 8192


def test_what_postgresql_does_not_build_is_named_and_judged_as_absent(
    judging: ModuleType, session: Session
) -> None:
    judge = judging.Judge(session, QUERIES)
    judge.build([IMPOSSIBLE, BY_NUMBER])
    assert "IMMUTABLE" in judge.failed[IMPOSSIBLE]
    assert judge.judge([IMPOSSIBLE, BY_NUMBER]).costs == judge.judge([BY_NUMBER]).costs


def test_the_share_of_the_cost_and_the_mean_of_the_shares(judging: ModuleType) -> None:
    judgement = judging.Judgement(0, {"a": 50.0, "b": 2.0})
    base = {"a": 100.0, "b": 8.0}
    assert judgement.rel(base, ["a", "b"]) == pytest.approx(52 / 108)
    assert judgement.geometric(base, ["a", "b"]) == pytest.approx((0.5 * 0.25) ** 0.5)
