"""A served run is shown, compared, saved and read back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from indexical.model import NotMeasured
from indexical.model.served import DatabaseLoad, EndpointLatency, EndpointLoad, LoadRun, LoadStep, ServedRun
from indexical.report.served import compared, from_json, sections, target_text, to_json
from indexical.report.text import render_sections


def endpoint(id: str = "GET /items/", ms: float = 100.0, spread: float = 0.05) -> EndpointLatency:
    return EndpointLatency(
        id, 70, 10, ms * 1.1, ms, ms * 2, ms * (1 - spread), ms * (1 + spread), 2048.0, ((200, 70),), 3.0
    )


DID = DatabaseLoad(2.5, 100_000, 50, 0, 2000, 0, 10, 5_000_000, 900, 1000, 4096, 8192, 0)


def step(users: int, rate: float, p95: float, database: DatabaseLoad | None = DID) -> LoadStep:
    return LoadStep(
        users,
        10.0,
        1000,
        0,
        rate,
        1.0,
        p95 / 2,
        p95 / 2,
        p95,
        p95 * 2,
        (EndpointLoad("GET /items/", 1000, 0, p95 / 2, p95),),
        (),
        database,
        1.5,
        0.95,
    )


LOAD = LoadRun("a shop", "abc", "locust 2.47.0", 2.0, (step(1, 100, 10), step(2, 150, 60)), 40.0, cores=2)
RUN = ServedRun(
    "a shop",
    "abc",
    (endpoint(),),
    (NotMeasured("POST /items/", "POST /items/", "it writes"),),
    LOAD,
    ("ignored keys of the requests file: x",),
)


def text(now: ServedRun, before: ServedRun | None = None) -> str:
    return " ".join(render_sections(sections(now, before), width=220, color=False).split())


def test_a_run_comes_back_from_its_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(RUN)))) == RUN
    alone = replace(RUN, load=None)
    assert "load" not in to_json(alone)
    assert from_json(json.loads(json.dumps(to_json(alone)))) == alone


def test_a_measured_run_without_them_has_no_served_run() -> None:
    assert from_json({"format": "indexical-measure", "version": 1}) is None


def test_keys_of_a_later_version_are_passed_over() -> None:
    document = json.loads(json.dumps(to_json(RUN)))
    document["load"]["steps"][0]["database"]["later"] = 1
    assert from_json(document) == RUN


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("endpoints",), []),
        (("endpoints", "measured"), {}),
        (("endpoints", "measured", 0), 3),
        (("endpoints", "measured", 0, "median_ms"), "12"),
        (("endpoints", "measured", 0, "median_ms"), float("nan")),
        (("endpoints", "measured", 0, "sent"), True),
        (("endpoints", "measured", 0, "sent"), 1.5),
        (("endpoints", "measured", 0, "statuses"), [[200]]),
        (("endpoints", "title"), None),
        (("load",), 7),
        (("load", "steps"), None),
        (("load", "steps", 0, "database", "cpu_s"), "x"),
    ],
)
def test_a_damaged_document_is_refused(path: tuple[Any, ...], value: Any) -> None:
    document: Any = json.loads(json.dumps(to_json(RUN)))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError):  # noqa: PT011
        from_json(document)


def test_a_missing_figure_is_refused_not_filled_in() -> None:
    document = json.loads(json.dumps(to_json(RUN)))
    del document["endpoints"]["measured"][0]["median_ms"]
    with pytest.raises(KeyError):
        from_json(document)


def test_two_medians_differ_when_their_intervals_are_apart_and_the_change_is_large() -> None:
    assert compared(endpoint(ms=100), endpoint(ms=20)) == "faster"
    assert compared(endpoint(ms=20), endpoint(ms=100)) == "slower"
    assert compared(endpoint(ms=100), endpoint(ms=90, spread=0.001)) == "within noise"
    assert compared(endpoint(ms=100, spread=0.9), endpoint(ms=60, spread=0.9)) == "within noise"
    assert compared(endpoint(ms=0.01, spread=0.001), endpoint(ms=0.02, spread=0.001)) == "within noise"


def test_the_comparison_shows_both_medians_the_change_and_the_verdict() -> None:
    now = replace(RUN, endpoints=(endpoint(ms=20.0), endpoint("GET /new/")))
    before = replace(RUN, endpoints=(endpoint(ms=100.0), endpoint("GET /old/")))
    shown = text(now, before)
    assert "100 ms" in shown
    assert "-80 %" in shown
    assert "1 faster, 0 slower, 0 within noise" in shown
    assert "Only measured before: GET /old/" in shown
    assert "not measured" in shown


def test_nothing_in_common_is_said() -> None:
    assert "nothing to compare" in text(RUN, replace(RUN, endpoints=(endpoint("GET /old/"),)))


def test_what_was_not_measured_is_listed() -> None:
    shown = text(RUN)
    assert "Endpoints not measured (1)" in shown
    assert "it writes" in shown


def test_the_load_shows_throughput_at_the_target_and_how_it_was_found() -> None:
    shown = text(RUN)
    assert "130 requests/s, interpolated between the steps of 1 and 2 users" in shown
    assert "95 %" in shown
    assert "own limit is measured" in shown


@pytest.mark.parametrize(
    ("target", "words"),
    [(5.0, "not reached"), (100.0, "at least 150 requests/s"), (10.0, "100 requests/s, as measured")],
)
def test_every_verdict_on_a_target_has_its_words(target: float, words: str) -> None:
    assert words in target_text(LOAD, target)


def test_a_target_says_nothing_where_every_step_failed() -> None:
    spoilt = replace(LOAD, steps=(replace(step(1, 100, 10), failures=500),))
    assert "not measured, too many requests failed" in target_text(spoilt, 40.0)


def test_another_mix_is_not_compared() -> None:
    other = replace(RUN, load=replace(LOAD, mix="def"))
    shown = text(RUN, other)
    assert "played another mix" in shown
    assert "requests/s before" not in shown


def test_the_same_mix_is_compared_step_by_step() -> None:
    before = replace(RUN, load=replace(LOAD, steps=(step(1, 50, 20), step(2, 148, 61))))
    shown = text(RUN, before)
    assert "requests/s before" in shown
    assert "+100 %" in shown
    assert "+1 %, within noise" in shown
    assert "1 before" in shown


def test_the_databases_figures_are_for_each_request() -> None:
    shown = text(RUN)
    assert "per request" in shown
    assert "2.50 ms" in shown
    assert "5,000" in shown


def test_what_the_database_did_is_left_out_where_nobody_watched() -> None:
    unseen = replace(
        LOAD, steps=(step(1, 100, 10, None),), not_measured=(NotMeasured("database", "d", "no one"),)
    )
    shown = text(replace(RUN, load=unseen))
    assert "The database under load" not in shown
    assert "no one" in shown


def test_a_cpu_time_that_could_not_be_read_is_not_nothing() -> None:
    blind = replace(LOAD, steps=(step(1, 100, 10, replace(DID, cpu_s=None, wal_bytes=None)),))
    assert text(replace(RUN, load=blind)).count("not measured") >= 2


def test_failures_that_spoil_a_step_are_marked() -> None:
    spoilt = replace(LOAD, steps=(replace(step(1, 100, 10), failures=500, reasons=(("answered 500", 500),)),))
    shown = text(replace(RUN, load=spoilt))
    assert "500 (too many)" in shown
    assert "answered 500 (500)" in shown


def test_endpoints_that_write_and_were_left_out_are_named() -> None:
    out = replace(LOAD, left_out=("POST /items/",), left_out_share=0.25)
    shown = text(replace(RUN, load=out))
    assert "25 % of the mix left out" in shown
    assert "POST /items/" in shown
