"""What ``measure`` says and asks about a served project: endpoints over HTTP, and load."""

from __future__ import annotations

import argparse
from pathlib import Path

from indexical.cli import units
from indexical.cli.progress import OnEvent
from indexical.errors import InputError
from indexical.measure.served import load
from indexical.measure.served.latency import measure_endpoints
from indexical.measure.served.requests_file import read
from indexical.model import NotMeasured
from indexical.model.served import EndpointLatency, ServedRun
from indexical.pg.session import Session

_WARM_UP = 0.2
"""Of a step's seconds, besides them."""
_SHORTEST = 1.0
_MOST_USERS = 1000
_RUNS = 7
_SENT = 30
"""Fewer answers of an endpoint than this say little about its median."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--base-url", metavar="URL", help="where the project is served: measures its endpoints over HTTP"
    )
    parser.add_argument("--requests", metavar="FILE", help="the requests to send there (JSON lines)")
    parser.add_argument(
        "--api-runs",
        metavar="N",
        type=units.count,
        help="times that each request is sent (default 7, more for an endpoint with few requests)",
    )
    parser.add_argument(
        "--send-writes",
        action="store_true",
        help="also send the requests that write; they really change the project's data",
    )
    parser.add_argument(
        "--load",
        metavar="TIME",
        type=units.seconds,
        help="also play the requests' mix under load, each step for this time (30s)",
    )
    parser.add_argument(
        "--users",
        metavar="N,N",
        type=_users,
        help=f"the steps: users at once (default {','.join(str(users) for users in load.USERS)})",
    )
    parser.add_argument(
        "--target-p95",
        metavar="TIME",
        type=units.seconds,
        help="say the highest throughput whose 95th percentile stays within this time (200ms)",
    )
    parser.add_argument(
        "--server-pid",
        metavar="PID",
        type=units.count,
        help="the PostgreSQL server's first process on this machine, where it is not found by itself (CPU time)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Refuses a wrong combination before anything is begun.

    Raises:
        InputError: options that need another one stand alone.
        ExtraMissing: load is asked for, and the load generator is not installed.
    """
    together = {"--base-url": arguments.base_url, "--requests": arguments.requests}
    missing = [option for option, value in together.items() if value is None]
    given = _given(arguments)
    if missing and (given or len(missing) == 1):
        raise InputError(
            f"{(given or list(together.keys() - set(missing)))[0]} needs {' and '.join(missing)} as well"
        )
    if arguments.load is None:
        alone = [option for option in given if option in ("--users", "--target-p95", "--server-pid")]
        if alone:
            raise InputError(f"{alone[0]} needs --load as well, such as --load 30s")
        return
    if arguments.load < _SHORTEST or arguments.load > 86_400:
        raise InputError("--load is the time of one step: between 1s and 1d")
    if arguments.target_p95 == 0:
        raise InputError("--target-p95 has to be longer than nothing, such as 200ms")
    load.check_installation()


def _given(arguments: argparse.Namespace) -> list[str]:
    values = {
        "--api-runs": arguments.api_runs,
        "--send-writes": arguments.send_writes or None,
        "--load": arguments.load,
        "--users": arguments.users,
        "--target-p95": arguments.target_p95,
        "--server-pid": arguments.server_pid,
    }
    return [option for option, value in values.items() if value is not None]


def run(
    arguments: argparse.Namespace, session: Session | None, on_event: OnEvent | None = None
) -> ServedRun | None:
    """Measures what the options ask for; None when they ask for nothing.

    Args:
        session: a session on the project's database, for what it does under load.

    Raises:
        InputError: the options or the requests file are wrong, see :func:`check`.
        NotHeld: the load generator failed.
        DatabaseError: the database was lost.
    """
    check(arguments)
    if arguments.base_url is None:
        return None
    file = Path(arguments.requests)
    requests = read(file)
    found = measure_endpoints(
        {"now": arguments.base_url},
        requests,
        runs=arguments.api_runs or _RUNS,
        at_least=1 if arguments.api_runs else _SENT,
        writes=arguments.send_writes,
        on_event=on_event,
    )["now"]
    played = None
    if arguments.load is not None:
        plan = load.Plan(
            users=arguments.users or load.USERS,
            seconds=arguments.load,
            warm_up_s=max(1.0, _WARM_UP * arguments.load),
            target_p95_ms=arguments.target_p95 * 1000 if arguments.target_p95 is not None else None,
            writes=arguments.send_writes,
        )
        played = load.load_test(
            arguments.base_url,
            file,
            plan,
            session=session,
            server_pid=arguments.server_pid or 0,
            on_event=on_event,
        )
    return ServedRun(
        title=requests.title,
        mix=requests.mix,
        endpoints=tuple(each for each in found if isinstance(each, EndpointLatency)),
        not_measured=tuple(each for each in found if isinstance(each, NotMeasured)),
        load=played,
        notes=requests.notes,
    )


def _users(text: str) -> tuple[int, ...]:
    """Numbers of users, comma-separated and growing: ``1,2,4,8``."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or sorted(set(found)) != found or not 1 <= found[0] <= found[-1] <= _MOST_USERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no growing row of numbers of users from 1 to {_MOST_USERS}; write one such as 1,2,4,8"
        )
    return tuple(found)
