"""The limits that raise an alarm, from the setting ``INDEXICAL_ALARMS``; the defaults are common practice for web requests."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SETTING = "INDEXICAL_ALARMS"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """An alarm is raised above its number, not at it; None never raises it."""

    similar: float | None = 10
    """Statements of one request that differ only in their values."""
    queries_warn: float | None = 20
    """Statements of one request."""
    queries_alarm: float | None = 50
    slow_ms: float | None = 50
    """Milliseconds of one statement."""
    repeat_seconds: float | None = None
    """How long one view stays silent about one kind of alarm once it was logged; None is 60, and 0 while ``DEBUG`` is on."""

    @property
    def pause(self) -> float:
        if self.repeat_seconds is not None:
            return self.repeat_seconds
        return 0.0 if settings.DEBUG else 60.0


def thresholds() -> Thresholds | None:
    """What the settings say; None when alarms are switched off.

    Raises ImproperlyConfigured for a setting that means nothing.
    """
    given: Any = getattr(settings, SETTING, True)
    if given is False or given is None:
        return None
    if given is True:
        return Thresholds()
    known = [field.name for field in fields(Thresholds)]
    if not isinstance(given, dict):
        raise ImproperlyConfigured(
            f"{SETTING} is {given!r}; give False, True or a dict with any of: {', '.join(known)}"
        )
    for name, value in given.items():
        if name not in known:
            raise ImproperlyConfigured(
                f"{SETTING} has {name!r}, which is no threshold; there are: {', '.join(known)}"
            )
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0
        ):
            raise ImproperlyConfigured(
                f"{SETTING}[{name!r}] is {value!r}; give a number of 0 or more, or None for no limit"
            )
    return Thresholds(**given)
