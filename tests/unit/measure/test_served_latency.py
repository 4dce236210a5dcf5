"""Endpoints asked over HTTP: who is asked when, what counts, and what is not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.measure.serving import tiny

from indexical.errors import InputError
from indexical.measure.served.exchange import Exchange, Unanswered, address
from indexical.measure.served.latency import choose, measure_endpoints, median_interval
from indexical.measure.served.requests_file import UNIQUE, Fresh
from indexical.model import NotMeasured
from indexical.model.served import EndpointLatency, Request, RequestsFile

LIST = Request("list", "GET", "/items/")
MAKE = Request("make", "POST", "/items/", body=f'{{"d": "{UNIQUE}"}}', writes=True)


def file(*requests: Request) -> RequestsFile:
    return RequestsFile("a shop", requests)


def test_an_endpoint_is_asked_once_unmeasured_and_then_as_often_as_said() -> None:
    with tiny() as server:
        found = measure_endpoints({"now": server.url}, file(LIST), runs=5)["now"][0]
    assert isinstance(found, EndpointLatency)
    assert found.sent == 5
    assert len(server.asked) == 6
    assert found.bytes == 2
    assert found.statuses == ((200, 5),)
    assert 0 < found.low_ms <= found.median_ms <= found.high_ms
    assert found.median_ms <= found.p95_ms


def test_a_server_that_keeps_connections_is_asked_over_one() -> None:
    with tiny() as server:
        measure_endpoints({"now": server.url}, file(LIST), runs=5)
    assert server.connections == 1


def test_a_server_that_closes_connections_is_measured_as_well() -> None:
    with tiny(keeps=False) as server:
        found = measure_endpoints({"now": server.url}, file(LIST), runs=5)["now"][0]
    assert isinstance(found, EndpointLatency)
    assert server.connections == 6


def test_a_server_that_closes_connections_without_a_word_is_measured_as_well() -> None:
    with tiny(silently=True) as server:
        found = measure_endpoints({"now": server.url}, file(LIST), runs=5)["now"][0]
    assert isinstance(found, EndpointLatency)
    assert found.sent == 5


def test_the_servers_take_turns_and_who_begins_rotates() -> None:
    order: list[str] = []

    def note(name: str):
        def answer(path: str) -> tuple[int, str]:
            order.append(name)
            return 200, ""

        return answer

    with tiny(note("a")) as a, tiny(note("b")) as b:
        measure_endpoints({"a": a.url, "b": b.url}, file(LIST), runs=4)
    assert "".join(order) == "ab" + "abbaabba"


def test_another_status_is_not_measured_and_says_which() -> None:
    with tiny(lambda path: (500, "")) as server:
        found = measure_endpoints({"now": server.url}, file(LIST))["now"][0]
    assert isinstance(found, NotMeasured)
    assert found.reason == "it answered 500 instead of 200"


def test_a_refused_token_is_suspected_to_have_expired() -> None:
    with tiny(lambda path: (401, "")) as server:
        found = measure_endpoints({"now": server.url}, file(LIST))["now"][0]
    assert isinstance(found, NotMeasured)
    assert "token" in found.reason


def test_a_status_that_is_expected_is_a_success() -> None:
    gone = Request("gone", "GET", "/past/", expect=(404, 410))
    with tiny(lambda path: (410, "")) as server:
        found = measure_endpoints({"now": server.url}, file(gone))["now"][0]
    assert isinstance(found, EndpointLatency)
    assert found.statuses == ((410, 7),)


def test_one_server_in_trouble_does_not_keep_the_other_from_being_measured() -> None:
    with tiny() as good, tiny(lambda path: (0, "")) as bad:
        found = measure_endpoints({"bad": bad.url, "good": good.url}, file(LIST))
    assert isinstance(found["good"][0], EndpointLatency)
    assert isinstance(found["bad"][0], NotMeasured)
    assert "without an answer" in found["bad"][0].reason


def test_nobody_there_is_not_measured() -> None:
    with tiny() as server:
        url = server.url
    found = measure_endpoints({"now": url}, file(LIST))["now"][0]
    assert isinstance(found, NotMeasured)
    assert "cannot be reached" in found.reason


def test_what_writes_is_not_sent_unless_it_is_allowed() -> None:
    with tiny() as server:
        found = measure_endpoints({"now": server.url}, file(MAKE, LIST))["now"]
        assert isinstance(found[0], NotMeasured)
        assert {method for method, _, _ in server.asked} == {"GET"}


def test_what_writes_has_new_text_in_every_sending() -> None:
    with tiny() as server:
        found = measure_endpoints({"now": server.url}, file(MAKE), writes=True)["now"][0]
    assert isinstance(found, EndpointLatency)
    assert found.writes
    assert len({body for _, _, body in server.asked}) == 8


def test_a_slow_endpoint_keeps_within_its_budget_but_is_asked_three_times() -> None:
    with tiny() as server:
        found = measure_endpoints(
            {"now": server.url},
            file(*(Request("list", "GET", f"/{number}") for number in range(9))),
            runs=50,
            budget_ms=0.0,
        )["now"][0]
    assert isinstance(found, EndpointLatency)
    assert (found.requests, found.sent) == (1, 3)


def test_an_endpoint_with_few_requests_is_asked_more_often() -> None:
    two = file(LIST, Request("list", "GET", "/items/2"))
    with tiny() as server:
        found = measure_endpoints({"now": server.url}, two, runs=3, at_least=21)["now"][0]
    assert isinstance(found, EndpointLatency)
    assert found.sent == 22


def test_the_weightiest_requests_are_chosen_and_the_others_evenly() -> None:
    requests = [Request("r", "GET", f"/{number}", weight=9.0 if number == 7 else 1.0) for number in range(20)]
    paths = [request.path for request in choose(requests, 4)]
    assert paths[0] == "/7"
    assert len(set(paths)) == 4
    assert any(int(path[1:]) > 10 for path in paths[1:])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop",
        "ftp://shop/",
        "http://",
        "http://user:secret@shop/",
        "http://shop/?a=1",
        "http://shop:99999/",
        "http://shop/\r\nX: y",
        "http://[::1/",
    ],
)
def test_what_is_no_base_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        address(url)
    assert "secret" not in str(caught.value)


def test_a_base_url_keeps_its_folder() -> None:
    assert address("https://shop.example/under/").text == "https://shop.example:443/under"
    assert address("http://[::1]:8000").text == "http://[::1]:8000"


def test_a_write_is_never_sent_twice() -> None:
    with tiny(lambda path: (0, "")) as server:
        way = Exchange(address(server.url))
        with pytest.raises(Unanswered):
            way.send(MAKE, Fresh())
    assert len(server.asked) == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=700))
def test_the_interval_holds_the_median(values: list[float]) -> None:
    ordered = sorted(values)
    low, high = median_interval(ordered)
    middle = ordered[len(ordered) // 2]
    assert ordered[0] <= low <= middle <= high <= ordered[-1]


def test_the_interval_narrows_with_more_values() -> None:
    assert median_interval(range(5)) == (0, 4)
    assert median_interval(range(10)) == (1, 8)
    assert median_interval(range(100)) == (39, 60)
    low, high = median_interval(range(10_000))
    assert 4890 < low < 5000 < high < 5110
