"""Rows 38 to 41: what an index is called, and what is called so already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.apply.checks.definitions import names
from indexical.apply.statements import create_statement, drop_statement
from indexical.ddl import quote
from indexical.errors import DatabaseError
from indexical.model import Index, Key
from indexical.pg.session import Session
from tests.faults.harness import Place, apply_here, expect, nothing_changes
from tests.faults.looking import USER, look, only, refused, take_out, warned

NAME = "orders_by_user"
TAKEN = {
    "table": f"CREATE TABLE public.{NAME} ()",
    "view": f"CREATE VIEW public.{NAME} AS SELECT 1 AS one",
    "index": f"CREATE INDEX {NAME} ON public.bystander (status)",
    "sequence": f"CREATE SEQUENCE public.{NAME}",
}


@pytest.mark.fault(38, "name equals table, view, index, foreign invalid index")
@pytest.mark.parametrize("ddl", TAKEN.values(), ids=TAKEN)
def test_a_name_that_is_taken_is_refused_and_another_one_proposed(place: Place, ddl: str) -> None:
    place.run(ddl)
    finding = only(look(place, (NAME, USER)), "P08")
    assert finding.severity == "refuse"
    assert f"such as {NAME}_2" in finding.remedy
    assert look(place, (f"{NAME}_2", USER)) == ()


@pytest.mark.fault(38, "name equals table, view, index, foreign invalid index")
def test_an_invalid_index_of_somebody_else_is_refused_and_left_alone(place: Place) -> None:
    place.allow(pending="it is not ours", catalog={f"public.{NAME}"})
    with place.mine(), place.open() as session, pytest.raises(DatabaseError):
        session.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON public.orders (status)")
    oid = place.value(f"SELECT 'public.{NAME}'::regclass::oid::bigint")
    finding = only(look(place, (NAME, USER)), "P07")
    assert f"DROP INDEX CONCURRENTLY public.{NAME}" in finding.remedy
    assert place.value(f"SELECT 'public.{NAME}'::regclass::oid::bigint") == oid


@pytest.mark.guard(38)
def test_without_the_check_the_name_is_found_taken_only_by_the_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, names)
    place.run(TAKEN["view"])
    assert refused(look(place, (NAME, USER))) == []
    (outcome,) = apply_here(place, create_statement(NAME, USER))
    expect(outcome, "failed", "NAME_TAKEN")


@pytest.mark.fault(39, "same definition under another name")
def test_the_same_index_under_another_name_is_told_and_not_built_again(place: Place) -> None:
    place.run("CREATE INDEX by_hand ON public.orders (user_id)")
    finding = only(look(place, (NAME, USER)), "P09")
    assert (finding.severity, finding.subject) == ("warn", "public.by_hand")
    with nothing_changes(place):
        (outcome,) = apply_here(place, create_statement(NAME, USER))
    expect(outcome, "skipped")


@pytest.mark.guard(39)
def test_without_the_comparison_there_are_two_of_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, names)
    monkeypatch.setattr("indexical.apply.creation.same_definition", lambda *_: False)
    place.run("CREATE INDEX by_hand ON public.orders (user_id)")
    assert warned(look(place, (NAME, USER))) == []
    apply_here(place, create_statement(NAME, USER))
    assert {"by_hand", NAME} <= set(place.indexes())


ODD = {
    "63 bytes": "n" * 63,
    "multibyte": "é" * 31 + "n",
    "percent": "100%_of s %(name)s",
    "quote": 'it"s; DROP TABLE public.orders; --',
    "apostrophe": "it's",
    "capitals": "Orders User",
    "emoji": "🐘 idx",
}
NEVER = {
    "newline": "a\nb",
    "escape": "a\x1b[2Jb",
    "NUL": "a\x00b",
    "right to left": "a\u202eb",
    "empty": "",
    "64 bytes": "n" * 64,
    "64 bytes, 32 characters": "é" * 32,
}


@pytest.mark.fault(40, "63 bytes, multibyte, %, quote, newline, ESC, NUL")
@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_an_odd_name_is_built_and_dropped_under_exactly_that_name(place: Place, name: str) -> None:
    assert look(place, (name, USER)) == ()
    (outcome,) = apply_here(place, create_statement(name, USER))
    expect(outcome, "applied")
    built = place.indexes()[name]
    assert (built.index, built.valid) == (USER, True)
    (outcome,) = apply_here(place, drop_statement(built))
    expect(outcome, "applied")
    assert set(place.indexes()) == {"orders_pkey"}


@pytest.mark.fault(40, "63 bytes, multibyte, %, quote, newline, ESC, NUL")
@pytest.mark.parametrize("name", NEVER.values(), ids=NEVER)
def test_a_name_that_no_one_could_read_or_that_would_be_cut_is_refused(place: Place, name: str) -> None:
    findings = look(place, (name, USER))
    assert refused(findings) in (["P36"], ["P11"])
    assert all(each.subject.isprintable() and each.text.isprintable() for each in findings)


@pytest.mark.guard(40)
def test_without_the_check_a_name_with_a_newline_passes_and_a_long_one_would_be_cut(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, names)
    assert refused(look(place, ("a\nb", USER), ("n" * 64, USER))) == []
    place.run(f"CREATE INDEX {'n' * 64} ON public.orders (user_id)")
    assert "n" * 63 in place.indexes()


@pytest.fixture
def two_schemas(place: Place) -> Place:
    """The same name in two schemas, the other one first for whoever does not name the schema."""
    place.run("CREATE INDEX orders_user_idx ON public.orders (user_id)")
    place.run(f"ALTER DATABASE {quote(place.database)} SET search_path = other, public")
    return place


@pytest.mark.fault(41, "two schemas, same index name, tenant search_path")
def test_a_drop_hits_the_index_of_its_own_schema(two_schemas: Place) -> None:
    place = two_schemas
    ours = place.indexes()["orders_user_idx"]
    assert look(place, drops=[ours]) == ()
    (outcome,) = apply_here(place, drop_statement(ours))
    expect(outcome, "applied")
    assert place.index_state("orders_user_idx", "public") == ""
    assert place.index_state("orders_user_idx", "other") == "t/t/t"


@pytest.mark.fault(41, "two schemas, same index name, tenant search_path")
def test_a_build_goes_to_its_own_schema_and_a_second_run_changes_nothing(two_schemas: Place) -> None:
    place = two_schemas
    status = create_statement("orders_status_idx", Index("public", "orders", (Key.asc("status"),)))
    (outcome,) = apply_here(place, status)
    expect(outcome, "applied")
    assert place.index_state("orders_status_idx", "public") == "t/t/t"
    with nothing_changes(place):
        (outcome,) = apply_here(place, status)
    expect(outcome, "skipped")


@pytest.mark.fault(41, "two schemas, same index name, tenant search_path")
def test_an_index_that_was_replaced_under_its_name_is_not_dropped(two_schemas: Place) -> None:
    place = two_schemas
    ours = place.indexes()["orders_user_idx"]
    place.run("DROP INDEX public.orders_user_idx", "CREATE INDEX orders_user_idx ON public.orders (user_id)")
    assert refused(look(place, drops=[ours])) == ["P16"]
    with nothing_changes(place):
        (outcome,) = apply_here(place, drop_statement(ours))
    expect(outcome, "failed", "CHANGED")


@pytest.mark.guard(41)
def test_without_the_schema_in_its_name_the_drop_hits_the_other_one(two_schemas: Place) -> None:
    place = two_schemas
    ours = drop_statement(place.indexes()["orders_user_idx"])
    place.expect_change("other.orders_user_idx")

    def opened() -> Session:
        session = place.open_ours()
        session.set("search_path", "other, public")
        session.own_path = "public"  # As if it were closed: the second guard is out of the way too.
        return session

    apply_here(place, replace(ours, sql="DROP INDEX CONCURRENTLY orders_user_idx"), open_session=opened)
    assert place.index_state("orders_user_idx", "other") == ""
