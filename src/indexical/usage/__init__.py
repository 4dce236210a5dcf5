"""Use over time: samples of a server's counters, where they are kept, and the windows over which they can be trusted."""

from __future__ import annotations

from indexical.usage.sampling import sample
from indexical.usage.store import Store
from indexical.usage.windows import judge, node_window

__all__ = ["Store", "judge", "node_window", "sample"]
