"""One server and one finished first half of the tutorial for all pages of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.docs.places import World, world

from indexical.twin import engine
from indexical.twin.server import PrivateServer


@pytest.fixture(scope="session")
def reader() -> Iterator[World]:
    settings = {"shared_preload_libraries": "pg_stat_statements", "autovacuum": "off"}
    with PrivateServer(engine.find(), settings=settings) as server, world(server) as made:
        yield made
