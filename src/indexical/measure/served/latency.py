"""What each endpoint of a project takes over HTTP, on several servers side by side.

The servers take turns, request by request, and who begins rotates, so that whatever slows the machine down for a while
slows all of them. One request is under way at any time: this is latency without contention; :mod:`.load` has the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from statistics import fmean, median

from indexical.measure.served.exchange import Answer, Exchange, Unanswered, address
from indexical.measure.served.requests_file import Fresh
from indexical.measure.spread import percentile
from indexical.model import NotMeasured
from indexical.model.served import EndpointLatency, Request, RequestsFile

OnEvent = Callable[[str, float, str], None]

MIN_RUNS = 3
_MANY = 500
"""From here on the normal distribution stands for the binomial one."""
WRITES = "it writes, and sending requests that write was not allowed"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is sent: runs of each request, requests of each endpoint, and the time that may take."""

    runs: int = 7
    at_least: int = 1
    """Sendings of an endpoint that has few requests."""
    requests: int = 10
    budget_ms: float = 10_000.0
    """For one endpoint on one server."""


class _Trouble(Exception):
    """An endpoint that one of the servers did not answer as expected."""

    def __init__(self, base: str, reason: str) -> None:
        super().__init__(base)
        self.base = base
        self.reason = reason


def measure_endpoints(
    bases: Mapping[str, str],
    requests: RequestsFile,
    *,
    runs: int = 7,
    at_least: int = 1,
    requests_per_endpoint: int = 10,
    writes: bool = False,
    budget_ms: float = 10_000.0,
    on_event: OnEvent | None = None,
) -> Mapping[str, tuple[EndpointLatency | NotMeasured, ...]]:
    """For each base URL, by the name it is given, one result for each endpoint in the order of the file.

    Each request is sent once unmeasured and then ``runs`` times, more often where that
    makes fewer than ``at_least`` of an endpoint; a slow endpoint is asked less often, at least three times,
    and with fewer requests, so that it keeps within the budget (milliseconds, for each server). An endpoint that answers
    with a status it is not expected to, or not at all, is :class:`NotMeasured` there, with the reason; so is one that
    writes, unless ``writes`` allows it.

    Raises:
        InputError: a base is no http address.
    """
    effort = Effort(max(MIN_RUNS, runs), at_least, max(1, requests_per_endpoint), budget_ms)
    endpoints = grouped(requests.requests)
    results: dict[str, list[EndpointLatency | NotMeasured]] = {name: [] for name in bases}
    fresh = Fresh()
    with ExitStack() as stack:
        ways = {name: stack.enter_context(closing(Exchange(address(url)))) for name, url in bases.items()}
        for number, (endpoint, members) in enumerate(endpoints.items()):
            if on_event is not None:
                on_event("endpoints", number / len(endpoints), endpoint)
            if not writes and any(request.writes for request in members):
                found: Mapping[str, EndpointLatency | NotMeasured] = {
                    name: NotMeasured(endpoint, endpoint, WRITES) for name in bases
                }
            else:
                found = _endpoint(ways, endpoint, members, effort, fresh)
            for name, result in found.items():
                results[name].append(result)
    return {name: tuple(found) for name, found in results.items()}


def grouped(requests: Sequence[Request]) -> dict[str, list[Request]]:
    """The requests of each endpoint, in the order of their first."""
    endpoints: dict[str, list[Request]] = {}
    for request in requests:
        endpoints.setdefault(request.name, []).append(request)
    return endpoints


def choose(requests: Sequence[Request], count: int) -> list[Request]:
    """The requests to send: the weightiest first, and among equals spread evenly over the file."""
    if len(requests) <= count:
        return list(requests)
    order = sorted(range(len(requests)), key=lambda place: (-requests[place].weight, place))
    lightest = requests[order[count - 1]].weight
    sure = [place for place in order if requests[place].weight > lightest]
    equal = [place for place in order if requests[place].weight == lightest]
    left = count - len(sure)
    spread = [equal[number * len(equal) // left] for number in range(left)]
    return [requests[place] for place in sure + spread]


def _endpoint(
    ways: Mapping[str, Exchange], endpoint: str, members: Sequence[Request], effort: Effort, fresh: Fresh
) -> dict[str, EndpointLatency | NotMeasured]:
    results: dict[str, EndpointLatency | NotMeasured] = {}
    left = dict(ways)
    while left:
        try:
            return results | _measured(left, endpoint, members, effort, fresh)
        except _Trouble as trouble:
            # The others are measured all the same; what they have answered so far was disturbed, so they begin anew.
            results[trouble.base] = NotMeasured(endpoint, endpoint, trouble.reason)
            del left[trouble.base]
    return results


def _measured(
    ways: Mapping[str, Exchange], endpoint: str, members: Sequence[Request], effort: Effort, fresh: Fresh
) -> dict[str, EndpointLatency | NotMeasured]:
    chosen = choose(members, effort.requests)
    first = _round(ways, chosen[0], 0, fresh)
    slowest = max(answer.milliseconds for answer in first.values())
    chosen = chosen[: max(1, int(effort.budget_ms / max(slowest * (MIN_RUNS + 1), 0.001)))]
    for request in chosen[1:]:
        slowest = max(slowest, *(answer.milliseconds for answer in _round(ways, request, 0, fresh).values()))
    affordable = int(effort.budget_ms / max(slowest * len(chosen), 0.001)) - 1
    wanted = max(effort.runs, -(-effort.at_least // len(chosen)))
    runs = max(MIN_RUNS, min(wanted, affordable))
    answers: dict[str, list[Answer]] = {name: [] for name in ways}
    for run in range(runs):
        for number, request in enumerate(chosen):
            for name, answer in _round(ways, request, run + number, fresh).items():
                answers[name].append(answer)
    return {name: _summary(endpoint, members, chosen, found) for name, found in answers.items()}


def _round(ways: Mapping[str, Exchange], request: Request, turn: int, fresh: Fresh) -> dict[str, Answer]:
    names = list(ways)
    first = turn % len(names)
    answers: dict[str, Answer] = {}
    for name in names[first:] + names[:first]:
        try:
            answer = ways[name].send(request, fresh)
        except Unanswered as error:
            raise _Trouble(name, str(error)) from None
        if answer.status not in request.expect:
            raise _Trouble(name, unexpected(answer.status, request.expect))
        answers[name] = answer
    return {name: answers[name] for name in names}


def unexpected(status: int, expect: Sequence[int]) -> str:
    """What to say of an answer with another status."""
    wanted = " or ".join(str(each) for each in expect)
    hint = "; its token may have expired: write the requests file anew" if status in (401, 403) else ""
    return f"it answered {status} instead of {wanted}{hint}"


def _summary(
    endpoint: str, members: Sequence[Request], chosen: Sequence[Request], answers: Sequence[Answer]
) -> EndpointLatency:
    times = sorted(answer.milliseconds for answer in answers)
    low, high = median_interval(times)
    return EndpointLatency(
        id=endpoint,
        sent=len(times),
        requests=len(chosen),
        mean_ms=fmean(times),
        median_ms=median(times),
        p95_ms=percentile(times, 0.95),
        low_ms=low,
        high_ms=high,
        bytes=fmean(answer.bytes for answer in answers),
        statuses=tuple(sorted(Counter(answer.status for answer in answers).items())),
        weight=sum(request.weight for request in members),
        group=members[0].group,
        writes=any(request.writes for request in members),
    )


def median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    """Between which of the ordered values the true median lies with at least 95 % confidence.

    By the binomial distribution of how many values lie below the median, whatever their own distribution
    (https://en.wikipedia.org/wiki/Median#Confidence_intervals); the whole range when there are fewer than six values.
    """
    count = len(ordered)
    if count > _MANY:
        rank = int((count - 1.96 * math.sqrt(count)) / 2)
        return ordered[rank - 1], ordered[count - rank]
    below, rank = 0.0, 0
    while rank < count // 2:
        below += math.comb(count, rank) * 0.5**count
        if below > 0.025:
            break
        rank += 1
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[count - rank]
