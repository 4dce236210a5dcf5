"""The normal form of a statement, and what makes two statements one."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from indexical.errors import StatementRefused
from indexical.workload.fingerprint import normalise


def _same(*statements: str) -> bool:
    return len({normalise(statement).fingerprint for statement in statements}) == 1


def test_literals_become_placeholders_with_their_values_and_types() -> None:
    found = normalise(
        "SELECT a FROM t WHERE b = 'it''s' AND c > 5 AND d < 5000000000 AND e = 1.5 LIMIT 10 OFFSET 20"
    )
    assert found.sql == "SELECT a FROM t WHERE b = $1 AND c > $2 AND d < $3 AND e = $4 LIMIT $5 OFFSET $6"
    assert found.values == ("it's", "5", "5000000000", "1.5", "10", "20")
    assert found.types == ("", "int4", "int8", "numeric", "int8", "int8")
    assert found.complete


@pytest.mark.parametrize(
    "kept",
    [
        "SELECT 1 AS one FROM t",
        "SELECT a FROM t ORDER BY 2, 1 DESC",
        "SELECT a, count(*) FROM t GROUP BY 1",
        "SELECT DISTINCT ON (a) a FROM t",
        "SELECT a FROM t WHERE b IS NULL AND c = true",
        "SELECT a FROM t WHERE b::varchar(20) IS NOT NULL",
        "SELECT a[1:2] FROM t",
        "SELECT extract('year' from a) FROM t",
        "SELECT a AT TIME ZONE 'UTC' FROM t",
        "SELECT date_trunc('day', a) FROM t GROUP BY date_trunc('day', a)",
        "INSERT INTO t (a) SELECT a FROM s ON CONFLICT (a) WHERE b = 'x' DO NOTHING",
    ],
)
def test_constants_that_shape_the_statement_stay(kept: str) -> None:
    found = normalise(kept)
    assert (found.sql, found.values) == (kept, ())


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("SELECT 1 FROM t WHERE a=-5", "SELECT 1 FROM t WHERE a=-$1"),
        ("SELECT a FROM t WHERE a='x'AND b=1", "SELECT a FROM t WHERE a=$1 AND b=$2"),
        ("SELECT a FROM t WHERE a LIKE'x%'", "SELECT a FROM t WHERE a LIKE $1"),
        ("SELECT a FROM t WHERE d > date '2020-01-01'", "SELECT a FROM t WHERE d > $1::date"),
        ("SELECT a FROM t WHERE d > now()-interval '1 day'", "SELECT a FROM t WHERE d > now()-$1::interval"),
        ("SELECT a FROM t WHERE d = text 'x'", "SELECT a FROM t WHERE d = $1::text"),
        ("SELECT a FROM t WHERE d > '2020'::timestamptz", "SELECT a FROM t WHERE d > $1::timestamptz"),
        ("SELECT a FROM t WHERE d IS DISTINCT FROM 5", "SELECT a FROM t WHERE d IS DISTINCT FROM $1"),
        ("SELECT a FROM t WHERE d > date $3 AND e = $1", "SELECT a FROM t WHERE d > $1::date AND e = $2"),
        ("SELECT a FROM t WHERE b IN(1,2)", "SELECT a FROM t WHERE b IN($1, $2)"),
        ('SELECT a FROM "My ""T" -- why\n/* x /* y */ z */ ;;', 'SELECT a FROM "My ""T"'),
    ],
)
def test_only_the_literal_itself_is_replaced(written: str, normal: str) -> None:
    assert normalise(written).sql == normal


def test_placeholders_are_numbered_anew_and_a_repeated_one_stays_one() -> None:
    found = normalise("SELECT a FROM t WHERE b = $7 AND c = 'x' AND d = $2 AND e = $7")
    assert found.sql == "SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $3 AND e = $1"
    assert (found.numbers, found.values) == ((7, 0, 2), (None, "x", None))
    assert not found.complete


def test_statements_that_differ_in_values_lists_case_and_layout_are_one() -> None:
    assert _same(
        "SELECT a FROM t WHERE b IN (1, 2, 3) AND c = 'x'",
        "select a from T where B in (7) and c = $1 -- note",
        'SELECT "a"\nFROM "t"\nWHERE "b" IN ($1,$2) AND "c"=$$y$$',
    )
    assert _same(
        "INSERT INTO t VALUES (1, 'a')",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2"),
        ("SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"),
        ("SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b IS NOT NULL"),
        ("SELECT a FROM t WHERE b IS TRUE", "SELECT a FROM t WHERE b IS FALSE"),
        ("SELECT a - 5 FROM t", "SELECT a, 5 FROM t"),
        ("SELECT a::varchar(5) FROM t", "SELECT a::varchar(6) FROM t"),
        ('SELECT "A" FROM t', "SELECT a FROM t"),
        ("SELECT f(1, 2) FROM t WHERE g(1, 2)", "SELECT f(1, 2) FROM t WHERE g(1)"),
        ('SELECT "user" FROM t', "SELECT user FROM t"),
    ],
)
def test_statements_that_mean_different_things_stay_apart(one: str, other: str) -> None:
    assert not _same(one, other)


def test_lists_of_another_length_share_the_fingerprint_and_not_the_shape() -> None:
    two, three = (
        normalise("SELECT a FROM t WHERE b IN (1, 2)"),
        normalise("SELECT a FROM t WHERE b IN (1, 2, 3)"),
    )
    assert two.fingerprint == three.fingerprint
    assert two.shape != three.shape


@pytest.mark.parametrize(
    ("sql", "kind", "table"),
    [
        ("SELECT 1", "select", ""),
        ("(SELECT a FROM x) UNION SELECT b FROM y", "select", "x"),
        ("VALUES (1)", "select", ""),
        ('UPDATE ONLY "a"."b" SET c = 1', "update", "b"),
        ("INSERT INTO a SELECT * FROM b", "insert", "a"),
        ("DELETE FROM a", "delete", "a"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "select", "x"),
        ("WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x", "delete", "a"),
        ("WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x", "insert", "a"),
        ("SELECT a INTO b FROM c", "other", "b"),
        ("SELECT a FROM b FOR UPDATE", "select", "b"),
        ("ALTER ROLE a PASSWORD 'x'", "other", ""),
        ("EXPLAIN ANALYZE DELETE FROM a", "other", "a"),
    ],
)
def test_what_a_statement_does_is_told_from_its_words(sql: str, kind: str, table: str) -> None:
    found = normalise(sql)
    assert (found.kind, found.table) == (kind, table)


def test_a_statement_that_is_no_query_keeps_no_literal() -> None:
    assert normalise("ALTER ROLE a PASSWORD 'canary'").sql == "ALTER ROLE a PASSWORD $1"


def test_everywhere_leaves_no_string_in_any_clause() -> None:
    found = normalise(
        "SELECT 'a', f('b') FROM g('c') WHERE d = 'e' GROUP BY h('i') HAVING j('k') ORDER BY l('m')",
        everywhere=True,
    )
    assert found.values == ("a", "b", "c", "e", "i", "k", "m")
    assert "'" not in found.sql
    kept = normalise(
        "SELECT text 'a', X'1f', U&'b', 'c' COLLATE x FROM t ORDER BY 1, double precision 'd'",
        everywhere=True,
    )
    assert "'" not in kept.sql
    assert kept.sql.endswith("ORDER BY 1, double precision $5")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "no statement"),
        (" -- only a comment", "no statement"),
        (";;", "no statement"),
        ("SELECT 1; DROP TABLE t", "more than one"),
        ("SELECT 1;; SELECT 2", "more than one"),
        ("SELECT 'abc", "does not end"),
        ('SELECT "abc', "does not end"),
        ("SELECT $x$ abc $y$", "does not end"),
        ("SELECT /* /* */ 1", "does not end"),
        ("SELECT a\x00b", "NUL"),
        ("SELECT \x1b[31m", "U\\+001B"),
        ("SELECT (1", "parentheses"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "deep"),
        ("SELECT '" + "x" * 200_000 + "'", "characters long"),
    ],
)
def test_what_is_not_one_statement_is_refused(sql: str, why: str) -> None:
    with pytest.raises(StatementRefused, match=why):
        normalise(sql)


def test_a_second_statement_hidden_from_other_tokenizers_is_seen() -> None:
    # A general tokenizer reads nested comments and dollar tags its own way and would take the rest for a comment.
    with pytest.raises(StatementRefused, match="more than one"):
        normalise("SELECT 1 /* /* */ */; DROP TABLE t /* */")


def test_a_hundred_thousand_list_members_do_not_hang() -> None:
    found = normalise("SELECT a FROM t WHERE b IN (" + ",".join(["1"] * 45_000) + ")")
    assert len(found.values) == 45_000


_name = st.sampled_from(["a", '"b"', "t.c", '"T"."d e"', "upper(f)", "f::text"])
_literal = st.one_of(
    st.integers(0, 1 << 40).map(str),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8).map(
        lambda text: "'" + text.replace("'", "''") + "'"
    ),
    st.sampled_from(
        ["1.5", ".5", "1e3", "E'\\n\\''", "$q$;'$q$", "NULL", "true", "date '2020-01-01'", "'x'::text"]
    ),
)
_operator = st.sampled_from(["=", "<", ">=", "<>", " LIKE ", " IS DISTINCT FROM ", "||'' ="])
_gap = st.sampled_from([" ", "\n", "  ", " /* c */ ", " -- c\n"])


@st.composite
def _condition(draw: st.DrawFn) -> tuple[list[str], int]:
    parts: list[str] = []
    count = draw(st.integers(1, 4))
    for number in range(count):
        parts += [] if number == 0 else [draw(st.sampled_from(["AND", "OR", "AND NOT"]))]
        parts.append(f"{draw(_name)}{draw(_operator)}")
        parts.append("\0")
    return parts, count


@given(_condition(), st.lists(_literal, min_size=4, max_size=4), _gap)
def test_normalising_twice_changes_nothing(
    condition: tuple[list[str], int], literals: list[str], gap: str
) -> None:
    parts, _ = condition
    values = iter(literals)
    text = gap.join(next(values) if part == "\0" else part for part in parts)
    once = normalise(f"SELECT x FROM t WHERE{gap}{text}{gap}LIMIT 3")
    twice = normalise(once.sql)
    assert (twice.sql, twice.fingerprint, twice.shape, twice.kind) == (
        once.sql,
        once.fingerprint,
        once.shape,
        once.kind,
    )


@given(_condition(), st.lists(st.integers(0, 10**6), min_size=4, max_size=4), _gap, _gap)
def test_the_fingerprint_does_not_depend_on_values_or_layout(
    condition: tuple[list[str], int], numbers: list[int], one: str, other: str
) -> None:
    parts, _ = condition

    def text(gap: str, shift: int) -> str:
        values = iter(numbers)
        return f"SELECT x FROM t WHERE{gap}" + gap.join(
            str(next(values) + shift) if part == "\0" else part for part in parts
        )

    assert (
        normalise(text(one, 0)).fingerprint
        == normalise(text(other, 7).lower().replace('"t"', '"T"')).fingerprint
    )


@given(_condition(), st.lists(_literal, min_size=4, max_size=4))
def test_the_normal_form_can_be_parsed_where_the_statement_can(
    condition: tuple[list[str], int], literals: list[str]
) -> None:
    values = iter(literals)
    text = " ".join(next(values) if part == "\0" else part for part in condition[0])
    tree = sqlglot.parse_one(normalise(f"SELECT x FROM t WHERE {text}").sql, read="postgres")
    assert tree.find(sqlglot.exp.Where) is not None


@given(st.text(max_size=200))
def test_any_text_is_either_one_statement_or_refused(text: str) -> None:
    try:
        found = normalise(text)
    except StatementRefused:
        return
    assert normalise(found.sql).sql == found.sql
