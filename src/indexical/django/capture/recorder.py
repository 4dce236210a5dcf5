"""Counts statements in memory, on the project's own time: what runs for every statement is kept to a few dictionary looks.

Parsing, redaction and writing wait for the flush, on a thread of its own.
"""

from __future__ import annotations

import logging
import random
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from indexical.django.capture.changed import Changes, Probe, probe_for
from indexical.django.capture.places import Places, served

log = logging.getLogger("indexical.capture")

MAX_ENTRIES = 5000
"""Different statements and places in one process; more are counted, not recorded."""
MAX_SAMPLES = 16
_MAX_SQL = 100_000
_EXAMINED = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/\s*)*\(*\s*(select|insert|update|delete|with|values)\b",
    re.IGNORECASE,
)
_READS = frozenset(["select", "with", "values"])

_Key = tuple[str, str, int, str, str, bool]
_clock = time.perf_counter


@dataclass(slots=True)
class Entry:
    """One statement from one place, since the process began (``seen``) and since the last flush (the rest)."""

    sql: str
    location: str
    view: str
    url: str
    formatted: bool
    """Whether the driver replaces placeholders, so that ``%%`` is a ``%``."""
    samples_wanted: bool
    server_side: bool = False
    seen: int = 0
    calls: int = 0
    seconds: float = 0.0
    rows: int = 0
    rows_known: bool = True
    samples: list[Any] = field(default_factory=list)
    changes: Changes | None = None


class Recorder:
    """An execute wrapper: Django calls it for every statement of every connection.

    Whatever goes wrong in here is logged once and ends the recording, never the statement.
    """

    def __init__(self, places: Places, *, values: bool = True, probing: bool = True, seed: int = 1) -> None:
        self.values = values
        self.on_first: Callable[[], None] | None = None
        self.off = False
        self.places = places
        self._probing = probing
        self._lock = threading.RLock()
        self._entries: dict[_Key, Entry] = {}
        self._probes: dict[str, Probe] = {}
        self._lost = 0
        self._random = random.Random(seed).random  # noqa: S311 - picks samples, guards nothing

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
        probe = before = None
        if self._probing and not many and params and type(sql) is str and sql.startswith("UPDATE"):
            probe, before = self._before(sql, params, context)
        started = _clock()
        result = execute(sql, params, many, context)
        elapsed = _clock() - started
        try:
            entry = self._note(sql, params, many, context, elapsed)
            if probe is not None and before is not None and entry is not None:
                self._after(entry, probe, before, params, context)
        except Exception:  # noqa: BLE001 - the project's statement has succeeded; nothing of ours may change that
            self.switch_off()
        return result

    def _note(
        self, sql: Any, params: Any, many: bool, context: dict[str, Any], elapsed: float
    ) -> Entry | None:
        if type(sql) is not str:
            sql = sql.as_string(context["connection"].connection) if hasattr(sql, "as_string") else str(sql)
        frame = sys._getframe(2)
        file, line = self.places.find(frame)
        place = served.get()
        if not file:
            file, line = place.file, place.line
        key = (sql, file, line, place.view, place.url, params is not None)
        rows = context["cursor"].rowcount
        calls = len(params) if many and hasattr(params, "__len__") else 1
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._new(key, context)
                if entry is None:
                    return None
            entry.calls += calls
            entry.seconds += elapsed
            if rows >= 0:
                entry.rows += rows
            else:
                entry.rows_known = False
            if entry.samples_wanted and not many:
                self._sample(entry, params)
        return entry

    def _sample(self, entry: Entry, params: Any) -> None:
        """A reservoir: the first calls, then ever fewer of the later ones, each call with the same chance."""
        entry.seen += 1
        if entry.seen > MAX_SAMPLES and self._random() * entry.seen >= MAX_SAMPLES:
            return
        kept = dict(params) if isinstance(params, dict) else tuple(params or ())
        if len(entry.samples) < MAX_SAMPLES:
            entry.samples.append(kept)
        else:
            entry.samples[int(self._random() * MAX_SAMPLES)] = kept

    def _new(self, key: _Key, context: dict[str, Any]) -> Entry | None:
        sql, file, line, view, url, formatted = key
        examined = _EXAMINED.match(sql[:2000])
        if examined is None:
            return None
        if len(self._entries) >= MAX_ENTRIES or len(sql) > _MAX_SQL:
            self._lost += 1
            return None
        options = context["connection"].settings_dict.get("OPTIONS") or {}
        entry = Entry(
            sql=sql,
            location=f"{file}:{line}" if file else "",
            view=view,
            url=url,
            formatted=formatted,
            samples_wanted=examined.group(1).lower() in _READS,
            server_side=bool(options.get("server_side_binding")),
        )
        first = not self._entries
        self._entries[key] = entry
        if first and self.on_first is not None:
            self.on_first()
        return entry

    def _before(self, sql: str, params: Any, context: dict[str, Any]) -> tuple[Probe | None, Any]:
        try:
            probe = self._probes.get(sql)
            if probe is None:
                if len(self._probes) >= MAX_ENTRIES:
                    return None, None
                probe = self._probes[sql] = probe_for(sql)
            if probe.left <= 0:
                return None, None
            probe.left -= 1
            return probe, probe.read(context["connection"], params)
        except Exception:  # noqa: BLE001 - as in __call__
            self.switch_off()
            return None, None

    def _after(self, entry: Entry, probe: Probe, before: Any, params: Any, context: dict[str, Any]) -> None:
        after = probe.read(context["connection"], params)
        if after is None:
            return
        with self._lock:
            if entry.changes is None:
                entry.changes = Changes()
            entry.changes.note(probe.columns, before, after)

    def take(self) -> tuple[list[Entry], int]:
        """What was counted since the last time, and how many calls were not recorded."""
        with self._lock:
            taken = []
            for entry in self._entries.values():
                if not entry.calls:
                    continue
                taken.append(_copy(entry))
                entry.calls, entry.seconds, entry.rows, entry.rows_known = 0, 0.0, 0, True
                entry.samples, entry.changes = [], None
            lost, self._lost = self._lost, 0
            return taken, lost

    def switch_off(self) -> None:
        """Ends the recording, with one line in the log."""
        if not self.off:
            self.off = True
            log.warning(
                "capturing has failed and is switched off; the project is not affected", exc_info=True
            )

    def after_fork(self) -> None:
        """The child begins with nothing: what the parent counted, the parent writes."""
        self._lock = threading.RLock()
        self._entries = {}
        self._lost = 0


def _copy(entry: Entry) -> Entry:
    return Entry(
        sql=entry.sql, location=entry.location, view=entry.view, url=entry.url, formatted=entry.formatted,
        samples_wanted=entry.samples_wanted, server_side=entry.server_side, seen=entry.seen, calls=entry.calls,
        seconds=entry.seconds, rows=entry.rows, rows_known=entry.rows_known, samples=entry.samples, changes=entry.changes,
    )  # fmt: skip
