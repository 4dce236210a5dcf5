"""Writes the mix down as a requests file: JSON lines that another program can send, tokens included.

The first line says what the file is, every further one is a request. What it does not hold: logging in, requests that need the
answer to an earlier one, and opening an account, which takes a phone number that nobody has.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scene import AUTH, Scene
from visits import Action
from wire import Call, CannotRun, headers_of

VERSION = 1
UNIQUE = "{{unique}}"
"""Stands for 64 hexadecimal digits that are new at each sending: here, a device that no page has seen."""
PAST = ", link over"
"""Behind the name of an endpoint when it is asked for a page whose days are over."""
LEFT_OUT = (f"{AUTH}/login/", f"{AUTH}/register/")
_WORDS = {"orders", "dashboard", "create"}
"""What may follow the address of the hosts' pages and is no slug."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def lines(
    scene: Scene, chances: Sequence[tuple[Action, float]], wanted: int, seed: int
) -> list[dict[str, Any]]:
    """About ``wanted`` requests; each kind has at least one, and its lines weigh together what the mix says."""
    total = sum(chance for _, chance in chances)
    found = []
    for action, chance in chances:
        rng = random.Random(f"requests {seed} {action.name}")
        number = max(1, round(wanted * chance / total))
        for _ in range(number):
            for call in _alone(action, scene, rng):
                if call.path not in LEFT_OUT:
                    found.append(_line(call, scene, 1000 * chance / total / number))
    return found


def _alone(action: Action, scene: Scene, rng: random.Random) -> Iterator[Call]:
    """The requests of a visit that can be made without having the answer to an earlier one."""
    steps = action.begin(scene, rng)
    if action.apart:
        yield from steps
    else:
        yield next(steps)


def _line(call: Call, scene: Scene, weight: float) -> dict[str, Any]:
    body, expect = call.body, list(call.expect)
    if call.name == "invite register":
        # 403: sent over and over, the pages' guest lists fill up.
        body, expect = {**(body or {}), "device_fingerprint": UNIQUE}, [200, 201, 403]
    return {
        "name": f"{call.method} {address_of(call.path)}" + PAST * (call.name == "invite view past"),
        "method": call.method,
        "path": call.path,
        "headers": headers_of(call, scene.tokens),
        "body": body,
        "weight": round(weight, 6),
        "expect": expect,
        # Opening a page counts the view and logs it.
        "writes": call.method != "GET" or call.path.startswith("/api/invite/"),
        "path_group": group_of(call.path),
    }


def address_of(path: str) -> str:
    """The endpoint behind a path: without the values of its parts and parameters."""
    plain, _, query = path.partition("?")
    parts = _UUID.sub("<uuid>", plain).split("/")
    if parts[2] == "invite":
        parts[3] = "<slug>"
    elif parts[3:4] == ["invitations"] and parts[4] and parts[4] not in _WORDS:
        parts[4] = "<slug>"
    elif "by-plan" in parts or "recommended" in parts:
        parts[-2] = "<code>"
    names = sorted({pair.partition("=")[0] for pair in query.split("&") if pair} - {"page"})
    return "/".join(parts) + (f"?{'&'.join(f'{name}=' for name in names)}" if names else "")


def group_of(path: str) -> str:
    """The part of the platform that an address belongs to."""
    words = [word for word in path.split("?", maxsplit=1)[0].split("/") if word not in ("", "api", "v1")]
    return words[0]


def write(path: Path, title: str, requests: list[dict[str, Any]]) -> None:
    """Raises CannotRun when the file cannot be written."""
    head = {"indexical": "requests", "version": VERSION, "title": title}
    text = "".join(json.dumps(line) + "\n" for line in (head, *requests))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{path} cannot be written: {error.strerror}.") from error
