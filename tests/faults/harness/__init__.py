"""Servers, databases, faults, and what must hold after each of them."""

from tests.faults.harness.acting import (
    Build,
    Tool,
    advice_file,
    apply_here,
    build_in_thread,
    let_go,
    slow_index,
)
from tests.faults.harness.clusters import PASSWORD, Cluster, promote, standby
from tests.faults.harness.invariants import (
    expect,
    files_are_private,
    nothing_changes,
    nothing_left_in,
    watched,
)
from tests.faults.harness.places import CANARIES, InvariantBroken, Place, place_on, waits_until
from tests.faults.harness.standing import PHASES, Held, at_phase, at_state, hold, our_backend, our_backends

__all__ = [
    "CANARIES",
    "PASSWORD",
    "PHASES",
    "Build",
    "Cluster",
    "Held",
    "InvariantBroken",
    "Place",
    "Tool",
    "advice_file",
    "apply_here",
    "at_phase",
    "at_state",
    "build_in_thread",
    "expect",
    "files_are_private",
    "hold",
    "let_go",
    "nothing_changes",
    "nothing_left_in",
    "our_backend",
    "our_backends",
    "place_on",
    "promote",
    "slow_index",
    "standby",
    "waits_until",
    "watched",
]
