"""Advice built and executed on a disposable database: what is confirmed, what is not, and that nothing stays behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.postgres.conftest import Database, make_database

from indexical import ddl
from indexical.confirm import Effort, confirm
from indexical.confirm.building import COMMENT
from indexical.errors import InputError
from indexical.model import (
    Advice,
    Drop,
    HotLoss,
    Index,
    Plan,
    PlannerUse,
    Recommendation,
    Statement,
    StatementVerdict,
    Workload,
)
from indexical.pg.indexes import existing_indexes
from indexical.report import render
from indexical.testing import existing, index, statement, workload

pytestmark = pytest.mark.postgres

T = "public.orders"
QUICK = Effort(rounds=3, samples=2)
LOOKUP = statement(
    "SELECT total FROM orders WHERE user_id = $1", id="lookup", calls=100, samples=[("7",), ("9",)]
)
COUNT = statement("SELECT count(*) FROM orders WHERE paid", id="count", calls=10)
INSERT = statement(
    "INSERT INTO orders (user_id, note) SELECT $1::int, 'n'", id="insert", calls=5, samples=[("3",)]
)
WANTED = index(T, "user_id")
USELESS = index(T, "paid")
OLD = existing(T, "orders_note: note", size=1_000_000)


@pytest.fixture(scope="module")
def shop(server: object) -> Database:
    """60,000 orders of 3,000 users in a database marked as disposable."""
    made = Database(make_database(server))  # type: ignore[arg-type]
    made.run(
        "CREATE TABLE orders (id serial PRIMARY KEY, user_id int, total int, paid boolean, note text)",
        "INSERT INTO orders (user_id, total, paid, note) SELECT i % 3000, i, i % 10 < 9, 'note ' || i"
        " FROM generate_series(1, 60000) i",
        "CREATE INDEX orders_note ON orders (note)",
        "ANALYZE orders",
    )
    _mark(made)
    return made


def _mark(database: Database) -> None:
    name = database.url.partition("?")[0].rpartition("/")[2]
    database.run(f"ALTER DATABASE {name} SET indexical.disposable = on")


def _names(database: Database) -> list[str]:
    with database.read() as session:
        return [each.name for each in existing_indexes(session)]


def _recommend(wanted: Index, name: str, *statements: str, maintenance: float = 0.0) -> Recommendation:
    return Recommendation(
        wanted, name, ddl.create_index(wanted, name), 1_000_000, 500.0, maintenance, statements=statements
    )


def _verdict(one: Statement, *used: str, before: float = 1000.0, after: float = 10.0) -> StatementVerdict:
    plan = Plan(before, index_names=("orders_note",))
    return StatementVerdict(one.id, one.sql, one.calls, before, after, used, plan_before=plan)


def _advice(create: list[Recommendation], statements: list[StatementVerdict], *drops: Drop) -> Advice:
    return Advice(
        create=tuple(create),
        drop=drops,
        refused=(),
        statements=tuple(statements),
        not_examined=(),
        planner=PlannerUse("twin", "18", 1, 1.0),
        cost_before=sum(s.calls * s.cost_before for s in statements),
        cost_after=sum(s.calls * s.cost_after for s in statements),
        bound=1.0,
        maintenance_after=sum(each.maintenance for each in create),
        workload_statements=len(statements),
    )


def _both() -> tuple[Workload, Advice]:
    create = [
        _recommend(WANTED, "by_user", "lookup"),
        _recommend(USELESS, "by_paid", "count", maintenance=7.0),
    ]
    return workload(LOOKUP, COUNT), _advice(
        create, [_verdict(LOOKUP, "by_user"), _verdict(COUNT, "by_paid", after=500.0)]
    )


def test_an_index_that_pays_is_confirmed_with_its_figures(shop: Database) -> None:
    advice = _advice([_recommend(WANTED, "by_user", "lookup")], [_verdict(LOOKUP, "by_user")])
    after = confirm(shop.url, workload(LOOKUP), advice, effort=QUICK)
    assert after.create == advice.create
    assert after.confirmation is not None
    (found,) = after.confirmation.indexes
    assert (found.verdict, found.statements, found.reason) == ("confirmed", ("lookup",), "")
    assert found.size_built is not None
    assert 300_000 < found.size_built < 3_000_000
    assert found.saved_ms is not None
    assert found.saved_ms > 0
    (measured,) = after.confirmation.statements
    assert measured.verdict == "confirmed"
    assert measured.indexes_used == ("by_user",)
    assert measured.runs == 3
    assert measured.cost_before is not None
    assert measured.cost_after is not None
    assert measured.cost_after < measured.cost_before / 5
    assert measured.speedup is not None
    assert measured.speedup > 2


def test_an_index_that_no_real_plan_uses_is_taken_out_of_the_advice(shop: Database) -> None:
    traffic, advice = _both()
    after = confirm(shop.url, traffic, advice, effort=QUICK)
    assert [item.name for item in after.create] == ["by_user"]
    (refused,) = after.refused
    assert (refused.subject, refused.reason) == (USELESS.text, "not-confirmed")
    assert refused.detail == "no real plan uses it, of count"
    count = after.statements[1]
    assert (count.cost_after, count.indexes_used) == (count.cost_before, ("orders_note",))
    assert after.cost_after == sum(each.calls * each.cost_after for each in after.statements)
    assert (advice.maintenance_after, after.maintenance_after) == (7.0, 0.0)
    assert after.confirmation is not None
    assert [each.verdict for each in after.confirmation.indexes] == ["confirmed", "not-confirmed"]
    assert [each.id for each in after.confirmation.statements] == ["lookup", "count"]


def test_an_index_whose_upkeep_is_more_than_it_saves_is_not_confirmed(shop: Database) -> None:
    dear = replace(
        _recommend(WANTED, "by_user", "lookup", maintenance=1e9), hot_loss=(HotLoss(("user_id",), 1.0, 1e9),)
    )
    after = confirm(shop.url, workload(LOOKUP), _advice([dear], [_verdict(LOOKUP, "by_user")]), effort=QUICK)
    assert after.create == ()
    assert "its upkeep is estimated at" in after.refused[0].detail


def test_of_two_new_indexes_that_do_the_same_one_is_enough(shop: Database) -> None:
    wide = index(T, "user_id, total")
    create = [_recommend(WANTED, "by_user", "lookup"), _recommend(wide, "by_user_total", "lookup")]
    after = confirm(
        shop.url,
        workload(LOOKUP),
        _advice(create, [_verdict(LOOKUP, "by_user", "by_user_total")]),
        effort=QUICK,
    )
    assert len(after.create) == 1
    assert after.statements[0].cost_after == 10.0


def test_a_drop_goes_with_the_index_that_was_to_do_its_work(shop: Database) -> None:
    create = [_recommend(USELESS, "by_paid", "count")]
    drop = Drop(OLD, "redundant", covered_by="by_paid")
    advice = _advice(create, [_verdict(COUNT, "by_paid", after=500.0)], drop)
    after = confirm(shop.url, workload(COUNT), advice, effort=QUICK)
    assert after.drop == ()
    assert ("orders_note", "not-confirmed") in {(each.subject, each.reason) for each in after.refused}


def test_a_drop_that_slows_a_statement_down_is_taken_back(shop: Database) -> None:
    search = statement("SELECT id FROM orders WHERE note = $1", id="search", samples=[("note 5",)])
    drop = Drop(OLD, "unused")
    after = confirm(
        shop.url, workload(search), _advice([], [_verdict(search, after=1000.0)], drop), effort=QUICK
    )
    assert after.drop == ()
    (refused,) = after.refused
    assert refused.subject == "orders_note"
    assert refused.detail.startswith("without it search takes")
    assert "orders_note" in _names(shop)


def test_a_drop_that_nothing_misses_stays(shop: Database) -> None:
    drop = Drop(OLD, "unused")
    after = confirm(
        shop.url, workload(COUNT), _advice([], [_verdict(COUNT, after=1000.0)], drop), effort=QUICK
    )
    assert after.drop == (drop,)


def test_the_database_is_left_as_it_was_found(shop: Database) -> None:
    before = _names(shop)
    confirm(shop.url, *_both(), effort=QUICK)
    assert _names(shop) == before


def test_kept_are_the_confirmed_indexes_and_no_others(shop: Database) -> None:
    before = _names(shop)
    after = confirm(shop.url, *_both(), effort=QUICK, keep=True)
    assert after.confirmation is not None
    assert after.confirmation.kept
    assert sorted(set(_names(shop)) - set(before)) == ["by_user"]
    # And a later run does not take it for a leftover, nor builds it again.
    again = confirm(shop.url, *_both(), effort=QUICK)
    shop.run("DROP INDEX by_user")
    assert again.confirmation is not None
    assert again.confirmation.indexes[0].verdict == "not-measured"
    assert again.confirmation.indexes[0].reason == "the disposable database has it already, as by_user"


@pytest.mark.parametrize("stage", ["build", "confirm"])
def test_an_interruption_leaves_nothing_behind(shop: Database, stage: str) -> None:
    before = _names(shop)

    def interrupt(at: str, share: float, detail: str) -> None:
        if at == stage and share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        confirm(shop.url, *_both(), effort=QUICK, on_event=interrupt)
    assert _names(shop) == before


@pytest.mark.timeout(600)
def test_ctrl_c_in_the_middle_of_a_statement_leaves_nothing_behind(shop: Database, tmp_path: Path) -> None:
    before = _names(shop)
    slow = "SELECT count(*) FROM orders a JOIN orders b ON a.note <> b.note WHERE a.user_id"
    often = "-- indexical: id=often calls=10000000\nSELECT total FROM orders WHERE user_id = 7"
    (tmp_path / "w.sql").write_text(f"{often};\n{slow} < 300;\n")
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "indexical",
            "advise",
            shop.url,
            "--workload",
            str(tmp_path / "w.sql"),
            "--confirm",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 200
        while _executing(shop, slow) == 0 and time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.05)
        assert _built(shop) == 1
        run.send_signal(signal.SIGINT)
        assert run.wait(120) == 130
    finally:
        run.kill()
        run.communicate()
    assert _built(shop) == 0
    assert _names(shop) == before


def _built(database: Database) -> int:
    """How many indexes bear the comment; asked without touching the tables, which are locked."""
    with database.read() as session:
        (row,) = session.rows("SELECT count(*) AS n FROM pg_description WHERE description = %s", (COMMENT,))
        return int(row["n"])


def _executing(database: Database, sql: str) -> int:
    with database.read() as session:
        (row,) = session.rows(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND application_name = 'indexical confirm'"
            " AND query LIKE %s AND query NOT LIKE 'EXPLAIN%%'",
            (f"{sql}%",),
        )
        return int(row["n"])


def test_what_a_killed_run_left_is_taken_away_by_the_next(shop: Database) -> None:
    before = _names(shop)
    shop.run("CREATE INDEX left_over ON orders (total)", f"COMMENT ON INDEX left_over IS '{COMMENT}'")
    confirm(shop.url, workload(COUNT), _advice([], [_verdict(COUNT)]), effort=QUICK)
    assert _names(shop) == before


def test_a_name_that_is_taken_is_no_obstacle(shop: Database) -> None:
    create = [_recommend(WANTED, "orders_note", "lookup")]
    after = confirm(
        shop.url, workload(LOOKUP), _advice(create, [_verdict(LOOKUP, "orders_note")]), effort=QUICK
    )
    assert after.confirmation is not None
    assert after.confirmation.indexes[0].verdict == "confirmed"
    assert after.confirmation.statements[0].indexes_used == ("orders_note",)


def test_statements_that_write_are_not_executed_unless_that_is_said(shop: Database) -> None:
    advice = _advice([], [_verdict(INSERT, after=1000.0)])
    found = confirm(shop.url, workload(INSERT), advice, effort=QUICK).confirmation
    assert found is not None
    assert found.statements[0].verdict == "not-measured"
    assert found.statements[0].reason.startswith("it writes; say --confirm-writes")


def test_statements_that_write_are_undone(shop: Database) -> None:
    advice = _advice([], [_verdict(INSERT, after=1000.0)])
    found = confirm(shop.url, workload(INSERT), advice, effort=replace(QUICK, writes=True)).confirmation
    assert found is not None
    assert found.statements[0].ms_after is not None
    with shop.read() as session:
        assert session.rows("SELECT count(*) AS n FROM orders") == [{"n": 60000}]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("COPY orders TO PROGRAM 'cat >/dev/null'", "the database refused it"),
        ("SELECT 1; DROP TABLE orders", "the database refused it"),
        ("SELECT nextval('orders_id_seq')", "it writes, although it is a SELECT"),
        ("SELECT pg_sleep(5)", "it ran into the statement timeout"),
    ],
)  # fmt: skip
def test_what_is_no_harmless_query_is_not_measured(shop: Database, sql: str, reason: str) -> None:
    hostile = Statement("hostile", sql)
    effort = replace(QUICK, timeout_ms=1500)
    found = confirm(
        shop.url, Workload((hostile,)), _advice([], [_verdict(hostile)]), effort=effort
    ).confirmation
    assert found is not None
    assert found.statements[0].verdict == "not-measured"
    assert reason in found.statements[0].reason
    assert "orders_pkey" in _names(shop)


def test_a_statement_that_only_ends_in_time_with_the_index_counts_with_the_timeout(shop: Database) -> None:
    # A scan of the whole table for each of 3,000 rows, or 3,000 descents.
    slow = statement(
        "SELECT sum((SELECT count(*) FROM orders b WHERE b.user_id = a.id)) FROM orders a WHERE a.id <= 3000",
        id="slow",
    )
    advice = _advice([_recommend(WANTED, "by_user", "slow")], [_verdict(slow, "by_user")])
    after = confirm(shop.url, workload(slow), advice, effort=replace(QUICK, timeout_ms=2000))
    assert after.create == advice.create
    assert after.confirmation is not None
    (measured,) = after.confirmation.statements
    assert (measured.verdict, measured.cut, measured.ms_before) == ("confirmed", "before", 2000.0)
    assert measured.ms_after is not None
    assert measured.ms_after < 2000
    assert (after.confirmation.indexes[0].saved_ms or 0) > 0
    assert "> 2,000 ms" in render(after, "text", width=200)


def test_an_index_whose_statements_have_no_values_stays_in_the_advice_unmeasured(shop: Database) -> None:
    blind = replace(LOOKUP, samples=())
    advice = _advice([_recommend(WANTED, "by_user", "lookup")], [_verdict(blind, "by_user")])
    after = confirm(shop.url, workload(blind), advice, effort=QUICK)
    assert after.create == advice.create
    assert after.confirmation is not None
    (found,) = after.confirmation.indexes
    assert (found.verdict, found.reason) == ("not-measured", "not executed: lookup")
    assert after.confirmation.statements[0].reason == "no values for its parameters were captured"


def test_an_index_that_the_rows_do_not_fit_is_not_confirmed(shop: Database) -> None:
    shop.run(
        "CREATE TABLE wide (id int, body text)",
        "INSERT INTO wide SELECT i, (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 200) j)"
        " FROM generate_series(1, 20) i",
    )
    search = statement("SELECT id FROM wide WHERE body = $1", id="body", samples=[("x",)])
    create = [
        _recommend(index("public.wide", "body"), "by_body", "body"),
        _recommend(index("public.gone", "a"), "by_a"),
    ]
    after = confirm(shop.url, workload(search), _advice(create, [_verdict(search, "by_body")]), effort=QUICK)
    assert [item.name for item in after.create] == ["by_a"]
    assert after.confirmation is not None
    assert [each.verdict for each in after.confirmation.indexes] == ["not-confirmed", "not-measured"]
    assert "refused to build it" in after.refused[0].detail


def test_a_database_without_the_mark_is_refused_and_told_how_to_make_it(database: Database) -> None:
    name = database.url.partition("?")[0].rpartition("/")[2]
    database.run(
        "CREATE TABLE orders (id int)",
        f"ALTER ROLE postgres IN DATABASE {name} SET indexical.disposable = on",
        f"COMMENT ON DATABASE {name} IS 'not disposable'",
    )
    with pytest.raises(InputError) as refused:
        confirm(database.url, *_both())
    assert str(refused.value) == (
        f"the database {name} is not marked as disposable, and confirming builds indexes and executes statements in it;"
        f" mark a copy of your data, never production: ALTER DATABASE {name} SET indexical.disposable = on"
    )
    assert _names(database) == []


def test_a_comment_marks_a_database_too(database: Database) -> None:
    name = database.url.partition("?")[0].rpartition("/")[2]
    database.run(f"COMMENT ON DATABASE {name} IS 'indexical: disposable copy of Sunday'")
    assert confirm(database.url, workload(), _advice([], [])).confirmation is not None


def test_two_confirmations_do_not_meet(shop: Database) -> None:
    with shop.open() as session:
        session.rows("SELECT pg_advisory_lock(%s)", (0x1DE81CA1,))
        with pytest.raises(InputError, match="another confirmation is under way"):
            confirm(shop.url, *_both(), effort=QUICK)


def test_the_report_shows_estimated_beside_measured(shop: Database) -> None:
    after = confirm(shop.url, *_both(), effort=QUICK)
    for format in ("text", "markdown"):
        text = render(after, format, width=160)
        assert "1 of 2 indexes confirmed, 1 not, 0 not measured" in text
        assert "no real plan uses it" in text
    document = json.loads(render(after, "json"))["confirmation"]
    assert [each["verdict"] for each in document["indexes"]] == ["confirmed", "not-confirmed"]
    assert document["statements"][0]["speedup"] > 2
    assert document["statements"][0]["estimated_before"] == 1000.0
