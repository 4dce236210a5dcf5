"""Which of several built indexes go, without a server: what each set of them takes is laid down here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from indexical.confirm import building, judging
from indexical.confirm.building import Built
from indexical.confirm.judging import Found, Judging
from indexical.confirm.trials import Effort, Side, Trial
from indexical.ddl import create_index
from indexical.model import Advice, PlannerUse, Recommendation, Statement, StatementVerdict
from indexical.testing import index, statement, workload

Took = tuple[float, str]
"""Milliseconds and the indexes that the plan uses, separated by blanks."""
Behaviour = Callable[[frozenset[str]], Took]
"""From the new indexes that are there."""
TIMEOUT = 1000.0


class _Session:
    server_version_text = "18"


def _judged(
    monkeypatch: pytest.MonkeyPatch,
    names: str,
    behaviour: Mapping[str, Behaviour],
    expected: Mapping[str, str],
) -> Found:
    """Advice of the indexes ``names`` (one letter each), each for the statements of ``expected``, judged."""
    built = []
    for name in names:
        wanted = index("public.t", name)
        one = Recommendation(
            wanted, name, create_index(wanted, name), 1, 1.0, 0.0, statements=tuple(expected[name].split())
        )
        built.append(Built(one, name, 1, 1.0))
    statements = [statement("SELECT 1", id=id) for id in behaviour]
    verdicts = tuple(
        StatementVerdict(
            id, "", 1.0, 100.0, 10.0, tuple(name for name in names if id in expected[name].split())
        )
        for id in behaviour
    )
    advice = Advice(
        tuple(each.recommendation for each in built), (), (), verdicts, (), PlannerUse("twin", "18", 1, 1.0),
        100.0, 10.0, 1.0,
    )  # fmt: skip

    def compare(
        session: object,
        one: Statement,
        sides: tuple[Sequence[str], Sequence[str]],
        effort: Effort,
        indexes: object,
    ) -> Trial:
        found = []
        for gone in sides:
            missing = {each.rpartition(".")[2] for each in gone}
            took, used = behaviour[one.id](frozenset(names) - missing)
            found.append(Side(10.0, min(took, TIMEOUT), tuple(used.split()), 3, cut=took > TIMEOUT))
        if all(side.cut for side in found):
            return Trial(reason="it ran into the statement timeout")
        return Trial(*found)

    def used(
        session: object, one: Statement, gone: Sequence[str], effort: Effort, indexes: object
    ) -> tuple[str, ...]:
        missing = {each.rpartition(".")[2] for each in gone}
        return tuple(behaviour[one.id](frozenset(names) - missing)[1].split())

    monkeypatch.setattr(judging, "compare", compare)
    monkeypatch.setattr(judging, "used", used)
    monkeypatch.setattr(building, "names_of", lambda session: {})
    monkeypatch.setattr(building, "dropped", lambda session, drops: {})
    one = Judging(_Session(), workload(*statements), advice, built, Effort(), lambda *_: None)  # type: ignore[arg-type]
    return one.judged()


def _verdicts(found: Found) -> dict[str, str]:
    return {each.name: each.verdict for each in found.indexes}


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_of_two_indexes_that_are_bad_together_only_the_worse_one_goes(
    monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    found = _judged(
        monkeypatch,
        order,
        {
            "both": lambda there: (20.0, "a b") if there >= {"a", "b"} else (5.0, ""),
            "pays": lambda there: (4.0, "b") if "b" in there else (10.0, ""),
        },
        {"a": "both", "b": "both pays"},
    )
    assert _verdicts(found) == {"a": "not-confirmed", "b": "confirmed"}
    both, pays = found.statements
    assert (both.ms_after, both.indexes_used) == (5.0, ())
    assert (pays.ms_after, pays.indexes_used) == (4.0, ("b",))


def test_an_index_whose_work_another_did_badly_is_judged_again_when_that_one_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _judged(
        monkeypatch,
        "ab",
        {"s": lambda there: (30.0, "a") if "a" in there else (2.0, "b") if "b" in there else (10.0, "")},
        {"a": "s", "b": "s"},
    )
    assert _verdicts(found) == {"a": "not-confirmed", "b": "confirmed"}
    assert found.statements[0].ms_after == 2.0


def _ms(there: frozenset[str], by_set: Mapping[str, Took]) -> Took:
    return by_set["".join(sorted(there))]


def test_an_index_that_went_comes_back_when_what_it_was_bad_with_has_gone_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behaviour: dict[str, Behaviour] = {
        "s": lambda there: _ms(there, {"ab": (30, "a b"), "a": (5, "a"), "b": (20, "b"), "": (10, "")}),
        "both": lambda there: (5, "a b") if len(there) == 2 else (25, ""),
        "worse": lambda there: _ms(there, {"ab": (60, "a"), "a": (9, "a"), "b": (10, ""), "": (10, "")}),
    }
    found = _judged(monkeypatch, "ab", behaviour, {"a": "s both worse", "b": "s both"})
    assert _verdicts(found) == {"a": "confirmed", "b": "not-confirmed"}
    assert {each.id: each.ms_after for each in found.statements} == {"s": 5.0, "both": 25.0, "worse": 9.0}


def test_an_index_comes_back_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pays without the other and hurts beside it: one of the two stays, and the search ends."""
    found = _judged(
        monkeypatch,
        "ab",
        {
            "s": lambda there: _ms(there, {"ab": (50, "a b"), "a": (4, "a"), "b": (5, "b"), "": (10, "")}),
        },
        {"a": "s", "b": "s"},
    )
    assert sorted(_verdicts(found).values()) == ["confirmed", "not-confirmed"]
    assert found.statements[0].ms_after in (4.0, 5.0)


def test_an_index_that_nothing_uses_goes_last_and_takes_nothing_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _judged(
        monkeypatch,
        "ab",
        {"s": lambda there: (2.0, "b") if "b" in there else (10.0, "")},
        {"a": "s", "b": "s"},
    )
    assert _verdicts(found) == {"a": "not-confirmed", "b": "confirmed"}
    assert found.indexes[0].reason == "no real plan uses it, of s"


def test_a_statement_that_only_ends_in_time_with_the_index_confirms_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _judged(monkeypatch, "a", {"s": lambda there: (50.0, "a") if there else (9e9, "")}, {"a": "s"})
    assert _verdicts(found) == {"a": "confirmed"}
    assert found.indexes[0].saved_ms == TIMEOUT - 50
    (one,) = found.statements
    assert (one.verdict, one.cut, one.ms_before, one.ms_after) == ("confirmed", "before", TIMEOUT, 50.0)


def test_an_index_with_which_a_statement_no_longer_ends_in_time_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _judged(monkeypatch, "a", {"s": lambda there: (9e9, "a") if there else (50.0, "")}, {"a": "s"})
    assert _verdicts(found) == {"a": "not-confirmed"}
    assert found.indexes[0].reason == (
        "the statements that use it take at least 1,000 ms with it and 50 ms without it"
    )
    # Without the index it is what it was.
    assert (found.statements[0].cut, found.statements[0].ms_after) == ("", 50.0)


def test_what_never_ends_in_time_says_nothing_about_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _judged(monkeypatch, "a", {"s": lambda there: (9e9, "a")}, {"a": "s"})
    assert _verdicts(found) == {"a": "not-measured"}
    assert found.statements[0].reason == "it ran into the statement timeout"


def test_an_index_beside_which_another_never_ends_is_not_measured_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def one(there: frozenset[str]) -> Took:
        if there == {"a", "b"}:
            return 60.0, "a b"
        return 9e9, "a" if "a" in there else ""

    found = _judged(monkeypatch, "ab", {"s": one}, {"a": "s", "b": "s"})
    # With both it ends; each is worth at least what the timeout cut off.
    assert _verdicts(found) == {"a": "confirmed", "b": "confirmed"}
    assert [each.saved_ms for each in found.indexes] == [TIMEOUT - 60] * 2
