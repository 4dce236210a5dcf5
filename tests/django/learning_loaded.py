"""The learning platform with its small data, loaded once for all who ask: a database to read, one to change, and a running site.

The fixtures are brought in by ``conftest.py``, so that every module of a run shares them.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.django.brought_in import bring_in  # noqa: F401 - handed on

from indexical.twin.server import PrivateServer

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "learning"
NOW = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
FAST = {"FAST_PASSWORDS": "1"}
"""Accounts are loaded and served with the cheap hash: forty logins are not what is tested."""
COURSES = 5_000
ROWS = {
    "users_user": 1_000,
    "users_userprofile": 1_000,
    "users_useractivity": 10_000,
    "users_notification": 5_000,
    "learning_category": 20,
    "learning_course": COURSES,
    "learning_lesson": 20_000,
    "learning_exercise": 7_500,
    "learning_testcase": 10_000,
    "learning_exercisehint": 2_500,
    "learning_learningpath": 500,
    "learning_courseenrollment": 15_000,
    "learning_userprogress": 30_000,
    "learning_studysession": 7_500,
    "learning_submission": 10_000,
    "learning_coursereview": 5_000,
    "learning_discussion": 1_000,
    "learning_discussionreply": 2_000,
    "blog_blogpage": 250,
    "blog_coursepage": 250,
    "blog_lessonpage": 1_000,
    "blog_exercisepage": 200,
    "blog_stepbasedexercisepage": 100,
    "blog_wagtailcourseenrollment": 1_500,
    "forum_forum": 40,
    "forum_conversation_topic": 2_000,
    "forum_conversation_post": 15_000,
    "forum_integration_postlike": 7_500,
    "forum_integration_trustlevel": 1_000,
    "forum_integration_userpoints": 1_000,
    "forum_integration_pointhistory": 5_000,
    "forum_integration_reviewqueue": 150,
    "forum_integration_flaggedcontent": 50,
    "forum_integration_readingprogress": 2_500,
}
FOLLOWING = (
    "learning_studentprogress",
    "learning_learningpathcourse",
    "users_userprofile_programming_languages",
    "wagtailcore_page",
    "blog_blogpagetag",
    "blog_blogpage_categories",
    "blog_coursepage_categories",
    "blog_coursepage_learning_objectives",
    "forum_integration_userbadge",
    "forum_member_forumprofile",
)
"""Loaded tables whose number of rows follows from others."""

Manage = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database with small data, its checksums as they were right after the load, and its handles file."""

    url: str
    sums: dict[str, str]
    handles: Path

    def one(self, query: str) -> Any:
        return self.row(query)[0]

    def row(self, query: str) -> tuple[Any, ...]:
        with psycopg.connect(self.url) as connection:
            found = connection.execute(query.encode()).fetchone()
        assert found is not None
        return found


def drive(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "traffic/drive.py", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def checksums(url: str) -> dict[str, str]:
    """Every row of every loaded table, whatever place the server gave it."""
    sums = {}
    with psycopg.connect(url) as connection:
        for table in (*ROWS, *FOLLOWING):
            query = sql.SQL("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} AS t").format(
                sql.Identifier(table)
            )
            found = connection.execute(query).fetchone()
            assert found is not None
            sums[table] = found[0]
    return sums


def copy_of(server: PrivateServer, url: str, name: str) -> str:
    """A new database of that name with all that the one at ``url`` holds."""
    made = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), made))
    return server.url(name)


def load(manage: Manage, url: str, directory: Path, seed: int) -> Loaded:
    handles = directory / "handles.json"
    arguments = ("--scale", "small", "--seed", str(seed), "--now", NOW.isoformat(), "--handles", str(handles))
    manage(url, "load_data", *arguments, environment=FAST)
    return Loaded(url, checksums(url), handles)


@pytest.fixture(scope="session")
def learning_data(
    new_learning_database: Callable[[], str],
    manage_learning: Manage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Loaded:
    """Read only to the tests that use it."""
    return load(manage_learning, new_learning_database(), tmp_path_factory.mktemp("learning"), seed=1)


@pytest.fixture(scope="session")
def learning_played(private_server: PrivateServer, learning_data: Loaded) -> Loaded:
    """A copy that tests may change."""
    url = copy_of(private_server, learning_data.url, "learning_played")
    return Loaded(url, learning_data.sums, learning_data.handles)


@pytest.fixture(scope="session")
def learning_site(learning_played: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The project's own server, running on the copy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **FAST,
        "DATABASE_URL": learning_played.url,
        "INDEXICAL_APP": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = tmp_path_factory.mktemp("site") / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=PROJECT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 300
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, f"the development server ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, "the development server does not listen"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=120)
