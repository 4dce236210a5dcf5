"""Slow statements, each written to the log once: what is worth a look every month fits on a page."""

from __future__ import annotations

import logging
import threading

from indexical.django.capture.places import Places
from indexical.django.watching.texts import WITHHELD, shown
from indexical.django.watching.watcher import Sent

log = logging.getLogger("indexical.slow")

MAX_STATEMENTS = 1000
"""Different statements that one process writes down; then it says so, once, and is silent."""


class SlowStatements:
    """Hears every statement of the process."""

    def __init__(self, places: Places, limit_ms: float) -> None:
        self.limit_ms = limit_ms
        self._places = places
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def hear(self, sent: Sent, view: str) -> None:
        ms = sent.seconds * 1000
        if ms <= self.limit_ms:
            return
        text = shown(sent.sql, sent.params is not None)
        file, line = self._places.find(sent.frame)
        place = f"{file}:{line}" if file else ""
        # What cannot be read has no fingerprint; the place stands for it, its text must not.
        if not self._new(text.fingerprint or f"{WITHHELD} {place}"):
            return
        log.warning(
            "slow statement, %.1f ms (the limit is %g)%s: %s",
            ms,
            self.limit_ms,
            origin(place, view),
            text.sql,
            extra={"duration": sent.seconds, "sql": text.sql, "params": None, "alias": sent.alias,
                   "fingerprint": text.fingerprint, "code": place, "view": view},
        )  # fmt: skip

    def _new(self, key: str) -> bool:
        with self._lock:
            if key in self._known or len(self._known) > MAX_STATEMENTS:
                return False
            self._known.add(key)
            full = len(self._known) > MAX_STATEMENTS
        if full:
            log.warning(
                "more than %d different slow statements; no more are written down by this process",
                MAX_STATEMENTS,
            )
        return not full


def origin(place: str, view: str) -> str:
    """`` at shop/views.py:31 in shop.views.orders``, as much of it as is known."""
    return (f" at {place}" if place else "") + (f" in {view}" if view else "")
