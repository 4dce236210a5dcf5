"""What lets a change into production, and everything that does not: decisions on values alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.promotion.samples import (
    DAY,
    IN_ORDER,
    STAGING,
    STATUS,
    USER,
    later,
    observed,
    passed,
    promotion,
)

from indexical.apply.statements import create_statement, drop_statement
from indexical.model import (
    Applied,
    ExistingIndex,
    Failed,
    Index,
    Key,
    NotMeasured,
    RunRecord,
    RunStep,
    Skipping,
    Verified,
)
from indexical.model.promotion import GATES, TESTS, VERIFIED, WINDOW, Promoted
from indexical.promotion.deciding import (
    Compared,
    elapsed,
    holds,
    is_promoted,
    judge_applied,
    judge_compared,
    judge_invalid,
    judge_verified,
    judge_watched,
    judge_window,
    not_advised,
    other_changes,
    standings,
)

USED = Verified("public.o_user", "o_user", "used", ("list",))
CREATE = create_statement("o_user", USER)
DROP = drop_statement(ExistingIndex("o_status", STATUS, oid=9))


def test_all_gates_passed_after_the_window_let_it_go() -> None:
    assert holds(promotion(*passed()))


@pytest.mark.parametrize("gate", GATES)
def test_without_any_one_gate_it_does_not_hold(gate: str) -> None:
    assert not holds(promotion(*passed(*(each for each in IN_ORDER if each != gate))))


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("verdict", ["failed", "not-examined"])
def test_a_gate_that_failed_or_was_not_examined_at_last_does_not_hold(gate: str, verdict: str) -> None:
    results = [*passed(), (gate, verdict)]
    assert not holds(promotion(*results))
    found = {each.gate: each.state for each in standings(promotion(*results))}
    assert found[gate] == verdict


def test_a_gate_that_failed_and_was_passed_since_holds() -> None:
    assert holds(promotion(*passed(), (TESTS, "failed"), (TESTS, "passed")))


def test_what_was_passed_before_the_window_ended_is_stale_and_said_so() -> None:
    record = promotion(*passed("applied", VERIFIED, TESTS, WINDOW, "not-worse", "no-invalid"))
    states = {each.gate: (each.state, each.detail) for each in standings(record)}
    assert states[VERIFIED][0] == states[TESTS][0] == "stale"
    assert "older than the end of the window" in states[TESTS][1]
    assert not holds(record)


def test_a_window_that_did_not_hold_later_begins_anew_for_the_other_gates() -> None:
    again = promotion(*passed(), (WINDOW, "failed"), (WINDOW, "passed"))
    assert {each.gate for each in standings(again) if each.state == "stale"} == set(GATES) - {
        "applied",
        WINDOW,
    }
    twice = promotion(*passed(), (WINDOW, "passed"))
    assert holds(twice)


def test_a_torn_record_and_one_without_gates_hold_nothing() -> None:
    assert not holds(promotion(*passed(), torn=True))
    assert not holds(promotion(gates=()))


def test_what_was_passed_before_a_cut_counts_no_more() -> None:
    assert not holds(promotion(*passed(), cut_at=20))


def test_the_window_is_as_long_as_the_slowest_clock_says() -> None:
    begun = promotion().clocks
    assert elapsed(begun, later(DAY)) == DAY
    assert elapsed(begun, later(60, wall=begun.wall + DAY)) == 60
    assert elapsed(begun, later(60, wall=begun.wall + DAY, server=begun.server + DAY)) == 60
    # After a reboot the running clock says nothing; the server's still does.
    assert elapsed(begun, later(60, wall=begun.wall + DAY, boot="boot-b", running=1.0)) == 60


@pytest.mark.parametrize(
    ("seen", "verdict", "word"),
    [
        (observed(DAY), "passed", "24 h"),
        (observed(DAY - 1), "not-examined", "open"),
        (observed(DAY, clocks=later(DAY, server=990.0)), "not-examined", "set back"),
        (observed(DAY, clocks=later(DAY, wall=900.0)), "not-examined", "set back"),
        (observed(DAY, clocks=later(DAY, running=60.0)), "not-examined", "open"),
        (observed(DAY, wrong=("o_user was built anew since the record began",)), "failed", "anew"),
        (observed(DAY, target=replace(STAGING, database="other")), "failed", "not the staging"),
        (observed(DAY, target=replace(STAGING, system_identifier="7002")), "failed", "not the staging"),
    ],
)
def test_the_window_passes_only_when_it_is_over_and_staging_was_seen(seen, verdict, word) -> None:
    found, detail = judge_window(promotion(), seen)
    assert (found, word in detail) == (verdict, True), detail


def run(*steps: RunStep, ended: str = "t", result: str = "done") -> RunRecord:
    return RunRecord("1f2e", "apply", "t", STAGING, steps=steps, ended=ended, result=result)


def step(outcome: object, state: str = "applied", statement=CREATE) -> RunStep:
    return RunStep(statement, state, outcome=outcome)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (run(step(Applied("a", "a"))), "passed"),
        (run(step(Skipping("a", "a", "exists already as defined"), "skipped")), "passed"),
        (run(step(Skipping("a", "a", "is not there any more"), "skipped", DROP)), "passed"),
        (run(step(Skipping("a", "a", "o_user was not built, and this ..."), "skipped", DROP)), "failed"),
        (run(step(Failed("a", "a", "disk"), "failed"), result="failed"), "failed"),
        (run(step(None, "planned")), "failed"),
        (run(step(Applied("a", "a")), ended="", result=""), "failed"),
        (run(), "not-examined"),
    ],
)
def test_the_run_on_staging_has_to_have_done_everything(record: RunRecord, verdict: str) -> None:
    assert judge_applied(record)[0] == verdict


@pytest.mark.parametrize(
    ("outcomes", "seen", "verdict"),
    [
        ((USED,), observed(), "passed"),
        ((replace(USED, verdict="not-used"),), observed(), "failed"),
        ((Failed("a", "o_user", "INVALID"),), observed(), "failed"),
        ((NotMeasured("a", "o_user", "no statement"),), observed(), "not-examined"),
        ((), observed(), "not-examined"),
        ((USED,), observed(wrong=("o_status is there again",)), "failed"),
        ((USED,), observed(target=replace(STAGING, database_oid=6)), "failed"),
    ],
)
def test_verified_is_more_than_nothing_failed(outcomes, seen, verdict) -> None:
    assert judge_verified(promotion(), outcomes, seen)[0] == verdict


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((replace(USED, verdict="no-worse"),), "passed"),
        ((USED, Failed("a", "o_user", "slower", code="WORSE")), "failed"),
        ((USED, NotMeasured("a", "o_user", "too few calls")), "not-examined"),
        ((), "not-examined"),
    ],
)
def test_watching_passes_only_what_was_watched(outcomes, verdict) -> None:
    assert judge_watched(outcomes)[0] == verdict


@pytest.mark.parametrize(
    ("pairs", "gone", "verdict"),
    [
        ([Compared("a", 10.0, 10.9)], [], "passed"),
        ([Compared("a", 10.0, 11.1)], [], "failed"),
        ([Compared("a", 0.01, 0.05)], [], "passed"),
        ([Compared("a", 10.0, 1.0), Compared("b", 1.0, 2.0)], [], "failed"),
        ([Compared("a", 10.0, 1.0)], ["b"], "not-examined"),
        ([], [], "not-examined"),
    ],
)
def test_no_statement_may_get_slower_and_none_may_be_missing(pairs, gone, verdict) -> None:
    assert judge_compared(pairs, gone, tolerance=0.1, least_ms=0.1)[0] == verdict


def test_an_invalid_index_anywhere_is_in_the_way() -> None:
    assert judge_invalid(promotion(), observed(invalid=("public.half",)))[0] == "failed"
    assert judge_invalid(promotion(), observed())[0] == "passed"


def test_indexes_are_compared_by_structure_and_never_by_name() -> None:
    renamed = [
        create_statement("another_name", USER),
        drop_statement(ExistingIndex("o_status2", STATUS, oid=77)),
    ]
    assert other_changes(promotion(), renamed) == ()
    other = create_statement("o_user", Index("public", "orders", (Key.asc("user_id"), Key.asc("created_at"))))
    (extra, missing) = other_changes(promotion(), [other, DROP])
    assert "was not tried on staging" in extra
    assert "is not to be applied" in missing
    assert len(other_changes(promotion(), [CREATE])) == 1
    assert len(other_changes(promotion(), [CREATE, CREATE, DROP])) == 1


def test_an_advice_has_changed_when_what_was_tried_is_no_longer_in_it() -> None:
    assert not_advised(promotion(), [CREATE, DROP]) == ()
    more = create_statement("o_total", Index("public", "orders", (Key.asc("total"),)))
    assert not_advised(promotion(), [CREATE, DROP, more]) == ()
    (gone,) = not_advised(promotion(), [more, DROP])
    assert "is not in it" in gone


def test_an_advice_and_a_migration_may_word_a_predicate_differently() -> None:
    advised = replace(USER, predicate="status = 'PAID'")
    tried = promotion(
        changes=(Promoted("create", "o_user", replace(USER, predicate="(status)::text = 'PAID'")),)
    )
    assert not_advised(tried, [create_statement("o_user", advised)]) == ()
    assert is_promoted(tried, advised)
    assert not is_promoted(tried, USER)
    # What is to be applied is compared to the word.
    assert len(other_changes(tried, [create_statement("o_user", advised)])) == 2
