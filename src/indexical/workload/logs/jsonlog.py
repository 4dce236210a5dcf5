"""jsonlog: one JSON object a line, keys as in https://www.postgresql.org/docs/18/runtime-config-logging.html."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from indexical.workload.logs.entries import Damage, Entry, is_interesting
from indexical.workload.logs.stderr import NOT_TEXT, TOO_LONG
from indexical.workload.logs.stream import Lines

NOT_JSON = "a line is not a JSON object of a server log, or was cut off"


def read(lines: Lines) -> Iterator[Entry | Damage]:
    """The messages that may tell of statements, in order."""
    for line in lines:
        if lines.shortened:
            yield Damage(lines.number, TOO_LONG)
            continue
        if not line.strip():
            continue
        try:
            data = json.loads(line.decode())
        except UnicodeDecodeError:
            yield Damage(lines.number, NOT_TEXT)
            continue
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict) or not isinstance(data.get("error_severity"), str):
            yield Damage(lines.number, NOT_JSON)
            continue
        message = _text(data, "message")
        if is_interesting(data["error_severity"], message):
            yield _entry(data, lines.number, message)


def _entry(data: dict[str, Any], place: int, message: str) -> Entry:
    pid = data.get("pid")
    return Entry(
        place=place,
        severity=data["error_severity"],
        message=message,
        detail=_text(data, "detail"),
        session=_text(data, "session_id") or (str(pid) if isinstance(pid, int) else ""),
        database=_text(data, "dbname"),
        application=_text(data, "application_name"),
        stamp=_text(data, "timestamp")[:23],
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
