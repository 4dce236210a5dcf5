"""The middleware that raises an alarm when a request sends too many statements, or many that differ only in their values.

Put it first in ``MIDDLEWARE``, so that it counts what the others send; it removes itself when nothing is switched on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from indexical.django.capture.middleware import view_name
from indexical.django.watching import project_places, watch
from indexical.django.watching.metrics import metrics
from indexical.django.watching.slow import SlowStatements, origin
from indexical.django.watching.spans import describe, spans_wanted
from indexical.django.watching.tally import Alarm, Tally
from indexical.django.watching.thresholds import thresholds
from indexical.django.watching.watcher import listeners, log

HEADER = "Indexical-Alarms"
"""Names what a request passed, for whoever develops; sent only while ``DEBUG`` is on."""
_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class IndexAlarmMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: _GetResponse) -> None:
        self._limits = thresholds()
        self._meter = metrics()
        self._spans = spans_wanted()
        if self._limits is None and self._meter is None and not self._spans:
            raise MiddlewareNotUsed("no alarms, metrics or spans are switched on")
        self._get_response = get_response
        self._watcher = watch()
        self._told = _told(self._limits.pause if self._limits is not None else 0.0)
        slow_ms = self._slow_ms = self._limits.slow_ms if self._limits is not None else None
        slow = [_slow(slow_ms)] if slow_ms is not None else []
        if self._meter is not None:
            self._meter.slow_ms = slow_ms
        self._watcher.everywhere = (*slow, *([self._meter] if self._meter is not None else []))
        self._asynchronous = iscoroutinefunction(get_response)
        if self._asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._asynchronous:
            return self._serve(request)
        tally = Tally(self._watcher.places, slow_ms=self._slow_ms)
        token = listeners.set((*listeners.get(), tally))
        try:
            response = cast("HttpResponseBase", self._get_response(request))
        finally:
            listeners.reset(token)
        self._end(tally, response)
        return response

    async def _serve(self, request: HttpRequest) -> HttpResponseBase:
        tally = Tally(self._watcher.places, slow_ms=self._slow_ms)
        token = listeners.set((*listeners.get(), tally))
        try:
            response = await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        finally:
            listeners.reset(token)
        self._end(tally, response)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        # The tally is shared by every thread and task that serves this request, so it is filled in, not replaced.
        tally = next((found for found in listeners.get() if isinstance(found, Tally)), None)
        if tally is not None:
            tally.view = view_name(view, (request.method or "").lower())

    def _end(self, tally: Tally, response: HttpResponseBase) -> None:
        if self._watcher.off:
            return
        try:
            alarms = tally.alarms(self._limits) if self._limits is not None else ()
            for alarm in alarms:
                self._log(alarm, tally)
            if self._meter is not None:
                self._meter.request(tally.view, tally.statements, tuple(alarm.kind for alarm in alarms))
            if self._spans:
                describe(tally, alarms)
            if alarms and settings.DEBUG:
                response.headers[HEADER] = ", ".join(f"{alarm.kind}={alarm.count}" for alarm in alarms)
        except Exception:  # noqa: BLE001 - the response is ready; nothing of ours may keep it back
            self._watcher.switch_off()

    def _log(self, alarm: Alarm, tally: Tally) -> None:
        group = alarm.group
        sql = group.shown.sql if group is not None else ""
        silent = self._told.silent_about(alarm.kind, tally.view, sql)
        if silent is None:
            return
        place = group.place if group is not None else ""
        log.log(
            40 if alarm.kind == "queries-alarm" else 30,
            "%s (the limit is %g)%s%s%s",
            _headline(alarm, tally),
            alarm.limit,
            origin(place, tally.view),
            f": {sql}; {_remedy(group.shown.kind)}" if group is not None else "",
            f" [{silent} more since the last such line]" if silent else "",
            extra={"kind": alarm.kind, "count": alarm.count, "limit": alarm.limit, "sql": sql, "params": None,
                   "duration": group.seconds if group is not None else tally.seconds, "code": place, "view": tally.view},
        )  # fmt: skip


def _headline(alarm: Alarm, tally: Tally) -> str:
    if alarm.group is not None:
        return f"{alarm.count} similar statements in one request, {alarm.group.seconds * 1000:.1f} ms"
    return f"{alarm.count} statements in one request, {tally.seconds * 1000:.1f} ms"


def _remedy(kind: str) -> str:
    if kind == "select":
        return "ask once for all rows: select_related, prefetch_related, in_bulk or filter(...__in=...)"
    return "send them together: bulk_create, bulk_update or one update over a filter"


@cache
def _slow(limit_ms: float) -> SlowStatements:
    """One for the process: a handler built anew, as in tests, must not log everything again."""
    return SlowStatements(project_places(), limit_ms)


@cache
def _told(pause: float) -> _Told:
    return _Told(pause)


class _Told:
    """What was logged lately: a busy view must not fill the log with one line a request."""

    _MOST = 1000

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._since: dict[tuple[str, str, str], tuple[float, int]] = {}

    def silent_about(self, *key: str) -> int | None:
        """How often this was left out since it was last logged; None when it is to be left out now."""
        if self._pause <= 0:
            return 0
        now = time.monotonic()
        what = (key[0], key[1], key[2])
        with self._lock:
            last, left_out = self._since.get(what, (-1.0, 0))
            if last >= 0 and now - last < self._pause:
                self._since[what] = (last, left_out + 1)
                return None
            if len(self._since) >= self._MOST:
                self._since.clear()
            self._since[what] = (now, 0)
            return left_out
