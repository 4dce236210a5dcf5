"""Watching a running project: which request sends too many statements, which statement is slow, and from which line.

It listens through Django's ``connection.execute_wrappers``
(https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/), only once something asks for it: the middleware of
:mod:`indexical.django.watching.middleware` or the panel of :mod:`indexical.django.panel`. It never raises into the project.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created

from indexical.django.capture.places import Places
from indexical.django.watching.watcher import Watcher

__all__ = ["project_places", "watch"]

_watcher: Watcher | None = None


@cache
def project_places() -> Places:
    """What tells the project's own source files from others; the project is what lies below ``BASE_DIR``."""
    return Places(Path(str(getattr(settings, "BASE_DIR", "") or Path.cwd())))


def watch() -> Watcher:
    """The one watcher of this process, on every connection that is open or will be."""
    global _watcher
    if _watcher is None:
        _watcher = Watcher(project_places())
        connection_created.connect(_attach, dispatch_uid="indexical.watching")
    for connection in connections.all(initialized_only=True):
        _attach(connection=connection)
    return _watcher


def _attach(*, connection: Any, **_: object) -> None:
    if _watcher is not None and _watcher not in connection.execute_wrappers:
        # In front: `with connection.execute_wrapper(...)` takes the last one away again and must find its own there.
        connection.execute_wrappers.insert(0, _watcher)
