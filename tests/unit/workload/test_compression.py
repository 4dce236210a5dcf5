"""Ten thousand statements made few: what is merged and what is left out is said, and calls never get lost silently."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from tests.unit.test_advise import CATALOG, planner, workload

from indexical.advise import advise
from indexical.model import Limits, Statement, Workload
from indexical.workload.compression import compress
from indexical.workload.fingerprint import normalise


def _statement(sql: str, id: str, calls: float = 1.0, total_ms: float = 0.0) -> Statement:
    normal = normalise(sql)
    return Statement(
        id, normal.sql, normal.kind, calls, total_ms, normal.types, fingerprint=normal.fingerprint
    )


def _workload(*texts: str, calls: float = 1.0) -> Workload:
    return Workload(tuple(_statement(text, f"s{number}", calls) for number, text in enumerate(texts)))


def test_a_small_workload_stays_as_it_is() -> None:
    workload = _workload("SELECT a FROM t", "SELECT b FROM t")
    assert compress(workload, 2) == (workload, ())


@pytest.mark.parametrize(
    "others",
    [
        ("SELECT b, c FROM t WHERE d = 1 AND e > 2 ORDER BY f", "SELECT t.b FROM t WHERE t.e > 5 AND t.d = 7 ORDER BY t.f"),
        ("UPDATE t SET a = 1 WHERE b = 2", "UPDATE t SET a = 5 WHERE (b) = 2".replace("(b)", "b")),
        ("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a, b) VALUES (1, 2)"),
        ("SELECT a FROM t JOIN u ON t.x = u.y WHERE t.z = 1", "SELECT b FROM t JOIN u ON t.x = u.y WHERE t.z = 2"),
    ],
)  # fmt: skip
def test_statements_that_the_same_indexes_serve_become_one(others: tuple[str, str]) -> None:
    small, merged = compress(_workload(*others, "DELETE FROM other", calls=3), 2)
    assert [statement.calls for statement in small.statements] == [6, 3]
    assert [(group.others, group.calls) for group in merged] == [(("s0",), 3.0)]
    (note,) = small.skipped
    assert (note.what, note.calls) == ("1 statement", 3)
    assert "merged into 1" in note.why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE c = 1"),
        ("SELECT a FROM t WHERE b = 1 AND c = 1", "SELECT a FROM t WHERE b = 1 OR c = 1"),
        ("SELECT a FROM t ORDER BY b", "SELECT a FROM t ORDER BY b DESC"),
        ("SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2"),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 1 LIMIT 5"),
        ("SELECT a FROM t WHERE b BETWEEN 1 AND 2", "SELECT a FROM t WHERE b BETWEEN 1 AND 2 AND c = 1"),
        ("SELECT a FROM t, u WHERE t.b = 1", "SELECT a FROM t, u WHERE u.b = 1"),
        ("UPDATE t SET a = 1 WHERE b = 2", "UPDATE t SET c = 1 WHERE b = 2"),
        ("SELECT a FROM s.t WHERE b = 1", "SELECT a FROM t WHERE b = 1"),
        ("SELECT a FROM t WHERE b = 1", "DELETE FROM t WHERE b = 1"),
        ("SELECT DISTINCT a FROM t", "SELECT a FROM t"),
    ],
)
def test_statements_that_need_different_indexes_do_not_meet(one: str, other: str) -> None:
    _, merged = compress(_workload(one, other), 1)
    assert merged == ()


def test_the_tail_that_is_left_out_is_stated_with_its_share() -> None:
    texts = [
        _statement(f"SELECT a FROM t{n} WHERE b = 1", f"s{n}", 100 - n, 1000.0 / (n + 1)) for n in range(50)
    ]
    small, merged = compress(Workload(tuple(texts)), 10)
    assert merged == ()
    assert [statement.id for statement in small.statements] == [f"s{n}" for n in range(10)]
    (note,) = small.skipped
    assert note.what == "40 statements"
    assert (
        "left out to keep to 10 statements; together 74.70% of the calls and 34.90% of the time" in note.why
    )
    assert small.calls + note.calls == pytest.approx(sum(text.calls for text in texts))


def test_the_answer_does_not_depend_on_chance_and_ten_thousand_are_quick() -> None:
    chance = random.Random(5)
    texts = []
    for number in range(10_000):
        table, column, key = chance.randrange(40), chance.randrange(30), chance.randrange(12)
        where = f'"k{key}" = $1 AND "c{column % 5}" > $2 ORDER BY "k{key}"'
        sql = f'SELECT "c{column}", "d{number}" FROM "t{table}" WHERE {where}'
        calls = float(chance.randrange(1, 50))
        texts.append(Statement(f"s{number}", sql, calls=calls, total_ms=chance.random()))
    workload = Workload(tuple(texts))
    begun = time.process_time()
    small, merged = compress(workload, 2000)
    assert time.process_time() - begun < 20
    assert len(small.statements) <= 2000
    assert compress(workload, 2000) == (small, merged)
    left_out = sum(note.calls for note in small.skipped if "left out" in note.why)
    assert small.calls + left_out == pytest.approx(workload.calls)
    assert {statement.id for statement in small.statements} <= {statement.id for statement in texts}


def test_advice_says_what_was_left_out() -> None:
    advice = advise(workload(), CATALOG, replace(Limits(), max_statements=1), planner())
    assert [verdict.id for verdict in advice.statements] == ["list"]
    (note,) = [note for note in advice.not_examined if "left out" in note.why]
    assert note.what == "1 statement"
    assert "together 9.09% of the calls" in note.why
