"""How text is ordered in the twin, which decides whether a LIKE can use a plain index and where values fall in histograms."""

from __future__ import annotations

import re
import subprocess

from indexical.model import Catalog, NotExamined

_PLAIN = ("C", "POSIX")


_BUILTIN_SINCE = 17


def initdb_options(catalog: Catalog, major: int = 18) -> tuple[tuple[str, ...], tuple[NotExamined, ...]]:
    """Options for initdb, and what they cannot reproduce.

    Where the machine lacks production's locale, C.UTF-8 stands in: to the planner it is no "C" locale either, so the same
    indexes are usable, but it orders text by code point.
    """
    settings = dict(catalog.settings)
    provider = settings.get("locale_provider", "c")
    collate = settings.get("lc_collate", "")
    if provider == "b" and major < _BUILTIN_SINCE:
        # Both order by code point, and only "C" lets a plain index serve LIKE.
        return ("--locale=C" if settings.get("locale") == "C" else "--locale=C.UTF-8",), ()
    if provider == "b":
        name = "C.UTF-8" if settings.get("locale") != "C" else "C"
        return ("--locale=C", "--locale-provider=builtin", f"--builtin-locale={name}"), ()
    if provider == "c" and collate in _PLAIN:
        return ("--locale=C",), ()
    if provider == "c" and collate:
        if _folded(collate) in _installed():
            return (f"--locale={collate}",), ()
        why = f"this machine has no locale {collate}; text is ordered by code point in the planner twin"
        return ("--locale=C.UTF-8",), (NotExamined("order of text", why),)
    if provider == "i":
        why = "the database orders text by ICU; the planner twin orders it by code point"
        return ("--locale=C.UTF-8",), (NotExamined("order of text", why),)
    return ("--locale=C.UTF-8",), ()


def _installed() -> frozenset[str]:
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(_folded(line) for line in done.stdout.split())


def _folded(name: str) -> str:
    """``en_US.UTF-8`` and ``en_US.utf8`` are one locale."""
    base, dot, encoding = name.partition(".")
    return base + dot + re.sub(r"[^a-z0-9]", "", encoding.lower())
