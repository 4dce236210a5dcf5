"""The migration operations against real databases: what they adopt, build anew, refuse, and leave as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.django.shop_fixtures import copied, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres

BUILT = "CREATE INDEX safe_idx ON public.shop_order USING btree (cents, created_at DESC) WHERE paid"  # as PostgreSQL prints it


@pytest.fixture(scope="module", name="ran")
def ran_fixture(
    shop_made: Shop, private_server: PrivateServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    shop = copied(shop_made, private_server, tmp_path_factory.mktemp("operations") / "project")
    return json.loads(shop.run(str(Path(__file__).with_name("operations_driver.py"))))


def test_an_index_is_built_valid_and_goes_again(ran: dict[str, Any]) -> None:
    answer = ran["built_and_reversed"]
    assert answer["said"] == ""
    assert [one[:3] for one in answer["built"]] == [["public", True, BUILT]]
    assert answer["back"] == ""
    assert answer["gone"] == []


def test_a_missing_index_is_left_missing_and_that_is_said(ran: dict[str, Any]) -> None:
    assert ran["built_and_reversed"]["again"] == "safe_idx is gone already: nothing to remove"


def test_the_time_limits_of_the_session_are_put_back(ran: dict[str, Any]) -> None:
    assert ran["built_and_reversed"]["limits"] == ["7s", "1h"]


def test_the_time_limits_are_put_back_after_a_failure_too(ran: dict[str, Any]) -> None:
    assert ran["without_the_lock"]["limits"] == ["7s", "1h"]


@pytest.mark.parametrize("name", ["safe_idx", "safe_texts"])
def test_an_index_that_is_there_as_defined_is_adopted(ran: dict[str, Any], name: str) -> None:
    said, untouched = ran["adopted"][name]
    assert said == f"{name} is there as defined: adopted, not built again"
    assert untouched


def test_an_invalid_index_is_built_anew(ran: dict[str, Any]) -> None:
    answer = ran["rebuilt"]
    assert answer["said"].startswith("safe_idx was left INVALID")
    assert (answer["valid"], answer["new"], answer["same"]) == (True, True, True)


def test_an_index_of_that_name_with_another_definition_is_refused(ran: dict[str, Any]) -> None:
    said = ran["taken"]["other definition"]
    assert said.startswith(
        "CommandError: public.safe_idx is there, but defined otherwise: CREATE INDEX safe_idx"
    )
    assert "btree (cents, created_at DESC) WHERE paid" in said


@pytest.mark.parametrize("what", ["other table", "other table, back", "no index", "no index, back"])
def test_a_name_that_means_something_else_is_refused(ran: dict[str, Any], what: str) -> None:
    assert ran["taken"][what].startswith("CommandError: the name safe_idx is taken in the schema public by")


def test_without_its_lock_nothing_is_begun_and_nothing_left(ran: dict[str, Any]) -> None:
    said = ran["without_the_lock"]["said"]
    assert said.startswith("CommandError: public.safe_idx was not built: another session held a lock")
    assert "(LOCK, SQLSTATE 55P03); nothing was left behind" in said
    assert ran["without_the_lock"]["left"] == []


def test_what_a_failed_build_left_is_cleared_away_or_built_anew(ran: dict[str, Any]) -> None:
    answer = ran["waiting_in_vain"]
    assert "(LOCK, SQLSTATE 55P03)" in answer["said"]
    assert "idle in transaction" in answer["said"], "whoever stands in the way is named"
    # While the other transaction lives the remains may stay; the next run has to end with a valid index in any case.
    assert answer["left"] in ([], [False])
    assert answer["built"] == [True]


def test_an_index_stands_in_the_schema_of_its_table(ran: dict[str, Any]) -> None:
    answer = ran["in_its_schema"]
    assert answer["both"] == ["public", "tenant"]
    assert answer["one"] == ["public"]
    assert answer["untouched"] == ["public"], "the index of another schema is not this one"
    assert answer["left"] == []


def test_a_removal_is_undone_by_building(ran: dict[str, Any]) -> None:
    assert ran["removed_and_reversed"] == {"said": "", "gone": [], "back": "", "restored": [True]}


def test_inside_a_transaction_both_refuse(ran: dict[str, Any]) -> None:
    assert all("cannot be executed inside a transaction" in said for said in ran["in_a_transaction"].values())


def test_a_plan_is_the_statement_and_builds_nothing(ran: dict[str, Any]) -> None:
    assert ran["planned"]["sql"].startswith('CREATE INDEX CONCURRENTLY "safe_idx" ON "shop_order"')
    assert ran["planned"]["built"] == []


def test_another_database_gets_an_ordinary_index_or_none_and_says_which(ran: dict[str, Any]) -> None:
    answer = ran["elsewhere"]
    assert answer["ordinary"] == "safe_idx is an ordinary index here, built the ordinary way (SQLite)"
    assert answer["foreign"] == "safe_gin is left out here: only PostgreSQL has such an index (SQLite)"
    assert answer["planned"].startswith("-- safe_gin is left out here")
    assert answer["made"] == ["safe_idx"]
    assert answer["foreign, back"].startswith("safe_gin was left out here")
    assert answer["removed"] == ""
    assert answer["left"]


def test_another_database_changes_a_field_in_the_usual_way(ran: dict[str, Any]) -> None:
    assert ran["elsewhere"]["unindexed"] == ""
    assert ran["elsewhere"]["fewer"] == 1


def test_a_router_that_keeps_the_app_away_is_obeyed(ran: dict[str, Any]) -> None:
    assert ran["routed"] == {"said": ["", ""], "built": []}


def test_a_migration_loads_nothing_but_django() -> None:
    code = "import sys, indexical.django.operations; print([m for m in ('libcst', 'sqlglot', 'psycopg') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True
    )
    assert "libcst" not in done.stdout
    assert "sqlglot" not in done.stdout
