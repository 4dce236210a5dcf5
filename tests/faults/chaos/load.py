"""The application beside the chaos: writers that keep a ledger in the database, and a reader.

Each write changes the table and the writer's line of the ledger in one statement, so after a crash the ledger says what was
committed, and the table has to agree with it to the row: their number, the sum of the updates, and a hash of everything else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

Connect = Callable[[str], "psycopg.Connection[Any]"]
WRITERS = 3
_HASH = "hashtextextended(concat_ws(',', id, user_id, note, created_at::date), 0)::numeric"
MADE = (
    """CREATE TABLE public.chaos (id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL,
    total numeric NOT NULL, note text, created_at timestamptz NOT NULL, hits int NOT NULL DEFAULT 0) WITH (fillfactor = 90)""",
    """CREATE TABLE public.ledger (writer int PRIMARY KEY, seq bigint NOT NULL DEFAULT 0, hits bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0, hash numeric NOT NULL DEFAULT 0)""",
    f"INSERT INTO public.ledger SELECT i FROM generate_series(1, {WRITERS}) i",
)
_ROW = (
    "g, g %% 5000, CASE WHEN g %% 50 = 0 THEN 'PENDING' ELSE 'PAID' END, g, 'canary-row@secret.example ' || g, "
    "'2026-01-01'::timestamptz + g * interval '1 minute'"
)
FILLED = f"INSERT INTO public.chaos (id, user_id, status, total, note, created_at) SELECT {_ROW} FROM generate_series(1, %s) g"
SUMS = f"SELECT count(*), sum(hits), sum({_HASH}) FROM public.chaos"
LEDGER = "SELECT sum(rows), sum(hits), sum(hash) FROM public.ledger"
_WRITES = {
    "update": (
        "WITH w AS (UPDATE public.chaos SET hits = hits + 1, status = CASE status WHEN 'PAID' THEN 'SENT' ELSE 'PAID' END "
        "WHERE id = %(id)s RETURNING 1) "
        "UPDATE public.ledger SET seq = %(seq)s, hits = hits + (SELECT count(*) FROM w) WHERE writer = %(writer)s"
    ),
    "insert": (
        f"WITH w AS (INSERT INTO public.chaos (id, user_id, status, total, note, created_at) SELECT {_ROW} "
        f"FROM generate_series(%(new)s::bigint, %(new)s::bigint) g RETURNING {_HASH} AS h) "
        "UPDATE public.ledger SET seq = %(seq)s, rows = rows + 1, hash = hash + (SELECT h FROM w) WHERE writer = %(writer)s"
    ),
    "delete": (
        f"WITH w AS (DELETE FROM public.chaos WHERE id = %(old)s RETURNING hits, {_HASH} AS h) "
        "UPDATE public.ledger SET seq = %(seq)s, rows = rows - (SELECT count(*) FROM w), "
        "hits = hits - (SELECT coalesce(sum(w.hits), 0) FROM w), hash = hash - (SELECT coalesce(sum(h), 0) FROM w) "
        "WHERE writer = %(writer)s"
    ),
}
_KINDS = ("update", "update", "update", "insert", "delete")


class Writer:
    """Writes until it is over, through crashes of the server; what the ledger lacks of what was confirmed is a lost write."""

    def __init__(self, connect: Connect, number: int, rows: int) -> None:
        self._connect, self._number, self._rows = connect, number, rows
        self.pause_s = 0.005
        self.slowest_ms = 0.0
        """Since it was last reset; a write that ended in an error counts as well."""
        self.confirmed = 0
        self.lost: list[str] = []
        self._may = threading.Event()
        self._resting = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"chaos-writer-{number}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def go(self) -> None:
        self._resting.clear()
        self._may.set()

    def rest(self) -> None:
        """Returns once nothing of it is under way."""
        self._may.clear()
        assert self._resting.wait(30), "a writer does not come to rest"

    def stop(self) -> None:
        self._over.set()
        self._may.set()
        self._thread.join(30)

    def _work(self) -> None:
        while not self._over.is_set():
            with suppress(psycopg.Error), self._connect(f"application writer {self._number}") as connection:
                connection.prepare_threshold = None
                self._catch_up(connection)
                while not self._over.is_set():
                    if not self._may.is_set():
                        self._resting.set()
                        self._may.wait(1.0)
                        continue
                    self._write(connection)
                    time.sleep(self.pause_s)
            if not self._may.is_set():
                self._resting.set()
            time.sleep(0.05)

    def _catch_up(self, connection: psycopg.Connection[Any]) -> None:
        """After a lost connection the ledger tells whether the last write was committed."""
        row = connection.execute(
            "SELECT seq FROM public.ledger WHERE writer = %s", (self._number,)
        ).fetchone()
        seq = int(row[0]) if row else -1
        if seq < self.confirmed:
            self.lost.append(
                f"writer {self._number} had write {self.confirmed} confirmed, and the server knows {seq}"
            )
        self.confirmed = max(self.confirmed, seq)

    def _write(self, connection: psycopg.Connection[Any]) -> None:
        seq = self.confirmed + 1
        base = self._rows + self._number * 100_000_000
        values = {
            "writer": self._number, "seq": seq, "new": base + seq, "old": base + seq - 40,
            "id": 1 + (seq * 7919 * WRITERS + self._number) % self._rows,
        }  # fmt: skip
        begun = time.monotonic()
        try:
            connection.execute(_WRITES[_KINDS[seq % len(_KINDS)]], values)
            self.confirmed = seq
        finally:
            self.slowest_ms = max(self.slowest_ms, (time.monotonic() - begun) * 1000)


class Reader:
    """Reads an account after the other while it may."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.may = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="chaos-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _work(self) -> None:
        user = 0
        while not self._over.is_set():
            with suppress(psycopg.Error), self._connect("application reader") as connection:
                while not self._over.is_set():
                    if self.may.is_set():
                        user = (user + 17) % 5000
                        connection.execute(
                            "SELECT count(*), max(total) FROM public.chaos WHERE user_id = %s", (user,)
                        )
                    time.sleep(0.01)
            time.sleep(0.05)
