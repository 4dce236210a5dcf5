"""Reads the JSON files that people hand back to the program."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused

LIMIT = 64 * 1024 * 1024
"""Bytes; nothing that the program writes as JSON for people is larger."""


def read(path: Path, what: str, remedy: str) -> dict[str, Any]:
    """The JSON object in the file.

    Args:
        what: what the file is to be, for messages: ``an advice file``.
        remedy: how to make one.

    Raises:
        FileRefused: the file is missing, unreadable, too large, or no JSON object.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            # A pipe would be waited for, a device may never end; a folder is refused by the reading itself.
            raise FileRefused(f"{path} is no ordinary file and so not {what}; {remedy}")
        if status.st_size > LIMIT:
            raise FileRefused(f"{path} is larger than {LIMIT // 2**20} MB and so not {what}; {remedy}")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}; {remedy}") from None
    except (ValueError, RecursionError):
        raise FileRefused(f"{path} is not JSON and so not {what}; {remedy}") from None
    if not isinstance(document, dict):
        raise FileRefused(f"{path} is JSON but not {what}; {remedy}")
    return document
