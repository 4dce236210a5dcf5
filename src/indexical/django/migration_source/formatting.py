"""The project's own formatter over a new migration: Ruff or Black, whichever the project has.

Ruff where its configuration is (``ruff.toml`` or ``[tool.ruff]``), Black where its is; where neither is configured, Black if
it is on the path, which is what Django's own commands do.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

_SECONDS = 30


def formatted(text: str, path: Path) -> str:
    """The text as the formatter has it for a file of that name; as it is where there is none, or where it fails."""
    command = _command(path)
    if command is None:
        return text
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            cwd=_existing(path.parent),
        )
    except (OSError, subprocess.SubprocessError):
        return text
    return done.stdout or text


def _command(path: Path) -> list[str] | None:
    tool = configured(path)
    program = _program(tool or "black")
    if program is None:
        return None
    if tool == "ruff":
        return [program, "format", "--quiet", "--stdin-filename", str(path), "-"]
    return [program, "--quiet", "--fast", "--stdin-filename", str(path), "-"]


def configured(path: Path) -> str:
    """``ruff``, ``black`` or empty: what the nearest configuration above the file is for."""
    for folder in path.resolve().parents:
        if (folder / "ruff.toml").is_file() or (folder / ".ruff.toml").is_file():
            return "ruff"
        tools = _tools(folder / "pyproject.toml")
        if tools is None:
            continue
        if "black" in tools:
            return "black"
        return "ruff" if "ruff" in tools else ""
    return ""


def _tools(pyproject: Path) -> frozenset[str] | None:
    """The names under ``[tool]``; None when there is no such file that can be read."""
    try:
        with pyproject.open("rb") as file:
            tools = tomllib.load(file).get("tool", {})
    except (OSError, tomllib.TOMLDecodeError):
        return None
    return frozenset(tools) if isinstance(tools, dict) else frozenset()


def _program(name: str) -> str | None:
    """Beside the interpreter that runs the project first, then on the path."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    return beside or shutil.which(name)


def _existing(folder: Path) -> Path:
    return folder if folder.is_dir() else Path.cwd()
