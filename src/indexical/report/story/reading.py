"""What a story is made from besides the journal: an advice file whole, and what ``verify`` and ``usage`` have said as JSON.

All of them are somebody's input: shapes and types are checked, nothing in them is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.model import Failed, NotMeasured, Outcome, Verified
from indexical.model.stored import string, whole
from indexical.model.story import Declined, Pattern, Served
from indexical.report.advice_file import AcceptedAdvice, load
from indexical.report.document import read

_ERRORS = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
_LARGEST = 1e300
"""No cost and no time is larger; what is can only come of a damaged file."""


@dataclass(frozen=True, slots=True)
class AdviceFile:
    """An advice file with everything that a story tells of it."""

    accepted: AcceptedAdvice
    patterns: tuple[Pattern, ...]
    refused: tuple[Declined, ...]
    not_examined: tuple[Declined, ...]
    planner: str
    server_version: str
    taken_at: str
    counters_since: str
    cost_before: float
    cost_after: float


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """What ``verify --format json`` said."""

    at: str
    system: str
    """Of the cluster that was asked; empty when it is not known."""
    database: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class UsageFile:
    """What ``usage --format json`` said of each index: (schema, name) to (scans, since when)."""

    at: str
    database: str
    scans: Mapping[tuple[str, str], tuple[int, str]]


def read_advice(path: Path) -> AdviceFile:
    """Raises :class:`FileRefused` as :func:`indexical.report.advice_file.load` does."""
    accepted = load(path)
    document = read(path, "advice", f"write it with: advise --save {path}")
    names = {item.name for item in accepted.create}
    try:
        planner, statistics = document["planner"], document.get("statistics") or {}
        return AdviceFile(
            accepted,
            tuple(_pattern(raw, names) for raw in document["statements"]),
            tuple(
                Declined(string(raw["index"]), string(raw["reason"]), string(raw.get("detail") or ""))
                for raw in document["refused"]
            ),
            tuple(Declined(string(raw["what"]), string(raw["why"])) for raw in document["not_examined"]),
            string(planner["kind"]),
            string(planner["server_version"]),
            string(statistics.get("taken_at") or ""),
            string(statistics.get("counters_since") or ""),
            _figure(document["cost"]["before"]),
            _figure(document["cost"]["after"]),
        )
    except _ERRORS as error:
        raise _damaged(path, error, "run advise again") from None


def read_verified(path: Path) -> VerifiedFile:
    """Raises :class:`FileRefused`."""
    remedy = f"write it with: verify --format json -o {path}"
    document = read(path, "what verify said", remedy)
    if document.get("version") != 1 or not isinstance(document.get("outcomes"), list):
        raise FileRefused(f"{path} is JSON but not what verify said; {remedy}")
    try:
        target = document.get("target") or {}
        return VerifiedFile(
            string(document.get("at") or ""),
            string(target.get("system_identifier") or ""),
            string(target.get("database") or ""),
            tuple(_outcome(raw) for raw in document["outcomes"]),
        )
    except _ERRORS as error:
        raise _damaged(path, error, remedy) from None


def read_usage(path: Path) -> UsageFile:
    """Raises :class:`FileRefused`."""
    remedy = f"write it with: usage --format json -o {path}"
    document = read(path, "a report of use", remedy)
    if document.get("version") != 1 or not isinstance(document.get("indexes"), list):
        raise FileRefused(f"{path} is JSON but not a report of use; {remedy}")
    try:
        scans = {
            (string(raw["schema"]), string(raw["name"])): (
                whole(raw["scans"]),
                string((raw.get("window") or {}).get("since") or ""),
            )
            for raw in document["indexes"]
        }
        return UsageFile(string(document["taken_at"]), string(document["database"]), scans)
    except _ERRORS as error:
        raise _damaged(path, error, remedy) from None


def _pattern(raw: Mapping[str, Any], new: set[str]) -> Pattern:
    indexes = tuple(string(name) for name in raw["indexes_used"])
    served: Served = "new" if new.intersection(indexes) else "existing" if indexes else "none"
    return Pattern(
        string(raw["id"]),
        string(raw["sql"]),
        _figure(raw["calls"]),
        served,
        indexes,
        _figure(raw["cost_before"]),
        _figure(raw["cost_after"]),
        next((string(each) for each in raw.get("origin") or ()), ""),
    )


def _figure(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise TypeError(f"expected a number, found {type(value).__name__}")
    return float(value)


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    id, what = string(raw["id"]), string(raw["what"])
    match raw["kind"]:
        case "verified":
            lists = [tuple(string(one) for one in raw.get(name) or ()) for name in ("statements", "missing")]
            texts = [string(raw.get(name) or "") for name in ("evidence", "structure")]
            verdict = string(raw["verdict"])
            return Verified(id, what, verdict, lists[0], lists[1], texts[0], whole(raw["size"]), texts[1])
        case "failed":
            return Failed(id, what, string(raw["error"]), string(raw.get("remedy") or ""))
        case "not-measured":
            return NotMeasured(id, what, string(raw["reason"]))
        case kind:
            raise ValueError(f"an outcome of the kind {str(kind)[:40]!r} is none of verify")


def _damaged(path: Path, error: Exception, remedy: str) -> FileRefused:
    detail = f"{type(error).__name__}: {error}"[:120]
    return FileRefused(f"{path} is damaged or was edited by hand ({detail}); {remedy}")
