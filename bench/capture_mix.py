"""The example's everyday requests, each served three ways: as it is, with capturing, and with alarms; for bench_capture.py.

Every request is served once in each way, in turns, inside a transaction that only the last one keeps, so that all ways see the
same request and the same rows. What counts is the serving thread's own processor time: the machine's other work does not enter.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "invitations"
REQUESTS = 300
WARMING = 240
"""Requests before the measured ones: views are imported and their source is found, and the first calls of most updates, which
capturing watches by reading the row, are over."""
PLAIN, CAPTURED, ALARMED = "plain", "captured", "alarmed"


def handler(*middleware: str) -> Any:
    from django.conf import settings
    from django.core.handlers.base import BaseHandler

    ours = ("indexical.django.capture.middleware", "indexical.django.watching.middleware")
    settings.MIDDLEWARE = [*middleware, *(name for name in settings.MIDDLEWARE if not name.startswith(ours))]
    made = BaseHandler()
    made.load_middleware()
    return made


class Counted:
    """Counts statements while nothing is measured."""

    statements = 0

    def hear(self, sent: Any, view: str) -> None:
        self.statements += 1


class Ways:
    """Takes the place of the driver's HTTP client."""

    def __init__(self) -> None:
        from django.db import connection
        from django.test import RequestFactory

        from indexical.django import capture
        from indexical.django.watching import watch

        self._connection = connection
        self._factory = RequestFactory()
        # The plain way is built before anything listens; switching a wrapper off leaves one comparison a statement.
        self._handlers = {
            PLAIN: handler(),
            CAPTURED: handler("indexical.django.capture.middleware.CaptureMiddleware"),
            ALARMED: handler("indexical.django.watching.middleware.IndexAlarmMiddleware"),
        }
        connection.ensure_connection()
        self._wrappers = {PLAIN: [], CAPTURED: [capture._running.recorder], ALARMED: [watch()]}
        self.counted = Counted()
        self._usual = watch().everywhere
        watch().everywhere = (self.counted,)
        self.turn = 0
        self.measuring = False
        self.processor: dict[str, list[float]] = {way: [] for way in self._handlers}
        self.wall: dict[str, list[float]] = {way: [] for way in self._handlers}

    def begin_measuring(self) -> float:
        """Statements of a request so far, on average."""
        from indexical.django.watching import watch

        watch().everywhere = self._usual
        self.measuring = True
        return self.counted.statements / self.turn

    def send(self, call: Any, tokens: dict[str, str]) -> Any:
        from django.db import transaction
        from wire import Reply

        self.turn += 1
        ways = [(PLAIN, CAPTURED, ALARMED)[(self.turn + step) % 3] for step in range(3)]
        answer: Any = None
        for way in ways:
            self._connection.execute_wrappers[:] = self._wrappers[way]
            with transaction.atomic():
                answer = self._serve(way, call, tokens)
                # The first ones leave no trace; the last one's changes are what the next request builds on.
                transaction.set_rollback(way != ways[-1])
        text = answer.content
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return Reply(answer.status_code, json.loads(text) if is_json and text else {})

    def _serve(self, way: str, call: Any, tokens: dict[str, str]) -> Any:
        headers = {
            "User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile",
            "Accept": "application/json",
        }
        if call.phone:
            headers["Authorization"] = f"Bearer {tokens.get(call.phone, '')}"
        if call.address:
            headers["X-Forwarded-For"] = call.address
        body = json.dumps(call.body) if call.body is not None else ""
        request = self._factory.generic(call.method, call.path, body, "application/json", headers=headers)
        wall, processor = time.perf_counter(), time.thread_time()
        answer = self._handlers[way].get_response(request)
        if self.measuring:
            self.processor[way].append(time.thread_time() - processor)
            self.wall[way].append(time.perf_counter() - wall)
        return answer


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path[:0] = [str(EXAMPLE), str(EXAMPLE / "traffic")]
    import django

    django.setup()
    from scene import log_in, read_scene
    from visits import plan

    from indexical.django.capture import _running

    # Slow statements are to be found, not printed.
    logging.getLogger("indexical.slow").addHandler(logging.NullHandler())
    logging.getLogger("indexical.slow").propagate = False
    ways = Ways()
    per_request = 0.0
    scene = read_scene(Path(sys.argv[1]), 1, 10)
    log_in(ways, scene, [scene.admin, *(user["phone"] for user in scene.users)])
    for number, (action, seed) in enumerate(plan(WARMING + REQUESTS, 1)):
        if number == WARMING:
            per_request = ways.begin_measuring()
        steps = action.begin(scene, random.Random(seed))
        call = next(steps, None)
        while call is not None:
            try:
                call = steps.send(ways.send(call, scene.tokens))
            except StopIteration:
                break
    begun = time.thread_time()
    _running.flush()
    flush = time.thread_time() - begun
    print(
        json.dumps(
            {"statements": per_request, "processor": ways.processor, "wall": ways.wall, "flush": flush}
        )
    )


if __name__ == "__main__":
    main()
