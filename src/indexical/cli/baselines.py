"""The baseline of ``check``: findings that are known and not counted, kept in a file beside the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from indexical.errors import FileRefused
from indexical.model.check import CheckFinding
from indexical.report.document import read

VERSION = 1
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


def load_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in the file. Raises :class:`FileRefused` for anything that is not a baseline."""
    remedy = f"write it with: check --write-baseline {path}"
    document = read(path, "a baseline", remedy)
    known = document.get("known")
    if document.get("version") != VERSION or not isinstance(known, dict):
        raise FileRefused(f"{path} is JSON but not a baseline of version {VERSION}; {remedy}")
    if not all(_FINGERPRINT.fullmatch(each) for each in known):
        raise FileRefused(f"{path} holds what is not a fingerprint; {remedy}")
    return frozenset(known)


def baseline_text(findings: Iterable[CheckFinding]) -> str:
    """The file: each fingerprint with what it stands for, so that a reviewer can read it."""
    known = {each.fingerprint: f"{each.code}: {each.subject}" for each in findings}
    return json.dumps({"version": VERSION, "known": known}, indent=2, sort_keys=True) + "\n"
