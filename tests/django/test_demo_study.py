"""The demo on both example projects, and what a study adds to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

needs_content = pytest.mark.skipif(
    find_spec("wagtail") is None or find_spec("machina") is None,
    reason="Wagtail and django-machina are not installed",
)
needs_load = pytest.mark.skipif(
    find_spec("locust") is None or find_spec("gunicorn") is None,
    reason="Locust and gunicorn are not installed",
)
WAYS = {"prior", "guide", "indexical"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, which a socket's fits below; reachable for the user that the server runs as."""
    with tempfile.TemporaryDirectory(prefix="study-", dir="/tmp") as name:
        found = Path(name)
        found.chmod(0o755)
        yield found


def demo(folder: Path, example: str, *arguments: str) -> tuple[dict[str, Any], str]:
    table = folder / "table.json"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "indexical",
            "demo",
            example,
            "--scale",
            "small",
            "-o",
            str(table),
            *arguments,
        ],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stderr == ""
    return json.loads(table.read_text()), done.stdout


@needs_content
@pytest.mark.timeout(1600)
def test_the_learning_platform_walks_the_whole_line(folder: Path) -> None:
    found, out = demo(folder, "learning")
    assert found["example"] == "learning"
    assert set(found["ways"]) == WAYS
    prior, guide, ours = (found["ways"][name] for name in ("prior", "guide", "indexical"))
    assert (prior["added"], guide["added"], guide["dropped"]) == (0, 39, 0)
    assert guide["descending"] == 19
    assert guide["per_app"] == {"learning": 27, "blog": 5, "users": 4, "forum_integration": 3}
    assert 0 < ours["added"] < 39
    assert ours["read_ms"] < prior["read_ms"]
    assert set(guide["write_us"]) == set(ours["write_us"]) != set()
    assert set(guide["hot"]) == set(ours["hot"]) != set()
    assert "blogcat_slug_idx (= " in out
    assert "No changes detected" in out
    assert sorted(path.name for path in folder.iterdir()) == ["table.json"], "nothing is left behind"


@needs_load
@pytest.mark.timeout(1600)
def test_a_study_adds_endpoints_load_sizes_and_verdicts_on_every_claim(folder: Path) -> None:
    found, out = demo(folder, "invitations", "--study", "--report", str(folder / "tables.md"))
    assert set(found["served"]) == WAYS
    endpoints = {
        way: {each["id"] for each in run["endpoints"]["measured"]} for way, run in found["served"].items()
    }
    assert endpoints["prior"] == endpoints["guide"] == endpoints["indexical"]
    assert "GET /api/v1/invitations/orders/" in endpoints["prior"]
    steps = {way: [step["users"] for step in run["load"]["steps"]] for way, run in found["served"].items()}
    assert steps["prior"] == steps["guide"] == steps["indexical"] == [1, 2]
    assert len({run["load"]["mix"] for run in found["served"].values()}) == 1, "all three play the same mix"
    assert all(step["failures"] == 0 for run in found["served"].values() for step in run["load"]["steps"])
    (series,) = found["scaling"]
    assert [point["scale"] for point in series["points"]] == ["400", "2000"]
    assert all(set(point["ways"]) == WAYS for point in series["points"])
    assert set(found["claims"]) == {"guide", "indexical"}
    verdicts = {each["id"]: each["verdict"] for each in found["claims"]["guide"]}
    assert verdicts["indexes"] == "met", "the guide's migrations hold 42"
    assert verdicts["indexes-other"] == "not-met", "and not 43"
    assert verdicts["memory"] == "not-measured"
    assert verdicts["orders-by-status"] in ("met", "not-met")
    assert all(each["reason"] for each in found["claims"]["guide"])
    assert {"read_ms", "endpoint_ms", "write_us", "index_bytes"} <= set(found["totals"])
    report = (folder / "tables.md").read_text()
    assert "## In total" in report
    assert "## The guide's claims" in report
    assert "Not measured: endpoints and load" not in out
