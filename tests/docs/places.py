"""Where the commands of a page run: a server, a folder, and what a reader of that page has already.

There are two places. `project` is the tutorial's Django project as it stands before its advice is written into it. `orders` is a
database without Django, with one table, and the SQL file of "First steps". Each page gets a copy of its own, in a database that
is called ``shop``, and whatever connection URL a page writes leads there.
"""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from tests.docs.pages import DOCS, Command, File, steps
from tests.docs.terminal import DocumentationWrong, Terminal, compare, end

from indexical.twin.server import PrivateServer

TUTORIAL = DOCS / "tutorial.md"
READY = "git switch --quiet -c indexes"
"""The tutorial's command before which its project is copied for the other pages."""
VISITS = ("/orders/waiting/", "/customers/1/orders/", "/orders/N000042/")
"""What is asked of the project while a page has it served."""

_URL = re.compile(r"postgresql://[^\s'\"]*")
_NOT_OURS = ("mkdir ", "python -m venv", "pip install", "python server.py", ". ./database.sh")
"""The tutorial's steps for somebody who has no PostgreSQL, and for its virtual environment."""

ORDERS = """
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id integer NOT NULL, email text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL
);
INSERT INTO orders SELECT g, g % 2000, 'User' || g || '@example.com', CASE WHEN g % 50 = 0 THEN 'open' ELSE 'sent' END,
    timestamptz '2026-01-01' + g * interval '7 minutes' FROM generate_series(1, 60000) AS g;
CREATE INDEX orders_email_idx ON orders (email);
CREATE EXTENSION pg_stat_statements;
"""
AFTERWARDS = (
    "VACUUM ANALYZE orders",
    *["SELECT * FROM orders WHERE user_id = 42 ORDER BY created_at DESC LIMIT 20"] * 5,
)
"""Statements that have run when a page begins, so that pg_stat_statements knows some."""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that the unprivileged user may enter, as whom PostgreSQL runs when root asks; removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="indexical-docs-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Place:
    """What a page begins with."""

    kind: str = "project"
    """``project`` or ``orders``."""
    before: tuple[str, ...] = ()
    """Commands that the page takes for done."""
    files: tuple[tuple[str, str], ...] = ()
    """Paths and texts of files that the page takes for written."""
    codes: tuple[tuple[str, int], ...] = ()
    """Commands, as regular expressions, whose exit code the page explains in its text, and that code."""


@dataclass(frozen=True, slots=True)
class World:
    """One server for all pages, and the folder that copies are made of."""

    server: PrivateServer
    project: Path

    @contextmanager
    def enter(self, place: Place) -> Iterator[Terminal]:
        """A reader's terminal in a place of its own."""
        template = "tutorial" if place.kind == "project" else "template1"
        execute(self.server.url(), f"CREATE DATABASE shop TEMPLATE {template}")
        url = self.server.url("shop")
        try:
            if place.kind == "orders":
                execute(url, ORDERS)
                for statement in AFTERWARDS:
                    execute(url, statement)
            with open_folder() as folder, open_folder() as state:
                if place.kind == "project":
                    shutil.copytree(self.project, folder, dirs_exist_ok=True)
                with PageTerminal.open(folder, state, {"DATABASE_URL": url}) as terminal:
                    terminal.url = url
                    terminal.codes = dict(place.codes)
                    for path, text in place.files:
                        terminal.write(File("", 0, path, text))
                    for command in place.before:
                        said = terminal.run(command)
                        if terminal.code:
                            raise DocumentationWrong(f"{command}, before the page begins, said:\n{said}")
                    yield terminal
        finally:
            execute(self.server.url(), "DROP DATABASE shop WITH (FORCE)")


@dataclass(slots=True)
class PageTerminal(Terminal):
    """Reads every connection URL of a page as that of the page's own database, and lets served projects be visited."""

    url: str = ""

    def run(self, text: str) -> str:
        text = _URL.sub(lambda match: f"'{self.url}'", text.replace("'postgresql://", "postgresql://"))
        if "runserver" in text:
            return self._serve(text)
        # Not super(): a slotted dataclass is another class than the one that its methods were compiled in.
        return Terminal.run(self, text)

    def _serve(self, text: str) -> str:
        """Serves, visits some pages until each has answered, and presses Ctrl-C."""
        address = f"127.0.0.1:{_free_port()}"
        text = text.split("  #")[0].replace("runserver", f"runserver {address}")
        process = self.start(Command("", 0, text, ("Quit the server with CONTROL-C.",)))
        for path in VISITS:
            _visit(f"http://{address}{path}")
        self.code = 0 if end(process) in (0, 130, -2) else 1
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _visit(url: str) -> None:
    for attempt in range(60):
        try:
            with urllib.request.urlopen(url, timeout=120) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError:
            if attempt == 59:
                raise
            time.sleep(0.5)


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def tutorial_steps(until: str = "") -> tuple[Command | File, ...]:
    """The tutorial for somebody who has a PostgreSQL and the package installed."""
    found: list[Command | File] = []
    for step in steps(TUTORIAL):
        if isinstance(step, Command) and step.text == until:
            return tuple(found)
        ours = not (isinstance(step, Command) and step.text.startswith(_NOT_OURS))
        if ours and not (isinstance(step, File) and step.path == "server.py"):
            found.append(step)
    if until:
        raise DocumentationWrong(f"the tutorial has no command {until!r}")
    return tuple(found)


@contextmanager
def world(server: PrivateServer) -> Iterator[World]:
    """Follows the tutorial up to its advice, in the database ``tutorial`` of the server."""
    execute(server.url(), "CREATE DATABASE tutorial")
    with open_folder() as folder, open_folder() as state:
        address = {"DATABASE_URL": server.url("tutorial")}
        with Terminal.open(folder, state, address) as terminal:
            terminal.follow(_named(tutorial_steps(until=READY), "tutorial"))
        execute(server.url("tutorial"), "CREATE EXTENSION pg_stat_statements")
        yield World(server, folder)


def _named(found: Sequence[Command | File], database: str) -> tuple[Command | File, ...]:
    """The same with the name of our database where the page prints that of its own."""
    return tuple(
        replace(step, printed=tuple(line.replace("Advice for postgres", f"Advice for {database}") for line in step.printed))
        if isinstance(step, Command) else step
        for step in found
    )  # fmt: skip


__all__ = ["TUTORIAL", "Place", "World", "compare", "open_folder", "tutorial_steps", "world"]
