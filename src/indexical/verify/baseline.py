"""A watched window in a file, to be compared with a later one. No statement's text is in it, only the server's ids."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.verify.observing import Times, Watched, Written

_FORMAT = "indexical-baseline"
_VERSION = 1
_LARGEST = 64 * 1024 * 1024
_MOST = 200_000


def write(watched: Watched, path: Path) -> None:
    """Makes a new file, for its owner only. Raises :class:`FileRefused` when it is there already or cannot be made."""
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "target": list(watched.target),
        "seconds": watched.seconds,
        "missing": watched.missing,
        "standbys": watched.standbys,
        "statements": [[t.id, t.calls, t.mean_ms, t.deviation_ms] for t in watched.statements],
        "written": [[w.table, w.inserts, w.updates, w.deletes, w.hot_updates] for w in watched.written],
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, allow_nan=False)
            file.write("\n")
    except OSError as error:
        raise FileRefused(
            f"the baseline {path} cannot be written: {error.strerror}; name another file"
        ) from None


def read(path: Path) -> Watched:
    """Raises :class:`FileRefused` when the file is not exactly what :func:`write` makes."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise FileRefused(f"{path} is no baseline: it is not an ordinary file, or far too large")
        return _watched(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FileRefused(f"the baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FileRefused(
            f"{path} is no baseline of this version; watch again without that file to make one"
        ) from None


def _watched(document: Mapping[str, Any]) -> Watched:
    if document["format"] != _FORMAT or document["version"] != _VERSION:
        raise ValueError("format")
    statements, written = document["statements"], document["written"]
    if len(statements) > _MOST or len(written) > _MOST:
        raise ValueError("too many")
    return Watched(
        seconds=_number(document["seconds"]),
        statements=tuple(
            Times(_text(id), "", _number(calls), _number(mean), _number(deviation))
            for id, calls, mean, deviation in statements
        ),
        written=tuple(Written(_text(table), *map(_whole, counts)) for table, *counts in written),
        missing=_text(document["missing"]),
        standbys=_whole(document["standbys"]),
        target=tuple(map(_text, document["target"])),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError("number")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError("text")
    return value
