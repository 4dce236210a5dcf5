"""Row 61: the table that an index was advised for is not the one that is there now."""

from __future__ import annotations

import pytest

from indexical.apply.checks.definitions import changed
from indexical.apply.statements import create_statement
from indexical.model import Index, Key, MadeFor
from tests.faults.harness import Place, apply_here, expect
from tests.faults.looking import look, only, refused, take_out

NAME = "wishes_status_idx"
INDEX = Index("public", "wishes", (Key.asc("status"),), predicate="weight > 3")
COLUMNS = (("status", "character varying(20)"), ("weight", "integer"))
PLAN = "table renamed, dropped, column type changed between plan and apply"


@pytest.fixture
def advised(place: Place) -> dict[str, MadeFor]:
    place.run(
        "CREATE TABLE public.wishes (id int PRIMARY KEY, status varchar(20), weight int, note text)",
        "INSERT INTO public.wishes SELECT i, 'NEW', i, 'n' FROM generate_series(1, 100) i",
        "ANALYZE public.wishes",
    )
    oid = place.value("SELECT 'public.wishes'::regclass::oid::bigint")
    assert isinstance(oid, int)
    return {NAME: MadeFor(oid, COLUMNS)}


@pytest.mark.fault(61, PLAN)
@pytest.mark.parametrize(
    "ddl",
    [
        "SELECT 1",
        "ALTER TABLE public.wishes ADD COLUMN extra int DEFAULT 7",
        "ALTER TABLE public.wishes ALTER note TYPE varchar(90)",
        "ALTER TABLE public.wishes DROP COLUMN note",
        "CREATE TABLE public.wishes_2 (LIKE public.wishes)",
    ],
)
def test_what_does_not_touch_the_columns_of_the_index_is_no_obstacle(
    place: Place, advised: dict[str, MadeFor], ddl: str
) -> None:
    place.run(ddl)
    assert look(place, (NAME, INDEX), made_for=advised) == ()


@pytest.mark.fault(61, PLAN)
@pytest.mark.parametrize(
    ("ddl", "said"),
    [
        (
            "ALTER TABLE public.wishes ALTER status TYPE text",
            "column status was character varying(20) and is text",
        ),
        ("ALTER TABLE public.wishes ALTER weight TYPE bigint", "column weight was integer and is bigint"),
        ("ALTER TABLE public.wishes RENAME status TO state", "column status is gone"),
        ("ALTER TABLE public.wishes DROP COLUMN weight", "column weight is gone"),
    ],
)
def test_a_column_that_changed_is_refused(
    place: Place, advised: dict[str, MadeFor], ddl: str, said: str
) -> None:
    place.run(ddl)
    finding = only(look(place, (NAME, INDEX), made_for=advised), "P35")
    assert finding.severity == "refuse"
    assert said in finding.message


@pytest.mark.fault(61, PLAN)
def test_a_table_that_was_renamed_is_refused_with_its_new_name(
    place: Place, advised: dict[str, MadeFor]
) -> None:
    place.run("ALTER TABLE public.wishes RENAME TO requests")
    finding = only(look(place, (NAME, INDEX), made_for=advised), "P03")
    assert "it is called public.requests now" in finding.remedy


@pytest.mark.fault(61, PLAN)
def test_another_table_under_the_old_name_is_refused(place: Place, advised: dict[str, MadeFor]) -> None:
    place.run(
        "ALTER TABLE public.wishes RENAME TO wishes_old",
        "CREATE TABLE public.wishes (LIKE public.wishes_old)",
    )
    finding = only(look(place, (NAME, INDEX), made_for=advised), "P35")
    assert finding.severity == "refuse"
    assert "public.wishes_old" in finding.message


@pytest.mark.fault(61, PLAN)
def test_a_table_that_was_dropped_is_refused(place: Place, advised: dict[str, MadeFor]) -> None:
    place.run("DROP TABLE public.wishes")
    assert refused(look(place, (NAME, INDEX), made_for=advised)) == ["P03"]


@pytest.mark.fault(61, PLAN)
def test_advice_from_a_copy_of_the_database_is_no_obstacle(place: Place) -> None:
    """The oids of a copy mean nothing here; its columns do."""
    total = Index("public", "orders", (Key.asc("total"),))
    same = {NAME: MadeFor(4_000_000_001, (("total", "numeric"),))}
    other = {NAME: MadeFor(4_000_000_001, (("total", "integer"),))}
    assert look(place, (NAME, total), made_for=same) == ()
    assert refused(look(place, (NAME, total), made_for=other)) == ["P35"]


@pytest.mark.guard(61)
def test_without_the_check_an_index_is_built_on_another_type_than_was_advised(
    place: Place, advised: dict[str, MadeFor], monkeypatch: pytest.MonkeyPatch
) -> None:
    take_out(monkeypatch, changed)
    place.run("ALTER TABLE public.wishes ALTER status TYPE text")
    assert refused(look(place, (NAME, INDEX), made_for=advised)) == []
    (outcome,) = apply_here(place, create_statement(NAME, INDEX))
    expect(outcome, "applied")
