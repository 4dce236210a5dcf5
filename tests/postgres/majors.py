"""Servers of the versions that are tested: 18 comes with the tests' own engine, 15 has to be installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from indexical.errors import EngineFailed
from indexical.twin.engine import Engine, find
from indexical.twin.server import PrivateServer

MAJORS = (15, 18)


def engine_of(major: int) -> Engine:
    """The engine of one major version; skips the test where it is not installed."""
    try:
        return find(major=major)
    except EngineFailed as error:
        pytest.skip(str(error))


@contextmanager
def server_of(major: int, settings: Mapping[str, str]) -> Iterator[PrivateServer]:
    with PrivateServer(engine_of(major), settings=settings) as server:
        yield server
