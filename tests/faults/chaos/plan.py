"""What happens in one round of chaos, drawn from its seed and from nothing else."""

from __future__ import annotations

import random
from dataclasses import dataclass

VERBS = ("create", "create", "drop", "replace", "rollback", "resume")
"""What the tool is about when the fault hits it; what is drawn more often stands here more often."""
KILLS = (
    "SIGKILL", "SIGTERM", "SIGINT", "terminate", "cancel", "terminate idle", "crash", "immediate restart", "kill backend",
    "lock", "alter", "snapshot", "writer", "none",
)  # fmt: skip
DOWN = frozenset({"crash", "immediate restart", "kill backend"})
"""Faults after which nobody can write for as long as the server takes to come back."""
BUILD_MOMENTS = (
    "start", "late", "waiting for writers before build", "building index", "waiting for writers before validation",
    "index validation", "waiting for old snapshots",
)  # fmt: skip
DROP_MOMENTS = ("start", "late", "dropping")
LOADS = {"light": (0.05, False), "writers": (0.005, False), "writers and a reader": (0.005, True)}
"""Seconds that each of the three writers rests between two writes, and whether somebody reads as well."""


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    number: int
    verb: str
    kill: str
    moment: str
    """Phase of the build, or when after its start, at which the fault comes."""
    load: str
    delay: float
    """Seconds after that moment."""
    again: str
    """A signal for the first attempt to take the run up again; mostly none."""

    @property
    def text(self) -> str:
        again = f", {self.again} again at the resume" if self.again else ""
        return f"{self.verb:8} {self.kill:17} at {self.moment:36} {self.load}{again}"


def draw(seed: int, number: int) -> Plan:
    """The plan of a round, the same for the same seed and number."""
    chance = random.Random(f"{seed}:{number}")
    verb = chance.choice(VERBS)
    moments = DROP_MOMENTS if verb in ("drop", "rollback") else BUILD_MOMENTS
    return Plan(
        seed=seed,
        number=number,
        verb=verb,
        kill=chance.choice(KILLS),
        moment=chance.choice(moments),
        load=chance.choice(sorted(LOADS)),
        delay=round(chance.choice((0.0, 0.0, chance.uniform(0.0, 0.5))), 3),
        again=chance.choice(("", "", "", "SIGKILL", "SIGTERM")),
    )
