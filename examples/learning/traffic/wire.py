"""One request, its answer, and the connection they travel on."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

AGENTS = (
    "Mozilla/5.0 (Linux; Android 14; SM-A546E) Chrome/126.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17.5 Mobile Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36",
)


class CannotRun(Exception):
    """The server or a file cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request and the statuses it may end with."""

    name: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    user: str = ""
    """Whose token to send; empty for a visitor without one."""
    expect: tuple[int, ...] = (200,)
    writes: bool = False
    """Whether a GET changes rows nevertheless; every other method does."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    data: Any


class Client:
    """Sends one request per connection.

    Kept-open connections would be slower here: Django's development server sends head and body of an answer as two packets, and
    the second one then waits some 40 ms for the first to be acknowledged.
    """

    def __init__(self, base_url: str) -> None:
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname, parts.port or 80
        except ValueError:
            host = None
        if not host or parts.scheme != "http":
            raise CannotRun(
                f"--base-url {base_url!r} is not an http address; write it like http://127.0.0.1:8000."
            )
        self._host, self._port = host, port
        self._prefix = parts.path.rstrip("/")

    def send(self, call: Call, tokens: dict[str, str]) -> Reply:
        """The answer to one request; raises CannotRun when there is none."""
        headers = {
            "Accept": "application/json",
            "User-Agent": AGENTS[len(call.path) % len(AGENTS)],
            "Connection": "close",
        }
        if call.user:
            headers["Authorization"] = f"Bearer {tokens.get(call.user, '')}"
        body = None
        if call.body is not None:
            body, headers["Content-Type"] = json.dumps(call.body), "application/json"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=120)
        try:
            connection.request(call.method, self._prefix + call.path, body, headers)
            answer = connection.getresponse()
            kind, text = answer.getheader("Content-Type", ""), answer.read()
        except (OSError, http.client.HTTPException) as error:
            where = f"{self._host}:{self._port}"
            raise CannotRun(f"No answer from {where} ({error}); start the server and try again.") from error
        finally:
            connection.close()
        return Reply(answer.status, json.loads(text) if kind.startswith("application/json") and text else {})
