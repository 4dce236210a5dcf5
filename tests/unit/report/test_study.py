"""What a study shows: endpoints, load, growing data, claims; and which set is better in total."""

from __future__ import annotations

import json
from dataclasses import replace

from indexical.model import (
    HotMeasurement,
    Measurement,
    NotMeasured,
    Plan,
    PlanNode,
    ThreeWays,
    Way,
    WriteMeasurement,
)
from indexical.model.claims import Claim, Judged
from indexical.model.scaling import ScalePoint, ScalingSeries
from indexical.model.served import DatabaseLoad, EndpointLatency, LoadRun, LoadStep
from indexical.model.storage import Storage, TableStorage
from indexical.model.three_ways import Study
from indexical.report import claims, dominance, stored
from indexical.report.text import render_sections
from indexical.report.three_ways import document, report, sections

MB = 2**20
SCAN = Plan(10.0, 5.0, (PlanNode("Seq Scan", 0, "public.course"),))


def read(id: str, ms: float, *indexes: str, plan: Plan | None = None) -> Measurement:
    return Measurement(id, 10.0, 7, ms, ms * 2, ms, 100, 5.0, indexes, plan)


def endpoint(ms: float, low: float = 0.9, high: float = 1.1) -> EndpointLatency:
    return EndpointLatency(
        "GET /courses/", 30, 5, ms, ms, ms * 2, ms * low, ms * high, 900.0, ((200, 30),), 3.0
    )


def load(per_second: float, p95: float, cpu: float | None = 2.0) -> LoadRun:
    did = DatabaseLoad(cpu, 5000, 0, 0, 500, 0, 3, 4000, 100, 800, 7000)
    step = LoadStep(
        4, 10.0, 500, 0, per_second, 0.5, p95 / 2, p95 / 2, p95, p95, database=did, machine_busy=0.95
    )
    return LoadRun("mix", "m", "locust 2", 2.0, (step,), 200.0, cores=2)


def way(name: str, ms: float, index_mb: int, hot: float) -> Way:
    storage = Storage(200 * MB, (TableStorage("public.course", 100 * MB, index_mb * MB, index_mb),))
    return Way(
        name,
        (read("list", ms),),
        (WriteMeasurement("order", 100, ms),),
        (HotMeasurement("course.x", 100, hot),),
        read_ms=ms * 10,
        p95_ms=ms,
        storage=storage,
        descending=2,
        per_app=(("learning", 2),),
    )


SERIES = ScalingSeries(
    "Courses",
    "courses",
    (
        ScalePoint(
            "1000", 9e3, (("prior", (read("S1", 1.0, plan=SCAN),)), ("guide", (read("S1", 0.5, "a_idx"),)))
        ),
        ScalePoint(
            "100000",
            9e5,
            (("prior", (read("S1", 80.0),)), ("guide", ())),
            (NotMeasured("S1", "S1", "it ran into the statement timeout"),),
        ),
    ),
)
CLAIM = Claim("a", "statement", "Courses by level", "S1", "ms", 50.0, 0.5, "1000", "results")
STUDY = Study(
    endpoints=(("prior", (endpoint(20.0),)), ("guide", (endpoint(10.0),)), ("indexical", (endpoint(5.0),))),
    load=(("prior", load(50.0, 90.0)), ("guide", load(70.0, 60.0)), ("indexical", load(71.0, 61.0, 1.0))),
    scaling=(SERIES,),
    claims=(
        ("guide", (Judged(CLAIM, "not-met", "1 → 0.5 (2.0 times less), claimed 100 times less", 1.0, 0.5),)),
        ("indexical", (Judged(CLAIM, "not-measured", "nothing of this name was measured"),)),
    ),
    not_measured=(NotMeasured("POST /", "POST /", "it answered 500 instead of 201"),),
)
RESULT = ThreeWays(
    "learning",
    "small",
    way("prior", 20.0, 40, 1.0),
    way("guide", 4.0, 60, 0.0),
    way("indexical", 4.1, 45, 1.0),
    60_000.0,
    "18.6",
    study=STUDY,
)


def verdicts(result: ThreeWays) -> dict[str, str]:
    return {total.id: total.verdict for total in dominance.totals(result)}


def test_the_sets_are_compared_column_by_column() -> None:
    assert verdicts(RESULT) == {
        "read_ms": "equal",
        "p95_ms": "equal",
        "write_us": "equal",
        "hot": "better",
        "index_bytes": "better",
        "indexes": "better",
        "endpoint_ms": "better",
        "cpu_ms": "better",
        "blocks": "equal",
        "load_p95_ms": "equal",
        "throughput": "equal",
    }


def test_a_set_that_loses_a_column_is_told_as_worse() -> None:
    lost = replace(RESULT, indexical=way("indexical", 9.0, 70, 0.0), study=None)
    assert verdicts(lost) == {
        "read_ms": "worse",
        "p95_ms": "worse",
        "write_us": "worse",
        "hot": "equal",
        "index_bytes": "worse",
        "indexes": "worse",
    }
    assert "worse on 5 (reads, the workload once" in render_sections([dominance.section(lost)], width=300)


def test_a_column_without_a_figure_is_not_measured_and_said() -> None:
    blind = replace(STUDY, load=(*STUDY.load[:2], ("indexical", load(71.0, 61.0, None))))
    result = replace(RESULT, study=blind)
    assert verdicts(result)["cpu_ms"] == "not measured"
    text = render_sections([dominance.section(result)], width=300)
    assert "not measured: under load: CPU of the database, a request." in text


def test_the_text_shows_every_part() -> None:
    text = render_sections(sections(RESULT), width=320)
    assert "faster, -50 %" in text
    assert "Prior".lower() in text
    assert "were up to 95 % busy" in text
    assert "not met: 1 → 0.5" in text
    assert "not measured: nothing of this name" in text
    assert "it answered 500 instead of 201" in text
    assert "Not measured at 100,000 courses: S1, it ran into the statement timeout." in text


def test_a_size_shows_how_many_times_faster_and_never_a_guess() -> None:
    text = render_sections([section for section in sections(RESULT) if section.title == "Courses"], width=200)
    rows = [line.split() for line in text.splitlines() if line.startswith(("S1", " S1"))]
    assert "2x" in rows[0]
    assert "n/a" in rows[1]


def test_the_file_has_all_of_it_beside_the_documented_keys() -> None:
    found = document(RESULT)
    assert found["version"] == 1
    assert found["totals"]["hot"] == {"prior": 1.0, "guide": 0.0, "indexical": 1.0, "verdict": "better"}
    assert found["served"]["guide"]["load"]["steps"][0]["per_second"] == 70.0
    assert found["served"]["prior"]["endpoints"]["measured"][0]["median_ms"] == 20.0
    assert found["scaling"][0]["points"][0]["ways"]["prior"][0]["plan"] == "scan of course"
    assert found["claims"]["guide"][0]["verdict"] == "not-met"
    assert found["study_not_measured"][0]["reason"] == "it answered 500 instead of 201"
    assert found["ways"]["guide"]["storage"]["index_bytes"] == 60 * MB
    json.dumps(found)


def test_a_demo_without_a_study_has_no_key_of_one() -> None:
    assert not {"served", "scaling", "claims"} & set(document(replace(RESULT, study=None)))


def test_the_report_is_markdown_or_a_page_by_its_name() -> None:
    assert report(RESULT, "out.MD").startswith("## Three ways: learning")
    assert report(RESULT, "out.html").lstrip().startswith("<!DOCTYPE html>")


def test_claims_are_counted_and_shown_with_their_own_figures() -> None:
    text = render_sections([claims.section([STUDY.claims[0][1][0]])], width=200)
    assert "0 met, 1 not met, 0 not measured of 1." in text
    assert "50 → 0.5 ms" in text


def test_storage_tells_growth_in_percent_of_the_database_before() -> None:
    before, now = RESULT.prior.storage, RESULT.guide.storage
    assert before is not None
    assert now is not None
    text = render_sections([stored.section(now, before)], width=200)
    assert (
        "20 MB more than before: +10.0 % of the database as it was; their number went from 40 to 60." in text
    )
    assert "60 MB" in text
