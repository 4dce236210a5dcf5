"""A staged promotion: which indexes were tried on staging, for how long, and which gates they have passed since.

The record is made on staging and read in production; every decision about it is a function of these values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from indexical.model.index import Index
from indexical.model.run import TargetIdentity

Verdict = Literal["passed", "failed", "not-examined"]
GateState = Literal["passed", "failed", "not-examined", "stale", "open"]
"""``stale``: passed, but before the window had ended or the record was cut; ``open``: never run."""

APPLIED, VERIFIED, TESTS = "applied", "verified", "tests"
NOT_WORSE, WINDOW, NO_INVALID = "not-worse", "window", "no-invalid"
GATES = (APPLIED, WINDOW, VERIFIED, TESTS, NOT_WORSE, NO_INVALID)
"""Every promotion has these, in the order in which they are best run."""
LEAST_WINDOW_S = 24 * 3600.0
"""A shorter window has to be asked for in so many words."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """One moment by several clocks, so that setting one of them gains nothing. Seconds."""

    wall: float
    """Ours, since the epoch."""
    boot: str = ""
    """The boot of our machine; empty when it is not known."""
    running: float = 0.0
    """Since that boot, asleep or awake; nobody can set it."""
    server: float = 0.0
    """The staging server's, since the epoch; 0 when it was not asked."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """One change that is promoted: an index that was built on staging, or dropped there."""

    action: Literal["create", "drop"]
    name: str
    index: Index
    oid: int = 0
    """On staging; 0 of what was dropped."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """One run of one gate."""

    line: int
    """Of the record: what is written later is later, whatever a clock said."""
    at: str
    gate: str
    verdict: Verdict
    detail: str
    clocks: Clocks
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promotion:
    """A record as far as it is written."""

    id: str
    began: str
    staging: TargetIdentity
    run: str
    """Of the run that changed staging."""
    run_began: str
    window_s: float
    short: bool
    """A window of less than a day was asked for in so many words."""
    gates: tuple[str, ...]
    """Those that have to be passed."""
    changes: tuple[Promoted, ...]
    clocks: Clocks
    results: tuple[GateResult, ...] = ()
    cut_at: int = 0
    """Line at which a torn end was taken off: what was passed before it counts no more. 0 for never."""
    head: str = ""
    """Digest of the last line, and by the chain of all before it."""
    torn: bool = False
    """The last line was cut; what it said is not known."""


@dataclass(frozen=True, slots=True)
class GateStanding:
    """Where one gate stands."""

    gate: str
    state: GateState
    detail: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """Staging at one moment: what of the promotion is not as it was left."""

    target: TargetIdentity
    clocks: Clocks
    wrong: tuple[str, ...] = ()
    """Indexes that are missing, not valid, built anew, or back again; a few words each."""
    invalid: tuple[str, ...] = ()
    """Every index of the database that is not valid."""
