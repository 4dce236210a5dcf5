"""Prometheus metrics of statements and alarms, in the default registry; off unless ``INDEXICAL_METRICS`` is True.

Names and units follow https://prometheus.io/docs/practices/naming/. Labels are bounded: views are those of the project's URL
configuration, and no more than :data:`MAX_VIEWS` of them.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from indexical.django.watching.texts import first_word
from indexical.django.watching.watcher import Sent

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

SETTING = "INDEXICAL_METRICS"
MAX_VIEWS = 200
"""Views with a label of their own; the rest are ``other``, statements outside a view are ``none``."""
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def metrics() -> Meter | None:
    """The meter of this process; None when it is not asked for.

    Raises ImproperlyConfigured when it is asked for and prometheus-client is not installed.
    """
    return _meter() if getattr(settings, SETTING, False) is True else None


@cache
def _meter() -> Meter:
    try:
        return Meter()
    except ImportError:
        raise ImproperlyConfigured(
            f"{SETTING} is on and prometheus-client is not installed; pip install 'indexical[metrics]', or switch it off"
        ) from None


class Meter:
    """Hears every statement of the process."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Histogram

        self.statements: Counter = Counter(
            "indexical_statements", "Statements sent to a database", ["view", "kind"]
        )
        self.seconds: Histogram = Histogram(
            "indexical_statement_seconds", "Time of one statement as the project saw it", ["view", "kind"], buckets=_SECONDS
        )  # fmt: skip
        self.per_request: Histogram = Histogram(
            "indexical_request_statements", "Statements that one request sent", ["view"], buckets=_COUNTS
        )
        self.alarms: Counter = Counter("indexical_alarms", "Limits that a request passed", ["kind"])
        self.slow: Counter = Counter(
            "indexical_slow_statements", "Statements above the limit for slow ones", ["view"]
        )
        self.slow_ms: float | None = None
        self._views: set[str] = set()
        self._children: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._lock = threading.Lock()

    def hear(self, sent: Sent, view: str) -> None:
        key = (view, first_word(sent.sql))
        found = self._children.get(key)
        if found is None:
            labels = (self._label(view), key[1])
            found = (self.statements.labels(*labels), self.seconds.labels(*labels))
            if labels[0] == (view or "none"):
                self._children[key] = found
        found[0].inc()
        found[1].observe(sent.seconds)
        if self.slow_ms is not None and sent.seconds * 1000 > self.slow_ms:
            self.slow.labels(self._label(view)).inc()

    def request(self, view: str, statements: int, kinds: tuple[str, ...]) -> None:
        """Counts a request that has ended."""
        self.per_request.labels(self._label(view)).observe(statements)
        for kind in kinds:
            self.alarms.labels(kind).inc()

    def _label(self, view: str) -> str:
        if not view:
            return "none"
        with self._lock:
            if view not in self._views and len(self._views) < MAX_VIEWS:
                self._views.add(view)
            return view if view in self._views else "other"
