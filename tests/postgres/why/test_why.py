"""The cause named first is the true one, and what is advised does what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.postgres.majors import MAJORS, server_of
from tests.postgres.why.corpus import COLUMNS, FILL, PAIRS, Pair

from indexical.catalog import snapshot
from indexical.diagnose import diagnose, reduced
from indexical.model import Catalog, ExistingIndex, Index, Key, Statement
from indexical.pg.explain import explain
from indexical.pg.indexes import existing_indexes
from indexical.pg.plans import names_of
from indexical.pg.session import Session, connect
from indexical.twin.engine import Engine

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database with the tables of every pair."""

    url: str
    catalog: Catalog
    engine: Engine

    def open(self) -> Session:
        return connect(self.url, read_only=False, application_name="test")


@pytest.fixture(scope="module", params=MAJORS)
def prepared(request: pytest.FixtureRequest) -> Iterator[Prepared]:
    with server_of(request.param, {"autovacuum": "off", "jit": "off"}) as server:
        with connect(server.url(), read_only=False) as session:
            session.execute("CREATE DATABASE why TEMPLATE template0")
        url = server.url("why")
        with connect(url, read_only=False) as session:
            session.execute("CREATE EXTENSION pg_trgm")
            for pair in PAIRS:
                _make(session, pair)
        with connect(url) as session:
            catalog = snapshot(session)
        yield Prepared(url, catalog, server.engine)


def _make(session: Session, pair: Pair) -> None:
    t = pair.table
    session.execute(f"CREATE TABLE {t} {COLUMNS}")
    for number, index in enumerate(pair.indexes, 1):
        session.execute(f"CREATE INDEX {t}_{number} ON {t} {index}")
    for statement in pair.before or (FILL.format(t=t, rows=pair.rows),):
        session.execute(statement.replace("{t}", t))
    if pair.analyse:
        session.execute(f"VACUUM ANALYZE {t}")
    for statement in pair.after:
        session.execute(statement.replace("{t}", t))


def asked(prepared: Prepared, pair: Pair, session: Session | None):
    statement = Statement(
        "q", pair.query.replace("{t}", pair.table), types=pair.types, samples=pair.samples, sample_weights=()
    )
    catalog = reduced(prepared.catalog, statement)
    names = {name for name, _ in pair.settings}
    kept = [setting for setting in catalog.settings if setting[0] not in names]
    catalog = replace(catalog, settings=tuple(sorted((*kept, *pair.settings))))
    others = ()
    if pair.elsewhere:
        (table,) = catalog.tables
        extra = ExistingIndex(
            "there_idx",
            Index("public", pair.table, (Key.asc(pair.elsewhere),)),
            size=900_000,
            tuples=40_000,
            height=1,
        )
        others = (("replica 1", replace(catalog, tables=(replace(table, indexes=(*table.indexes, extra)),))),)
    index = f"{pair.table}_{pair.index}" if pair.index else ""
    return diagnose(statement, catalog, index=index, session=session, others=others, engine=prepared.engine)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_first_cause_is_the_true_one_and_its_advice_keeps_its_promise(
    prepared: Prepared, pair: Pair
) -> None:
    with prepared.open() as session:
        found = asked(prepared, pair, session)
        assert [cause.name for cause in found.causes[:1]] == ([pair.cause] if pair.cause else [])
        assert found.used == (not pair.cause)
        if pair.hint:
            assert pair.hint in [hint.name for hint in found.hints]
        if found.causes:
            follow(session, pair, found)


def follow(session: Session, pair: Pair, found) -> None:
    """Does what the first cause advises, and sees that the plan becomes what was proven."""
    cause = found.causes[0]
    steps = [step for step in cause.steps if step.sql]
    if not steps:
        assert cause.steps or cause.name == "scattered-rows"
        assert {step.kind for step in cause.steps} <= {
            "nothing",
            "wait",
        }
        return
    query = found.statement
    for name, value in pair.settings:
        session.set(name, value)
    first = steps[0].kind
    promised = steps[0].after.indexes
    for step in steps:
        if step.kind == "rewrite":
            query = replace(query, sql=step.sql)
            break
        if step.kind == "create" and first not in ("create",):
            continue
        for statement in step.sql.split("; ") if step.kind == "rebuild" else [step.sql]:
            session.execute(statement)
    if first == "create":
        session.execute(f"ANALYZE {pair.table}")
    structures = names_of(existing_indexes(session))
    plan = explain(session, query, query.samples[0] if query.samples else ()).plan(structures)
    assert promised
    # The server prints expressions in its own way.
    assert {_shape(index) for index in promised} <= {_shape(index) for index in plan.indexes}, plan.nodes


def _shape(index: Index) -> tuple[str, str, tuple[str, ...], bool]:
    return index.table, index.method, tuple(key.column for key in index.keys), bool(index.predicate)
