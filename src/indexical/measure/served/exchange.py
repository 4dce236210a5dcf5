"""One connection to a served project, and requests sent over it one after the other.

A connection is made before the clock starts, so that a server which closes every connection (gunicorn's sync workers do)
is measured like one that keeps them. A request whose kept connection turns out to be closed is sent again on a new one,
but only where sending it twice changes nothing.
"""

from __future__ import annotations

import http.client
import select
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from indexical.errors import InputError
from indexical.measure.served.requests_file import SAFE, Fresh
from indexical.measure.served.sending import ANSWER_SECONDS, sent_headers
from indexical.model.served import Request

_ENOUGH = 256 * 1024 * 1024


class Unanswered(Exception):
    """There was no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a project is served."""

    secure: bool
    host: str
    port: int
    prefix: str = ""

    @property
    def text(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.netloc}{self.prefix}"

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    bytes: int
    """Of the body."""
    milliseconds: float
    """From the first byte sent to the last one read."""


def address(url: str) -> Address:
    """Where a base URL leads.

    Raises:
        InputError: it is no http or https address, or it holds a password or a query.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, parts, port = None, urlsplit(""), None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise InputError(
            "the base URL is not an http or https address; write one such as http://127.0.0.1:8000"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InputError(
            "the base URL holds a user, a query or a fragment; leave them out, tokens go into the requests file's headers"
        )
    secure = parts.scheme == "https"
    return Address(secure, host, port or (443 if secure else 80), parts.path.rstrip("/"))


class Exchange:
    """Sends requests to one address; close it at the end. Not for several threads."""

    def __init__(self, where: Address) -> None:
        self._where = where
        kind = http.client.HTTPSConnection if where.secure else http.client.HTTPConnection
        self._connection = kind(where.host, where.port, timeout=ANSWER_SECONDS)

    def close(self) -> None:
        self._connection.close()

    def send(self, request: Request, fresh: Fresh) -> Answer:
        """The answer to one request.

        Raises:
            Unanswered: there was none.
        """
        path, body = fresh.apply(request)
        kept = self._prepare(request.method)
        try:
            return self._once(request, path, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self._connection.close()
            if not kept:
                raise Unanswered(f"{self._where.netloc} closed the connection without an answer") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise Unanswered(_said(self._where, error)) from None
        # The server closed the kept connection just then.
        self._prepare("")
        try:
            return self._once(request, path, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise Unanswered(_said(self._where, error)) from None

    def _prepare(self, method: str) -> bool:
        """Makes the connection ready; returns whether it is one that was kept."""
        if self._connection.sock is not None:
            closed_or_more = bool(select.select([self._connection.sock], [], [], 0)[0])
            if method in SAFE and not closed_or_more:
                return True
            self._connection.close()
        try:
            self._connection.connect()
        except OSError as error:
            self._connection.close()
            raise Unanswered(_said(self._where, error)) from None
        return False

    def _once(self, request: Request, path: str, body: str | None) -> Answer:
        headers = sent_headers(request)
        begun = time.perf_counter()
        self._connection.request(request.method, self._where.prefix + path, body and body.encode(), headers)
        with self._connection.getresponse() as response:
            text = response.read(_ENOUGH)
            took = (time.perf_counter() - begun) * 1000
        return Answer(response.status, len(text), took)


def _said(where: Address, error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"{where.netloc} did not answer within {ANSWER_SECONDS:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return f"{where.netloc} cannot be reached: {error.strerror}"
    return f"{where.netloc} gave no HTTP answer ({type(error).__name__})"
