"""A server, a large table with its writers, and what must hold of them at the end of every round."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
from tests.faults.chaos.load import FILLED, LEDGER, MADE, SUMS, WRITERS, Reader, Writer
from tests.faults.chaos.nursery import Nursery
from tests.faults.chaos.plan import LOADS
from tests.faults.harness.clusters import OWN, Cluster
from tests.faults.harness.fingerprint import difference
from tests.faults.harness.places import Place

KEPT = "CREATE INDEX chaos_kept_idx ON public.chaos (user_id, created_at)"
VICTIM = "CREATE INDEX chaos_victim_idx ON public.chaos (user_id)"
_SETTINGS = {**OWN, "shared_buffers": "256MB", "max_wal_size": "4GB", "log_min_messages": "fatal"}


class Arena:
    """One running server with its load, for as many rounds as there is time for."""

    def __init__(self, cluster: Cluster, nursery: Nursery, folder: Path, rows: int) -> None:
        self.cluster, self.nursery, self.rows = cluster, nursery, rows
        self.folder = folder
        self._prepare()
        self.writers = [Writer(self._connect, number, rows) for number in range(1, WRITERS + 1)]
        self.reader = Reader(self._connect)
        for one in (*self.writers, self.reader):
            one.start()

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        connection = self.cluster.open("chaos")
        connection.execute("SELECT set_config('application_name', %s, false)", (name,))
        return connection

    def _prepare(self) -> None:
        with self.cluster.open() as connection:
            connection.execute("CREATE DATABASE chaos TEMPLATE template0")
        with self.cluster.open("chaos") as connection:
            for statement in MADE:
                connection.execute(statement)
            connection.execute(FILLED, (self.rows,))
            connection.execute(KEPT)
            connection.execute("VACUUM (FREEZE, ANALYZE) public.chaos")
            self._amcheck = bool(
                connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'").fetchone()
            )
            if self._amcheck:
                connection.execute("CREATE EXTENSION amcheck")
            self._start = connection.execute(SUMS).fetchone() or ()
            connection.execute("CHECKPOINT")

    def place(self, number: int) -> Place:
        """The database as the harness's functions want it, with a folder of the round's own."""
        folder = Path(tempfile.mkdtemp(prefix=f"round-{number}-", dir=self.folder))
        made = Place(self.cluster, "chaos", folder)
        made.allow(rows=True)
        made.settle()
        return made

    def ready(self, *, victim: bool) -> None:
        """The state that every round begins with: whatever was built before is gone, and the victim there when one is wanted."""
        with self.cluster.open("chaos") as connection:
            left = connection.execute(
                "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'public.chaos'::regclass "
                "AND indexrelid::regclass::text NOT IN ('chaos_pkey', 'chaos_kept_idx')"
            )
            for (name,) in left.fetchall():
                connection.execute(sql.SQL("DROP INDEX public.{}").format(sql.Identifier(str(name))))
            if victim:
                connection.execute(VICTIM)

    def load(self, name: str) -> None:
        pause_s, reads = LOADS[name]
        for writer in self.writers:
            writer.pause_s, writer.slowest_ms = pause_s, 0.0
            writer.go()
        if reads:
            self.reader.may.set()

    def rest(self) -> None:
        self.reader.may.clear()
        for writer in self.writers:
            writer.rest()

    def stop(self) -> None:
        for one in (*self.writers, self.reader):
            one.stop()

    @property
    def slowest_ms(self) -> float:
        return max(writer.slowest_ms for writer in self.writers)

    def agrees(self) -> Iterator[str]:
        """I3: with every writer at rest, the rows are those that were there, and those that the ledger says."""
        with self.cluster.open("chaos") as connection:
            rows = connection.execute(SUMS).fetchone() or ()
            ledger = connection.execute(LEDGER).fetchone() or ()
        wanted = tuple(was + more for was, more in zip(self._start, ledger, strict=True))
        if tuple(rows) != wanted:
            yield f"I3: rows, updates and hash are {rows}, and by the ledger {wanted}"
        for writer in self.writers:
            yield from (f"I3: {text}" for text in writer.lost)

    def sound(self, names: list[str]) -> Iterator[str]:
        """Every index is valid, and holds every row."""
        with self.cluster.open("chaos") as connection:
            found = connection.execute(
                "SELECT indexrelid::regclass::text, indisvalid AND indisready AND indislive FROM pg_index "
                "WHERE indrelid = 'public.chaos'::regclass ORDER BY 1"
            ).fetchall()
            for name, valid in found:
                if not valid:
                    yield f"I1: {name} is left invalid"
            wanted = sorted(["chaos_pkey", "chaos_kept_idx", *names])
            if sorted(str(name) for name, _ in found) != wanted:
                yield f"I5: the indexes are {', '.join(str(name) for name, _ in found)}, and should be {', '.join(wanted)}"
            for name in names if self._amcheck else ():
                try:
                    connection.execute("SELECT bt_index_check(%s::regclass, true)", (name,))
                except psycopg.Error as error:
                    yield f"{name} is damaged: {error}"


def unmoved(place: Place, ours: set[str]) -> Iterator[str]:
    """I2: nothing but our indexes differs from the beginning."""
    for key, what in difference(place.base.objects, place.look().objects):
        if not (key[0] == "index" and key[1] in ours):
            yield f"I2: {key[0]} {key[1]} {what}"


@contextmanager
def arena(major: int, rows: int) -> Iterator[Arena]:
    """Raises EngineFailed where that version is not installed."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        PrivateServer(find(major=major), settings=_SETTINGS) as server,
        Nursery() as nursery,
    ):
        cluster = Cluster(server.engine, server.data_directory, server.socket_directory, server=server)
        made = Arena(cluster, nursery, Path(folder), rows)
        try:
            yield made
        finally:
            made.stop()
            cluster.stop("immediate")
