"""The SQL file: right order, right settings, and nothing a hostile name could break out of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.emit.sql import changes_script, script
from indexical.model import Advice, Drop, ExistingIndex, HotLoss, Index, Key, PlannerUse, Recommendation
from indexical.testing import existing, index

WANTED = index("orders", "user_id, created_at DESC")
CREATE = Recommendation(WANTED, "order_user_idx", "", 8192, 12.0, 3.0, statements=("list",), phase="critical")
DROP = Drop(
    existing("orders", "old_idx: user_id"),
    "redundant",
    covered_by="order_user_idx",
    evidence="its keys are first",
)


def advice(create=(CREATE,), drop=(DROP,), **values):
    made = Advice(create, drop, (), (), (), PlannerUse("fake", "18.0", 1, 1.0), 100.0, 25.0, 20.0)
    return replace(made, **values)


def statements(text):
    """Everything that psql would send."""
    return [line for line in text.splitlines() if line and not line.startswith("--")]


def test_creates_come_before_drops_and_are_concurrent():
    assert statements(script(advice())) == [
        "SET statement_timeout = 0;",
        "SET lock_timeout = 0;",
        "CREATE INDEX CONCURRENTLY order_user_idx ON public.orders (user_id, created_at DESC);",
        "DROP INDEX CONCURRENTLY public.old_idx;",
    ]


def test_a_concurrent_build_never_gets_a_lock_timeout():
    assert "lock_timeout = '" not in script(advice())


def test_a_plain_build_does():
    assert statements(script(advice(), concurrently=False)) == [
        "SET statement_timeout = 0;",
        "SET lock_timeout = '5s';",
        "CREATE INDEX order_user_idx ON public.orders (user_id, created_at DESC);",
        "DROP INDEX public.old_idx;",
    ]


def test_the_header_holds_the_figures():
    text = script(advice(database="shop", maintenance_before=7.0, maintenance_after=9.0))
    assert "for shop" in text
    assert "100 -> 25 planner units (75.0% less)" in text
    assert "7 -> 9 planner units" in text


def test_each_statement_says_why():
    loss = HotLoss(("status",), 40.0, 90.0)
    text = script(advice(create=(replace(CREATE, hot_loss=(loss,)),)))
    assert "-- order_user_idx (critical): saves 12, upkeep 3" in text
    assert "-- for list" in text
    assert "-- ends heap-only updates of status: 40 updates, 90 planner units" in text
    assert "-- old_idx: redundant by order_user_idx" in text


def test_a_drop_carries_its_undo():
    gone = replace(
        DROP, existing=replace(DROP.existing, definition="CREATE INDEX old_idx ON public.orders (user_id)")
    )
    assert "-- undo: CREATE INDEX old_idx ON public.orders (user_id)" in changes_script((), (gone,))


def test_nothing_advised_sends_nothing():
    assert statements(script(advice(create=(), drop=()))) == []
    assert statements(changes_script((), ())) == []


def test_a_part_of_the_advice_is_written_alike():
    assert statements(changes_script((CREATE,), ())) == statements(script(advice(drop=())))


@pytest.mark.parametrize(
    "bad",
    [
        "x\nDROP TABLE t;",
        "x\r\nDROP TABLE t;",
        "x\u2028DROP",
        "x\u0085DROP",
        "*/ DROP",
        "\u202eDROP",
        "x\x1b[2J",
    ],
)
def test_hostile_words_stay_inside_their_comment(bad):
    gone = Drop(
        ExistingIndex("old", Index("public", "t", (Key.asc("a"),)), definition=bad),
        "unused",
        evidence=bad,
        covered_by=bad,
    )
    made = replace(CREATE, statements=(bad,), phase=bad)
    text = script(advice(create=(made,), drop=(gone,), database=bad))
    comments = [line for line in text.split("\n") if line.startswith("--")]
    assert len(statements(text)) == 4
    assert all(line.startswith(("SET ", "CREATE INDEX ", "DROP INDEX ")) for line in statements(text))
    assert any("DROP" in line or "[2J" in line for line in comments)
    assert not any(c in line for line in comments for c in ("*/", "\u202e", "\x1b", "\r", "\u2028", "\u0085"))


def test_hostile_identifiers_are_quoted():
    bad = 'a"; DROP TABLE t; --'
    gone = Drop(ExistingIndex(bad, Index('s"x', "t", (Key.asc("a"),))), "unused")
    (statement,) = [s for s in statements(changes_script((), (gone,))) if s.startswith("DROP")]
    assert statement == 'DROP INDEX CONCURRENTLY "s""x"."a""; DROP TABLE t; --";'
