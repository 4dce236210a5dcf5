"""Every query pattern that the two guides list is in a capture of the projects' own tests: no endpoint's statement is lost.

Each pattern is known by pieces of the statement that Django makes of it, in one captured statement.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.django.conftest import EXAMPLES
from tests.django.guide_patterns import INVITATIONS, LEARNING

from indexical.workload.sources import open_sources

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass(frozen=True, slots=True)
class Captured:
    tests: int
    """How many of the project's own passed; none failed."""
    statements: list[str]


def captured(project: Path, url: str, file: Path) -> Captured:
    """What the project's test suite asks; AssertionError when a test of it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "indexical", "capture", "-o", str(file), "--", sys.executable, "manage.py", "test", "--noinput"],
        cwd=project,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "INDEXICAL_APP": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    (count,) = re.findall(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    return Captured(
        int(count), [statement.sql.replace('"', "") for statement in open_sources([str(file)]).statements]
    )


@pytest.fixture(scope="module")
def invitations(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Captured:
    file = tmp_path_factory.mktemp("capture") / "invitations.jsonl"
    return captured(EXAMPLES / "invitations", new_database(), file)


@pytest.fixture(scope="module")
def learning(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Captured:
    file = tmp_path_factory.mktemp("capture") / "learning.jsonl"
    return captured(EXAMPLES / "learning", new_database(), file)


def holds(found: Captured, pieces: tuple[str, ...]) -> bool:
    return any(all(piece in text for piece in pieces) for text in found.statements)


def test_the_platforms_own_tests_pass_while_they_are_captured(
    invitations: Captured, learning: Captured
) -> None:
    """Among them those that count queries: each list asks as many for 100 rows as for 10, and no more than its ceiling."""
    assert invitations.tests > 90
    assert learning.tests > 150


@pytest.mark.parametrize("name", sorted(INVITATIONS))
def test_a_pattern_of_the_invitation_platform_is_captured(invitations: Captured, name: str) -> None:
    assert holds(invitations, INVITATIONS[name])


@pytest.mark.parametrize("name", sorted(LEARNING))
def test_a_pattern_of_the_learning_platform_is_captured(learning: Captured, name: str) -> None:
    assert holds(learning, LEARNING[name])


def test_a_pattern_that_nobody_asks_is_not_found(invitations: Captured) -> None:
    assert not holds(invitations, ("FROM invitations_invitationviewlog", "ip_address ="))
