"""How every benchmark ends: one line of JSON, printed for people and kept in ``bench/results.jsonl`` for comparing runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import indexical

KEPT = Path(__file__).parent / "results.jsonl"


def publish(result: Mapping[str, Any], **versions: str) -> None:
    """Prints and keeps the result, with the versions that it depends on; ``versions`` are those beside our own and Python's."""
    ours = {"indexical": indexical.__version__, **versions, "python": sys.version.split()[0]}
    line = json.dumps({**result, "versions": ours})
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(f"RESULT {line}")
