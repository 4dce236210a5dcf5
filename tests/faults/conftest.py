"""Servers of both versions, a watched place on them for every test, and a record of what each row showed."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from indexical.twin.server import PrivateServer
from tests.faults.harness.clusters import OWN, SHARED, Cluster
from tests.faults.harness.invariants import secrets_told, watched
from tests.faults.harness.places import Place, place_on, prepare
from tests.faults.results import of, record
from tests.postgres.majors import MAJORS, engine_of

_NUMBERS = itertools.count(1)
_HERE = Path(__file__).parent
_SECONDS = 240
_PLACE = pytest.StashKey[Place]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_SECONDS))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Writes which rows the collected tests are about, for whoever asks by the environment."""
    path = os.environ.get("INDEXICAL_FAULT_ROWS")
    if path:
        named = [asdict(each) for item in session.items for each in of(item, "not run")]
        Path(path).write_text(json.dumps(named), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if _HERE in item.path.parents:
        place = item.stash.get(_PLACE, None)
        if place is not None and report.when == "teardown" and report.passed:
            said = list(secrets_told(place, (text for _, text in report.sections)))
            if said:
                report.outcome = "failed"
                report.longrepr = "\n".join(said)
        record(item, report)
    return report


@pytest.fixture(scope="session", params=MAJORS, ids=lambda major: f"pg{major}")
def major(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="session")
def cluster(major: int) -> Iterator[Cluster]:
    """A server that all tests of a version share; it must not be stopped or set differently."""
    with PrivateServer(engine_of(major), settings=SHARED) as server:
        shared = Cluster(server.engine, server.data_directory, server.socket_directory, server=server)
        prepare(shared)
        yield shared


@pytest.fixture(scope="session")
def _pristine(major: int) -> Iterator[PrivateServer]:
    """A stopped server that every ``own_cluster`` is a copy of; it differs from ``cluster`` in its system identifier."""
    with PrivateServer(engine_of(major), settings=OWN) as server:
        first = Cluster(server.engine, server.data_directory, server.socket_directory, server=server)
        prepare(first)
        first.stop("fast")
        yield server


@pytest.fixture
def own_cluster(_pristine: PrivateServer) -> Iterator[Cluster]:
    """A server of the test's own, to crash, stop, configure or copy."""
    with _pristine.copy() as server:
        own = Cluster(server.engine, server.data_directory, server.socket_directory, server=server)
        try:
            yield own
        finally:
            own.stop("immediate")


@pytest.fixture
def place(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A fresh database on the shared server, watched."""
    with place_on(cluster, f"fault_{next(_NUMBERS)}", tmp_path) as made:
        request.node.stash[_PLACE] = made
        with watched(made):
            yield made


@pytest.fixture
def own_place(own_cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A fresh database on a server of the test's own, watched; a server that is down at the end is started for the look."""
    with place_on(own_cluster, "fault_own", tmp_path, keep=True) as made:
        request.node.stash[_PLACE] = made
        with watched(made):
            yield made
            own_cluster.start()
