"""What goes with every request, whoever sends it: one after the other, or the load generator."""

from __future__ import annotations

from indexical.model.served import Request

ANSWER_SECONDS = 60.0
"""How long an answer is waited for."""


def sent_headers(request: Request) -> dict[str, str]:
    """The request's headers, and what it needs besides."""
    given = {name.lower() for name, _ in request.headers}
    headers = dict(request.headers)
    for name, value in (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", "indexical")):
        if name.lower() not in given:
            headers[name] = value
    if request.body is not None and "content-type" not in given:
        headers["Content-Type"] = "application/json"
    return headers
