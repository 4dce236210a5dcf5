"""A real server for the tests of a worker, and a fresh database on it for each test that asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from indexical.pg.session import Session, connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """One database and the ways in."""

    url: str

    def open(self) -> Session:
        """A new session that may change things."""
        return connect(self.url, read_only=False)

    def read(self) -> Session:
        return connect(self.url)

    def run(self, *statements: str) -> None:
        with self.open() as session:
            for statement in statements:
                session.execute(statement)
            # Else its counters are added when the server's process ends, which may be after somebody has read them.
            session.rows("SELECT pg_stat_force_next_flush()")


def make_database(server: PrivateServer) -> str:
    """A fresh database's URL."""
    name = f"test_{next(_NUMBERS)}"
    with connect(server.url(), read_only=False) as session:
        session.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture(scope="session")
def server() -> Iterator[PrivateServer]:
    """The bundled engine, running; no autovacuum, so that statistics change only when a test says so."""
    with PrivateServer(find(), settings={"autovacuum": "off"}) as running:
        yield running


@pytest.fixture
def database(server: PrivateServer) -> Database:
    """A fresh, empty database."""
    return Database(make_database(server))


@pytest.fixture(scope="module")
def module_database(server: PrivateServer) -> Database:
    """A fresh database that the tests of one file share."""
    return Database(make_database(server))
