"""Runs the project of authors and books, on a database of its own, with settings that differ from test to test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent / "watching_project"
Watched = dict[str, Any]
_SYNC = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
"""


def environment(url: str, **settings: Any) -> dict[str, str]:
    """What a process of the project needs to find its database and settings."""
    made = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "settings",
        "MORE_SETTINGS": json.dumps({"DEBUG": False, **settings}),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
    }
    # The toolbar looks for pytest here, and rightly shows nothing in tests.
    for name in ("PYTEST_VERSION", "PYTEST_CURRENT_TEST", "INDEXICAL_CAPTURE"):
        made.pop(name, None)
    return made


def python(url: str, *arguments: str, **settings: Any) -> str:
    """What the project prints; everything it warns about is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=PROJECT, env=environment(url, **settings), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="shelf")
def shelf_fixture(new_database: Callable[[], str]) -> str:
    url = new_database()
    python(url, "-c", _SYNC)
    return url


@pytest.fixture(name="watched")
def watched_fixture(shelf: str) -> Callable[..., Watched]:
    def run(*requests: str, **settings: Any) -> Watched:
        found: Watched = json.loads(python(shelf, "scenario.py", *requests, **settings))
        return found

    return run
