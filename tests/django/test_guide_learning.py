"""The learning guide's performance tests in their honest form: by the plan, red without the index, and why a time proves nothing.

The cases stand in ``guide_cases/learning_cases.py`` and are run by Django's own test runner in the example project, on a database
that has the guide's indexes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.django.conftest import EXAMPLES
from tests.django.test_guide_invitations import run_cases

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]

CASES = (
    "test_the_rows_are_those_of_the_guide",
    "test_published_beginners",
    "test_featured_newest",
    "test_red_when_the_index_is_dropped",
    "test_red_when_none_is_left",
    "test_the_threshold_passes_without_any_index",
    "test_pages_are_flat_with_the_index_and_grow_without",
)


@pytest.fixture(scope="module")
def run(
    new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, dict[str, Any]]]:
    figures = tmp_path_factory.mktemp("figures") / "figures.jsonl"
    return run_cases(EXAMPLES / "learning", "learning_cases", new_database(), figures)


@pytest.mark.parametrize("case", CASES)
def test_the_plan_decides(run: tuple[str, dict[str, Any]], case: str) -> None:
    lines = run[0].splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith(f"{case} (")]
    # A case with a docstring has its outcome on the line below.
    assert any(line.endswith("... ok") for line in lines[at : at + 2])


@pytest.mark.parametrize(
    "name", ["beginners", "featured", "beginners without an index", "featured without an index"]
)
def test_times_are_recorded(
    run: tuple[str, dict[str, Any]], name: str, record_property: Callable[[str, object], None]
) -> None:
    figures = run[1][name]
    record_property(name, json.dumps({key: figures[key] for key in ("average_ms", "median_ms", "p95_ms")}))
    assert figures["runs"] == 100
    assert figures["fastest_ms"] < 50


def test_the_scaling_series_is_recorded(
    run: tuple[str, dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    series = json.loads(run[1]["scaling"]["series"])
    record_property("scaling", json.dumps(series))
    assert list(series) == ["1000", "10000", "100000"]
