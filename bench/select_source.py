"""TPC-H as the choice of an index set sees it: a database with primary keys only, its snapshot, and the workloads.

The database is kept on a server whose folder survives the run, together with every index that was ever judged; those are
left invalid, so that nothing but a judgement sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import tpch

from indexical.catalog import snapshot
from indexical.catalog.file import load, save
from indexical.errors import FileRefused
from indexical.model import Catalog, Workload
from indexical.pg.session import connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer

SETTINGS = {
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "work_mem": "64MB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "512MB",
}
EXCLUDED = ("q2", "q17", "q20")
"""What tpch19 leaves out, as "Magic mirror in my hand, which is the best in the land?" (VLDB 2020) does."""
WORKLOADS = ("tpch19", "tpch22")
PREFIX = "judged_"
"""Names of the indexes that the benchmark built begin with it."""


@dataclass(frozen=True, slots=True)
class Source:
    url: str
    catalog: Catalog
    """The database with primary keys only."""
    folder: Path
    """For what is kept between runs."""


def workload(name: str) -> Workload:
    """Every query is called once."""
    left_out = EXCLUDED if name == "tpch19" else ()
    return Workload(tuple(s for s in tpch.statements() if s.id not in left_out))


@contextmanager
def open_source(cache: Path, scale: float) -> Iterator[Source]:
    """Starts the server; the first time it loads the data, which takes a few minutes at scale factor 1."""
    cache.mkdir(parents=True, exist_ok=True)
    cache.chmod(0o755)
    engine = find()
    directory = cache / f"select-{engine.major}"
    with PrivateServer(engine, directory=directory, settings=SETTINGS, shared_buffers="1GB") as server:
        url = tpch.fill(server, cache, scale, bare=True)
        yield Source(url, _catalog(url, cache / f"select-{scale:g}.indexical"), cache)


@contextmanager
def open_copy(cache: Path, scale: float) -> Iterator[str]:
    """The URL of the same data on a server of its own, where statistics may change and indexes come and go."""
    engine = find()
    directory = cache / f"confirm-{engine.major}"
    with PrivateServer(engine, directory=directory, settings=SETTINGS, shared_buffers="1GB") as server:
        yield tpch.fill(server, cache, scale, bare=True)


def _catalog(url: str, file: Path) -> Catalog:
    try:
        return load(file)
    except FileRefused:
        # Missing, or of an older format.
        pass
    with connect(url) as session:
        found = snapshot(session)
    tables = (
        replace(t, indexes=tuple(each for each in t.indexes if not each.name.startswith(PREFIX)))
        for t in found.tables
    )
    catalog = replace(found, tables=tuple(tables))
    save(catalog, file)
    return catalog
