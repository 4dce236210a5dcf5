"""Rows 31, 51 and 52: what stands in the rows, and functions that an index must not call."""

from __future__ import annotations

import pytest

from indexical.apply.checks.definitions import functions
from indexical.apply.checks.rows import repetitions, values, widths
from indexical.apply.statements import create_statement
from indexical.model import Failed, Index, Key
from tests.faults.harness import Place, apply_here, expect
from tests.faults.looking import NOTE, USER, look, only, refused, take_out, warned

NAME = "orders_new_idx"
UNIQUE = Index("public", "orders", USER.keys, unique=True)
NUMBER = Index("public", "orders", (Key(expression="(note)::integer"),))
WIDE = "INSERT INTO public.orders SELECT -10, 1, 'PAID', 1, string_agg(md5(i::text), ''), now() FROM generate_series(1, 200) i"
"""6400 bytes that do not compress well."""


@pytest.mark.fault(31, "duplicates in unique")
def test_keys_that_repeat_are_counted_beforehand_and_none_is_told(place: Place) -> None:
    finding = only(look(place, (NAME, UNIQUE)), "P29")
    assert finding.severity == "refuse"
    assert "500 of its keys" in finding.message
    whole = Index("public", "orders", (Key.asc("id"), Key.asc("user_id")), unique=True)
    assert look(place, (NAME, whole)) == ()


@pytest.mark.fault(31, "duplicates in unique")
def test_rows_that_the_predicate_leaves_out_and_nulls_do_not_repeat(place: Place) -> None:
    place.run("ALTER TABLE public.orders ALTER user_id DROP NOT NULL")
    place.run("UPDATE public.orders SET user_id = NULL WHERE id > 400")
    few = Index("public", "orders", USER.keys, predicate="id <= 450", unique=True)
    assert look(place, (NAME, few)) == ()


@pytest.mark.guard(31)
def test_without_the_count_the_build_finds_the_repetition(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, repetitions)
    assert refused(look(place, (NAME, UNIQUE))) == []
    (outcome,) = apply_here(place, create_statement(NAME, UNIQUE))
    expect(outcome, "failed", "DUPLICATES")


@pytest.mark.fault(51, "wide text and cast expressions")
def test_a_value_too_wide_is_refused_with_what_would_do_instead(place: Place) -> None:
    assert look(place, (NAME, NOTE)) == ()
    place.run(WIDE)
    finding = only(look(place, (NAME, NOTE)), "P27")
    assert finding.severity == "refuse"
    assert "hash" in finding.remedy
    assert "md5" in finding.remedy
    assert look(place, (NAME, Index("public", "orders", NOTE.keys, method="hash"))) == ()
    shorter = Index("public", "orders", (Key(expression='"left"(note, 100)'),))
    assert look(place, (NAME, shorter)) == ()
    elsewhere = Index("public", "orders", NOTE.keys, predicate="id > 0")
    assert look(place, (NAME, elsewhere)) == ()


@pytest.mark.fault(51, "wide text and cast expressions")
def test_a_long_value_that_compresses_is_no_obstacle_and_is_built(place: Place) -> None:
    place.run("INSERT INTO public.orders SELECT -11, 1, 'PAID', 1, repeat('long ', 1300), now()")
    assert refused(look(place, (NAME, NOTE))) == []
    (outcome,) = apply_here(place, create_statement(NAME, NOTE))
    expect(outcome, "applied")


@pytest.mark.fault(51, "wide text and cast expressions")
def test_a_cast_that_fails_on_a_row_is_refused_without_its_value(place: Place) -> None:
    finding = only(look(place, (NAME, NUMBER)), "P28")
    assert finding.severity == "refuse"
    assert "22P02" in finding.message
    fitting = Index("public", "orders", (Key(expression="(split_part(note, ' ', 2))::integer"),))
    assert look(place, (NAME, fitting)) == ()


@pytest.mark.guard(51)
def test_without_the_checks_the_build_fails_on_the_row(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(monkeypatch, widths)
    take_out(monkeypatch, values)
    place.run(WIDE)
    assert refused(look(place, (NAME, NOTE), ("orders_number_idx", NUMBER))) == []
    wide, cast = apply_here(
        place, create_statement(NAME, NOTE), create_statement("orders_number_idx", NUMBER)
    )
    expect(wide, "failed", "ROW_TOO_WIDE", "54000")
    expect(cast, "failed", "VALUE", "22P02")


CHANGING = {
    "function": "date_trunc('day'::text, created_at)",
    "cast": "(created_at)::date",
    "word": "(id + EXTRACT(year FROM created_at))",
    "own function": "public.today(user_id)",
}
HOLDING = {
    "time zone": "((created_at AT TIME ZONE 'UTC'::text))::date",
    "function": "lower(note)",
    "cast": "(status)::text",
    "date": "date_trunc('day'::text, (created_at AT TIME ZONE 'UTC'::text))",
    "number": "EXTRACT(year FROM (created_at AT TIME ZONE 'UTC'::text))",
}


@pytest.mark.fault(52, "non-immutable and search_path functions")
@pytest.mark.parametrize("expression", CHANGING.values(), ids=CHANGING)
def test_what_is_not_immutable_is_refused_before_any_statement(place: Place, expression: str) -> None:
    place.run(
        "CREATE FUNCTION public.today(int) RETURNS date LANGUAGE sql STABLE AS 'SELECT current_date + $1'"
    )
    index = Index("public", "orders", (Key(expression=expression),))
    assert only(look(place, (NAME, index)), "P30").severity == "refuse"


@pytest.mark.fault(52, "non-immutable and search_path functions")
@pytest.mark.parametrize("expression", HOLDING.values(), ids=HOLDING)
def test_what_is_immutable_is_not_refused_and_is_built(place: Place, expression: str) -> None:
    index = Index("public", "orders", (Key(expression=expression),))
    assert look(place, (NAME, index)) == ()
    (outcome,) = apply_here(place, create_statement(NAME, index))
    expect(outcome, "applied")


@pytest.mark.fault(52, "non-immutable and search_path functions")
@pytest.mark.parametrize(
    "predicate",
    [
        "created_at > '2026-01-01 00:00:00+00'::timestamp with time zone",
        "(status)::text = ANY ((ARRAY['PAID'::character varying, 'NEW'::character varying])::text[])",
        "total > '-5'::integer::numeric AND note IS NOT NULL",
    ],
)
def test_constants_and_arrays_in_a_predicate_are_no_obstacle(place: Place, predicate: str) -> None:
    index = Index("public", "orders", USER.keys, predicate=predicate)
    assert look(place, (NAME, index)) == ()
    (outcome,) = apply_here(place, create_statement(NAME, index))
    expect(outcome, "applied")


@pytest.mark.fault(52, "non-immutable and search_path functions")
def test_a_predicate_that_asks_for_the_time_is_refused(place: Place) -> None:
    index = Index("public", "orders", USER.keys, predicate="created_at > CURRENT_TIMESTAMP")
    assert "P30" in refused(look(place, (NAME, index)))


SEARCHING = {
    "helper": "sql IMMUTABLE AS 'SELECT $1 + 1'",
    "searching": "plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END'",
    "outer_one": "plpgsql IMMUTABLE AS 'BEGIN RETURN public.searching($1); END'",
    "fixed": "plpgsql IMMUTABLE SET search_path = public AS 'BEGIN RETURN helper($1); END'",
    "full_name": "plpgsql IMMUTABLE AS 'BEGIN RETURN public.helper(abs($1)); END'",
}


def make_functions(place: Place) -> None:
    place.run(
        *(
            f"CREATE FUNCTION public.{name}(int) RETURNS int LANGUAGE {rest}"
            for name, rest in SEARCHING.items()
        )
    )


def called(function: str) -> Index:
    return Index("public", "orders", (Key(expression=f"public.{function}(user_id)"),))


@pytest.mark.fault(52, "non-immutable and search_path functions")
@pytest.mark.parametrize("function", ["searching", "outer_one"])
def test_a_function_that_needs_the_search_path_is_refused_from_17_on_and_told_before(
    place: Place, function: str
) -> None:
    make_functions(place)
    finding = only(look(place, (NAME, called(function))), "P31")
    assert finding.severity == ("refuse" if place.cluster.major >= 17 else "warn")
    assert "helper" in finding.message


@pytest.mark.fault(52, "non-immutable and search_path functions")
@pytest.mark.parametrize("function", ["fixed", "full_name"])
def test_a_function_that_names_what_it_calls_is_built(place: Place, function: str) -> None:
    make_functions(place)
    assert look(place, (NAME, called(function))) == ()
    (outcome,) = apply_here(place, create_statement(NAME, called(function)))
    expect(outcome, "applied")


@pytest.mark.guard(52)
def test_without_the_check_the_build_is_begun(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    take_out(monkeypatch, functions)
    make_functions(place)
    day = Index("public", "orders", (Key(expression="(created_at)::date"),))
    assert refused(look(place, ("orders_day_idx", day), (NAME, called("searching")))) == []
    changing, searching = apply_here(
        place, create_statement("orders_day_idx", day), create_statement(NAME, called("searching"))
    )
    expect(changing, "failed", "NOT_IMMUTABLE", "42P17")
    if place.cluster.major >= 17:
        assert isinstance(searching, Failed)
        assert searching.sqlstate == "42883"
    else:
        expect(searching, "applied")


@pytest.mark.fault(52, "non-immutable and search_path functions")
def test_a_superuser_does_not_run_a_function_of_somebody_else(place: Place) -> None:
    place.run(
        "CREATE TABLE public.traps (by text)",
        "GRANT INSERT ON public.traps TO PUBLIC",
        "CREATE FUNCTION public.trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        "'BEGIN INSERT INTO public.traps VALUES (current_user); RETURN $1; END'",
        "ALTER FUNCTION public.trap(int) OWNER TO clerk",
    )
    try:
        findings = look(place, (NAME, called("trap")))
        assert warned(findings) == ["P19"]
        assert "public.trap" in findings[0].message
        assert place.value("SELECT count(*) FROM public.traps") == 0
    finally:
        place.run("DROP FUNCTION public.trap(int)")


def test_the_preflight_cannot_write_even_when_a_function_tries(place: Place) -> None:
    place.run(
        "CREATE TABLE public.traps (by text)",
        "CREATE FUNCTION public.inner_trap() RETURNS int LANGUAGE plpgsql VOLATILE AS "
        "'BEGIN INSERT INTO public.traps VALUES (current_user); RETURN 1; END'",
        "CREATE FUNCTION public.trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        "'BEGIN RETURN $1 + public.inner_trap(); END'",
    )
    with place.open() as session:
        session.execute("BEGIN")
        session.execute("SELECT public.trap(1)")
        assert session.rows("SELECT count(*) AS n FROM public.traps")[0]["n"] == 1
    assert "25006" in only(look(place, (NAME, called("trap"))), "P28").message
    assert place.value("SELECT count(*) FROM public.traps") == 0
