"""A database, read once: schema, statistics, indexes and their use, settings; and the file that keeps it."""

from __future__ import annotations

from indexical.catalog.snapshot import snapshot

__all__ = ["snapshot"]
