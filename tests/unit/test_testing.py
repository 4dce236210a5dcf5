"""The builders say what they mean, and the fakes behave as their Protocols promise."""

from __future__ import annotations

import pytest

from indexical.errors import PlanRefused
from indexical.model import Advice, Configuration, DdlStatement, Key, PlannerUse, Recommendation
from indexical.protocols import Connection, Costs, Emitter, Planner, WorkloadSource
from indexical.testing import (
    FakeConnection,
    FakeCosts,
    FakeEmitter,
    FakePlanner,
    FakeSource,
    existing,
    index,
    key,
    statement,
    table,
)

A, B = index("public.t", "a"), index("public.t", "a, b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", Key(column="a")),
        ("a DESC", Key(column="a", descending=True, nulls_first=True)),
        ("a desc nulls last", Key(column="a", descending=True)),
        ("a NULLS FIRST", Key(column="a", nulls_first=True)),
        ("slug varchar_pattern_ops", Key(column="slug", opclass="varchar_pattern_ops")),
        ("(lower(email))", Key(expression="lower(email)")),
        ("lower(email) DESC", Key(expression="lower(email)", descending=True, nulls_first=True)),
    ],
)
def test_a_key_from_its_text(text: str, expected: Key) -> None:
    assert key(text) == expected


def test_a_text_that_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="not an index key"):
        key("a b c d")


def test_an_existing_index_from_its_text() -> None:
    made = existing("public.t", "name_it: unique a, b DESC include (c, d) where paid", oid=7, scans=3)
    assert made.name == "name_it"
    assert made.index == index("public.t", "a, b DESC", include=["c", "d"], where="paid", unique=True)
    assert (made.oid, made.scans, made.constraint) == (7, 3, "")


def test_a_constraint_from_its_text() -> None:
    assert existing("public.t", "primary id").constraint == "primary"
    assert existing("public.t", "unique constraint a").constraint == "unique"
    assert existing("public.t", "unique a").constraint == ""
    assert existing("public.t", "using hash a").index.method == "hash"


def test_a_misspelt_detail_is_refused() -> None:
    with pytest.raises(TypeError, match="has no scan"):
        existing("public.t", "a", scan=3)


def test_a_table_from_its_text() -> None:
    made = table(
        "app.t", "id uuid not null, name varchar(20), at timestamptz, n numeric(10,2)", indexes=["a", "b"]
    )
    assert [(c.name, c.type, c.nullable) for c in made.columns] == [
        ("id", "uuid", False),
        ("name", "character varying(20)", True),
        ("at", "timestamp with time zone", True),
        ("n", "numeric(10,2)", True),
    ]
    assert [entry.oid for entry in made.indexes] == [1000, 1001]
    assert made.qualified == "app.t"


def test_the_fake_planner_takes_the_cheapest_index_there_is() -> None:
    planner: Planner = FakePlanner({"s1": {None: 100.0, A: 40.0, B: 10.0}}, sizes={B: 5})
    one = statement("SELECT 1")
    assert planner.plan(one, (), Configuration()).cost == 100.0
    assert planner.plan(one, (), Configuration(frozenset({A}))).indexes == {A}
    assert planner.plan(one, (), Configuration(frozenset({A, B}))).cost == 10.0
    assert planner.size(B) == 5


def test_the_fake_planner_knows_existing_indexes_until_they_are_removed() -> None:
    planner = FakePlanner({"s1": {None: 100.0, A: 40.0}}, existing=[existing("public.t", "a_idx: a")])
    one = statement("SELECT 1")
    assert planner.plan(one, (), Configuration()).index_names == ("a_idx",)
    assert planner.plan(one, (), Configuration(removed=frozenset({A}))).cost == 100.0
    assert planner.calls == 2


def test_the_fake_planner_does_not_use_an_index_that_costs_more() -> None:
    planner = FakePlanner({"s1": {None: 100.0, A: 140.0}})
    assert planner.plan(statement("SELECT 1"), (), Configuration(frozenset({A}))).indexes == frozenset()


def test_the_fake_planner_refuses_what_it_has_no_costs_for() -> None:
    with pytest.raises(PlanRefused, match="s9"):
        FakePlanner({}).plan(statement("SELECT 1", id="s9"), (), Configuration())


def test_fake_costs_answer_from_the_fake_planner() -> None:
    group = (("t.status", 10.0, 5.0, ("status",)),)
    costs: Costs = FakeCosts(
        FakePlanner({"s1": {None: 100.0, A: 40.0}}), maintenance={A: 3.0}, hot={A: group}
    )
    one = statement("SELECT 1")
    assert costs.cost(one, Configuration(frozenset({A}))) == 40.0
    assert costs.used(one, Configuration(frozenset({A}))) == {A}
    assert (costs.maintenance(A), costs.maintenance(B)) == (3.0, 0.0)
    assert costs.hot_groups(A) == group
    assert costs.hot_groups(B) == ()
    assert costs.size(A) == 8192


def test_the_fake_connection_gives_its_answers_and_remembers_the_questions() -> None:
    fake = FakeConnection({"SELECT 1": [{"one": 1}]})
    connection: Connection = fake
    assert connection.rows("SELECT 1", ("x",)) == [{"one": 1}]
    assert fake.asked == [("SELECT 1", ("x",))]
    with pytest.raises(AssertionError, match="no answer to: SELECT 2"):
        connection.rows("SELECT 2")


def test_the_fake_source_numbers_its_statements() -> None:
    source: WorkloadSource = FakeSource("SELECT 1", statement("SELECT 2", id="mine"))
    assert [each.id for each in source.read().statements] == ["s1", "mine"]


def test_the_fake_emitter_undoes_what_it_creates() -> None:
    emitter: Emitter = FakeEmitter()
    made = Recommendation(A, "t_a_idx", "CREATE INDEX t_a_idx ON t (a)", size=1, benefit=1.0, maintenance=0.0)
    advice = Advice((made,), (), (), (), (), PlannerUse("fake", "18", 0, 0.0), 1.0, 1.0, 1.0)
    (change,) = emitter.changes(advice)
    assert isinstance(change, DdlStatement)
    assert (change.sql, change.undo) == ("CREATE INDEX t_a_idx ON t (a)", "DROP INDEX public.t_a_idx")
