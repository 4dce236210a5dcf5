"""What was measured becomes the figures that claims speak of."""

from __future__ import annotations

from indexical.measure.figures import endpoint_figures, figures, load_figures, merged
from indexical.model import Measurement, NotMeasured, WriteMeasurement
from indexical.model.served import DatabaseLoad, EndpointLatency, LoadRun, LoadStep
from indexical.model.storage import Storage, TableStorage, growth

MB = 2**20


def stored(index_mb: int, database_mb: int = 100) -> Storage:
    return Storage(database_mb * MB, (TableStorage("public.a", 50 * MB, index_mb * MB, 3),))


def step(users: int, p95: float, requests: int = 200, cpu: float | None = 1.0) -> LoadStep:
    did = DatabaseLoad(cpu, 9_000, 1_000, 0, 200, 0, 0, 0, 0, 0)
    return LoadStep(users, 10.0, requests, 0, requests / 10, 0.0, p95 / 2, p95 / 2, p95, p95, database=did)


def load(*steps: LoadStep, target: float | None = 200.0) -> LoadRun:
    return LoadRun("a", "mix", "locust", 1.0, steps, target)


def test_reads_writes_storage_and_counts_have_their_units() -> None:
    read = Measurement("D1", 10.0, 7, 4.0, 8.0, 5.0, 100, 5.0)
    found = figures(
        [read],
        [WriteMeasurement("order", 100, 1500.0)],
        storage=stored(30),
        before=stored(10),
        counts={"added": 42},
    ).values
    assert found["statement", "D1", ""] == 4.0
    assert found["write", "order", ""] == 1.5
    assert found["storage", "index-growth", ""] == 20.0
    assert found["storage", "index-share", ""] == 30.0
    assert found["count", "added", ""] == 42.0


def test_growth_needs_a_run_to_compare_with() -> None:
    found = figures(storage=stored(30))
    assert ("storage", "index-growth", "") not in found.values
    assert "compare with" in found.missing["storage", "index-growth", ""]


def test_growth_of_nothing_is_no_division() -> None:
    assert growth(Storage(0, ()), stored(5)) == 0.0


def test_an_endpoint_is_its_median_and_a_missing_one_its_reason() -> None:
    each = EndpointLatency("GET /", 9, 3, 2.0, 1.5, 3.0, 1.0, 2.0, 100.0, ((200, 9),))
    found = endpoint_figures([each], [NotMeasured("POST /", "POST /", "it answered 500")])
    assert found.values == {("endpoint", "GET /", ""): 1.5}
    assert found.missing == {("endpoint", "POST /", ""): "it answered 500"}


def test_load_is_told_per_request_over_the_steps_that_both_have() -> None:
    found = load_figures(
        load(step(1, 40.0), step(2, 90.0), step(4, 900.0)), load(step(1, 60.0), step(2, 90.0))
    )
    values = {key[1]: value for key, value in found.values.items()}
    assert values["cpu"] == 5.0
    assert values["io"] == 50.0
    assert round(values["p95"], 6) == 60.0
    assert values["concurrency"] == 2.0
    assert values["throughput"] >= 20.0


def test_a_target_that_no_step_keeps_is_not_measured() -> None:
    found = load_figures(load(step(1, 500.0)))
    assert ("database", "throughput", "") not in found.values
    assert "within 200 ms" in found.missing["database", "throughput", ""]


def test_without_load_there_is_no_figure_and_a_reason() -> None:
    found = load_figures(None)
    assert found.values == {}
    assert found.missing["database", "cpu", ""] == "no load was played"


def test_cpu_that_could_not_be_read_is_said() -> None:
    assert "could not be read" in load_figures(load(step(1, 10.0, cpu=None))).missing["database", "cpu", ""]


def test_of_two_figures_the_later_one_counts() -> None:
    read = Measurement("D1", 10.0, 7, 4.0, 8.0, 5.0, 100, 5.0)
    later = Measurement("D1", 10.0, 7, 9.0, 8.0, 5.0, 100, 5.0)
    assert merged(figures([read]), figures([later])).values["statement", "D1", ""] == 9.0
