"""Statements to indexes worth asking the planner about. Pure: no connection, no clock.

:data:`indexical.candidates.rules.RULES` is the ordered tuple of rules; :func:`generate` asks them.
"""

from __future__ import annotations

from indexical.candidates.gathering import generate
from indexical.candidates.witness import overlooked

__all__ = ["generate", "overlooked"]
