"""The cost model on a real twin: the same answers however many engines plan."""

from __future__ import annotations

import pytest
from tests.postgres.conftest import Database
from tests.postgres.shop import SMALL_DATA

from indexical.advise import advise
from indexical.catalog import snapshot
from indexical.model import Advice, Catalog, Limits, Statement, Workload
from indexical.twin.twin import open_twin

pytestmark = pytest.mark.postgres

STATEMENTS = (
    "SELECT * FROM orders WHERE status = $1 ORDER BY created DESC LIMIT $2",
    "SELECT * FROM orders WHERE user_id = $1 AND status = $2",
    "SELECT * FROM orders WHERE created >= $1 AND created < $2",
    "SELECT count(*) FROM lines WHERE sku = $1 AND day > $2",
    "SELECT o.id FROM orders o JOIN lines l ON l.order_id = o.id WHERE l.sku = $1",
    "SELECT * FROM users WHERE city = $1 AND age = $2",
    "SELECT * FROM orders WHERE code = $1",
    "UPDATE orders SET status = $1 WHERE user_id = $2 AND status = $3",
)
WORKLOAD = Workload(
    tuple(
        Statement(id=f"s{n}", sql=sql, kind=sql.split()[0].lower(), calls=100.0)
        for n, sql in enumerate(STATEMENTS)
    )
)


@pytest.fixture(scope="module")
def facts(module_database: Database) -> Catalog:
    module_database.run(*SMALL_DATA, "VACUUM ANALYZE")
    with module_database.read() as session:
        return snapshot(session)


def _advice(catalog: Catalog, workers: int) -> Advice:
    with open_twin(catalog, workers=workers) as twin:
        return advise(WORKLOAD, catalog, Limits(deadline=None), twin)


def test_two_engines_give_the_advice_that_one_gives(facts: Catalog) -> None:
    one, two = _advice(facts, 1), _advice(facts, 2)
    assert one.create
    assert one.planner.calls == two.planner.calls
    assert (one.create, one.drop, one.statements, one.refused, one.bound) == (
        two.create, two.drop, two.statements, two.refused, two.bound,
    )  # fmt: skip


def test_a_workload_without_values_is_planned_with_common_and_rare_ones_and_shows_none(
    facts: Catalog,
) -> None:
    advice = _advice(facts, 1)
    assert [verdict.id for verdict in advice.statements] == [
        statement.id for statement in WORKLOAD.statements
    ]
    conditions = " ".join(
        node.condition
        for verdict in advice.statements
        for plan in (verdict.plan_before, verdict.plan_after)
        if plan is not None
        for node in plan.nodes
    )
    assert "orders.status = ...::text" in conditions
    assert "cancelled" not in conditions
    assert "sku-" not in conditions
