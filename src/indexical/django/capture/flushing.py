"""When what was counted is written: every few seconds, at the end of the process, before a fork's child goes its own way."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType

from indexical.django.capture.recorder import Entry, Recorder, log
from indexical.django.capture.records import Shape, record_of, shape_of
from indexical.errors import IndexicalError, StatementRefused
from indexical.workload.capture import CaptureWriter, Lost, Record

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 30.0
"""The pause doubles up to this: a long run keeps a small file, and a killed process loses at most this much."""
_PATIENCE = 2.0
"""Seconds that the end of the process waits for a flush under way."""


class Flusher:
    """Owns the capture file of one process."""

    def __init__(self, recorder: Recorder, path: Path) -> None:
        self.recorder = recorder
        self._path = path
        self._writer: CaptureWriter | None = None
        self._lock = threading.Lock()
        self._shapes: dict[tuple[str, bool], Shape | str] = {}
        self._since = time.time()
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self.flush)
        self._catch_termination()

    def begin(self) -> None:
        """Starts the thread; called with the first statement, so that a process without one starts none."""
        threading.Thread(target=self._run, name="indexical-capture", daemon=True).start()

    def flush(self) -> None:
        """Writes everything counted so far. Never raises; a failure switches the recording off."""
        if not self._lock.acquire(timeout=_PATIENCE):
            return
        try:
            self._write()
        except IndexicalError as error:
            self.recorder.off = True
            log.warning("capturing is switched off: %s", error)
        except Exception:  # noqa: BLE001 - runs inside somebody's server; see Recorder
            self.recorder.switch_off()
        finally:
            self._lock.release()

    def _run(self) -> None:
        pause = FIRST_SECONDS
        while not self.recorder.off:
            time.sleep(pause)
            self.flush()
            pause = min(pause * 1.5, LONGEST_SECONDS)

    def _write(self) -> None:
        if self.recorder.off and self._writer is None:
            return
        entries, lost = self.recorder.take()
        now = time.time()
        start, self._since = self._since, now
        if not entries and not lost:
            return
        if self._writer is None:
            self._writer = CaptureWriter(self._path)
        records: list[Record | Lost] = [
            record for entry in entries if (record := self._record(entry, start, now)) is not None
        ]
        if lost:
            records.append(Lost("more different statements than one process records, or too long ones", lost))
        self._writer.write(records)

    def _record(self, entry: Entry, start: float, end: float) -> Record | Lost | None:
        key = (entry.sql, entry.formatted)
        shape = self._shapes.get(key)
        if shape is None:
            try:
                shape = shape_of(entry, values=self.recorder.values) or ""
            except StatementRefused as error:
                shape = str(error)
            self._shapes[key] = shape
        if isinstance(shape, str):
            return Lost(shape, entry.calls) if shape else None
        return record_of(entry, shape, start, end, os.getpid())

    def _after_fork(self) -> None:
        # Threads and locks do not come along; the open file does, and appending to it from two processes is safe.
        self._lock = threading.Lock()
        self._since = time.time()
        self.recorder.after_fork()

    def _catch_termination(self) -> None:
        """Writes before a SIGTERM ends the process, where nobody else has taken the signal.

        Servers that handle it (gunicorn, uvicorn) end by way of ``atexit``.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return

        def end(number: int, frame: FrameType | None) -> None:
            self.flush()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

        signal.signal(signal.SIGTERM, end)
