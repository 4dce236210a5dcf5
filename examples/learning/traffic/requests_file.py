"""Writes the mix down as a requests file: JSON lines that another program can send, tokens included.

The first line says what the file is, every further one is a request. What it does not hold: logging in, and requests that need
the answer to an earlier one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scene import Scene
from visits import Action
from wire import CannotRun

VERSION = 1


def lines(scene: Scene, mix: Sequence[tuple[float, Action]], wanted: int, seed: int) -> list[dict[str, Any]]:
    """About ``wanted`` requests; each kind has at least one, and its lines weigh together what the mix says."""
    total = sum(weight for weight, _ in mix)
    found = []
    for weight, action in mix:
        rng = random.Random(f"requests {seed} {action.name}")
        number = max(1, round(wanted * weight / total))
        for _ in range(number):
            call = next(action.begin(scene, rng))
            headers = {"Accept": "application/json"}
            if call.user:
                headers["Authorization"] = f"Bearer {scene.tokens[call.user]}"
            if call.body is not None:
                headers["Content-Type"] = "application/json"
            found.append(
                {
                    "name": call.name,
                    "method": call.method,
                    "path": call.path,
                    "headers": headers,
                    "body": call.body,
                    "weight": round(weight / number, 6),
                    "expect": list(call.expect),
                    "writes": call.writes or call.method != "GET",
                    "path_group": _group(call.path),
                }
            )
    return found


def _group(path: str) -> str:
    """The part of the platform that an address belongs to: the first word that says more than the version."""
    words = [
        word
        for word in path.split("?", maxsplit=1)[0].split("/")
        if word not in ("", "api", "v1", "v2", "site")
    ]
    return words[0] if words else "site"


def write(path: Path, title: str, requests: list[dict[str, Any]]) -> None:
    """Raises CannotRun when the file cannot be written."""
    head = {"indexical": "requests", "version": VERSION, "title": title}
    text = "".join(json.dumps(line) + "\n" for line in (head, *requests))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{path} cannot be written: {error.strerror}.") from error
