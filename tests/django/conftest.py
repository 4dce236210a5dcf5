"""What the tests of Django projects share: one private PostgreSQL, fresh databases on it, and a way to run `manage.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.django.learning_loaded import (  # noqa: F401 - fixtures that several modules share
    learning_data,
    learning_played,
    learning_site,
)
from tests.django.walked import (  # noqa: F401 - fixtures that several modules share
    unwritten,
    walk_advised_fixture,
    walk_written_fixture,
    written,
)

from indexical.twin import engine
from indexical.twin.server import PrivateServer

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def private_server() -> Iterator[PrivateServer]:
    with PrivateServer(engine.find()) as server:
        yield server


@pytest.fixture(scope="session")
def new_database(private_server: PrivateServer) -> Callable[[], str]:
    """Makes an empty database and returns its URL; all of them go with the server."""
    numbers = count(1)

    def make() -> str:
        name = f"project_{next(numbers)}"
        with psycopg.connect(private_server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return private_server.url(name)

    return make


@pytest.fixture(scope="session")
def invitations_project() -> Path:
    return EXAMPLES / "invitations"


@pytest.fixture(scope="session")
def manage(invitations_project: Path) -> Manage:
    """Runs `manage.py` of the invitation platform: ``manage(url, "migrate", settings="config.settings_guide")``.

    Raises AssertionError with everything the command said when it does not end with ``code``.
    """
    return manage_of(invitations_project)


def manage_of(project: Path, *, timeout: float = 240) -> Manage:
    """Runs `manage.py` of the project in this folder, for at most so many seconds."""

    def run(
        url: str,
        *arguments: str,
        settings: str = "config.settings",
        code: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        # The interpreter's own warnings are errors here as well.
        done = subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=project,
            env={
                **os.environ,
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": settings,
                "PYTHONDONTWRITEBYTECODE": "1",
                "INDEXICAL_APP": "0",
                **(environment or {}),
            },
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == code, (
            f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done

    return run


@pytest.fixture(scope="session")
def manage_learning() -> Manage:
    """Runs `manage.py` of the learning platform, as `manage` does the invitation platform's; skips without its packages."""
    for package in ("wagtail", "machina"):
        pytest.importorskip(
            package,
            reason=f"{package} is not installed: pip install 'indexical[learning]'",
            exc_type=ImportError,
        )
    # wagtail's and machina's migrations alone take twenty seconds on an idle machine.
    return manage_of(EXAMPLES / "learning", timeout=1200)


@pytest.fixture(scope="session")
def new_learning_database(
    private_server: PrivateServer, new_database: Callable[[], str], manage_learning: Manage
) -> Callable[[], str]:
    """Makes a migrated, empty database of the learning platform; migrated once, and copied from then on."""
    template = new_database()
    manage_learning(template, "migrate", "--verbosity", "0")
    numbers = count(1)

    def make() -> str:
        name = f"learning_{next(numbers)}"
        with psycopg.connect(private_server.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(str(conninfo_to_dict(template)["dbname"]))
                )
            )
        return private_server.url(name)

    return make
