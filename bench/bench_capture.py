"""What capturing and alarms cost a statement and a request of the example, and the time to write what was counted.

The statement itself goes to a real private server, and once to nothing at all, so that only the recorder's own time is seen; the
example's requests are served in capture_mix.py.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from result import publish

import django
from indexical.django.capture.places import Places
from indexical.twin import engine
from indexical.twin.server import PrivateServer

TARGET_US = 25.0
TARGET_SHARE = 0.03
"""Of a request's time, on the example's mix."""
CALLS = 2000
ROUNDS = 15
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "invitations"
MIX = Path(__file__).with_name("capture_mix.py")
DEPTH = 30
"""Frames of libraries between the project's line and the statement, as the ORM has them."""


def configure(url: str) -> None:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.strip("/"),
                "USER": parts.username,
                "HOST": options["host"][0],
                "PORT": options.get("port", [""])[0],
            }
        },
        BASE_DIR=Path(__file__).resolve().parent,
        USE_TZ=True,
    )
    django.setup()


def per_call(work: Callable[[], object], calls: int = CALLS) -> float:
    """Microseconds."""
    begun = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begun) / calls * 1e6


class _Cursor:
    rowcount = 1


def recorder_alone(recorder: Any) -> float:
    """The recorder around a statement that takes no time, below a stack as deep as the ORM's."""
    sql = 'SELECT "t"."id", "t"."name" FROM "t" WHERE "t"."id" = %s ORDER BY "t"."id" ASC LIMIT 21'
    context = {"connection": connection, "cursor": _Cursor()}

    def execute(*arguments: object) -> None:
        return None

    space: dict[str, Any] = {}
    # Frames whose file is none of the project's, as those of Django are.
    code = compile(
        "def deeper(depth, work):\n return work() if depth == 0 else deeper(depth - 1, work)",
        f"{sys.prefix}/lib/site-packages/library.py",
        "exec",
    )
    exec(code, space)
    deeper = space["deeper"]

    def with_recorder() -> None:
        for _ in range(CALLS):
            deeper(DEPTH, lambda: recorder(execute, sql + "", (5,), False, context))

    def without() -> None:
        for _ in range(CALLS):
            deeper(DEPTH, lambda: execute(sql + "", (5,), False, context))

    pairs = [(per_call(with_recorder, 1), per_call(without, 1)) for _ in range(ROUNDS)]
    return statistics.median((a - b) / CALLS for a, b in pairs)


def on_a_server(recorder: Any) -> tuple[float, float]:
    """Microseconds of one ORM look-up without and with the recorder, round by round in turn."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    key = ContentType.objects.order_by("pk").values_list("pk", flat=True)[0]

    def look_up() -> object:
        return ContentType.objects.get(pk=key)

    look_up()
    plain, captured = [], []
    for _ in range(ROUNDS):
        plain.append(per_call(look_up, 200))
        with connection.execute_wrapper(recorder):
            captured.append(per_call(look_up, 200))
    return statistics.median(plain), statistics.median(captured)


def alarms_alone() -> float:
    """Microseconds that the alarms' listener takes of a statement it has met before in the request."""
    from indexical.django.watching.tally import Tally
    from indexical.django.watching.watcher import Watcher, listeners

    watcher = Watcher(Places(Path(__file__).resolve().parent))
    token = listeners.set((Tally(watcher.places, slow_ms=50.0),))
    try:
        return recorder_alone(watcher)
    finally:
        listeners.reset(token)


def example_mix(url: str, folder: Path) -> dict[str, float]:
    """Shares of a plain request's time, and microseconds a request, on the example's everyday requests."""
    handles = folder / "handles.json"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "FAST_PASSWORDS": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    quiet = {"check": True, "stdout": subprocess.PIPE, "text": True}
    for command in (
        ["migrate", "--verbosity", "0"],
        ["load_data", "--scale", "small", "--handles", str(handles)],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=EXAMPLE,
            env={**environment, "INDEXICAL_APP": "0"},
            **quiet,
        )
    environment["INDEXICAL_CAPTURE"] = str(folder / "mix.jsonl")
    done = subprocess.run([sys.executable, str(MIX), str(handles)], env=environment, **quiet)
    found = json.loads(done.stdout.splitlines()[-1])
    plain_wall = statistics.mean(found["wall"]["plain"])
    plain = found["processor"]["plain"]
    result = {
        "requests": len(plain),
        "statements": found["statements"],
        "request_ms": plain_wall * 1e3,
        "request_processor_ms": statistics.mean(plain) * 1e3,
    }
    for way in ("captured", "alarmed"):
        # The mean without the outermost tenths: one garbage collection is worth a hundred requests' overhead.
        more = sorted(there - here for there, here in zip(found["processor"][way], plain, strict=True))
        kept = more[len(more) // 10 : -(len(more) // 10) or None]
        result[f"{way}_us"] = statistics.mean(kept) * 1e6
        result[f"{way}_statement_us"] = statistics.mean(kept) * 1e6 / found["statements"]
        result[f"{way}_share"] = statistics.mean(kept) / plain_wall
        result[f"{way}_share_of_processor"] = statistics.mean(kept) / statistics.mean(plain)
    return result


def main() -> None:
    with PrivateServer(engine.find()) as server, tempfile.TemporaryDirectory() as folder:
        configure(server.url())
        from indexical.django.capture.flushing import Flusher
        from indexical.django.capture.recorder import Recorder

        recorder = Recorder(Places(Path(__file__).resolve().parent))
        flusher = Flusher(recorder, Path(folder) / "capture.jsonl")
        alone = recorder_alone(recorder)
        alarms = alarms_alone()
        plain, captured = on_a_server(recorder)
        begun = time.perf_counter()
        flusher.flush()
        flush_ms = (time.perf_counter() - begun) * 1000
        connection.close()
        with psycopg.connect(server.url(), autocommit=True) as other:
            other.execute("CREATE DATABASE example")
        mix = example_mix(server.url("example"), Path(folder))
    print(f"the recorder alone       {alone:8.1f} us a statement (target at most {TARGET_US:.0f})")
    print(
        f"an ORM look-up           {plain:8.1f} us, captured {captured:.1f} us ({captured / plain - 1:+.1%})"
    )
    print(f"alarms                   {alarms:8.1f} us a statement")
    print(f"writing what was counted {flush_ms:8.1f} ms")
    print(
        f"the example's request    {mix['request_ms']:8.2f} ms, of which {mix['request_processor_ms']:.2f} ms processor time"
    )
    print(f"  of {mix['statements']:.1f} statements")
    for way in ("captured", "alarmed"):
        print(
            f"  {way:<22} {mix[way + '_us']:+8.1f} us, {mix[way + '_share']:+.2%} of it (target at most {TARGET_SHARE:.0%})"
        )
    result = {
        "name": "capture",
        "recorder_us": round(alone, 2),
        "lookup_us": round(plain, 1),
        "lookup_captured_us": round(captured, 1),
        "flush_ms": round(flush_ms, 2),
        "alarms_us": round(alarms, 2),
        "mix": {name: round(value, 5) for name, value in mix.items()},
        "held": max(alone, alarms) <= TARGET_US and mix["captured_share"] <= TARGET_SHARE,
    }
    publish(result, django=django.get_version())


if __name__ == "__main__":
    main()
