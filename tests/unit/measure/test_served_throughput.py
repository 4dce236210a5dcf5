"""What a step's answers say, the deck they are drawn from, and throughput at a fixed 95th percentile."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.measure.served.deck import deck
from indexical.measure.served.throughput import Played, at_target, step_of
from indexical.model.served import LoadStep, Request


def step(users: int, per_second: float, p95: float, *, failures: int = 0, requests: int = 1000) -> LoadStep:
    return LoadStep(users, 10.0, requests, failures, per_second, 0.0, p95 / 2, p95 / 2, p95, p95 * 2)


def test_the_crossing_is_interpolated_and_says_so() -> None:
    found = at_target([step(1, 100, 10), step(2, 180, 20), step(4, 220, 60)], 40)
    assert found.verdict == "reached"
    assert found.per_second == pytest.approx(200)
    assert found.interpolated
    assert found.between == (2, 4)
    assert found.users == 2


def test_a_step_that_kept_the_target_and_did_more_needs_no_interpolation() -> None:
    found = at_target([step(1, 100, 10), step(2, 180, 20), step(4, 90, 60)], 40)
    assert (found.per_second, found.interpolated) == (180, False)


def test_a_target_below_every_step_is_not_reached() -> None:
    assert at_target([step(1, 100, 10), step(2, 180, 20)], 5).verdict == "not-reached"


def test_a_target_above_every_step_is_only_a_lower_bound() -> None:
    found = at_target([step(1, 100, 10), step(2, 180, 20)], 50)
    assert (found.verdict, found.per_second) == ("not-exceeded", 180)


def test_a_step_whose_requests_failed_holds_nothing() -> None:
    failed = step(2, 500, 5, failures=100)
    found = at_target([step(1, 100, 10), failed], 50)
    assert (found.verdict, found.per_second, found.users) == ("reached", 100, 1)
    assert at_target([failed], 50).verdict == "not-measured"
    assert at_target([], 50).verdict == "not-measured"


def test_answers_after_the_end_count_for_latency_and_not_for_throughput() -> None:
    played = Played(2.0, {"a": [(10.0, 0.5), (20.0, 1.5)], "b": [(900.0, 2.4)]}, {"b": {"answered 500": 2}})
    found = step_of(3, played)
    assert found.users == 3
    assert found.requests == 3
    assert found.per_second == 1.0
    assert found.failures == 2
    assert found.p99_ms == 900.0
    assert found.reasons == (("answered 500", 2),)
    assert [(each.id, each.requests, each.failures) for each in found.endpoints] == [("a", 2, 0), ("b", 1, 2)]
    assert found.error_per_second == 0.0


def test_the_error_of_a_rate_comes_from_its_seconds() -> None:
    even = Played(4.0, {"a": [(1.0, second + 0.5) for second in range(4)]}, {})
    uneven = Played(4.0, {"a": [(1.0, 0.5)] * 4}, {})
    assert step_of(1, even).error_per_second == 0.0
    assert step_of(1, uneven).error_per_second == pytest.approx(1.0)


def test_a_step_without_any_answer_has_figures() -> None:
    found = step_of(1, Played(1.0, {}, {"a": {"no answer": 4}}))
    assert (found.requests, found.failures, found.per_second, found.p95_ms) == (0, 4, 0.0, 0.0)


@given(
    st.lists(st.floats(0.001, 1000), min_size=1, max_size=40), st.integers(0, 5), st.sampled_from([100, 1000])
)
def test_every_request_lies_in_the_deck_as_often_as_it_weighs(
    weights: list[float], seed: int, cards: int
) -> None:
    requests = [Request(f"r{number}", "GET", "/", weight=weight) for number, weight in enumerate(weights)]
    drawn = deck(requests, seed, cards)
    counts = Counter(request.name for request in drawn)
    for request in requests:
        wanted = request.weight / sum(weights) * cards
        assert abs(counts[request.name] - wanted) <= 1.001
    assert drawn == deck(requests, seed, cards)


def test_every_stretch_of_the_deck_has_the_mix() -> None:
    weights = {"a": 1.0, "b": 3.0, "c": 6.0}
    requests = [
        Request(name, "GET", f"/{number}", weight=weight)
        for name, weight in weights.items()
        for number in range(20)
    ]
    drawn = deck(requests, 7, 2000)
    for begin in range(0, len(drawn) - 100, 37):
        counts = Counter(request.name for request in drawn[begin : begin + 100])
        assert all(abs(counts[name] - weight * 10) <= 3 for name, weight in weights.items())
    assert [request.path for request in drawn[:50]] != [
        request.path for request in deck(requests, 8, 2000)[:50]
    ]


def test_many_light_requests_come_up_as_often_as_their_sum() -> None:
    light = [Request("light", "GET", f"/{number}", weight=0.01) for number in range(5000)]
    drawn = deck([Request("heavy", "GET", "/", weight=50.0), *light], 1, 2000)
    counts = Counter(request.name for request in drawn)
    assert abs(counts["heavy"] - counts["light"]) <= 2


def test_the_generators_process_has_no_sockets_before_locust_makes_its_own() -> None:
    code = "import sys, indexical.measure.served.generator; print(sorted({'ssl', 'locust'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
