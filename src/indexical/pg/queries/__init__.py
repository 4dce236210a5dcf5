"""Catalog SQL, one statement a file, shipped as package data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of ``queries/NAME.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
