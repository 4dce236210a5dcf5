"""Which line of the project's code a finding belongs to."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from django.db.migrations import Migration
from django.db.models import Model

from indexical.django.tables import project_roots

Place = tuple[str, int]
NOWHERE: Place = ("", 0)


def of_model(model: type[Model], *names: str) -> Place:
    """The first line of the class that holds one of the names as a word, else the line on which the class begins."""
    try:
        file = inspect.getsourcefile(model)
        lines, first = inspect.getsourcelines(model)
    except (OSError, TypeError):
        return NOWHERE
    if not file:
        return NOWHERE
    for name in names:
        for number, line in enumerate(lines):
            if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line):
                return shown(Path(file)), first + number
    return shown(Path(file)), first


def of_migration(migration: type[Migration] | Migration, *names: str) -> Place:
    """The migration's file, and the first line with one of the names."""
    module = sys.modules.get(migration.__module__)
    file = getattr(module, "__file__", None)
    if not file:
        return NOWHERE
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return shown(Path(file)), 0
    for name in names:
        for number, line in enumerate(lines, 1):
            if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line):
                return shown(Path(file)), number
    return shown(Path(file)), 1


def shown(path: Path) -> str:
    """Relative to where the program runs, or to the project; as it is when it lies outside both."""
    for root in (Path.cwd(), *project_roots()):
        if path.resolve().is_relative_to(root.resolve()):
            return path.resolve().relative_to(root.resolve()).as_posix()
    return path.as_posix()
