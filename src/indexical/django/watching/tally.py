"""What one request sent, counted by statement, and which limits that passes."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexical.django.capture.places import Places
from indexical.django.watching.texts import Shown, shown
from indexical.django.watching.thresholds import Thresholds
from indexical.django.watching.watcher import Sent

MAX_TEXTS = 1000
"""Different texts of one request that are told apart; more are counted only."""
MAX_SHOWN = 5
"""Groups of similar statements that one request raises an alarm about, the largest first."""


@dataclass(slots=True)
class Group:
    """One text, or statements that differ only in their values."""

    sql: str
    formatted: bool
    place: str
    """File and line of the first call."""
    calls: int = 0
    seconds: float = 0.0

    @property
    def shown(self) -> Shown:
        return shown(self.sql, self.formatted)


@dataclass(frozen=True, slots=True)
class Alarm:
    kind: str
    """``similar``, ``queries-warn`` or ``queries-alarm``."""
    count: int
    limit: float
    group: Group | None = None
    """The statement of a ``similar`` alarm."""


@dataclass(slots=True)
class Tally:
    """Listens to one request."""

    places: Places
    view: str = ""
    statements: int = 0
    seconds: float = 0.0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    slowest: Sent | None = None
    slowest_formatted: bool = True
    slowest_place: str = ""
    slow_ms: float | None = None
    """The slowest statement is kept when it took longer than this."""

    def hear(self, sent: Sent) -> None:
        self.statements += 1
        self.seconds += sent.seconds
        group = self.groups.get((sent.alias, sent.sql))
        if group is None:
            if len(self.groups) >= MAX_TEXTS:
                return
            group = Group(sent.sql, sent.params is not None, self._place(sent))
            self.groups[sent.alias, sent.sql] = group
        group.calls += 1
        group.seconds += sent.seconds
        slow = self.slow_ms is not None and sent.seconds * 1000 > self.slow_ms
        if slow and (self.slowest is None or sent.seconds > self.slowest.seconds):
            self.slowest_place, self.slowest_formatted = self._place(sent), sent.params is not None
            self.slowest = Sent(sent.sql, None, sent.many, sent.alias, sent.seconds, None, sent.server_side)

    def similar(self) -> tuple[Group, ...]:
        """Groups of statements that differ only in their values, the largest first; transaction control is none of them."""
        merged: dict[tuple[str, str], Group] = {}
        for (alias, sql), group in self.groups.items():
            text = group.shown
            if text.kind == "other" and text.fingerprint:
                continue
            key = (alias, text.fingerprint or sql)
            whole = merged.get(key)
            if whole is None:
                whole = merged[key] = Group(group.sql, group.formatted, group.place)
            whole.calls += group.calls
            whole.seconds += group.seconds
        return tuple(sorted(merged.values(), key=lambda group: -group.calls))

    def alarms(self, limits: Thresholds) -> tuple[Alarm, ...]:
        found: list[Alarm] = []
        if limits.queries_alarm is not None and self.statements > limits.queries_alarm:
            found.append(Alarm("queries-alarm", self.statements, limits.queries_alarm))
        elif limits.queries_warn is not None and self.statements > limits.queries_warn:
            found.append(Alarm("queries-warn", self.statements, limits.queries_warn))
        # Nothing is parsed for a request that cannot have passed the limit.
        if limits.similar is not None and self.statements > limits.similar:
            most = [group for group in self.similar() if group.calls > limits.similar]
            found += [Alarm("similar", group.calls, limits.similar, group) for group in most[:MAX_SHOWN]]
        return tuple(found)

    def _place(self, sent: Sent) -> str:
        file, line = self.places.find(sent.frame)
        return f"{file}:{line}" if file else ""
