"""A writer beside a build: how long the application's small updates have to wait while indexes are built."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from indexical.errors import DatabaseError
from indexical.measure.spread import percentile
from indexical.pg.session import Session


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """Latencies in milliseconds."""

    count: int
    """Updates that came to an end, whether they were committed or refused."""
    max_ms: float
    p99_ms: float
    errors: tuple[str, ...] = ()
    """What the database refused, each message once, sorted."""


class WriterProbe:
    """Updates one row after the other, each in its own transaction, on a session and a thread of its own.

    A context manager: it writes from entry to exit. ``sql`` is one UPDATE of one row; ``rows`` are its parameters, taken
    in turn; ``pause_ms`` is the time between two updates. An update that the server refuses, after waiting for a lock say,
    counts with the time that it took. Connecting errors are raised on entry.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        sql: str,
        rows: Sequence[Mapping[str, object]] = ({},),
        *,
        pause_ms: float = 5.0,
    ) -> None:
        self._open_session = open_session
        self._sql = sql
        self._rows = tuple(rows)
        self._pause_s = pause_ms / 1000
        self._latencies: list[float] = []
        self._errors: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, name="indexical-writer-probe", daemon=True)
        self._session: Session | None = None

    def __enter__(self) -> Self:
        self._session = self._open_session()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> ProbeReport:
        """Ends the writing, after the update that is under way; safe to call twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._session is not None:
            self._session.close()
            self._session = None
        return self.report()

    def report(self) -> ProbeReport:
        """What was seen so far."""
        latencies = list(self._latencies)
        return ProbeReport(
            len(latencies),
            max(latencies, default=0.0),
            percentile(latencies, 0.99),
            tuple(sorted(self._errors)),
        )

    def _write(self) -> None:
        session = self._session
        if session is None:
            return
        for row in itertools.cycle(self._rows):
            if self._stop.is_set() or session.closed:
                return
            begun = time.perf_counter()
            try:
                session.execute(self._sql, row)
            except DatabaseError as error:
                self._errors.add(str(error))
            self._latencies.append((time.perf_counter() - begun) * 1000)
            self._stop.wait(self._pause_s)
