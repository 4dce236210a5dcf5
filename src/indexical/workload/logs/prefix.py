"""``log_line_prefix``: what stands before the severity in a stderr log, given by the user or guessed from the log itself.

See https://www.postgresql.org/docs/18/runtime-config-logging.html#GUC-LOG-LINE-PREFIX for the escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from indexical.errors import InputError
from indexical.workload.logs.entries import STAMP

# Names as PostgreSQL has them hold almost anything; these end before what commonly stands behind them.
_NAME = r"[^\s,@|:\]]*?"
_ESCAPES = {
    "a": r"(?P<application>[^\n]{0,63}?)",
    "u": _NAME,
    "d": rf"(?P<database>{_NAME})",
    "r": r"[\w.:\[\]%-]*(?:\(\d+\))?",
    "h": r"[\w.:\[\]%-]*",
    "b": r"[\w ]*?",
    "p": r"(?P<pid>\d+)",
    "P": r"\d*",
    "t": rf"(?P<stamp>{STAMP}) [\w+:-]+",
    "m": rf"(?P<stamp>{STAMP}) [\w+:-]+",
    "n": r"(?P<epoch>\d+\.\d+)",
    "Q": r"-?\d*",
    "i": r"[\w ]*?",
    "e": r"\w{5}",
    "c": r"(?P<session>[0-9a-f]+\.[0-9a-f]+)",
    "l": r"\d+",
    "s": rf"{STAMP} [\w+:-]+",
    "v": r"[\d/]*",
    "x": r"\d+",
    "L": r"[\w.:\[\]%-]*",
}
_SEVERITY = (
    r"(?P<severity>LOG|DETAIL|STATEMENT|ERROR|CONTEXT|HINT|WARNING|FATAL|NOTICE|INFO|PANIC|QUERY|LOCATION|BACKTRACE"
    r"|DEBUG[1-5]?)"
)
_HEAD_END = rf"{_SEVERITY}:  ?(?P<rest>.*)\Z"
_ESCAPE = re.compile(r"%(-?\d+)?(.)", re.DOTALL)

COMMON = (
    "%m [%p] %q%u@%d ",
    "%m [%p] ",
    "%t:%r:%u@%d:[%p]:",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%t [%p]: db=%d,user=%u ",
    "%m [%p]: db=%d,user=%u,app=%a,client=%h ",
    "%m [%p] %u@%d ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%m [%p] user=%u,db=%d,app=%a,client=%h ",
    "%t-%c-",
    "%m %u@%d [%p] ",
    "%t [%p]: ",
    "%m %p %u@%d ",
    "%n [%p] %u@%d ",
    "%m|%u|%d|%p|",
    "%t ",
    "%m ",
)
"""Debian, the default, RDS, pgBadger's, Cloud SQL, Azure and others; those that tell more stand before those that tell less."""
_LOOSE = (
    rf"(?P<stamp>{STAMP})(?: [A-Z+:0-9-]{{1,6}})?(?:[^\n]{{0,120}}?\[(?P<pid>\d+)\])?[^\n]{{0,120}}?"
    rf"(?:(?<=[\s:\]|-])){_HEAD_END}"
)


def compiled(prefix: str) -> re.Pattern[str]:
    """The expression for a head line under a prefix. Raises :class:`InputError` for an escape that does not exist."""
    parts, position, optional, seen = [], 0, 0, set[str]()
    for found in _ESCAPE.finditer(prefix):
        parts.append(re.escape(prefix[position : found.start()]))
        position = found.end()
        padding, letter = found.groups()
        if letter == "%":
            parts.append("%")
        elif letter == "q":
            parts.append("(?:")
            optional += 1
        elif letter in _ESCAPES:
            expression = _ESCAPES[letter]
            for name in re.findall(r"\?P<(\w+)>", expression):
                if name in seen:
                    expression = expression.replace(f"?P<{name}>", "?:")
                seen.add(name)
            parts.append(rf" *{expression} *" if padding else expression)
        else:
            raise InputError(
                f"log_line_prefix has no escape %{letter if letter.isprintable() else '?'}; "
                "give it as SHOW log_line_prefix prints it"
            )
    parts.append(re.escape(prefix[position:]))
    return re.compile("".join(parts) + ")?" * optional + _HEAD_END, re.DOTALL)


@cache
def _known() -> tuple[re.Pattern[str], ...]:
    return (*(compiled(prefix) for prefix in COMMON), re.compile(_LOOSE, re.DOTALL))


def guess(lines: Iterable[str]) -> re.Pattern[str] | None:
    """The common prefix that fits most of the lines; None when none fits any."""
    sample = [line for line in lines if not line.startswith("\t")]
    counts = [sum(1 for line in sample if pattern.match(line)) for pattern in _known()]
    best = max(counts, default=0)
    return _known()[counts.index(best)] if best else None
