"""After a change: an index that harms is taken back once, one that is damaged is never called verified."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from indexical.apply.build import apply_sql, create_statement
from indexical.apply.journal import new_run
from indexical.cli import main
from indexical.cli.records import new_journal
from indexical.ddl import create_index
from indexical.model import Index, Key, Recommendation, Workload
from indexical.pg.session import connect
from indexical.usage import Store, sample
from indexical.verify import structure, verify, worse
from tests.faults.harness import Place, advice_file, expect, waits_until

HEAVY = Index("public", "orders", (Key(expression="public.heavily(total)"),))
NAME = "orders_heavy_idx"
USER = Index("public", "orders", (Key.asc("user_id"),))


@pytest.fixture
def counted(own_place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A server that counts statements, and an application whose inserts an index can slow down."""
    own_place.cluster.set(shared_preload_libraries="pg_stat_statements")
    monkeypatch.chdir(own_place.folder)
    own_place.run(
        "CREATE EXTENSION pg_stat_statements",
        # For every row that an index on it has to hold, more than a busy machine adds to an insert now and then.
        "CREATE FUNCTION public.heavily(numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN IF $1 < 0 THEN PERFORM pg_catalog.pg_sleep(0.02); END IF; RETURN $1; END $$",
    )
    own_place.allow(rows=True)
    return own_place


def application(place: Place, *, inserts: int = 60, reads: int = 60) -> None:
    with place.open() as session:
        for _ in range(inserts):
            session.execute(
                "INSERT INTO public.orders (id, user_id, status, total, created_at) "
                "VALUES ((SELECT max(id) + 1 FROM public.orders), 1, 'NEW', -1, '2026-01-01')"
            )
        for number in range(reads):
            session.rows(f"SELECT count(*) FROM public.orders WHERE id = {number}")
        session.rows("SELECT pg_stat_force_next_flush()")


def build(place: Place, name: str, index: Index) -> None:
    run = new_run()
    (done,) = apply_sql(place.open_ours, [create_statement(name, index)], journal=new_journal(run), run=run)
    expect(done, "applied")


def indexical(
    place: Place, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, dict[str, object]]:
    code = main(["verify", place.url, *map(str, words), "--format", "json"])
    said = capsys.readouterr()
    place.says(said.out + said.err)
    return code, json.loads(said.out)


def watch(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object):  # type: ignore[no-untyped-def]
    """A watch in which the application works once."""
    monkeypatch.setattr("indexical.cli.watching._wait", lambda seconds, on_event: application(place))
    code, said = indexical(place, capsys, "--watch", "1s", "--no-amcheck", *words)
    outcomes = said["outcomes"]
    assert isinstance(outcomes, list)
    return (
        code,
        [each for each in outcomes if "no statement of the workload" not in each.get("reason", "")],
        said,
    )


@pytest.mark.fault(66, "an index that makes writes worse is reverted once, and recorded")
def test_an_index_that_harms_is_taken_back_once(
    counted: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    advice = advice_file(counted, [(NAME, HEAVY)])
    baseline = counted.folder / "before.json"
    code, outcomes, _ = watch(counted, monkeypatch, capsys, "--advice", advice, "--baseline", baseline)
    assert (code, outcomes[0]["kind"]) == (0, "not-measured")
    assert "as the baseline" in outcomes[0]["reason"]

    build(counted, NAME, HEAVY)
    code, outcomes, _ = watch(counted, monkeypatch, capsys, "--advice", advice, "--baseline", baseline)
    assert (code, [each["kind"] for each in outcomes]) == (1, ["failed"]), outcomes
    assert outcomes[0]["code"] == "WORSE"
    assert "indexical rollback URL --journal .indexical/runs/" in outcomes[0]["remedy"]
    assert counted.index_state(NAME) == "t/t/t", "nothing is done unless it was asked for"

    code, outcomes, said = watch(
        counted, monkeypatch, capsys, "--advice", advice, "--baseline", baseline, "--auto-revert"
    )
    assert (code, [each["kind"] for each in outcomes]) == (1, ["failed", "applied"])
    assert counted.index_state(NAME) == ""
    assert Path(str(said["journal"])).exists()
    with connect(counted.url) as session, Store(counted.folder / ".indexical" / "usage.sqlite") as store:
        (reverted,) = store.reverted(sample(session).state)
    assert (reverted.name, reverted.definition) == (NAME, HEAVY.text)

    # Built again all the same: it is told once more, and left to people.
    build(counted, NAME, HEAVY)
    code, outcomes, _ = watch(
        counted, monkeypatch, capsys, "--advice", advice, "--baseline", baseline, "--auto-revert"
    )
    assert (code, [each["kind"] for each in outcomes]) == (1, ["failed"])
    assert "taken back on" in outcomes[0]["error"]
    assert counted.index_state(NAME) == "t/t/t"


@pytest.mark.fault(66, "an index that nothing scans is no gain")
def test_an_index_that_nothing_scans_is_taken_back(
    counted: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    advice = advice_file(counted, [("orders_user_idx", USER)])
    build(counted, "orders_user_idx", USER)
    code, outcomes, _ = watch(counted, monkeypatch, capsys, "--advice", advice, "--auto-revert")
    assert (code, outcomes[0]["code"], outcomes[1]["kind"]) == (1, "NO_GAIN", "applied")
    assert counted.index_state("orders_user_idx") == ""


@pytest.mark.guard(66)
def test_without_its_limit_of_calls_a_handful_of_calls_would_condemn_an_index(
    counted: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    advice = advice_file(counted, [(NAME, HEAVY)])
    # Enough that the first ones, which warm everything up, do not make the time before look long.
    application(counted, inserts=200, reads=10)
    build(counted, NAME, HEAVY)
    words = ("--watch", "1s", "--no-amcheck", "--advice", advice, "--auto-revert")
    monkeypatch.setattr(
        "indexical.cli.watching._wait", lambda seconds, on_event: application(counted, inserts=30, reads=10)
    )
    code, _ = indexical(counted, capsys, *words)
    assert (code, counted.index_state(NAME)) == (0, "t/t/t")
    # Not so low that what somebody called once or twice counts as a sign of a busy server.
    monkeypatch.setattr("indexical.cli.watching.Threshold", lambda: worse.Threshold(calls=20))
    code, _ = indexical(counted, capsys, *words)
    with pytest.raises(AssertionError):
        assert (code, counted.index_state(NAME)) == (0, "t/t/t")


@pytest.mark.fault(66, "what we did not build is not taken back")
def test_an_index_that_no_record_of_ours_speaks_of_is_left(
    counted: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    advice = advice_file(counted, [("orders_user_idx", USER)])
    counted.run(create_index(USER, "orders_user_idx"))
    code, outcomes, _ = watch(counted, monkeypatch, capsys, "--advice", advice, "--auto-revert")
    assert (code, outcomes[0]["code"], len(outcomes)) == (1, "NO_GAIN", 1)
    assert "no record of ours" in outcomes[0]["error"]
    assert counted.index_state("orders_user_idx") == "t/t/t"


def test_a_watch_without_pg_stat_statements_is_not_measured(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place.allow(rows=True)
    monkeypatch.chdir(place.folder)
    advice = advice_file(place, [("orders_user_idx", USER)])
    place.run(create_index(USER, "orders_user_idx"))
    code, outcomes, _ = watch(place, monkeypatch, capsys, "--advice", advice)
    assert (code, [each["kind"] for each in outcomes]) == (0, ["not-measured"])
    assert "CREATE EXTENSION pg_stat_statements" in outcomes[0]["reason"]


def checked(place: Place):  # type: ignore[no-untyped-def]
    expected = Recommendation(USER, "orders_user_idx", create_index(USER, "orders_user_idx"), 0, 0.0, 0.0)
    with connect(place.url) as session:
        (outcome,) = verify(session, [expected], Workload(()))
    place.says(outcome)
    return outcome


@pytest.fixture
def damaged(own_place: Place) -> Place:
    """An index with the pages it had before half of the rows came: every page is whole, and rows are missing from it."""
    own_place.allow(rows=True, sessions=True, waits=True)
    # The file is copied while the server runs: nobody may change a page of it meanwhile.
    own_place.sampler.quiet()
    cluster = own_place.cluster
    own_place.run(
        "CREATE EXTENSION amcheck",
        "ALTER TABLE public.orders SET (autovacuum_enabled = off)",
        create_index(USER, "orders_user_idx"),
        "CHECKPOINT",
    )
    expect(checked(own_place), "not-measured")
    assert "found all rows" in checked(own_place).reason
    path = cluster.data / str(own_place.value("SELECT pg_relation_filepath('public.orders_user_idx')"))
    copy = own_place.folder / "page"
    shutil.copy(path, copy)
    own_place.run("UPDATE public.orders SET user_id = user_id + 1000 WHERE id % 2 = 0", "CHECKPOINT")
    cluster.stop("fast")
    owner = path.stat()
    shutil.copy(copy, path)
    os.chown(path, owner.st_uid, owner.st_gid)
    copy.unlink()
    cluster.start()
    waits_until(lambda: cluster.running)
    own_place.settle()
    return own_place


@pytest.mark.fault(67, "a damaged index is found by amcheck and never called verified")
def test_a_damaged_index_is_never_verified(damaged: Place) -> None:
    outcome = checked(damaged)
    expect(outcome, "failed", "CORRUPT", "XX001")
    assert "REINDEX INDEX CONCURRENTLY public.orders_user_idx" in outcome.remedy


@pytest.mark.guard(67)
def test_without_amcheck_the_damage_goes_unseen_and_that_is_said(
    damaged: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged.run("DROP EXTENSION amcheck")
    outcome = checked(damaged)
    expect(outcome, "not-measured")
    assert "amcheck is not in this database" in outcome.reason
    damaged.run("CREATE EXTENSION amcheck")
    monkeypatch.setattr(
        "indexical.verify.verdicts.check_structure", lambda session, oid: structure.Structure("sound", "")
    )
    with pytest.raises(AssertionError):
        expect(checked(damaged), "failed", "CORRUPT", "XX001")
