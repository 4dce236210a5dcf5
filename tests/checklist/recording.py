"""A pytest plugin that writes down what was collected and what became of each test, one JSON object a line.

``pytest -p tests.checklist.recording`` with the file's name in ``INDEXICAL_CHECKLIST``. Under xdist only the controller writes:
it is told every report.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "INDEXICAL_CHECKLIST"
_STARTED: dict[str, dict[str, Any]] = {}


def _write(entry: dict[str, Any]) -> None:
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def pytest_collection_finish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    for item in session.items:
        _write({"collected": item.nodeid})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Sums up set-up, call and take-down; the worst of them is the test's outcome."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    entry = _STARTED.setdefault(report.nodeid, {"outcome": "", "seconds": 0.0, "detail": "", "figures": []})
    entry["seconds"] += report.duration
    if report.failed:
        entry["outcome"], entry["detail"] = "failed", str(report.longrepr)[-2000:]
    elif entry["outcome"] != "failed" and (report.skipped or hasattr(report, "wasxfail")):
        entry["outcome"], entry["detail"] = "skipped", _reason(report)
    elif report.when == "call" and not entry["outcome"]:
        entry["outcome"] = "passed"
    if report.when == "teardown":
        entry["figures"] = [[str(name), str(value)] for name, value in report.user_properties]
        _write({"test": report.nodeid, **_STARTED.pop(report.nodeid)})


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(getattr(report, "wasxfail", "") or report.longrepr)
