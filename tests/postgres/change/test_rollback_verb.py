"""``rollback`` and ``record`` on the command line: which run is meant, what is said, and what the exit code is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.postgres.change.conftest import Database

from indexical.cli import main
from indexical.ddl import create_index
from indexical.model import Advice, Drop, Index, Key, PlannerUse, Recommendation
from indexical.report.json import render_advice

pytestmark = pytest.mark.postgres

USER = Index("public", "orders", (Key.asc("user_id"),))
STATUS = Index("public", "orders", (Key.asc("status"),))

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="run")
def run_fixture(
    orders: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    orders.run(
        "CREATE INDEX by_total ON public.orders (total)", "COMMENT ON INDEX by_total IS 'kept | by hand'"
    )
    monkeypatch.chdir(tmp_path)

    def run(verb: str, *words: str, url: str | None = orders.url) -> tuple[int, str, str]:
        code = main([verb, *([] if url is None else [url]), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def applied(database: Database, run: Run, *creates: tuple[str, Index], drop: str = "") -> dict[str, object]:
    """An advice carried out by ``apply``; its JSON."""
    create = tuple(
        Recommendation(index, name, create_index(index, name), 8192, 10.0, 1.0) for name, index in creates
    )
    drops = (Drop(database.indexes("orders")[drop], "duplicate", ddl="", evidence=""),) if drop else ()
    advice = Advice(create, drops, (), (), (), PlannerUse("twin", "18", 1, 1.0), 3.0, 2.0, 1.0, database="x")
    Path("advice.json").write_text(render_advice(advice))
    code, out, err = run("apply", "--advice", "advice.json", "--unused-after", "0s", "--format", "json")
    assert code == 0, out + err
    return json.loads(out)


def test_the_newest_run_is_taken_back_and_named(orders: Database, run: Run) -> None:
    first = applied(orders, run, ("o_user", USER))
    second = applied(orders, run, ("o_status", STATUS), drop="by_total")
    code, out, _ = run("rollback")
    assert code == 0
    assert f"Taking back run {second['run']} (apply" in out
    assert orders.indexes("orders").keys() == {"orders_pkey", "o_user", "by_total"}
    assert orders.indexes("orders")["by_total"].comment == "kept | by hand"
    code, out, _ = run("rollback", "--run", str(first["run"]))
    assert code == 0
    assert orders.indexes("orders").keys() == {"orders_pkey", "by_total"}


def test_a_run_that_found_all_as_it_was_to_be_is_not_the_one_that_is_meant(
    orders: Database, run: Run
) -> None:
    first = applied(orders, run, ("o_user", USER))
    applied(orders, run, ("o_user", USER))
    code, out, _ = run("rollback")
    assert code == 0
    assert f"Taking back run {first['run']} (apply" in out
    assert orders.indexes("orders").keys() == {"orders_pkey", "by_total"}


def test_a_second_rollback_changes_nothing_and_says_so(orders: Database, run: Run) -> None:
    applied(orders, run, ("o_user", USER), drop="by_total")
    run("rollback")
    before = {name: index.oid for name, index in orders.indexes("orders").items()}
    code, out, _ = run("rollback")
    assert code == 0
    assert "applied" not in out
    assert "what it built is not there any more" in out
    assert {name: index.oid for name, index in orders.indexes("orders").items()} == before


def test_a_dry_run_shows_the_statements_and_changes_nothing(orders: Database, run: Run) -> None:
    applied(orders, run, ("o_user", USER), drop="by_total")
    before = orders.indexes("orders").keys()
    files = sorted(Path(".indexical/runs").iterdir())
    code, out, _ = run("rollback", "--dry-run")
    assert code == 0
    assert "CREATE INDEX CONCURRENTLY by_total ON public.orders USING btree (total);" in out
    assert "DROP INDEX CONCURRENTLY public.o_user;" in out
    assert orders.indexes("orders").keys() == before
    assert sorted(Path(".indexical/runs").iterdir()) == files


def test_the_json_names_the_run_that_was_taken_back(orders: Database, run: Run) -> None:
    done = applied(orders, run, ("o_user", USER))
    code, out, _ = run("rollback", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert (document["version"], document["undoes"]) == (1, done["run"])
    assert [outcome["kind"] for outcome in document["outcomes"]] == ["applied"]
    journal = [json.loads(line) for line in Path(document["journal"]).read_text().splitlines()]
    assert (journal[0]["verb"], journal[0]["undoes"]) == ("rollback", done["run"])
    assert journal[-1]["event"] == "end"


def test_one_step_is_taken_back_alone(orders: Database, run: Run) -> None:
    applied(orders, run, ("o_user", USER), drop="by_total")
    code, _, _ = run("rollback", "--step", "drop:public.by_total")
    assert code == 0
    assert orders.indexes("orders").keys() == {"orders_pkey", "o_user", "by_total"}


def test_the_journal_of_another_database_is_refused_with_both_named(
    orders: Database, run: Run, change_server, tmp_path: Path
) -> None:
    done = applied(orders, run, ("o_user", USER))
    other = change_server.url("postgres")
    code, _, err = run("rollback", "--journal", str(done["journal"]), url=other)
    assert code == 2
    assert f"the run {done['run']} was on database change_" in err
    assert "and this is database postgres" in err
    assert "o_user" in orders.indexes("orders")


def test_a_run_of_another_database_is_not_the_newest_here(orders: Database, run: Run, change_server) -> None:
    applied(orders, run, ("o_user", USER))
    code, _, err = run("rollback", url=change_server.url("postgres"))
    assert code == 2
    assert "there is no run of database postgres in .indexical/runs" in err
    assert "o_user" in orders.indexes("orders")


def test_an_unknown_run_is_answered_with_the_known_ones(orders: Database, run: Run) -> None:
    done = applied(orders, run, ("o_user", USER))
    code, _, err = run("rollback", "--run", "nothing")
    assert code == 2
    assert f"there is no run nothing in .indexical/runs; the newest there are: {done['run']}" in err


def test_what_stays_makes_the_exit_code_one(orders: Database, run: Run) -> None:
    applied(orders, run, ("o_user", USER))
    orders.run("ALTER INDEX o_user RENAME TO kept")
    code, out, _ = run("rollback")
    assert code == 1
    assert "public.kept" in out


def test_a_record_tells_the_run_as_markdown(orders: Database, run: Run) -> None:
    done = applied(orders, run, ("o_user", USER), drop="by_total")
    code, out, _ = run("record", "--format", "markdown", url=None)
    assert code == 0
    assert out.startswith(f"## Run {done['run']} (apply)\n")
    assert "| state | done |" in out
    assert "## Steps (2)" in out
    assert "## Indexes as they were (1)" in out
    assert "COMMENT ON INDEX public.by\\_total IS 'kept \\| by hand'" in out
    assert "pg\\_dump" in out


def test_a_record_tells_the_run_as_json(orders: Database, run: Run) -> None:
    done = applied(orders, run, ("o_user", USER), drop="by_total")
    code, out, _ = run("record", "--run", str(done["run"]), "--format", "json", url=None)
    document = json.loads(out)
    assert code == 0
    assert (document["run"], document["result"], document["backup"]["kind"]) == (done["run"], "done", "dump")
    assert document["backup"]["schema_only"] is True
    assert [step["outcome"]["kind"] for step in document["steps"]] == ["applied", "applied"]
    assert document["steps"][1]["records"][0]["comment"] == "kept | by hand"
    assert document["steps"][0]["index_oid"] == orders.indexes("orders")["o_user"].oid


def test_the_list_of_runs_says_which_were_taken_back(orders: Database, run: Run) -> None:
    done = applied(orders, run, ("o_user", USER))
    run("rollback")
    code, out, _ = run("record", "--list", url=None)
    assert code == 0
    assert out.startswith("Runs (2)")
    assert f"rollback of {done['run']}" in " ".join(out.split())


def test_without_any_run_there_is_nothing_to_show(run: Run) -> None:
    code, out, err = run("record", url=None)
    assert (code, out) == (2, "")
    assert "there is no run in .indexical/runs" in err
