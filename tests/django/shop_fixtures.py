"""The small project made once, then copied with its database for each test."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.django.shop_project import Shop

from indexical.twin.server import PrivateServer

_NUMBERS = count(1)


@pytest.fixture(scope="session", name="shop_made")
def shop_made_fixture(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Shop:
    made = Shop.write(tmp_path_factory.mktemp("made") / "project", new_database())
    made.manage("makemigrations", "shop", "--verbosity", "0")
    made.manage("migrate", "--verbosity", "0")
    made.fill()
    return made


@pytest.fixture(name="shop")
def shop_fixture(shop_made: Shop, private_server: PrivateServer, tmp_path: Path) -> Shop:
    return copied(shop_made, private_server, tmp_path / "project")


def copied(made: Shop, server: PrivateServer, folder: Path) -> Shop:
    """The project in another folder, with a database of its own."""
    name = f"shop_{next(_NUMBERS)}"
    template = sql.Identifier(str(conninfo_to_dict(made.url)["dbname"]))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    return Shop.copy(made, folder, server.url(name))
