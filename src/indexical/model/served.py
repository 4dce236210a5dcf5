"""A project as it is served over HTTP: what its endpoints take, and what a database does under load."""

from __future__ import annotations

from dataclasses import dataclass

from indexical.model.change import NotMeasured


@dataclass(frozen=True, slots=True)
class Request:
    """One request to send, as a requests file has it."""

    name: str
    """The endpoint; many requests share it."""
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    """JSON text."""
    weight: float = 1.0
    expect: tuple[int, ...] = (200,)
    """Statuses that are a success."""
    writes: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class RequestsFile:
    """The requests of a project, weighed as its users send them."""

    title: str
    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()
    """What was ignored."""
    mix: str = ""
    """Stands for the endpoints and their shares: two files with the same one ask for the same mix."""


@dataclass(frozen=True, slots=True)
class EndpointLatency:
    """One endpoint, really asked, one request after the other."""

    id: str
    sent: int
    """Timed requests."""
    requests: int
    """How many different ones."""
    mean_ms: float
    median_ms: float
    p95_ms: float
    low_ms: float
    """Between this and ``high_ms`` lies the true median with 95 % confidence."""
    high_ms: float
    bytes: float
    """Of an answer's body, on average."""
    statuses: tuple[tuple[int, int], ...]
    """Status and how often."""
    weight: float = 1.0
    """What its requests weigh together."""
    group: str = ""
    writes: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseLoad:
    """What a database did during a step; ``None`` is what could not be read, and ``missing`` says why."""

    cpu_s: float | None
    """CPU seconds of all processes of the server."""
    hit: int
    """Blocks found in shared buffers."""
    read: int
    """Blocks asked of the operating system."""
    temp_bytes: int
    commits: int
    rollbacks: int
    seq_scans: int
    seq_rows: int
    """Rows read by sequential scans of user tables."""
    index_scans: int
    index_entries: int
    """Entries that scans of user tables' indexes returned."""
    wal_bytes: int | None = None
    """Of the whole server."""
    read_bytes: int | None = None
    """Read from files by sessions and their parallel workers, of the whole server."""
    written_bytes: int | None = None
    """Written or added to files by the same."""
    missing: tuple[NotMeasured, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointLoad:
    """One endpoint during a step."""

    id: str
    requests: int
    failures: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class LoadStep:
    """So many users at once, each sending its next request when the last one is answered."""

    users: int
    seconds: float
    """From the first request until the users were told to stop."""
    requests: int
    """Answered as expected, those under way at the end included."""
    failures: int
    per_second: float
    """Answered as expected within ``seconds``, divided by them."""
    error_per_second: float
    """Standard error of that rate, from its seconds; 0 when there were too few to tell."""
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    endpoints: tuple[EndpointLoad, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    """What the failures were, and how many of each."""
    database: DatabaseLoad | None = None
    generator_cpu_s: float = 0.0
    machine_busy: float | None = None
    """Share of all cores of this machine that was busy, 0 to 1."""


@dataclass(frozen=True, slots=True)
class LoadRun:
    """One mix under growing load."""

    title: str
    mix: str
    """See :class:`RequestsFile`."""
    generator: str
    """``locust 2.47.0``"""
    warm_up_s: float
    steps: tuple[LoadStep, ...]
    target_p95_ms: float | None = None
    left_out: tuple[str, ...] = ()
    """Endpoints of the mix that were not asked, because they write."""
    left_out_share: float = 0.0
    """Their share of the mix, 0 to 1."""
    cores: int = 0
    """Of the machine that sent the load."""
    not_measured: tuple[NotMeasured, ...] = ()


@dataclass(frozen=True, slots=True)
class AtTarget:
    """The highest throughput whose 95th percentile stays within a target."""

    verdict: str
    """``reached`` | ``not-exceeded``: even the last step kept within it, so more is possible | ``not-reached``: none did |
    ``not-measured``: too many requests failed in every step"""
    per_second: float
    """0 when not reached or not measured."""
    users: int
    """Of the largest step that kept within the target; 0 when none did."""
    interpolated: bool
    """Whether the rate lies between two steps instead of being one's own."""
    between: tuple[int, int] = (0, 0)
    """Users of those two steps."""


@dataclass(frozen=True, slots=True)
class ServedRun:
    """All that was measured over HTTP in one run."""

    title: str
    mix: str
    endpoints: tuple[EndpointLatency, ...] = ()
    not_measured: tuple[NotMeasured, ...] = ()
    load: LoadRun | None = None
    notes: tuple[str, ...] = ()
