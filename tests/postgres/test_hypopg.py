"""HypoPG as the planner: asked for by name, on the database itself, and nothing of it stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.postgres.conftest import Database, make_database
from tests.postgres.shop import SMALL_DATA, on

from indexical.advise import advise
from indexical.catalog import snapshot
from indexical.cli import main
from indexical.errors import DatabaseError, PlanRefused
from indexical.hypopg import HypoPg, open_hypopg
from indexical.model import Catalog, Configuration, Index, Key, Limits, Statement, Workload
from indexical.pg.session import connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

DEBIAN_15 = Path("/usr/lib/postgresql/15")
NEWEST = Statement(id="newest", sql="SELECT * FROM orders WHERE status = $1 ORDER BY created DESC LIMIT 20")
VALUES = ("cancelled",)
WANTED = on("orders", "status", "created-")
OTHER = on("orders", "code")


@pytest.fixture(scope="module")
def server_15() -> Iterator[PrivateServer]:
    if not (DEBIAN_15 / "lib" / "hypopg.so").exists():
        pytest.skip("PostgreSQL 15 with HypoPG is not installed (apt-get install postgresql-15-hypopg)")
    with PrivateServer(find(str(DEBIAN_15 / "bin")), settings={"autovacuum": "off"}) as running:
        yield running


@pytest.fixture(scope="module")
def shop(server_15: PrivateServer) -> Database:
    database = Database(make_database(server_15))
    database.run(
        'CREATE SCHEMA "odd ""schema"',
        'CREATE EXTENSION hypopg SCHEMA "odd ""schema"',
        *SMALL_DATA,
        "CREATE TABLE canary (id integer)",
        "VACUUM ANALYZE",
    )
    return database


@pytest.fixture(scope="module")
def facts(shop: Database) -> Catalog:
    with shop.read() as session:
        return snapshot(session)


@pytest.fixture
def planner(shop: Database, facts: Catalog) -> Iterator[HypoPg]:
    with open_hypopg(shop.url, facts) as opened:
        yield opened


def test_a_hypothetical_index_is_used_and_shown_by_its_structure(planner: HypoPg) -> None:
    before = planner.plan(NEWEST, VALUES, Configuration())
    after = planner.plan(NEWEST, VALUES, Configuration().with_added(WANTED))
    assert after.cost < before.cost / 20
    assert after.indexes == {WANTED}
    assert after.index_names == ()
    assert WANTED.text in [node.index for node in after.nodes]


def test_the_next_configuration_sees_nothing_of_the_one_before(planner: HypoPg) -> None:
    before = planner.plan(NEWEST, VALUES, Configuration())
    planner.plan(NEWEST, VALUES, Configuration().with_added(WANTED))
    assert planner.plan(NEWEST, VALUES, Configuration().with_added(OTHER)).cost == before.cost
    assert planner.plan(NEWEST, VALUES, Configuration()) == before


def test_a_statement_without_values_is_planned_anew(planner: HypoPg) -> None:
    fixed = Statement(
        id="fixed", sql="SELECT * FROM orders WHERE status = 'new' ORDER BY created DESC LIMIT 3"
    )
    before = planner.plan(fixed, (), Configuration())
    assert planner.plan(fixed, (), Configuration().with_added(WANTED)).cost < before.cost / 20
    assert planner.plan(fixed, (), Configuration()).cost == before.cost


def test_an_index_that_exists_may_be_named_as_added(planner: HypoPg, facts: Catalog) -> None:
    standing = next(e.index for e in facts.indexes() if e.name == "orders_user")
    mine = Statement(id="mine", sql="SELECT * FROM orders WHERE user_id = $1")
    plain = planner.plan(mine, ("77",), Configuration())
    assert planner.plan(mine, ("77",), Configuration().with_added(standing)) == plain
    assert planner.size(standing) == next(e.size for e in facts.indexes() if e.name == "orders_user")


def test_sizes_are_those_of_hypopg_and_said_to_be_too_large(planner: HypoPg) -> None:
    assert planner.size(WANTED) > 20 * 8192
    assert "sizes of hypothetical indexes" in [each.what for each in planner.not_examined]


def test_an_old_hypopg_says_that_it_cannot_leave_an_index_out(planner: HypoPg, facts: Catalog) -> None:
    if planner.can_hide:
        pytest.skip(f"HypoPG {planner.version} can hide indexes")
    standing = next(e.index for e in facts.indexes() if e.name == "orders_user")
    mine = Statement(id="mine", sql="SELECT * FROM orders WHERE user_id = $1")
    with pytest.raises(PlanRefused, match=r"cannot hide an index; version 1\.4 can"):
        planner.plan(mine, ("77",), Configuration(removed=frozenset({standing})))
    assert "plans without an existing index that they use today" in [e.what for e in planner.not_examined]


def test_what_hypopg_does_not_know_is_refused_and_the_rest_goes_on(planner: HypoPg) -> None:
    gin = Index("public", "orders", (Key.asc("note"),), method="gin")
    with pytest.raises(PlanRefused, match="cannot be asked about"):
        planner.plan(NEWEST, VALUES, Configuration().with_added(gin))
    with pytest.raises(PlanRefused):
        planner.size(gin)
    assert planner.plan(NEWEST, VALUES, Configuration().with_added(WANTED)).indexes == {WANTED}


@pytest.mark.parametrize(
    "predicate", ["true); DROP TABLE canary; --", "id = (SELECT pg_sleep(100) IS NULL)::int"]
)
def test_a_hostile_predicate_runs_nothing(planner: HypoPg, shop: Database, predicate: str) -> None:
    hostile = on("orders", "code", predicate=predicate)
    with suppress(PlanRefused):
        planner.plan(NEWEST, VALUES, Configuration().with_added(hostile))
    with shop.read() as session:
        assert session.rows("SELECT count(*) AS n FROM canary") == [{"n": 0}]


def test_nothing_stays_behind_whatever_ended_the_work(shop: Database, facts: Catalog, monkeypatch) -> None:
    session = connect(shop.url)
    left = 'SELECT count(*) AS n FROM "odd ""schema".hypopg()'
    with monkeypatch.context() as patch:
        # As behind a pooler, where the server's session lives on.
        patch.setattr(session, "close", lambda: None)
        with suppress(RuntimeError), HypoPg(session, facts, 'odd "schema', "1.3.1") as planner:
            planner.plan(NEWEST, VALUES, Configuration().with_added(WANTED))
            assert session.rows(left) == [{"n": 1}]
            raise RuntimeError("stop")
        assert session.rows(left) == [{"n": 0}]
    session.close()


def test_a_lost_session_still_ends_quietly(shop: Database, facts: Catalog) -> None:
    planner = open_hypopg(shop.url, facts)
    with shop.open() as other:
        other.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'indexical hypopg'"
        )
    planner.close()


def test_no_index_is_really_built(planner: HypoPg, shop: Database) -> None:
    with shop.read() as session:
        count = "SELECT count(*) AS n FROM pg_index"
        before = session.rows(count)
        planner.plan(NEWEST, VALUES, Configuration().with_added(WANTED).with_added(OTHER))
        assert session.rows(count) == before


def test_without_the_extension_it_says_what_to_run(server_15: PrivateServer, facts: Catalog) -> None:
    with pytest.raises(
        DatabaseError, match=r"HypoPG is not installed in .*run CREATE EXTENSION hypopg there"
    ):
        open_hypopg(make_database(server_15), facts)


def test_where_the_server_does_not_have_it_it_says_so(database: Database, facts: Catalog) -> None:
    with pytest.raises(DatabaseError, match="install it on the server and run CREATE EXTENSION"):
        open_hypopg(database.url, facts)


def test_advice_can_be_made_with_it(planner: HypoPg, facts: Catalog) -> None:
    workload = Workload((Statement(id="newest", sql=NEWEST.sql, calls=500, samples=(VALUES,)),))
    advice = advise(workload, facts, Limits(only="create"), planner)
    assert advice.planner.kind == "hypopg"
    assert advice.planner.server_version.startswith("15.")
    assert [each.index.table for each in advice.create] == ["orders"]
    assert advice.cost_after < advice.cost_before / 2


def test_the_command_asks_it_only_when_told_to(
    shop: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = tmp_path / "queries.sql"
    queries.write_text(
        "-- indexical: id=newest calls=500\n" + NEWEST.sql.replace("$1", "'cancelled'") + ";\n"
    )
    status = main(["advise", shop.url, "--workload", str(queries), "--planner", "hypopg", "--only", "create"])
    told = capsys.readouterr().out
    assert status == 0
    assert "planned by HypoPG (PostgreSQL 15." in told
    assert "sizes of hypothetical indexes" in told
    still = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'indexical hypopg'"
    deadline = time.monotonic() + 60
    with shop.read() as session:
        # A closed session stays in the list until its process has ended.
        while session.rows(still) != [{"n": 0}]:
            assert time.monotonic() < deadline, "it was not closed"
            time.sleep(0.02)
