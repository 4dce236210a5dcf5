"""Sends the platform's everyday requests over HTTP, in a sequence that a seed decides.

The mix is in visits.py: the four requests of the platform's own benchmark (courses, categories, forum topics, who am I) are a
quarter of it, all other reading about six tenths, and changes (enrolling, lessons, submissions, posts, likes) the rest.

    python drive.py --base-url http://127.0.0.1:8000 --handles handles.json --requests 2000 --seed 1
    python drive.py --base-url http://127.0.0.1:8000 --handles handles.json --requests 500 --write-requests requests.jsonl

The handles file comes from ``manage.py load_data --handles FILE``. Prints a JSON summary; exit code 1 when an answer had a status
that the request does not expect, 2 when the server or a file cannot be used. Another seed makes other posts and accounts, so runs
can follow each other on one database. With ``--write-requests`` it logs in, sends nothing else, and writes the requests of the
mix to a file, tokens included: whoever has the file can act for these accounts until the tokens run out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from requests_file import lines, write
from scene import Scene, log_in, read_scene
from visits import MIX, UNIQUE, Action, Steps, plan, unique
from wire import Call, CannotRun, Client, Reply


@dataclass(slots=True)
class Tally:
    """What came back; shared by the threads."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    unexpected: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, call: Call, reply: Reply, milliseconds: float) -> None:
        with self.lock:
            self.milliseconds.setdefault(call.name, []).append(milliseconds)
            self.statuses[reply.status] += 1
            if reply.status not in call.expect:
                self.unexpected.append(
                    {
                        "endpoint": call.name,
                        "path": call.path,
                        "status": reply.status,
                        "answer": str(reply.data)[:300],
                    }
                )


def drive(base_url: str, scene: Scene, visits: list[tuple[Action, int]], threads: int) -> Tally:
    tally = Tally()
    waiting = iter(visits)
    broken = threading.Event()

    def work() -> None:
        client = Client(base_url)
        while not broken.is_set():
            with tally.lock:
                visit = next(waiting, None)
            if visit is None:
                return
            try:
                _walk(client, scene, tally, visit[0].begin(scene, random.Random(visit[1])), visit[1])
            except BaseException:
                broken.set()
                raise

    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(work) for _ in range(threads)]
    for worker in workers:
        worker.result()
    return tally


def _walk(client: Client, scene: Scene, tally: Tally, steps: Steps, seed: int) -> None:
    rng = random.Random(f"unique {seed}")
    call = next(steps, None)
    while call is not None:
        if call.body and UNIQUE in (text := json.dumps(call.body)):
            call = replace(call, body=json.loads(text.replace(UNIQUE, unique(scene, rng))))
        begun = time.perf_counter()
        reply = client.send(call, scene.tokens)
        tally.add(call, reply, (time.perf_counter() - begun) * 1000)
        try:
            call = steps.send(reply)
        except StopIteration:
            return


def quantile(values: list[float], share: float) -> float:
    """The value below which that share lies (nearest rank)."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def summary(tally: Tally, seconds: float) -> dict[str, Any]:
    count = sum(tally.statuses.values())
    return {
        "requests": count,
        "seconds": round(seconds, 2),
        "per_second": round(count / seconds, 1),
        "statuses": {str(status): tally.statuses[status] for status in sorted(tally.statuses)},
        "unexpected": len(tally.unexpected),
        "unexpected_examples": tally.unexpected[:10],
        "endpoints": {
            name: {"count": len(taken), "median_ms": quantile(taken, 0.5), "p95_ms": quantile(taken, 0.95)}
            for name, taken in sorted(tally.milliseconds.items())
        },
    }


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Send the platform's everyday requests over HTTP.")
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument(
        "--handles",
        type=Path,
        required=True,
        metavar="FILE",
        help="file written by `manage.py load_data --handles FILE`",
    )
    parser.add_argument("--requests", type=positive, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=positive, default=20, help="people to log in and act for")
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument(
        "--write-requests",
        type=Path,
        metavar="FILE",
        help="log in, play nothing, and write the requests to FILE",
    )
    options = parser.parse_args(arguments)
    target: Path | None = options.write_requests
    try:
        client = Client(options.base_url)
        scene = read_scene(options.handles, options.seed, options.users)
        log_in(client, scene, [scene.admin, *(user["username"] for user in scene.users)], options.threads)
        if target is not None:
            requests = lines(scene, MIX, options.requests, options.seed)
            write(target, "The learning platform's everyday requests", requests)
            print(json.dumps({"written": str(target), "requests": len(requests)}))
            return 0
        begun = time.perf_counter()
        tally = drive(options.base_url, scene, plan(options.requests, options.seed), options.threads)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(summary(tally, time.perf_counter() - begun), indent=1))
    return 1 if tally.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
