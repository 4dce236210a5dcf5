"""The record of a promotion: JSON lines, only ever appended, each on disk before anybody is told of it, and chained.

Every line bears the digest of the one before it and its own, so that a line that was changed, left out, doubled or moved is seen.
That guards against accidents and editing, not against somebody who rewrites the whole file: who must trust it keeps its last
digest elsewhere, as ``promote status`` prints it. The file is somebody's input when it is read: everything is checked.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from indexical import kept_lines
from indexical.errors import FileRefused
from indexical.model.promotion import Clocks, GateResult, Promoted, Promotion, Verdict
from indexical.model.run import TargetIdentity
from indexical.model.stored import index_from, string, whole

VERSION = 1
LIMIT = 16 * 1024 * 1024
_MOST_LINES = 100_000
_VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "not-examined")
_ERRORS = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
_OTHER = "name the record of a promotion, which: promote begin makes"


class Tampered(FileRefused):
    """The record was changed by something else than this program, or is damaged."""


def begin(path: Path, promotion: Promotion, *, tool_version: str) -> str:
    """Makes the record, which must not exist yet; returns the digest of its first line. Raises :class:`FileRefused`."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileRefused(
            f"the record {path} could not be created ({error.strerror}); choose another place"
        ) from None
    try:
        details = {
            "version": VERSION,
            "promotion": promotion.id,
            "tool_version": tool_version,
            "staging": asdict(promotion.staging),
            "run": promotion.run,
            "run_began": promotion.run_began,
            "window_seconds": promotion.window_s,
            "short": promotion.short,
            "gates": list(promotion.gates),
            "changes": [asdict(change) for change in promotion.changes],
            "clocks": asdict(promotion.clocks),
        }
        digest = _append(file, path, "", "begin", details)
        kept_lines.sync_folder(path)
    finally:
        os.close(file)
    return digest


def append(
    path: Path, gate: str, verdict: Verdict, detail: str, clocks: Clocks, evidence: Sequence[str] = ()
) -> Promotion:
    """Writes the result of a gate down and returns the record with it.

    A last line that was cut is taken off first, and that is written down too. Raises :class:`FileRefused`.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise FileRefused(f"the record {path} cannot be opened ({error.strerror}); {_OTHER}") from None
    try:
        _alone(file, path)
        promotion = read(path)
        head = promotion.head
        if promotion.torn:
            os.ftruncate(file, kept_lines.content(path, "record", LIMIT, _OTHER).rfind(b"\n") + 1)
            head = _append(file, path, head, "cut", {})
        details = {
            "gate": gate, "verdict": verdict, "detail": detail, "evidence": list(evidence), "clocks": asdict(clocks)
        }  # fmt: skip
        _append(file, path, head, "gate", details)
    finally:
        os.close(file)
    return read(path)


def read(path: Path) -> Promotion:
    """What the record says. Raises :class:`FileRefused`, and :class:`Tampered` when its chain is broken or it is damaged."""
    content = kept_lines.content(path, "record", LIMIT, _OTHER)
    end = content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")[:-1]
    if not lines:
        raise Tampered(
            f"{path} holds no whole line, so the promotion had not begun; delete it and begin again"
        )
    if len(lines) > _MOST_LINES:
        raise FileRefused(f"{path} has more than {_MOST_LINES} lines and so is no record; {_OTHER}")
    promotion: Promotion | None = None
    head = ""
    for number, line in enumerate(lines, 1):
        try:
            document = kept_lines.document(line)
            head = _linked(document, head)
            promotion = _begun(document) if promotion is None else _taken(promotion, document, number)
        except _ERRORS as error:
            _damaged(path, number, error)
    if promotion is None:
        raise AssertionError("there was a line")
    return replace(promotion, head=head, torn=end < len(content))


def _append(file: int, path: Path, prev: str, event: str, details: Mapping[str, object]) -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"at": at, "event": event, **details, "prev": prev}
    digest = _digest(line)
    text = json.dumps({**line, "digest": digest}, ensure_ascii=True, separators=(",", ":")) + "\n"
    try:
        if os.write(file, text.encode()) != len(text):
            raise OSError(errno.ENOSPC, "No space left on device")
        os.fsync(file)
    except OSError as error:
        raise FileRefused(
            f"the record {path} could not be written ({error.strerror}); make room, then run it again"
        ) from None
    return digest


def _digest(line: Mapping[str, object]) -> str:
    """Of a line without its own digest, whatever the order of its keys."""
    text = json.dumps(line, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _linked(document: dict[str, Any], head: str) -> str:
    claimed = string(document["digest"])
    if document["prev"] != head:
        raise ValueError("it does not follow the line before it")
    if claimed != _digest({key: value for key, value in document.items() if key != "digest"}):
        raise ValueError("it was changed")
    return claimed


def _begun(line: Mapping[str, Any]) -> Promotion:
    if line["event"] != "begin" or line["version"] != VERSION:
        raise ValueError("it does not begin a promotion of a version that this program knows")
    raw = line["staging"]
    staging = TargetIdentity(
        system_identifier=string(raw["system_identifier"]),
        database_oid=whole(raw["database_oid"]),
        database=string(raw["database"]),
        timeline=whole(raw.get("timeline", 0)),
        address=string(raw.get("address", "")),
    )
    gates, changes = _list(line["gates"]), _list(line["changes"])
    if not isinstance(line["short"], bool):
        raise TypeError("short is no truth value")
    return Promotion(
        id=string(line["promotion"]),
        began=string(line["at"]),
        staging=staging,
        run=string(line["run"]),
        run_began=string(line["run_began"]),
        window_s=_seconds(line["window_seconds"]),
        short=line["short"],
        gates=tuple(string(gate) for gate in gates),
        changes=tuple(_change(change) for change in changes),
        clocks=_clocks(line["clocks"]),
    )


def _taken(promotion: Promotion, line: Mapping[str, Any], number: int) -> Promotion:
    at, event = string(line["at"]), line["event"]
    if event == "cut":
        return replace(promotion, cut_at=number)
    if event != "gate":
        raise ValueError("it says what no line says")
    verdict = line["verdict"]
    if verdict not in _VERDICTS:
        raise ValueError("a gate has a verdict that no gate has")
    evidence = tuple(string(each) for each in _list(line["evidence"]))
    result = GateResult(
        number, at, string(line["gate"]), verdict, string(line["detail"]), _clocks(line["clocks"]), evidence
    )
    return replace(promotion, results=(*promotion.results, result))


def _change(raw: Mapping[str, Any]) -> Promoted:
    if raw["action"] not in ("create", "drop"):
        raise ValueError("a change is neither a create nor a drop")
    return Promoted(raw["action"], string(raw["name"]), index_from(raw["index"]), whole(raw["oid"]))


def _clocks(raw: Mapping[str, Any]) -> Clocks:
    return Clocks(
        _seconds(raw["wall"]), string(raw["boot"]), _seconds(raw["running"]), _seconds(raw["server"])
    )


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise TypeError("a time is no number of seconds")
    return float(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value


def _damaged(path: Path, number: int, error: Exception) -> NoReturn:
    detail = f"{type(error).__name__}: {error}"[:120]
    raise Tampered(
        f"{path} is damaged or was edited in line {number} ({detail}); it proves nothing; begin a new promotion on staging"
    ) from None


def _alone(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileRefused(
            f"the record {path} is in use: another gate is being written; run it again"
        ) from None
    except OSError as error:
        raise FileRefused(
            f"the record {path} cannot be locked ({error.strerror}); keep it on a local disk"
        ) from None
