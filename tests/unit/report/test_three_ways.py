"""The demo's table: what it shows, what it saves, and what counts as slower."""

from __future__ import annotations

import json
from dataclasses import replace

from indexical.model import HotMeasurement, Measurement, NotMeasured, ThreeWays, Way, WriteMeasurement
from indexical.report.text import render_sections
from indexical.report.three_ways import document, render_json, sections, slower_than_guide


def read(id: str, ms: float, *indexes: str, calls: float = 10.0) -> Measurement:
    return Measurement(id, calls, 7, ms, ms * 2, ms, 100, 5.0, indexes)


def way(name: str, ms: float, **values: object) -> Way:
    fields: dict[str, object] = {
        "name": name,
        "reads": (read("list", ms, f"{name}_idx"), read("get", 0.1)),
        "writes": (WriteMeasurement("guest", 5000, 12.5),),
        "hot": (HotMeasurement("guest.attending", 100, 1.0),),
        "read_ms": ms * 10 + 1,
        "p95_ms": ms,
    }
    return Way(**(fields | values))  # type: ignore[arg-type]


RESULT = ThreeWays(
    "invitations",
    "small",
    way("prior", 20.0),
    way("guide", 2.0, added=42, bytes=80 * 2**20),
    way("indexical", 1.9, added=9, bytes=20 * 2**20, dropped=3, freed=4 * 2**20),
    61_000.0,
    "18.6",
    (NotMeasured("odd", "odd", "it ran into the statement timeout"),),
    labels=(("list", "shop/views.py:41"),),
)


def test_the_saved_table_has_the_documented_keys() -> None:
    saved = json.loads(render_json(RESULT))
    assert saved["version"] == 1
    assert saved["scale"] == "small"
    assert saved["milliseconds"] == 61000
    guide = saved["ways"]["guide"]
    assert {key: guide[key] for key in guide if key not in ("descending", "per_app")} == {
        "read_ms": 21.0,
        "p95_ms": 2.0,
        "added": 42,
        "dropped": 0,
        "bytes": 80 * 2**20,
        "freed": 0,
        "write_us": {"guest": 12.5},
        "hot": {"guest.attending": 1.0},
    }
    assert set(saved["ways"]) == {"prior", "guide", "indexical"}


def test_each_statement_has_its_three_times() -> None:
    rows = {row["id"]: row for row in document(RESULT)["statements"]}
    assert rows["list"]["prior"]["median_ms"] == 20.0
    assert rows["list"]["indexical"]["indexes"] == ["indexical_idx"]
    assert rows["list"]["from"] == "shop/views.py:41"
    assert rows["list"]["slower_because"] is None


def test_the_text_shows_totals_writes_hot_and_what_was_not_measured() -> None:
    text = render_sections(sections(RESULT))
    assert "indexes added" in text
    assert "80 MB" in text
    assert "write guest, per row" in text
    assert "HOT updates, guest.attending" in text
    assert "Not measured: it ran into the statement timeout: odd." in text
    assert "No statement, beyond noise." in text


def test_a_statement_that_lost_is_listed_with_its_reason() -> None:
    lost = replace(
        RESULT,
        indexical=way("indexical", 9.0),
        explanations=(("list", "the guide uses order_status_idx; it does not pay"),),
    )
    assert slower_than_guide(lost) == ("list",)
    assert "order_status_idx; it does not pay" in render_sections(sections(lost))


def test_a_loss_without_another_plan_is_counted_as_chance() -> None:
    lost = replace(RESULT, indexical=way("indexical", 9.0))
    text = render_sections(sections(lost))
    assert "No statement, beyond noise." in text
    assert "1 more statement measured slower although both plans use only indexes that both sets have" in text


def test_noise_is_no_loss() -> None:
    noisy = replace(RESULT, guide=way("guide", 0.010), indexical=way("indexical", 0.030))
    assert slower_than_guide(noisy) == ()
    close = replace(RESULT, guide=way("guide", 10.0), indexical=way("indexical", 11.0))
    assert slower_than_guide(close) == ()


def test_what_one_way_lacks_is_never_shown_as_nothing() -> None:
    lacking = replace(RESULT, prior=way("prior", 20.0, writes=(), hot=()))
    lines = [line for line in render_sections(sections(lacking)).splitlines() if "guest" in line]
    assert [line.count("not measured") for line in lines] == [1, 1]
    assert not any(" 0 " in line for line in lines)


def test_many_things_not_measured_are_counted() -> None:
    many = tuple(NotMeasured(f"s{n}", f"s{n}", "it timed out") for n in range(9))
    text = render_sections(sections(replace(RESULT, not_measured=many)))
    assert "s4, s5" in text
    assert "and 3 more." in text
