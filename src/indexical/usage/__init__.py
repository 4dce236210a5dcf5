"""Use over time: samples of a server's counters, where they are kept, and the windows over which they can be trusted."""

from __future__ import annotations

from indexical.usage.periods import PERIODS, Narrow, review
from indexical.usage.sampling import sample
from indexical.usage.standing import Covered, standings
from indexical.usage.store import SampleStore, Store
from indexical.usage.windows import judge, node_window

__all__ = [
    "PERIODS",
    "Covered",
    "Narrow",
    "SampleStore",
    "Store",
    "judge",
    "node_window",
    "review",
    "sample",
    "standings",
]
