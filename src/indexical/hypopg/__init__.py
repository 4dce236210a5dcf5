"""A planner that asks the database itself, through the HypoPG extension.

The second way to answer "what if", for those who cannot run a planner twin. It is never chosen by itself: it plans on the
server that is asked about, which feels the load, and an extension that answers questions there can also fail there.
"""

from __future__ import annotations

from indexical.hypopg.planner import HypoPg, open_hypopg

__all__ = ["HypoPg", "open_hypopg"]
