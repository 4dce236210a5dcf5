"""What a study measures on an example project: its ``study.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.measure.paths import read_toml


@dataclass(frozen=True, slots=True)
class Size:
    """One size of the data."""

    scale: str
    """What it is called, as the claims call it."""
    arguments: tuple[str, ...] = ()
    """Of the command that loads it; none means the demo's own rows."""
    grow: str = ""
    """SQL that adds rows to one table after loading; empty for none."""
    statements: tuple[str, ...] = ()
    """Documented queries to measure at this size; none means the series' own."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    requests: int
    """Requests in the file that the endpoints are asked with and the load is made of."""
    runs: int
    """Timed executions of each request."""
    per_endpoint: int
    """Different requests of each endpoint."""
    users: tuple[int, ...]
    """Concurrent users, step by step."""
    seconds: float
    """Of each step."""
    warm_up: float
    target_p95_ms: float
    title: str
    """Of the scaling series."""
    unit: str
    """What its sizes count."""
    statements: tuple[str, ...]
    """Documented queries that the series measures."""
    sizes: tuple[Size, ...]


def read_plan(directory: Path, scale: str) -> StudyPlan:
    """The plan of an example project at one scale.

    Raises:
        FileRefused: the file is missing, or a key is.
    """
    path = directory / "study.toml"
    raw = read_toml(path, "a study's plan")
    try:
        return _plan(raw, scale)
    except (KeyError, TypeError) as error:
        raise FileRefused(
            f"{path} has no usable key {error}; install indexical from its wheel again"
        ) from None


def _plan(raw: Mapping[str, Any], scale: str) -> StudyPlan:
    endpoints, load, scaling = raw["endpoints"], raw["load"], raw["scaling"]
    return StudyPlan(
        requests=int(endpoints["requests"][scale]),
        runs=int(endpoints["runs"][scale]),
        per_endpoint=int(endpoints["per_endpoint"][scale]),
        users=tuple(int(count) for count in load["users"][scale]),
        seconds=float(load["seconds"][scale]),
        warm_up=float(load["warm_up"]),
        target_p95_ms=float(load["target_p95_ms"]),
        title=str(scaling["title"]),
        unit=str(scaling["unit"]),
        statements=tuple(scaling["statements"]),
        sizes=tuple(_size(each) for each in scaling["size"] if each["of"] == scale),
    )


def _size(raw: Mapping[str, Any]) -> Size:
    return Size(
        str(raw["scale"]),
        tuple(str(word) for word in raw.get("arguments", ())),
        str(raw.get("grow", "")),
        tuple(raw.get("statements", ())),
    )
