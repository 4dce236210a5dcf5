"""What decides about a candidate on an expression or of another access method, beside the statement itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.candidates import generate
from indexical.model import Limits
from indexical.testing import statement, workload
from tests.unit.candidates.items import ask, database, own


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT * FROM t WHERE note LIKE '%abc%'", "gin"),
        ("SELECT * FROM t WHERE data @> $1", "gin"),
        ("SELECT * FROM t WHERE tags && $1", "gin"),
        ("SELECT * FROM t WHERE words @@ $1", "gin"),
        ("SELECT * FROM t WHERE during && $1", "gist"),
        ("SELECT * FROM t ORDER BY place <-> $1 LIMIT 1", "gist"),
        ("SELECT * FROM t WHERE lower(note) = $1", "btree"),
    ],
)
def test_an_access_method_that_is_not_wanted_is_not_proposed(sql: str, kind: str) -> None:
    rest = tuple(each for each in Limits().kinds if each != kind)
    assert own(ask(sql)) != []
    assert own(ask(sql, limits=Limits(kinds=rest))) == []


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM t WHERE note LIKE '%abc%'", "SELECT * FROM t ORDER BY note <-> 'x' LIMIT 2"]
)
def test_an_extension_that_is_missing_is_named_in_the_refusal(sql: str) -> None:
    found = ask(sql, base=database("hstore"))
    assert own(found) == []
    (refusal,) = [each for each in found.refused if each.reason == "needs-extension"]
    assert "pg_trgm" in refusal.detail
    assert refusal.subject.startswith("public.t (note ")


def test_an_operator_class_in_a_schema_of_its_own_is_named_with_it() -> None:
    base = replace(database("pg_trgm"), extension_schemas=(("pg_trgm", "tools"),))
    assert own(ask("SELECT * FROM t WHERE note ILIKE '%abc%'", base=base)) == [
        "t (note tools.gin_trgm_ops) USING gin"
    ]


def test_date_trunc_in_a_zone_can_be_indexed_from_postgresql_16_on() -> None:
    sql = "SELECT * FROM t WHERE date_trunc('day', at, 'UTC') = $1"
    assert own(ask(sql, base=database(version=150000))) == []
    assert own(ask(sql, base=database(version=160000))) != []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((("lc_collate", "C"),), "t (note)"),
        ((("lc_collate", "C.UTF-8"), ("locale_provider", "c")), "t (note text_pattern_ops)"),
        ((("locale", "C.UTF-8"), ("locale_provider", "b")), "t (note)"),
        ((("lc_collate", "C"), ("locale", "und"), ("locale_provider", "i")), "t (note text_pattern_ops)"),
        ((), "t (note text_pattern_ops)"),
    ],
)
def test_the_operator_class_depends_on_the_databases_collation(
    settings: tuple[tuple[str, str], ...], expected: str
) -> None:
    base = replace(database(), settings=settings)
    assert own(ask("SELECT * FROM t WHERE note LIKE 'abc%'", base=base)) == [expected]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_no_rule_goes_beyond_the_width(width: int) -> None:
    sql = (
        "SELECT * FROM t WHERE kind = 1 AND low = 2 AND high = 3 AND lower(note) = $1 AND upper(code) = $2"
        " AND plain LIKE 'abc%' AND at > $3 ORDER BY lower(name), id LIMIT 5"
    )
    widths = {len(c.index.keys) for c in ask(sql, limits=Limits(max_width=width)).candidates}
    assert max(widths) == width


def test_whole_values_are_written_as_numbers_where_the_type_says_so() -> None:
    asked = replace(
        statement("SELECT * FROM t WHERE substring(note, $1, $2) = $3", samples=[("1", "3", "x")]),
        types=("integer", "integer", "text"),
    )
    found = generate(workload(asked), database(), Limits())
    assert own(found) == ["t ((substring(note, 1, 3)))"]


def test_a_candidate_is_relevant_where_the_same_expression_or_question_stands() -> None:
    found = generate(
        workload(
            "SELECT * FROM t WHERE lower(note) = $1",
            "SELECT * FROM t WHERE LOWER(t.note) > $1",
            "SELECT * FROM t WHERE upper(note) = $1",
            "SELECT * FROM t WHERE data @> $1",
            "SELECT * FROM t WHERE data ->> 'a' = $1",
            "SELECT * FROM t ORDER BY lower(note) LIMIT 3",
            "SELECT * FROM t WHERE kind = $1 AND lower(note) = $2",
            "SELECT * FROM t WHERE kind = $1",
        ),
        database(),
        Limits(),
    )
    texts = {id: {each.text.removeprefix("public.") for each in indexes} for id, indexes in found.relevant}
    assert "t ((lower(note)))" in texts["s1"] & texts["s2"] & texts["s6"] & texts["s7"]
    assert "t ((lower(note)))" not in texts["s3"] | texts["s4"] | texts["s8"]
    assert "t (kind, (lower(note)))" in texts["s8"] & texts["s1"]
    assert texts["s4"] == {"t (data jsonb_path_ops) USING gin"}
    assert "t (data jsonb_path_ops) USING gin" not in texts["s5"]
