"""The load generator's process: Locust's users play a requests file until they are told to stop.

Run as ``python -m indexical.measure.served.generator BASE_URL REQUESTS_FILE SEED WRITES``. It is a process of its own because
Locust rebuilds the standard library's sockets for its own when it is imported; nothing that uses them may be imported before
it, :mod:`ssl` above all. A line of JSON on standard input asks for
a play, ``{"users": 4, "seconds": 10, "output": FILE}``; its answers go to that file as JSON, exact, and one line on standard
output says that the play is over. The end of the input is the end of the process.

The users work in a closed loop: each sends its next request when the last is answered, without a pause. All of them draw
from one deck, in which every request lies as often as it weighs, so that the mix of two runs is the same whatever chance
does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexical.measure.served.deck import Table, deck
from indexical.measure.served.requests_file import read
from indexical.measure.served.sending import ANSWER_SECONDS, sent_headers
from indexical.model.served import Request

_READY = '{"ready": true}'
_DONE = '{"done": true}'


def run(base_url: str, requests: Sequence[Request], seed: int, orders: Iterator[str]) -> None:
    """Plays every order, one after the other."""
    # Here and not above: importing it changes the process.
    from locust import FastHttpUser, constant, task
    from locust.env import Environment

    table = Table(deck(requests, seed))

    class Player(FastHttpUser):
        wait_time = constant(0)
        insecure = False
        network_timeout = ANSWER_SECONDS
        connection_timeout = ANSWER_SECONDS

        @task
        def play(self) -> None:
            request = table.draw()
            path, body = table.fresh.apply(request)
            with self.client.request(
                request.method,
                path,
                name=request.name,
                headers=sent_headers(request),
                data=body,
                catch_response=True,
                allow_redirects=False,
            ) as answer:
                if answer.status_code in request.expect:
                    answer.success()
                elif answer.status_code:
                    answer.failure(_Unexpected(f"answered {answer.status_code}"))
                else:
                    answer.failure(_Unexpected(f"no answer ({type(answer.error).__name__})"))

    environment = Environment(user_classes=[Player], host=base_url, stop_timeout=ANSWER_SECONDS)
    runner = environment.create_local_runner()

    def heard(name: str, response_time: float, exception: BaseException | None, **_rest: Any) -> None:
        table.put(name, response_time, exception)

    environment.events.request.add_listener(heard)  # type: ignore[no-untyped-call]
    print(_READY, flush=True)  # noqa: T201
    for line in orders:
        order = json.loads(line)
        cpu = time.process_time()
        table.clear()
        runner.start(order["users"], spawn_rate=order["users"])
        # Locust has made this a pause that lets its users work.
        time.sleep(order["seconds"])
        seconds = time.perf_counter() - table.begun
        runner.stop()
        _write(Path(order["output"]), table, seconds, time.process_time() - cpu)
        print(_DONE, flush=True)  # noqa: T201
    runner.quit()


class _Unexpected(Exception):
    """Not what the request expects."""


def _write(path: Path, table: Table, seconds: float, cpu_s: float) -> None:
    document: Mapping[str, object] = {
        "seconds": seconds,
        "cpu_s": cpu_s,
        "answers": table.answers,
        "failures": table.failures,
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    base_url, file, seed, writes = arguments
    requests = [request for request in read(Path(file)).requests if writes == "yes" or not request.writes]
    run(base_url, requests, int(seed), iter(sys.stdin.readline, ""))


if __name__ == "__main__":
    main(sys.argv[1:])
