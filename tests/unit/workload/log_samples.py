"""Server logs made by hand: the same messages in each of the formats a server writes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

from indexical.model import Workload
from indexical.workload.gathering import workload_of
from indexical.workload.logs.reading import LogFiles

FORMATS = ("log", "csv", "json")


@dataclass(frozen=True)
class Message:
    text: str
    detail: str = ""
    severity: str = "LOG"
    pid: int = 7
    database: str = "shop"
    application: str = "web"
    clock: str = "10:00:00.000"


def told(sql: str, ms: float = 1.0, **more: object) -> Message:
    return Message(f"duration: {ms:.3f} ms  statement: {sql}", **more)  # type: ignore[arg-type]


def plan(sql: str, ms: float = 1.0, **more: object) -> Message:
    """A plan of auto_explain in its text format."""
    text = f"duration: {ms:.3f} ms  plan:\nQuery Text: {sql}\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = 1)"
    return Message(text, **more)  # type: ignore[arg-type]


def rendered(form: str, *messages: Message) -> str:
    writer = {"log": _stderr, "csv": _csv, "json": _json}[form]
    return "".join(writer(number, message) for number, message in enumerate(messages, start=1))


def written(
    folder: Path, form: str, *messages: Message, name: str = "postgresql", packed: bool = False
) -> Path:
    path = folder / f"{name}.{form}{'.gz' if packed else ''}"
    raw = rendered(form, *messages).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


def read(*paths: Path, **options: object) -> Workload:
    return workload_of([LogFiles(tuple(paths), **options).observe()])  # type: ignore[arg-type]


def _stderr(number: int, message: Message) -> str:
    head = f"2026-03-01 {message.clock} UTC [{message.pid}] app@{message.database} "
    parts = [(message.severity, message.text)] + ([("DETAIL", message.detail)] if message.detail else [])
    return "".join(head + f"{kind}:  {text}".replace("\n", "\n\t") + "\n" for kind, text in parts)


def _csv(number: int, message: Message) -> str:
    stamp = f"2026-03-01 {message.clock} UTC"
    row = ["app", message.database, message.pid, "[local]", f"65e0.{message.pid}", number, "SELECT", stamp, "1/1", 0,
           message.severity, "00000", message.text, message.detail, "", "", "", "", "", "", "", message.application,
           "client backend", "", 0]  # fmt: skip
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerow(row)
    return f"{stamp},{buffer.getvalue()}"


def _json(number: int, message: Message) -> str:
    entry = {
        "timestamp": f"2026-03-01 {message.clock} UTC", "user": "app", "dbname": message.database, "pid": message.pid,
        "session_id": f"65e0.{message.pid}", "line_num": number, "error_severity": message.severity, "message": message.text,
        "application_name": message.application,
    }  # fmt: skip
    if message.detail:
        entry["detail"] = message.detail
    return json.dumps(entry) + "\n"
