"""What the twin cannot stand for is named, what is hostile does nothing, and what is hidden is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.postgres.conftest import Database
from tests.postgres.test_snapshot_catalog import HOSTILE, QUOTED, TABLES

from indexical.catalog import snapshot
from indexical.catalog.file import load, save
from indexical.errors import EngineFailed, PlanRefused
from indexical.model import Catalog, Column, Configuration, EnumType, Index, Key, Plan, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session
from indexical.twin.arrays import array, elements
from indexical.twin.engine import find
from indexical.twin.twin import Twin, open_twin

pytestmark = pytest.mark.postgres


def _catalog(database: Database) -> Catalog:
    with database.read() as session:
        return snapshot(session)


def _statement(sql: str) -> Statement:
    return Statement(id="s", sql=sql)


def test_rows_newer_than_the_statistics_are_counted_as_production_counts_them(database: Database) -> None:
    database.run(
        "CREATE TABLE events (id bigserial PRIMARY KEY, at timestamptz NOT NULL, kind int)",
        "INSERT INTO events (at, kind) SELECT timestamptz '2025-01-01Z' + i * interval '1 minute', i % 7"
        " FROM generate_series(1, 60000) i",
        "CREATE INDEX events_at ON events (at)",
        "VACUUM ANALYZE",
        "INSERT INTO events (at, kind) SELECT timestamptz '2025-02-20Z' + i * interval '1 minute', i % 7"
        " FROM generate_series(1, 15000) i",
    )
    catalog = _catalog(database)
    blind = replace(
        catalog,
        tables=tuple(
            replace(t, columns=tuple(replace(c, low="", high="") for c in t.columns)) for t in catalog.tables
        ),
    )
    statement = _statement("SELECT * FROM events WHERE at > '2025-02-12 12:00Z'")
    with database.read() as session:
        real = explain(session, statement, ())
    with open_twin(catalog) as twin, open_twin(blind) as without:
        plan = twin.plan(statement, (), Configuration())
        assert (plan.cost, plan.rows) == pytest.approx((real.cost, real.rows), rel=0.001)
        # The ends are what makes it so.
        assert without.plan(statement, (), Configuration()).rows < real.rows * 0.9


@dataclass(frozen=True, slots=True)
class Production:
    session: Session
    rows: int

    def plan(self, statement: Statement) -> Plan:
        return explain(self.session, statement, ()).plan()


Newest = tuple[Production, Twin, Twin, Catalog]


@pytest.fixture(scope="module")
def newest(module_database: Database) -> Iterator[Newest]:
    """A table whose newest rows the statistics do not know, its twin, and the twin of a month-old snapshot of the like."""
    day = "now() - interval '40 days' + i * interval '1 minute'"
    module_database.run(
        "CREATE TABLE events (id bigserial PRIMARY KEY, at timestamptz NOT NULL, kind int)",
        f"INSERT INTO events (at, kind) SELECT {day}, i % 7 FROM generate_series(1, 40 * 1440 - 5000) i",
        "CREATE INDEX events_at ON events (at)",
        "VACUUM ANALYZE",
        f"INSERT INTO events (at, kind) SELECT {day}, i % 7 FROM generate_series(40 * 1440 - 4999, 40 * 1440) i",
    )
    with module_database.read() as session:
        catalog = snapshot(session)
        past = _moved(catalog, timedelta(days=30))
        with open_twin(catalog) as twin, open_twin(past) as old:
            yield Production(session, 40 * 1440), twin, old, catalog


def _moved(catalog: Catalog, back: timedelta) -> Catalog:
    """The catalog as it would have been so long ago, had every time in it been so much earlier."""

    def earlier(text: str) -> str:
        return (datetime.fromisoformat(text) - back).isoformat()

    table = catalog.table("public", "events")
    assert table is not None
    columns = []
    for column in table.columns:
        if column.name == "at":
            assert column.statistics is not None
            bounds = array([earlier(bound) for bound in elements(column.statistics.histogram)])
            column = replace(
                column,
                low=earlier(column.low),
                high=earlier(column.high),
                statistics=replace(column.statistics, histogram=bounds),
            )
        columns.append(column)
    return replace(
        catalog, taken_at=earlier(catalog.taken_at), tables=(replace(table, columns=tuple(columns)),)
    )


def test_a_hostile_schema_lives_through_snapshot_file_and_twin(database: Database, tmp_path: Path) -> None:
    database.run(
        *TABLES, f'CREATE INDEX {QUOTED[:-1]}i" ON {QUOTED} ({QUOTED}) INCLUDE (at)', "VACUUM ANALYZE"
    )
    save(_catalog(database), tmp_path / "s")
    catalog = load(tmp_path / "s")
    statement = _statement(f"SELECT * FROM {QUOTED} WHERE {QUOTED} = $1")
    index = Index("public", HOSTILE, (Key.asc(HOSTILE), Key.desc("at")), predicate=f"{QUOTED} <> '%s'';'")
    with database.read() as session:
        real = explain(session, statement, ("x7",))
    with open_twin(catalog) as twin:
        assert twin.not_examined == ()
        assert twin.plan(statement, ("x7",), Configuration()).cost == pytest.approx(real.cost, rel=0.001)
        assert twin.size(index) > 8192
        assert twin.plan(statement, ("'; DROP TABLE canary; --",), Configuration().with_added(index)).cost > 0
        assert twin.plan(_statement("SELECT * FROM canary"), (), Configuration()).nodes


def test_removed_indexes_are_not_used_and_come_back(database: Database) -> None:
    database.run(
        "CREATE TABLE t (a int, b int)", "INSERT INTO t SELECT i, i FROM generate_series(1, 20000) i",
        "CREATE INDEX ta ON t (a)", "CREATE INDEX ta2 ON t (a)", "VACUUM ANALYZE",
    )  # fmt: skip
    statement = _statement("SELECT * FROM t WHERE a = $1")
    index = Index("public", "t", (Key.asc("a"),))
    with open_twin(_catalog(database)) as twin:
        before = twin.plan(statement, ("5",), Configuration())
        assert before.indexes == {index}
        removed = twin.plan(statement, ("5",), Configuration().without(index))
        assert [node.type for node in removed.nodes] == ["Seq Scan"]
        assert twin.plan(statement, ("5",), Configuration()) == before
        # Added again by name of structure, it is what stands there already.
        assert twin.plan(statement, ("5",), Configuration().with_added(index)) == before


def test_a_removed_unique_index_leaves_its_twin_that_backs_the_constraint(database: Database) -> None:
    database.run("CREATE TABLE t (a int PRIMARY KEY)", "CREATE UNIQUE INDEX again ON t (a)", "ANALYZE")
    unique = Index("public", "t", (Key.asc("a"),), unique=True)
    with open_twin(_catalog(database)) as twin:
        plan = twin.plan(_statement("SELECT * FROM t WHERE a = 1"), (), Configuration().without(unique))
        assert plan.index_names in ((), ("t_pkey",))


def test_an_invalid_index_is_never_used(database: Database) -> None:
    database.run(
        "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 20000)", "CREATE INDEX ta ON t (a)", "VACUUM ANALYZE",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ta'::regclass",
    )  # fmt: skip
    index = Index("public", "t", (Key.asc("a"),))
    statement = _statement("SELECT * FROM t WHERE a = 7")
    with open_twin(_catalog(database)) as twin:
        assert twin.plan(statement, (), Configuration()).indexes == frozenset()
        assert twin.plan(statement, (), Configuration().without(index)).indexes == frozenset()
        assert twin.plan(statement, (), Configuration().with_added(index)).indexes == {index}


def test_a_type_the_engine_lacks_leaves_its_table_out_and_the_rest_works(database: Database) -> None:
    database.run("CREATE TABLE good (a int PRIMARY KEY)", "CREATE TABLE bad (a int)", "ANALYZE")
    catalog = _catalog(database)
    tables = tuple(
        replace(t, columns=(*t.columns, Column("shape", "public.geometry(Point,4326)")))
        if t.name == "bad"
        else t
        for t in catalog.tables
    )
    with open_twin(replace(catalog, tables=tables)) as twin:
        assert [note.what for note in twin.not_examined] == ["public.bad"]
        assert twin.plan(_statement("SELECT * FROM good WHERE a = 1"), (), Configuration()).nodes
        with pytest.raises(PlanRefused):
            twin.plan(_statement("SELECT * FROM bad"), (), Configuration())
        with pytest.raises(PlanRefused, match="has no table"):
            twin.size(Index("public", "bad", (Key.asc("a"),)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; DROP TABLE t",
        "DROP TABLE t",
        "EXPLAIN ANALYZE DELETE FROM t",
        "ROLLBACK",
        "SELECT * FROM t WHERE",
        "",
        "SELECT 'a\x00b'",
        "COPY t TO PROGRAM 'touch /tmp/indexical-canary'",
    ],
)
def test_anything_but_one_plannable_statement_is_refused_and_nothing_runs(
    database: Database, sql: str
) -> None:
    database.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    with database.open() as session:
        with pytest.raises(PlanRefused):
            explain(session, _statement(sql), ())
        assert session.rows("SELECT count(*) AS n FROM t") == [{"n": 1}]
    assert not Path("/tmp/indexical-canary").exists()


def test_a_refused_statement_does_not_spoil_the_next(database: Database) -> None:
    database.run("CREATE TABLE t (a int PRIMARY KEY)", "ANALYZE")
    index = Index("public", "t", (Key.desc("a"),))
    good = _statement("SELECT * FROM t WHERE a = $1")
    with open_twin(_catalog(database)) as twin:
        before = twin.plan(good, ("1",), Configuration().with_added(index))
        for bad in ("SELECT * FROM nowhere", "SELECT 1; SELECT 2", "VACUUM"):
            with pytest.raises(PlanRefused):
                twin.plan(_statement(bad), (), Configuration().with_added(index))
        with pytest.raises(PlanRefused):
            twin.plan(good, ("not a number",), Configuration())
        assert twin.plan(good, ("1",), Configuration().with_added(index)) == before


@pytest.mark.parametrize(
    "index",
    [
        Index("public", "t", (Key.asc("nothing"),)),
        Index("public", "t", (Key.asc("a"),), predicate="a > 1); DROP TABLE t; --"),
        Index("public", "t", (Key(expression="random()"),)),
        Index("public", "t", (Key.asc("j"),)),
    ],
)
def test_an_index_postgresql_would_not_create_is_refused_each_time_and_harms_nothing(
    database: Database, index: Index
) -> None:
    database.run(
        "CREATE TABLE t (a int, j json)", "INSERT INTO t SELECT i FROM generate_series(1, 5000) i", "ANALYZE"
    )
    statement = _statement("SELECT * FROM t WHERE a = $1")
    with open_twin(_catalog(database)) as twin:
        before = twin.plan(statement, ("1",), Configuration())
        for _ in range(2):
            with pytest.raises(PlanRefused, match="cannot be examined"):
                twin.size(index)
        assert twin.plan(statement, ("1",), Configuration()) == before


def test_a_hostile_catalog_gets_no_more_than_its_own_tables(database: Database, tmp_path: Path) -> None:
    database.run("CREATE TABLE t (a int PRIMARY KEY)", "ANALYZE")
    catalog = _catalog(database)
    canary = tmp_path / "canary"
    table = replace(
        catalog.tables[0],
        columns=(
            *catalog.tables[0].columns,
            Column("x", f"int); COPY (SELECT 1) TO PROGRAM 'touch {canary}'; --"),
        ),
    )
    checked = replace(
        catalog.tables[0],
        name="u",
        indexes=(),
        checks=(("c", f"CHECK (true); COPY (SELECT 1) TO '{canary}'"),),
    )
    hostile = replace(
        catalog,
        tables=(table, checked),
        enums=(EnumType("public", "e", ("a'); DROP ROLE postgres; --",)),),
        extensions=("file_fdw", "dblink", "nothing at all"),
    )
    with open_twin(hostile) as twin:
        assert {note.what for note in twin.not_examined} == {
            "public.t",
            "constraint c of public.u",
            "extension dblink",
            "extension file_fdw",
            "extension nothing at all",
        }
        assert twin.plan(_statement("SELECT * FROM u"), (), Configuration()).nodes
        with pytest.raises(PlanRefused):
            twin.plan(
                _statement("SELECT * FROM u WHERE a = (SELECT count(*) FROM dblink('', ''))"),
                (),
                Configuration(),
            )
    assert not canary.exists()


def test_an_older_engine_is_refused_in_one_line(database: Database) -> None:
    with pytest.raises(EngineFailed, match=r"cannot run on PostgreSQL 13\.4") as refused:
        open_twin(_catalog(database), engine=replace(find(), version="13.4"))
    assert "\n" not in str(refused.value)


def test_an_empty_catalog_has_a_twin_too() -> None:
    with open_twin(Catalog("empty", 180006, "18.6", ())) as twin:
        assert twin.plan(_statement("SELECT 1"), (), Configuration()).cost > 0
        assert twin.calls == 1


@pytest.mark.parametrize(
    "moment",
    [
        "now() - interval '1 day'",
        "statement_timestamp() - interval '1 day'",
        "CURRENT_TIMESTAMP - interval '1 day'",
        "current_date - 1",
        "localtimestamp /* not now() */ - interval '1 day'",
    ],
)
def test_now_is_the_moment_of_the_snapshot_however_old_it_is(newest: Newest, moment: str) -> None:
    """The newest rows came after the last ANALYZE, and the snapshot is thirty days old when it is asked."""
    real, twin, old, _ = newest
    assert real.rows > 1000
    statement = _statement(f"SELECT * FROM events WHERE at > {moment}")
    measured = real.plan(statement)
    for planner in (twin, old):
        plan = planner.plan(statement, (), Configuration())
        assert plan.rows == pytest.approx(measured.rows, rel=0.01)
        assert plan.cost == pytest.approx(measured.cost, rel=0.01)
        assert [node.type for node in plan.nodes] == [node.type for node in measured.nodes]


def test_a_word_for_the_time_that_is_something_else_stays_what_it_is(newest: Newest) -> None:
    _, _, old, _ = newest
    for sql in ("SELECT id current_date FROM events", "SELECT 'current_date' AS current_date FROM events"):
        assert old.plan(_statement(sql), (), Configuration()).rows > 0


def test_a_standing_clock_is_as_dear_as_a_running_one(newest: Newest) -> None:
    """A filter on every row that calls the time: production's cost to the last digit, in every row."""
    real, twin, _, _ = newest
    statement = _statement(
        "SELECT * FROM events WHERE extract(epoch FROM now()) > kind AND current_date > '2020-01-01'"
    )
    assert twin.plan(statement, (), Configuration()).cost == pytest.approx(
        real.plan(statement).cost, rel=1e-4
    )
