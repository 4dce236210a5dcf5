"""Sizes, shares and times as people type them: the only place where units are parsed."""

from __future__ import annotations

import argparse
import re

from indexical.model import Limits

_SIZE = re.compile(r"^\s*(\d{1,18}(?:\.\d+)?)\s*([kMGT]?)i?B?\s*$", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SECONDS = re.compile(r"^\s*(\d{1,9}(?:\.\d+)?)\s*(ms|s|m|min|h|d)?\s*$", re.IGNORECASE)
_TIME_FACTORS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def size(text: str) -> int:
    """Bytes: ``500MB``, ``1.5 GB``, ``4096``. Units are binary, as PostgreSQL's are."""
    match = _SIZE.match(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write one such as 500MB or 2GB")
    return int(float(match[1]) * _FACTORS[match[2].lower()])


def share(text: str) -> float:
    """A share: ``20%`` or ``0.2``."""
    stripped = text.strip()
    try:
        value = float(stripped.removesuffix("%")) / (100 if stripped.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share; write one such as 20% or 0.2") from None
    if not 0 <= value <= 1_000:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range; write one such as 20% or 0.2")
    return value


def seconds(text: str) -> float:
    """A time: ``60s``, ``2min``, ``500ms``, ``7d``; a bare number is seconds."""
    match = _SECONDS.match(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write one such as 60s or 2min")
    return float(match[1]) * _TIME_FACTORS[(match[2] or "").lower()]


def count(text: str) -> int:
    """A whole number of at least one."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


KINDS = Limits().kinds
"""Access methods that can be advised."""


def kinds(text: str) -> tuple[str, ...]:
    """Access methods, comma-separated."""
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [part for part in chosen if part not in KINDS]
    if unknown or not chosen:
        what = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"{what} cannot be advised; the kinds are: {', '.join(KINDS)}")
    return chosen
