"""From where a statement was sent: the innermost line of the project on the stack, and the view that is being served."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import indexical

_LIBRARIES = ("/site-packages/", "/dist-packages/")
_HANDLERS = ("/django/core/handlers/base.py", "/django/core/handlers/exception.py")
"""Django calls each middleware and the view from here: what is further out did not cause the statement."""
_EDGE = "\0"
_NOT_A_PLACE = frozenset(["manage.py"])
"""Every command of a project comes through it, which says nothing."""


@dataclass(slots=True)
class Served:
    """The request being served; filled in once Django knows the view."""

    view: str = ""
    url: str = ""
    file: str = ""
    line: int = 0
    """Where the view is written: the place of statements that library code sends on its behalf."""


NOBODY = Served()
served: ContextVar[Served] = ContextVar("indexical_served", default=NOBODY)


class Places:
    """Finds the project's own frames; remembers for each source file whether it belongs to the project."""

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve()).rstrip("/") + "/"
        own = str(Path(indexical.__file__).resolve().parent) + "/"
        self._own = "" if self._root.startswith(own) else own
        self._standard = str(Path(sys.modules["os"].__file__ or "").resolve().parent) + "/"
        self._known: dict[str, str] = {}

    def find(self, frame: FrameType | None) -> tuple[str, int]:
        """File relative to the project and line of the innermost project frame.

        The file is empty when there is none this side of the view or middleware that is running.
        """
        known = self._known
        while frame is not None:
            name = frame.f_code.co_filename
            relative = known.get(name)
            if relative is None:
                relative = known[name] = _EDGE if name.endswith(_HANDLERS) else self.relative(name)
            if relative:
                return (relative, frame.f_lineno) if relative is not _EDGE else ("", 0)
            frame = frame.f_back
        return "", 0

    def relative(self, file: str) -> str:
        """The file's path in the project; empty when it does not belong to it."""
        path = file if file.startswith("/") else str(Path(file).absolute())
        if not path.startswith(self._root):
            path = str(Path(path).resolve())
        inside = path.removeprefix(self._root)
        foreign = (
            inside == path
            or any(part in "/" + inside for part in _LIBRARIES)
            or (self._own and path.startswith(self._own))
            or (path.startswith(self._standard) and not self._root.startswith(self._standard))
        )
        return "" if foreign or inside in _NOT_A_PLACE or inside.startswith("<") else inside
