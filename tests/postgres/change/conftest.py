"""A server for tests that change a database, and a fresh database on it for each of them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from indexical.model import ExistingIndex
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session, connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

_NUMBERS = itertools.count(1)


def waits_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """The limit only ends a test that would hang."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Database:
    """One database, with the ways in that the tests need."""

    url: str

    def open(self) -> Session:
        """A new session that may write and waits for locks as long as a test lasts."""
        return connect(self.url, read_only=False, lock_timeout_ms=60_000)

    def read(self) -> Session:
        return connect(self.url)

    def as_role(self, role: str) -> Callable[[], Session]:
        url = self.url.replace("postgresql://postgres@", f"postgresql://{role}@")
        return lambda: connect(url, read_only=False)

    def run(self, *statements: str) -> None:
        with self.open() as session:
            for statement in statements:
                session.execute(statement)

    def value(self, sql: str) -> object:
        with self.open() as session:
            return next(iter(session.rows(sql)[0].values()))

    def indexes(self, table: str) -> dict[str, ExistingIndex]:
        with self.open() as session:
            return {each.name: each for each in existing_indexes(session, "public", table)}


@pytest.fixture(scope="session")
def change_server() -> Iterator[PrivateServer]:
    settings = {"max_prepared_transactions": "5", "autovacuum": "off", "jit": "off"}
    with PrivateServer(find(), settings=settings) as server:
        yield server


@pytest.fixture
def fresh(change_server: PrivateServer) -> Iterator[Database]:
    """A new, empty database."""
    name = f"change_{next(_NUMBERS)}"
    Database(change_server.url()).run(f"CREATE DATABASE {name} TEMPLATE template0")
    yield Database(change_server.url(name))
    Database(change_server.url()).run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def orders(fresh: Database) -> Database:
    """A database with one table of 2000 orders."""
    fresh.run(
        "CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL, "
        "total numeric NOT NULL, note text, created_at timestamptz NOT NULL)",
        "INSERT INTO public.orders SELECT i, i % 100, CASE WHEN i % 50 = 0 THEN 'PENDING' ELSE 'PAID' END, i, "
        "'note ' || i, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 2000) i",
        "ANALYZE public.orders",
    )
    return fresh
