"""Valid, as defined, used: what was built is checked on the real database."""

from __future__ import annotations

from indexical.verify.verdicts import verify

__all__ = ["verify"]
