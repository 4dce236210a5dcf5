"""The cost model: what statements would cost, and what indexes would cost the writes, under indexes that do not exist."""

from __future__ import annotations

from indexical.whatif.costs import CostModel

__all__ = ["CostModel"]
