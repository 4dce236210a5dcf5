"""Reads a requests file: JSON lines, the first of which says what the file is, every further one a request.

The file may come from anywhere, so nothing of it is believed: what could make another request out of the one it describes
(line breaks in a header, a space in a path) is refused, with the number of its line and without its text, which may hold a
token.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.model.served import Request, RequestsFile

VERSION = 1
UNIQUE = "{{unique}}"
"""Stands in a path or a body for text that is new at each sending."""
_LIMIT = 64 * 1024 * 1024
_LONGEST = 1024 * 1024
_MOST = 200_000
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing, as HTTP has it (RFC 9110, 9.2.1)."""
_PATH = re.compile(r"/(?!/)[!-~]*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "trailer"})
"""Headers that belong to the connection and are not the file's to set."""
_KEYS = frozenset({"name", "method", "path", "headers", "body", "weight", "expect", "writes", "path_group"})
_REMEDY = "write it anew, or correct that line"


class _Wrong(Exception):
    """What is wrong with a line."""


def read(path: Path) -> RequestsFile:
    """The requests of a file.

    Raises:
        FileRefused: the file is missing, is no requests file of version 1, or a line of it is wrong.
    """
    requests: list[Request] = []
    ignored: set[str] = set()
    title = None
    for number, line in _lines(path):
        if title is None:
            title = _title(path, line)
            continue
        try:
            raw = _object(line)
            ignored |= raw.keys() - _KEYS
            requests.append(_request(raw))
        except _Wrong as error:
            raise FileRefused(f"{path}, line {number}: {error}; {_REMEDY}") from None
        if len(requests) > _MOST:
            raise FileRefused(f"{path} has more than {_MOST:,} requests; a sample of them says as much")
    if title is None or not requests:
        raise FileRefused(f"{path} has no request in it; it needs a first line and one line for each request")
    names = sorted(re.sub(r"[^\w.-]", "?", name[:40]) for name in ignored)
    notes = (f"ignored keys of the requests file: {', '.join(names[:10])}",) if names else ()
    return RequestsFile(title, tuple(requests), notes, mix_of(requests))


def mix_of(requests: list[Request] | tuple[Request, ...]) -> str:
    """Sixteen hexadecimal digits that stand for the endpoints and their shares."""
    total = sum(request.weight for request in requests)
    shares: dict[str, float] = {}
    for request in requests:
        shares[request.name] = shares.get(request.name, 0.0) + request.weight / total
    text = "\n".join(f"{name}\t{share:.4f}" for name, share in sorted(shares.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Fresh:
    """Puts new text wherever a request asks for it: 64 hexadecimal digits, the same for one number, new in every run."""

    def __init__(self, salt: str = "") -> None:
        self._salt = salt or secrets.token_hex(16)
        self._numbers = itertools.count(1)

    def next(self) -> str:
        return hashlib.sha256(f"{self._salt} {next(self._numbers)}".encode()).hexdigest()

    @staticmethod
    def asked(request: Request) -> bool:
        return UNIQUE in request.path or (request.body is not None and UNIQUE in request.body)

    def apply(self, request: Request) -> tuple[str, str | None]:
        """Path and body to send now."""
        if not self.asked(request):
            return request.path, request.body
        value = self.next()
        body = request.body.replace(UNIQUE, value) if request.body is not None else None
        return request.path.replace(UNIQUE, value), body


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused(f"{path} is no ordinary file and so not a requests file; name one")
        if status.st_size > _LIMIT:
            raise FileRefused(
                f"{path} is larger than {_LIMIT // 2**20} MB; a sample of its requests says as much"
            )
        with path.open(encoding="utf-8") as stream:
            for number in itertools.count(1):
                line = stream.readline(_LONGEST)
                if not line:
                    return
                if len(line) >= _LONGEST:
                    raise FileRefused(f"{path}, line {number}: it is longer than 1 MB; {_REMEDY}")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}; name a requests file") from None
    except UnicodeDecodeError:
        raise FileRefused(f"{path} is not UTF-8 and so not a requests file; name one") from None


def _title(path: Path, line: str) -> str:
    try:
        first = _object(line)
    except _Wrong:
        first = {}
    if first.get("indexical") != "requests" or first.get("version") != VERSION:
        raise FileRefused(
            f'{path} is not a requests file of version {VERSION}: its first line has to be {{"indexical": "requests", '
            f'"version": {VERSION}, "title": "..."}}'
        )
    title = first.get("title", "")
    return title[:200] if isinstance(title, str) else ""


def _object(line: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise _Wrong("it is not JSON") from None
    if not isinstance(raw, dict):
        raise _Wrong("it is no JSON object")
    return raw


def _request(raw: Mapping[str, Any]) -> Request:
    method = raw.get("method", "GET")
    if not isinstance(method, str) or method not in _METHODS:
        raise _Wrong(f"its method is none of {', '.join(_METHODS)}")
    name, path = raw.get("name"), raw.get("path")
    if not isinstance(name, str) or not name.strip() or len(name) > 200 or not name.isprintable():
        raise _Wrong("its name is no printable text of at most 200 characters")
    if not isinstance(path, str) or not _PATH.fullmatch(path) or len(path) > 16_384:
        raise _Wrong("its path does not begin with one /, or has a character that has to be percent-encoded")
    writes = raw.get("writes", method not in SAFE)
    if not isinstance(writes, bool):
        raise _Wrong("its writes is neither true nor false")
    group = raw.get("path_group", "")
    return Request(
        name=name,
        method=method,
        path=path,
        headers=_headers(raw.get("headers") or {}),
        body=_body(raw.get("body")),
        weight=_weight(raw.get("weight", 1.0)),
        expect=_expect(raw.get("expect", [200])),
        writes=writes,
        group=group[:200] if isinstance(group, str) else "",
    )


def _headers(raw: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(raw, dict) or len(raw) > 100:
        raise _Wrong("its headers are no JSON object of at most 100 entries")
    for name, value in raw.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS:
            raise _Wrong("it sets a header that is not its to set, or one whose name is none")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise _Wrong(f"the value of its header {name} is no printable ASCII text")
    return tuple(raw.items())


def _body(raw: object) -> str | None:
    if raw is None:
        return None
    try:
        return json.dumps(raw, allow_nan=False)
    except ValueError:
        raise _Wrong("its body has a number that JSON does not know") from None


def _weight(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 < raw <= 1e9:
        raise _Wrong("its weight is no number above 0")
    value = float(raw)
    if not math.isfinite(value):
        raise _Wrong("its weight is no number above 0")
    return value


def _expect(raw: object) -> tuple[int, ...]:
    if (
        not isinstance(raw, list)
        or not raw
        or len(raw) > 100
        or not all(
            isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599
            for status in raw
        )
    ):
        raise _Wrong("its expect is no list of HTTP statuses")
    return tuple(sorted(set(raw)))
