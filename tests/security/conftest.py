"""Servers of both versions for the attacks that need one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from indexical.pg.session import Session, connect
from indexical.twin.server import PrivateServer
from tests.postgres.majors import MAJORS, server_of

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Shop:
    """A database named as in the documentation, with one role that owns its tables."""

    server: PrivateServer
    database: str

    def url(self, user: str = "postgres", password: str = "", **parameters: str) -> str:
        plain = self.server.url(self.database, user=user)
        if password:
            plain = plain.replace(f"//{user}@", f"//{user}:{password}@")
        return plain + "".join(f"&{name}={value}" for name, value in parameters.items())

    def open(self, user: str = "postgres", **parameters: str) -> Session:
        return connect(self.url(user, **parameters), read_only=False, application_name="application")

    def run(self, *statements: str, user: str = "postgres") -> None:
        with psycopg.connect(self.url(user), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def value(self, query: str) -> object:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]

    @property
    def log(self) -> str:
        return (self.server.socket_directory / "server.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="module", params=MAJORS, ids=lambda major: f"pg{major}")
def _server(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    settings = {"autovacuum": "off", "jit": "off", "log_statement": "all", "log_line_prefix": "%d %a: "}
    with server_of(request.param, settings) as server:
        yield server


@pytest.fixture
def shop(_server: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A fresh database whose tables belong to ``shop_owner``, who is nobody special; the working directory is a fresh one."""
    monkeypatch.chdir(tmp_path)
    made = Shop(_server, f"shop_{next(_NUMBERS)}")
    name = sql.Identifier(made.database)
    with psycopg.connect(_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        connection.execute("DROP ROLE IF EXISTS shop_owner, looker, index_builder, mallory")
        connection.execute("CREATE ROLE shop_owner")
    made.run(
        "GRANT CREATE, USAGE ON SCHEMA public TO shop_owner",
        "SET ROLE shop_owner",
        "CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL, note text)",
        "INSERT INTO public.orders SELECT i, i % 500, 'PAID', 'canary-row@secret.example ' || i FROM generate_series(1, 20000) i",
        "CREATE TABLE public.canary (a int)",
        "INSERT INTO public.canary VALUES (1)",
        "ANALYZE public.orders",
    )
    yield made
    with psycopg.connect(_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        for role in ("looker", "index_builder", "mallory", "shop_owner"):
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
