"""Times in cron's five fields, checked, and the same times for systemd.

The fields are those of crontab(5): minute, hour, day of the month, month, day of the week. For systemd every field is written out
as numbers (systemd.time(7)), so that nothing is left to differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexical.errors import InputError

_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "weekday": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_PART = re.compile(r"(\*|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class When:
    """A time that comes again."""

    cron: str
    """Five fields, as they were written."""
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    """0 is Sunday."""

    @property
    def calendar(self) -> str:
        """For ``OnCalendar=``. Raises :class:`InputError` for what systemd cannot say in one line."""
        if len(self.days) < 31 and len(self.weekdays) < 7:
            raise InputError(
                "cron runs on the day of the month OR the day of the week when both are given, and systemd on both at once; "
                "give only one of them"
            )
        days = "" if len(self.weekdays) == 7 else ",".join(_DAYS[day] for day in self.weekdays) + " "
        date = f"*-{_listed(self.months, 12)}-{_listed(self.days, 31)}"
        return f"{days}{date} {_listed(self.hours, 24)}:{_listed(self.minutes, 60)}:00"


def when(text: str) -> When:
    """The time of a cron expression, such as ``0 2 * * 0``. Raises :class:`InputError` with the field that is wrong."""
    words = _SHORT.get(text.strip().lower(), text.strip()).lower().split()
    if len(words) != len(_FIELDS):
        raise InputError(
            f"the time has {len(words)} fields and needs five: minute hour day month weekday, such as '0 2 * * 0'"
        )
    values = [_field(word, name, low, high) for word, (name, low, high) in zip(words, _FIELDS, strict=True)]
    weekdays = sorted({day % 7 for day in values[4]})
    return When(
        " ".join(words),
        tuple(values[0]),
        tuple(values[1]),
        tuple(values[2]),
        tuple(values[3]),
        tuple(weekdays),
    )


def _field(text: str, name: str, low: int, high: int) -> list[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if not match:
            raise InputError(
                f"the {name} field of the time cannot be read; write numbers, ranges, lists or *"
            )
        first, last = _range(match[1], name, low, high)
        step = int(match[2]) if match[2] else 1
        if match[2] and match[1] != "*" and "-" not in match[1]:
            raise InputError(f"a step in the {name} field of the time needs * or a range before it")
        if step < 1 or not low <= first <= last <= high:
            raise InputError(f"the {name} field of the time goes from {low} to {high}")
        found.update(range(first, last + 1, step))
    return sorted(found)


def _range(text: str, name: str, low: int, high: int) -> tuple[int, int]:
    if text == "*":
        return low, 6 if name == "weekday" else high
    ends = [_number(end, name) for end in text.split("-")]
    return ends[0], ends[-1]


def _number(text: str, name: str) -> int:
    names = _NAMES.get(name, [])
    if text in names:
        return names.index(text) + (1 if name == "month" else 0)
    if not text.isdigit() or len(text) > 2:
        raise InputError(f"the {name} field of the time cannot be read; write numbers, ranges, lists or *")
    return int(text)


def _listed(values: tuple[int, ...], count: int) -> str:
    return "*" if len(values) == count else ",".join(f"{value:02}" for value in values)
