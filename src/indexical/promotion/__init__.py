"""Staged promotion: the record that staging keeps, the decisions about it, and what is looked at on staging."""

from __future__ import annotations
