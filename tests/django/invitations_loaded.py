"""The invitation platform with its small data, loaded once for each module that asks: databases, commands and a running site."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.django.brought_in import bring_in  # noqa: F401 - handed on

from indexical.twin.server import PrivateServer

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "invitations"
_NUMBERS = count(1)
NOW = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ROWS = {
    "plans_plan": 3,
    "plans_invitationcategory": 10,
    "plans_template": 100,
    "accounts_user": 500,
    "accounts_phoneverification": 1_000,
    "accounts_useractivitylog": 25_000,
    "invitations_order": 2_500,
    "invitations_invitation": 2_000,
    "invitations_guest": 10_000,
    "invitations_invitationviewlog": 15_000,
    "admin_dashboard_adminnotification": 150,
    "admin_dashboard_userapprovallog": 500,
}
GROWING = {table: "viewed_at" if table.endswith(("guest", "viewlog")) else "created_at" for table in ROWS}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database with small data, its checksums as they were right after the load, and its handles file."""

    url: str
    sums: dict[str, str]
    handles: Path

    def one(self, query: str) -> Any:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchone()[0]

    def row(self, query: str) -> tuple[Any, ...]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchone()


def run_manage(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "INDEXICAL_APP": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def drive(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "traffic/drive.py", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def checksums(url: str) -> dict[str, str]:
    """Every row of every table, whatever place the server gave it."""
    sums = {}
    with psycopg.connect(url) as connection:
        for table in ROWS:
            query = sql.SQL("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} AS t").format(
                sql.Identifier(table)
            )
            sums[table] = connection.execute(query).fetchone()[0]
    return sums


def copy_of(server: PrivateServer, url: str) -> str:
    """A new database with all that the one at ``url`` holds."""
    name = f"invitations_{next(_NUMBERS)}"
    made = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), made))
    return server.url(name)


@pytest.fixture(scope="module")
def empty(new_database: Callable[[], str]) -> str:
    """A database with the project's tables and no rows; the others are copied from it."""
    url = new_database()
    done = run_manage(url, "migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    return url


def load(url: str, directory: Path, seed: int) -> Loaded:
    handles = directory / "handles.json"
    arguments = ("--scale", "small", "--seed", str(seed), "--now", NOW.isoformat(), "--handles", str(handles))
    done = run_manage(url, "load_data", *arguments)
    assert done.returncode == 0, done.stderr
    return Loaded(url, checksums(url), handles)


@pytest.fixture(scope="module")
def data(private_server: PrivateServer, empty: str, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Read only to the tests that use it."""
    return load(copy_of(private_server, empty), tmp_path_factory.mktemp("data"), seed=1)


@pytest.fixture(scope="module")
def played(private_server: PrivateServer, data: Loaded) -> Loaded:
    """A copy that tests may change."""
    return Loaded(copy_of(private_server, data.url), data.sums, data.handles)


@pytest.fixture(scope="module")
def site(played: Loaded) -> Iterator[str]:
    """The project's own server, running."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": played.url,
        "INDEXICAL_APP": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the development server ended"
            assert time.monotonic() < deadline, "the development server does not listen"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=120)
