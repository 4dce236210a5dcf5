"""The whole story on a bundled example project, through the same doors that a user has."""

from __future__ import annotations

from indexical.demo.examples import EXAMPLES, SCALES
from indexical.demo.story import run_demo

__all__ = ["EXAMPLES", "SCALES", "run_demo"]
