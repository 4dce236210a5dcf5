"""The invitation platform on the way from advice to applied indexes: a copy of the project and of its database for each test."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.django.invitations_loaded import PROJECT, checksums, copy_of

from indexical.twin.server import PrivateServer

NOT_THE_PROJECT = shutil.ignore_patterns("__pycache__", "*.pyc", ".ruff_cache")
INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid, c.oid::integer AS oid
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace
ORDER BY c.relname
"""
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""

WAITING = (
    "SELECT 1 FROM pg_stat_progress_create_index "
    "WHERE datname = current_database() AND relid = 'public.invitations_order'::regclass AND phase LIKE 'waiting%'"
)
"""Every build passes through these phases; one that a transaction on the same table holds up stays in them."""

PAGES = """
-- indexical: id=category-list calls=40
SELECT id, code, name FROM plans_invitationcategory WHERE is_active ORDER BY sort_order, name;
-- indexical: id=plan-by-code calls=40
SELECT id, name FROM plans_plan WHERE is_active AND code = 'BASIC' ORDER BY sort_order, price_inr;
"""
"""Two lists of the site's front page, which the documented queries leave out."""


@dataclass(frozen=True)
class Walk:
    """A project folder and the database it is used with."""

    folder: Path
    url: str
    advice: Path
    workload: Path
    """A folder of SQL files."""

    def start(self, *arguments: str, settings: str = "config.settings") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "DATABASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": settings,
                # Compiled once for all, and beside none of the sources.
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": str(self.advice.parent / "compiled"),
                "INDEXICAL_APP": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def manage(
        self, *arguments: str, code: int = 0, settings: str = "config.settings"
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command; AssertionError with all it said when it does not end with ``code``."""
        process = self.start(*arguments, settings=settings)
        out, err = process.communicate(timeout=600)
        assert process.returncode == code, f"{arguments} ended with {process.returncode}:\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, code, out, err)

    def indexes(self, verb: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.manage("indexes", verb, *arguments, code=code)

    def refused(self, verb: str, *arguments: str, code: int, settings: str = "config.settings") -> str:
        """The one line that a refusal prints; nothing else may be said."""
        done = self.manage("indexes", verb, *arguments, code=code, settings=settings)
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("manage.py indexes: ")
        return line

    def refused_at_last(self, verb: str, *arguments: str, code: int) -> str:
        """The line of a refusal that warnings stand before."""
        *warnings, line = self.indexes(verb, *arguments, code=code).stderr.splitlines()
        assert warnings
        assert all(warning.startswith("warn ") for warning in warnings)
        assert line.startswith("manage.py indexes: ")
        return line

    def files(self) -> dict[str, str]:
        """Every file of the project with its content's hash."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def wait_for_a_build(self, process: subprocess.Popen[str], query: str = WAITING) -> None:
        """Until the build on the table of orders, which the process has begun, waits for somebody's transaction."""
        deadline = time.monotonic() + 240
        while not self.rows(query):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "it has not come to the build"
            time.sleep(0.05)

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def definitions(self) -> dict[str, str]:
        """Name and definition of every index, valid or not."""
        return {
            name: definition if valid else f"INVALID {definition}"
            for name, definition, valid, _ in self.rows(INDEXES)
        }

    def catalog(self) -> tuple[Any, ...]:
        """Whatever an index migration could change, and much that it must not."""
        migrations = "SELECT app, name FROM django_migrations ORDER BY app, name"
        return self.rows(INDEXES), self.rows(COLUMNS), self.rows(migrations)

    def columns(self) -> list[tuple[Any, ...]]:
        return self.rows(COLUMNS)

    def checksums(self) -> dict[str, str]:
        return checksums(self.url)

    def advised(self) -> dict[str, Any]:
        return json.loads(self.advice.read_text())

    def migrations(self) -> list[tuple[str, Path]]:
        """App and file of every migration that the copy has and the example has not."""
        return [
            (path.parts[-3], path)
            for path in sorted(self.folder.glob("apps/*/migrations/0*.py"))
            if not (PROJECT / path.relative_to(self.folder)).exists()
        ]

    def workload_arguments(self) -> tuple[str, ...]:
        return ("--advice", str(self.advice), "--workload", str(self.workload))


@pytest.fixture(scope="session", name="walk_advised")
def walk_advised_fixture(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The project as it was, with small data, and the advice on its documented queries; read only to the tests."""
    home = tmp_path_factory.mktemp("walk")
    shutil.copytree(PROJECT, home / "project", ignore=NOT_THE_PROJECT)
    walk = Walk(home / "project", new_database(), home / "advice.json", home / "workload")
    walk.manage("migrate", "--verbosity", "0")
    walk.manage("load_data", "--scale", "small", "--seed", "1")
    walk.workload.mkdir()
    walk.manage("documented_queries", "-o", str(walk.workload / "documented.sql"))
    (walk.workload / "pages.sql").write_text(PAGES)
    walk.execute("VACUUM ANALYZE")
    done = walk.indexes("advise", "--workload", str(walk.workload), "--save", str(walk.advice))
    assert done.stderr == ""
    return walk


@pytest.fixture(scope="session", name="walk_written")
def walk_written_fixture(walk_advised: Walk, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The same after ``write``; its database is as it was, and read only to the tests."""
    folder = tmp_path_factory.mktemp("written") / "project"
    shutil.copytree(walk_advised.folder, folder, ignore=NOT_THE_PROJECT)
    walk = Walk(folder, walk_advised.url, walk_advised.advice, walk_advised.workload)
    walk.indexes("write", "--advice", str(walk.advice))
    return walk


def copied(walk: Walk, server: PrivateServer, folder: Path) -> Walk:
    """The project and its database once more, for a test to change."""
    shutil.copytree(walk.folder, folder, ignore=NOT_THE_PROJECT)
    return Walk(folder, copy_of(server, walk.url), walk.advice, walk.workload)


@pytest.fixture
def unwritten(walk_advised: Walk, private_server: PrivateServer, tmp_path: Path) -> Walk:
    return copied(walk_advised, private_server, tmp_path / "project")


@pytest.fixture
def written(walk_written: Walk, private_server: PrivateServer, tmp_path: Path) -> Walk:
    return copied(walk_written, private_server, tmp_path / "project")
