"""Indexical: the database indexes of Django projects on PostgreSQL, from end to end."""

from __future__ import annotations

__version__ = "0.1.0"
