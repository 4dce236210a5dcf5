"""From staging to production, really: the gates on one database, the refusal and the change on another."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.postgres.change.conftest import Database

from indexical.apply.journal import read_run
from indexical.cli import main
from indexical.ddl import create_index
from indexical.model import Advice, Index, Key, PlannerUse, Recommendation
from indexical.promotion.record import read
from indexical.report.json import render_advice

pytestmark = pytest.mark.postgres

USER = Index("public", "orders", (Key.asc("user_id"),))
STATUS = Index("public", "orders", (Key.asc("status"),))
ORDERS = (
    "CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL)",
    "INSERT INTO public.orders SELECT i, i % 500, 'PAID' FROM generate_series(1, 5000) i",
    "ANALYZE public.orders",
)
_NUMBERS = itertools.count(1)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def production(change_server, fresh: Database) -> Iterator[Database]:
    """A second database beside ``fresh``, which is staging here."""
    name = f"production_{next(_NUMBERS)}"
    Database(change_server.url()).run(f"CREATE DATABASE {name} TEMPLATE template0")
    made = Database(change_server.url(name))
    made.run(*ORDERS)
    yield made
    Database(change_server.url()).run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def staging(fresh: Database) -> Database:
    fresh.run(*ORDERS)
    return fresh


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("work.sql").write_text(
        "-- indexical: id=by-user calls=10\nSELECT * FROM orders WHERE user_id = 7;\n"
    )
    advised("advice.json", "o_user", USER)

    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(list(words))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def advised(path: str, name: str, index: Index) -> None:
    item = Recommendation(
        index, name, create_index(index, name), 8192, 10.0, 1.0, statements=("by-user",), phase="critical"
    )
    advice = Advice((item,), (), (), (), (), PlannerUse("twin", "18", 1, 1.0), 3.0, 2.0, 1.0, database="shop")
    Path(path).write_text(render_advice(advice))


def staged(run: Run, staging: Database, window: str = "1ms") -> None:
    """Measured, applied and measured on staging, and the record begun."""
    for words in (
        ("measure", staging.url, "--workload", "work.sql", "--runs", "2", "-o", "before.json"),
        ("apply", staging.url, "--advice", "advice.json", "--no-backup"),
        ("promote", "begin", staging.url, "--window", window, "--short-window", "--promotion", "p.jsonl"),
    ):
        code, out, err = run(*words)
        assert code == 0, out + err


def gates_passed(run: Run, staging: Database) -> None:
    """Every gate but the window's, which comes first."""
    code, out, err = run("promote", "gate", "window", staging.url, "--promotion", "p.jsonl")
    assert code == 0, out + err
    code, out, err = run("measure", staging.url, "--workload", "work.sql", "--runs", "2", "-o", "after.json")
    assert code == 0, out + err
    for words in (
        ("verified", staging.url, "--advice", "advice.json", "--workload", "work.sql"),
        ("not-worse", "--before", "before.json", "--after", "after.json", "--tolerance", "1000"),
        ("no-invalid", staging.url),
        ("tests", "--run", "--", sys.executable, "-c", "print('green')"),
    ):
        name, *rest = words
        code, out, err = run("promote", "gate", name, *before_command(rest))
        assert code == 0, out + err


def before_command(words: list[str]) -> list[str]:
    place = words.index("--run") if "--run" in words else len(words)
    return [*words[:place], "--promotion", "p.jsonl", *words[place:]]


def apply_there(run: Run, production: Database, *more: str) -> tuple[int, str, str]:
    return run(
        "apply", production.url, "--advice", "advice.json", "--no-backup", "--promotion", "p.jsonl", *more
    )


def test_production_follows_staging_only_once_every_gate_is_passed(
    run: Run, staging: Database, production: Database
) -> None:
    staged(run, staging)
    code, out, err = apply_there(run, production)
    assert code == 3
    assert "G01" in err
    assert "gate window: open" in err
    assert production.indexes("orders").keys() == {"orders_pkey"}
    assert run("promote", "check", "--promotion", "p.jsonl")[0] == 1
    gates_passed(run, staging)
    assert run("promote", "check", "--promotion", "p.jsonl", "--advice", "advice.json")[0] == 0
    code, out, err = apply_there(run, production, "--journal", "production.jsonl")
    assert code == 0, out + err
    assert production.indexes("orders").keys() == {"orders_pkey", "o_user"}
    (note,) = [each for each in read_run(Path("production.jsonl")).notes if each.event == "promotion"]
    told = json.loads(note.details)
    assert told["digest"] == read(Path("p.jsonl")).head
    assert {each["state"] for each in told["gates"]} == {"passed"}
    code, out, _ = run("record", "--journal", "production.jsonl")
    assert "gate: tests" in out


def test_a_gate_that_fails_keeps_it_back(run: Run, staging: Database, production: Database) -> None:
    staged(run, staging)
    gates_passed(run, staging)
    fail = ("--promotion", "p.jsonl", "--run", "--", sys.executable, "-c", "raise SystemExit(3)")
    code, out, _ = run("promote", "gate", "tests", *fail)
    assert code == 1
    assert "ended with 3" in out
    code, _, err = apply_there(run, production)
    assert code == 3
    assert "gate tests: failed" in err
    code, out, _ = apply_there(run, production, "--dry-run", "--format", "json")
    assert code == 3
    assert [each["code"] for each in json.loads(out)["findings"] if each["severity"] == "refuse"] == ["G01"]
    assert production.indexes("orders").keys() == {"orders_pkey"}


def test_a_window_that_is_open_is_not_examined_and_what_ran_in_it_is_stale(
    run: Run, staging: Database, production: Database
) -> None:
    staged(run, staging, "2h")
    code, out, _ = run("promote", "gate", "window", staging.url, "--promotion", "p.jsonl")
    assert code == 1
    assert "the window is open" in out
    run("promote", "gate", "no-invalid", staging.url, "--promotion", "p.jsonl")
    code, _, err = apply_there(run, production)
    assert code == 3
    assert "gate window: not-examined" in err
    assert "gate no-invalid: stale" in err


def test_other_indexes_than_those_that_were_tried_are_refused_whatever_they_are_called(
    run: Run, staging: Database, production: Database
) -> None:
    staged(run, staging)
    gates_passed(run, staging)
    advised("advice.json", "o_user", STATUS)
    code, _, err = apply_there(run, production)
    assert code == 3
    assert "G02" in err
    assert "was not tried on staging" in err
    code, out, _ = run("promote", "check", "--promotion", "p.jsonl", "--advice", "advice.json")
    assert code == 1
    assert "the advice has changed since" in out
    advised("advice.json", "another_name", USER)
    assert apply_there(run, production)[0] == 0
    assert production.indexes("orders").keys() == {"orders_pkey", "another_name"}


def test_an_index_that_went_away_or_was_built_anew_during_the_window_fails_it(
    run: Run, staging: Database
) -> None:
    staged(run, staging)
    staging.run("DROP INDEX o_user", "CREATE INDEX o_user ON orders (user_id)")
    code, out, _ = run("promote", "gate", "window", staging.url, "--promotion", "p.jsonl")
    assert code == 1
    assert "built anew" in out
    staging.run("DROP INDEX o_user")
    code, out, _ = run("promote", "gate", "window", staging.url, "--promotion", "p.jsonl")
    assert code == 1
    assert "not there, valid and as defined" in out


def test_an_edited_a_cut_and_a_staging_s_own_record_are_refused(
    run: Run, staging: Database, production: Database
) -> None:
    staged(run, staging)
    gates_passed(run, staging)
    whole = Path("p.jsonl").read_bytes()
    code, _, err = apply_there(run, staging)
    assert code == 3
    assert "G03" in err
    for damaged in (whole.replace(b'"exit code 0"', b'"exit code 1"'), whole[:-3]):
        Path("p.jsonl").write_bytes(damaged)
        code, _, err = apply_there(run, production)
        assert code == 3
        assert "G04" in err
    assert production.indexes("orders").keys() == {"orders_pkey"}


def test_without_a_workload_the_use_is_not_examined_and_another_database_is_refused(
    run: Run, staging: Database, production: Database
) -> None:
    staged(run, staging)
    verified = ("promote", "gate", "verified", "--promotion", "p.jsonl", "--advice", "advice.json")
    Path("other.sql").write_text("SELECT count(*) FROM orders;\n")
    code, out, _ = run(*verified[:3], staging.url, *verified[3:], "--workload", "other.sql")
    assert code == 1
    assert "not-examined" in out
    code, out, _ = run("promote", "gate", "window", production.url, "--promotion", "p.jsonl")
    assert code == 1
    assert "not the staging database" in out
    code, _, _ = run("promote", "begin", production.url, "--journal", "none.jsonl")
    assert code == 2


def test_measured_runs_from_the_wrong_time_prove_nothing(run: Run, staging: Database) -> None:
    staged(run, staging)
    compare = ("promote", "gate", "not-worse", "--promotion", "p.jsonl")
    code, out, _ = run(*compare, "--before", "before.json", "--after", "before.json")
    assert code == 1
    assert "not-examined" in out
    later = json.loads(Path("before.json").read_text())
    later["made_at"] = "2999-01-01T00:00:00+00:00"
    Path("later.json").write_text(json.dumps(later))
    code, out, _ = run(*compare, "--before", "later.json", "--after", "later.json")
    assert code == 1
    assert "after the change on staging had begun" in out


def test_a_short_window_and_odd_words_are_refused_with_one_line(run: Run, staging: Database) -> None:
    staged(run, staging)
    for words in (
        ("begin", staging.url, "--window", "1h"),
        ("gate",),
        ("gate", "nonsense", "--promotion", "p.jsonl"),
        ("gate", "tests", "--promotion", "p.jsonl"),
        ("gate", "tests", "--promotion", "p.jsonl", "--run", "--", "/no/such/program"),
        ("gate", "window", staging.url, "--promotion", "p.jsonl", "--", "true"),
        ("gate", "verified", staging.url, "--promotion", "p.jsonl"),
        ("status", staging.url),
        ("status", "--promotion", "none.jsonl"),
        ("check", "--promotion", "advice.json"),
        ("begin", staging.url, "--promotion", "p.jsonl"),
    ):
        code, _, err = run("promote", *words)
        assert code == 2, words
        assert err.count("\n") == 1, err
    code, out, _ = run("promote", "status", "--promotion", "p.jsonl", "--format", "json")
    assert code == 0
    assert json.loads(out)["holds"] is False


def test_nothing_is_begun_on_a_staging_that_is_not_as_the_run_left_it(run: Run, staging: Database) -> None:
    assert run("apply", staging.url, "--advice", "advice.json", "--no-backup")[0] == 0
    staging.run("DROP INDEX o_user")
    code, _, err = run("promote", "begin", staging.url, "--promotion", "p.jsonl")
    assert code == 1
    assert "o_user is not there" in err
    assert not Path("p.jsonl").exists()


def test_the_newest_record_is_the_one_that_is_meant_and_a_gate_of_ones_own_is_needed_too(
    run: Run, staging: Database
) -> None:
    assert run("apply", staging.url, "--advice", "advice.json", "--no-backup")[0] == 0
    code, out, err = run("promote", "begin", staging.url, "--window", "36h", "--gate", "smoke-test")
    assert code == 0, err
    assert "36 h" in out
    code, out, _ = run("promote", "gate", "smoke-test", "--run", "--", sys.executable, "-c", "pass")
    assert code == 0
    code, out, _ = run("promote", "check", "--format", "json")
    assert code == 1
    states = {each["gate"]: each["state"] for each in json.loads(out)["gates"]}
    assert (states["applied"], states["smoke-test"], states["window"]) == ("passed", "stale", "open")


def test_watching_a_staging_on_which_nothing_ran_is_not_examined(run: Run, staging: Database) -> None:
    watch = ("--watch", "10ms", "--baseline", "base.json")
    code, out, err = run("verify", staging.url, "--advice", "advice.json", *watch)
    assert Path("base.json").exists(), out + err
    staged(run, staging)
    gate = ("promote", "gate", "not-worse", staging.url, "--promotion", "p.jsonl", "--advice", "advice.json")
    code, out, _ = run(*gate, *watch)
    assert code == 1
    assert "not-examined" in out
    code, _, err = run(*gate, "--watch", "10ms", "--baseline", "none.json")
    assert code == 2
    assert "from before the change" in err
