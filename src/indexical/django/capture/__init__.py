"""Capturing: what a running Django project asks of PostgreSQL, how often, and from which of its lines.

Switched on by the environment variable ``INDEXICAL_CAPTURE`` or the setting of that name, which hold the capture file's path.
Further settings: ``INDEXICAL_CAPTURE_VALUES = False`` writes down no values, ``INDEXICAL_CAPTURE_PROBE = False`` does not
look which columns updates really change. It works through Django's ``connection.execute_wrappers``
(https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/) and never raises into the project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created

from indexical.django.capture.flushing import Flusher
from indexical.django.capture.places import Places
from indexical.django.capture.recorder import Recorder
from indexical.workload.recording import VARIABLE

_running: Flusher | None = None


def wanted() -> str:
    """The capture file's path, or empty when capturing is not asked for."""
    return os.environ.get(VARIABLE) or str(getattr(settings, VARIABLE, "") or "")


def start_if_wanted() -> None:
    """Begins to record on every connection of this process, present and future; once."""
    global _running
    if _running is not None or not wanted():
        return
    root = Path(str(getattr(settings, "BASE_DIR", "") or Path.cwd()))
    recorder = Recorder(
        Places(root),
        values=getattr(settings, "INDEXICAL_CAPTURE_VALUES", True) is not False,
        probing=getattr(settings, "INDEXICAL_CAPTURE_PROBE", True) is not False,
    )
    _running = Flusher(recorder, Path(wanted()).absolute())
    recorder.on_first = _running.begin
    connection_created.connect(_attach, dispatch_uid="indexical.capture")
    for connection in connections.all(initialized_only=True):
        _attach(connection=connection)


def places() -> Places | None:
    """What tells the project's files from others; None when nothing is captured."""
    return None if _running is None else _running.recorder.places


def flush() -> None:
    """Writes what was recorded so far, now."""
    if _running is not None:
        _running.flush()


def _attach(*, connection: Any, **_: object) -> None:
    if _running is None or connection.vendor != "postgresql":
        return
    recorder = _running.recorder
    if recorder not in connection.execute_wrappers:
        # In front: `with connection.execute_wrapper(...)` takes the last one away again and must find its own there.
        connection.execute_wrappers.insert(0, recorder)
