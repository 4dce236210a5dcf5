"""The execute wrapper behind alarms, metrics and the panel; what runs for every statement is a clock and a dictionary look.

A request's listeners travel in a context variable, so that threads and tasks that serve one request tell the same ones.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from indexical.django.capture.places import Places

log = logging.getLogger("indexical.alarms")
_clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class Sent:
    """One statement that was sent, whether it succeeded or not."""

    sql: str
    params: Any
    many: bool
    alias: str
    seconds: float
    frame: FrameType | None
    """Where it was sent from; only until :meth:`Listener.hear` returns."""
    server_side: bool


class Listener(Protocol):
    """Hears every statement of one request."""

    view: str
    """The view that serves the request; empty until Django knows it."""

    def hear(self, sent: Sent) -> None: ...


class Everywhere(Protocol):
    """Hears every statement of the process, with the view it was sent for."""

    def hear(self, sent: Sent, view: str) -> None: ...


listeners: ContextVar[tuple[Listener, ...]] = ContextVar("indexical_listeners", default=())


class Watcher:
    """Django calls it for every statement.

    Whatever goes wrong in here is logged once and ends the watching, never the statement.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.off = False
        self.everywhere: tuple[Everywhere, ...] = ()

    def __call__(
        self,
        execute: Callable[[str, Any, bool, dict[str, Any]], Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if self.off:
            return execute(sql, params, many, context)
        started = _clock()
        try:
            return execute(sql, params, many, context)
        finally:
            self._tell(sql, params, many, context, _clock() - started)

    def _tell(self, sql: Any, params: Any, many: bool, context: dict[str, Any], seconds: float) -> None:
        try:
            hearing = listeners.get()
            if not hearing and not self.everywhere:
                return
            connection = context["connection"]
            if type(sql) is not str:
                sql = sql.as_string(connection.connection) if hasattr(sql, "as_string") else str(sql)
            options = connection.settings_dict.get("OPTIONS") or {}
            sent = Sent(
                sql, params, many, connection.alias, seconds, sys._getframe(2), bool(options.get("server_side_binding"))
            )  # fmt: skip
            for listener in hearing:
                listener.hear(sent)
            if self.everywhere:
                view = next((listener.view for listener in hearing if listener.view), "")
                for listener_everywhere in self.everywhere:
                    listener_everywhere.hear(sent, view)
        except Exception:  # noqa: BLE001 - the project's statement is done; nothing of ours may change what came of it
            self.switch_off()

    def switch_off(self) -> None:
        """Ends the watching in this process, with one line in the log."""
        if not self.off:
            self.off = True
            log.warning(
                "watching statements has failed and is switched off; the project is not affected",
                exc_info=True,
            )
