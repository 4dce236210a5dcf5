"""What is missing is said exactly, and what can be done without it is done; nothing ends in a traceback."""

from __future__ import annotations

import psycopg
import pytest

from indexical.catalog import snapshot
from indexical.cli import main
from indexical.errors import DatabaseError, IndexicalError, PlanRefused, RightMissing, WorkloadEmpty
from indexical.hypopg import open_hypopg, planner
from indexical.model import Configuration, Index, Key, Statement
from indexical.pg.session import Session, connect
from indexical.verify.observing import observe
from indexical.workload import statstatements
from indexical.workload.gathering import Observed
from indexical.workload.statstatements import StatStatements
from tests.faults.harness import Place, nothing_left_in, waits_until
from tests.faults.harness.places import InvariantBroken

PGSS = "pg_stat_statements"
USER = Index("public", "orders", (Key.asc("user_id"),))


def counters(url: str) -> Observed:
    with connect(url) as session:
        return StatStatements(session).observe()


def refused(url: str, kind: type[IndexicalError]) -> str:
    with pytest.raises(kind) as refusal:
        counters(url)
    with connect(url) as session:
        missing = observe(session).missing
    assert missing, "what a watch goes by says so too"
    said = str(refusal.value)
    assert "\n" not in said
    return said


@pytest.fixture
def loaded(own_place: Place) -> Place:
    own_place.cluster.set(shared_preload_libraries=PGSS)
    return own_place


@pytest.mark.fault(55, "pg_stat_statements absent")
def test_an_absent_extension_is_named_with_the_way_to_have_it(place: Place) -> None:
    said = refused(place.url, WorkloadEmpty)
    assert "has no pg_stat_statements" in said
    assert "shared_preload_libraries" in said


@pytest.mark.fault(55, "pg_stat_statements present, but not preloaded")
def test_an_extension_whose_library_is_not_loaded_is_told_apart(place: Place) -> None:
    place.run(f"CREATE EXTENSION {PGSS}")
    said = refused(place.url, WorkloadEmpty)
    assert "installed" in said
    assert "not loaded" in said


@pytest.mark.fault(55, "no right to see other roles' statements")
def test_a_missing_right_is_named_with_the_grant(loaded: Place) -> None:
    loaded.run(f"CREATE EXTENSION {PGSS}", "SELECT total FROM public.orders WHERE user_id = 7")
    said = refused(loaded.url_as("clerk"), RightMissing)
    assert "GRANT pg_read_all_stats" in said


@pytest.mark.fault(55, "compute_query_id off")
def test_statements_that_are_not_counted_are_explained(loaded: Place) -> None:
    loaded.cluster.set(compute_query_id="off")
    # What was counted before that is no part of the question.
    loaded.run(
        f"CREATE EXTENSION {PGSS}",
        "SELECT pg_stat_statements_reset()",
        "SELECT total FROM public.orders WHERE user_id = 7",
    )
    said = refused(loaded.url, WorkloadEmpty)
    assert "compute_query_id is off" in said


@pytest.mark.fault(55, "columns of an old version of the extension")
@pytest.mark.parametrize("version", ["1.4", "1.8", "1.10"])
def test_old_columns_are_read_as_they_were(loaded: Place, version: str) -> None:
    # An upgraded server keeps the extension's old version until it is updated too. 1.4 has no plan times, 1.8 old names.
    loaded.run(f"CREATE EXTENSION {PGSS} VERSION '{version}'")
    with loaded.open() as session:
        for number in range(3):
            session.rows(f"SELECT total FROM public.orders WHERE user_id = {number}")
    found = counters(loaded.url)
    (seen,) = [each for each in found.observations if "user_id = " in each.normalised.sql]
    assert seen.calls == 3.0
    assert seen.total_ms > 0.0
    with connect(loaded.url) as session:
        missing = observe(session).missing
    # A watch needs the spread of the times and the time of the last reset, which came with 1.9.
    assert ("old version" in missing) == (version != "1.10")


@pytest.mark.fault(55, "the commands degrade: one line, no traceback")
@pytest.mark.parametrize("role", ["postgres", "clerk"])
def test_the_command_line_degrades_in_one_line(
    place: Place, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["advise", place.url_as(role)])
    said = capsys.readouterr()
    place.says(said.out + said.err)
    assert code in (2, 3)
    assert len(said.err.strip().splitlines()) == 1
    assert "Traceback" not in said.err
    assert PGSS in said.err


@pytest.mark.guard(55)
def test_without_the_look_at_its_columns_an_old_version_fails(
    loaded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.run(f"CREATE EXTENSION {PGSS} VERSION '1.4'", "SELECT total FROM public.orders WHERE user_id = 7")
    assert counters(loaded.url).observations
    monkeypatch.setattr(statstatements, "_statements_query", lambda facts: "pgss_statements")
    with pytest.raises(DatabaseError, match="42703"):
        counters(loaded.url)


# -- HypoPG ------------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(56, "HypoPG absent: said, and nothing left behind")
def test_an_absent_hypopg_is_named_with_what_to_use_instead(place: Place) -> None:
    with connect(place.url) as session:
        catalog = snapshot(session)
    with pytest.raises(DatabaseError, match="planner twin") as refusal:
        open_hypopg(place.url, catalog)
    place.says(refusal.value)
    # The server ends a session a moment after it was closed.
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'indexical%'"
    waits_until(lambda: place.value(ours) == 0, 20, what="the end of our sessions")


@pytest.fixture
def hypo(place: Place) -> Place:
    if not place.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'"):
        pytest.skip("not proven: HypoPG is not installed for this version")
    place.run("CREATE EXTENSION hypopg")
    return place


def answer_and_leave(place: Place, *, fails: bool) -> None:
    """One what-if question on a session that goes on to somebody else, as one of a pool does."""
    with psycopg.connect(place.url, autocommit=True, application_name="application pooled") as pooled:
        with connect(place.url) as session:
            catalog = snapshot(session)
        lent = connect(place.url)
        lent._connection.close()
        lent._connection = pooled
        pooled.close, close = (lambda: None), pooled.close  # type: ignore[method-assign]
        made = planner.HypoPg(lent, catalog, "public", "1.3.1")
        try:
            made.plan(
                Statement("q", "SELECT total FROM public.orders WHERE user_id = 7"),
                (),
                Configuration().with_added(USER),
            )
            if fails:
                made.plan(
                    Statement("bad", "SELECT nothing FROM nowhere"), (), Configuration().with_added(USER)
                )
        except PlanRefused:
            assert fails
        finally:
            made.close()
            try:
                nothing_left_in(pooled)
            finally:
                pooled.close = close  # type: ignore[method-assign]


@pytest.mark.fault(56, "hypothetical indexes leak into a pooled session")
@pytest.mark.parametrize("fails", [False, True], ids=["answered", "failed"])
def test_no_hypothetical_index_stays_in_a_session_that_goes_on(hypo: Place, fails: bool) -> None:
    answer_and_leave(hypo, fails=fails)


@pytest.mark.guard(56)
def test_without_its_reset_the_hypothetical_index_would_stay(
    hypo: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner.HypoPg, "_reset", lambda self: None)
    with pytest.raises(InvariantBroken, match="hypothetical"):
        answer_and_leave(hypo, fails=False)


# -- statements that cannot be examined --------------------------------------------------------------------------------------

ODD = {
    "a comment cut short": "SELECT 1 /* and then",
    "a typed literal that cannot be a parameter": "SELECT count(*) FROM public.orders WHERE created_at > date $1",
    "text that ends in the middle": "SELECT count(*) FROM public.orders WHERE note = 'abc",
    "the server lost it": None,
    "hidden from the role": "<insufficient privilege>",
    "Django's own shortening": "SELECT 1 IN (/*, ... */)",
    "ended in an ellipsis": "SELECT count(*) FROM public.orders WHERE ...",
}


@pytest.mark.fault(57, "truncated text, $n, cut comments: skipped with a reason, and the totals add up")
def test_every_call_is_either_examined_or_skipped_with_a_reason() -> None:
    rows = [
        {"query": text, "calls": 10.0 + number, "total_ms": 1.0, "rows": 1.0}
        for number, text in enumerate(ODD.values())
    ]
    rows += [
        {"query": "SELECT total FROM public.orders WHERE user_id = $1", "calls": 500.0, "total_ms": 9.0, "rows": 1.0},
        {"query": "SELECT total FROM public.orders WHERE $1 IS NULL OR user_id = $1", "calls": 50.0, "total_ms": 9.0,
         "rows": 1.0},
    ]  # fmt: skip
    found = statstatements._observed(rows, 0)
    assert total(found) == sum(float(str(row["calls"])) for row in rows)
    assert all(each.why for each in found.skipped)
    assert sum(each.calls for each in found.skipped) >= 10.0


def calls(session: Session) -> float:
    (counted,) = session.rows(
        "SELECT sum(calls)::float8 AS calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
        "WHERE d.datname = current_database()"
    )
    return float(counted["calls"])


def total(found: Observed) -> float:
    return sum(each.calls for each in found.observations) + sum(each.calls for each in found.skipped)


@pytest.mark.fault(57, "totals add up on a server")
def test_the_totals_of_a_server_add_up(loaded: Place) -> None:
    loaded.run(f"CREATE EXTENSION {PGSS}")
    with loaded.open() as session:
        session.rows("SELECT pg_stat_statements_reset()")
        for number in range(4):
            session.rows(f"SELECT total FROM public.orders WHERE user_id = {number} /*, ... */")
            session.rows("SELECT count(*) FROM public.orders WHERE created_at > date '2026-01-01'")
        session.execute("CREATE TABLE IF NOT EXISTS public.bystander (id int)")
    with connect(loaded.url) as session:
        before = calls(session)
        found = StatStatements(session).observe()
        after = calls(session)
    # Our own looks are themselves counted, and so is what the harness does beside.
    assert before <= total(found) <= after
    assert [each.calls for each in found.observations if "user_id = " in each.normalised.sql] == [4.0]


@pytest.mark.guard(57)
def test_without_the_count_of_what_was_skipped_calls_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"query": text, "calls": 10.0, "total_ms": 1.0, "rows": 1.0} for text in ODD.values()]
    assert total(statstatements._observed(rows, 0)) == 10.0 * len(rows)
    monkeypatch.setattr(
        statstatements, "Skipped", lambda what, why, calls: type("Lost", (), {"calls": 0.0, "why": why})()
    )
    with pytest.raises(AssertionError):
        assert total(statstatements._observed(rows, 0)) == 10.0 * len(rows)
