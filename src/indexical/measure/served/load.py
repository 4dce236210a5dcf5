"""A served project under growing load, and what its database does meanwhile.

Each step has so many users at once. It begins with a warm-up that does not count; then the load pauses until the database's
counters have come to rest, is played for the step's seconds, and pauses again for the second reading. So the figures of
the database belong to exactly the requests that were counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from indexical.errors import ExtraMissing, InputError
from indexical.measure.served.cpu import busy_share, machine
from indexical.measure.served.database_load import DatabaseObserver, observer
from indexical.measure.served.exchange import address
from indexical.measure.served.playing import Generator
from indexical.measure.served.requests_file import mix_of, read
from indexical.measure.served.throughput import step_of
from indexical.model import NotMeasured
from indexical.model.served import LoadRun, LoadStep, RequestsFile
from indexical.pg.session import Session

OnEvent = Callable[[str, float, str], None]

USERS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the load is played."""

    users: tuple[int, ...] = USERS
    seconds: float = 30.0
    """Of a step that count."""
    warm_up_s: float = 5.0
    target_p95_ms: float | None = None
    writes: bool = False
    """Whether requests that write are sent."""
    seed: int = 1


def check_installation() -> None:
    """Raises :class:`ExtraMissing` when the load generator is not installed."""
    if find_spec("locust") is None:
        raise ExtraMissing("the load generator Locust", "load")


def load_test(
    base_url: str,
    requests_file: Path,
    plan: Plan | None = None,
    *,
    session: Session | None = None,
    server_pid: int = 0,
    on_event: OnEvent | None = None,
) -> LoadRun:
    """Plays the file's mix against a base URL, one step after the other.

    Args:
        session: a session on the project's database, for what it did; without one that is not measured.
        server_pid: the postmaster's process id on this machine, where it cannot be found through the session.

    Raises:
        ExtraMissing: Locust is not installed.
        FileRefused: the requests file is none.
        InputError: the base URL is none, or no request is left that may be sent.
        NotHeld: the load generator failed.
        DatabaseError: the database was lost.
    """
    check_installation()
    plan = plan or Plan()
    where = address(base_url)
    requests = read(requests_file)
    left_out = _left_out(requests, plan)
    if len(left_out[0]) and left_out[1] >= 1:
        raise InputError(
            f"every request of {requests_file} writes, and sending such requests was not allowed: there is nothing to play"
        )
    watching = observer(session, server_pid)
    observed = watching if isinstance(watching, DatabaseObserver) else None
    missing = [watching] if isinstance(watching, NotMeasured) else []
    steps = []
    with Generator(where.text, requests_file, seed=plan.seed, writes=plan.writes) as generator:
        for number, users in enumerate(plan.users):
            if on_event is not None:
                on_event("load", number / len(plan.users), f"{users} at once")
            step, missed = _step(generator, users, plan, observed)
            steps.append(step)
            missing += [
                NotMeasured(f"{item.id}-{users}", f"{users} at once: {item.what}", item.reason)
                for item in missed
            ]
    sent = [request for request in requests.requests if plan.writes or not request.writes]
    return LoadRun(
        title=requests.title,
        mix=mix_of(sent),
        generator=f"locust {version('locust')}",
        warm_up_s=plan.warm_up_s,
        steps=tuple(steps),
        target_p95_ms=plan.target_p95_ms,
        left_out=left_out[0],
        left_out_share=left_out[1],
        cores=os.cpu_count() or 0,
        not_measured=tuple(missing),
    )


def _left_out(requests: RequestsFile, plan: Plan) -> tuple[tuple[str, ...], float]:
    """Names of the endpoints that are not played, and their share of the mix."""
    out = [request for request in requests.requests if request.writes and not plan.writes]
    total = sum(request.weight for request in requests.requests)
    return tuple(dict.fromkeys(request.name for request in out)), sum(each.weight for each in out) / total


def _step(
    generator: Generator, users: int, plan: Plan, observed: DatabaseObserver | None
) -> tuple[LoadStep, tuple[NotMeasured, ...]]:
    if plan.warm_up_s > 0:
        generator.play(users, plan.warm_up_s)
    if observed is None:
        busy = machine()
        played = generator.play(users, plan.seconds)
        return replace(step_of(users, played), machine_busy=busy_share(busy, machine())), ()
    before = observed.settled(observed.cpu_seconds())
    # The pause itself takes the server time, so its account is read again at the last moment.
    before = replace(before, cpu_s=observed.cpu_seconds())
    busy = machine()
    played = generator.play(users, plan.seconds)
    share, cpu_s = busy_share(busy, machine()), observed.cpu_seconds()
    did = observed.between(before, observed.settled(cpu_s))
    step = replace(step_of(users, played), machine_busy=share)
    if isinstance(did, NotMeasured):
        return step, (did,)
    return replace(step, database=did), ()
