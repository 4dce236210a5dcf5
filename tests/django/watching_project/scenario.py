"""Asks for pages in this process and prints what was logged and answered, as JSON: ``GET:/authors/11/ AGET:/later/11/``."""

import asyncio
import json
import logging
import sys

from django.db import connection
from django.test import AsyncClient, Client

import django

records: list[dict[str, object]] = []


class Kept(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        extra = (
            "kind",
            "count",
            "limit",
            "sql",
            "duration",
            "params",
            "alias",
            "code",
            "view",
            "fingerprint",
        )
        found = {name: getattr(record, name) for name in extra if hasattr(record, name)}
        records.append(
            {"logger": record.name, "level": record.levelname, "text": record.getMessage(), **found}
        )


def ask(request: str) -> dict[str, object]:
    method, _, path = request.partition(":")
    if method == "AGET":
        response = asyncio.run(AsyncClient(raise_request_exception=False).get(path))
    else:
        response = Client(raise_request_exception=False).get(path)
    return {
        "status": response.status_code,
        "headers": dict(response.headers),
        "body": response.content.decode(),
    }


def main() -> None:
    django.setup()
    from indexical.django.watching import middleware, tally

    for name in ("indexical.alarms", "indexical.slow"):
        logging.getLogger(name).addHandler(Kept())
        logging.getLogger(name).propagate = False
    answers = []
    for request in sys.argv[1:]:
        if request == "BREAK":
            tally.Tally.hear = lambda *_: 1 / 0
        elif request == "BREAK-END":
            middleware._headline = lambda *_: 1 / 0
        else:
            answers.append(ask(request))
    metrics = ""
    if "prometheus_client" in sys.modules:
        from prometheus_client import generate_latest

        metrics = generate_latest().decode()
    watched = [type(wrapper).__name__ for wrapper in connection.execute_wrappers]
    print(json.dumps({"records": records, "answers": answers, "metrics": metrics, "watched": watched}))


if __name__ == "__main__":
    main()
