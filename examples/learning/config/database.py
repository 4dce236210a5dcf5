"""Turns one connection URL into Django's database settings: PostgreSQL, or SQLite for trying things out.

libpq's own parser reads PostgreSQL URLs, so everything PostgreSQL accepts works here too: ``postgresql://user@host/name``,
``postgresql://user@/name?host=/socket/directory``, or ``host=... dbname=...``.
See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING.

``sqlite`` is a file beside manage.py; ``sqlite:///folder/file.sqlite3`` a file of that absolute path, relative with two slashes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

DEFAULT_NAME = "learning"
KEEP_SECONDS = 60
"""How long a connection waits for the next request. Not under the development server, whose every request is a new thread: there
the connections would only pile up."""
BASE_DIR = Path(__file__).resolve().parent.parent


def database_settings(url: str) -> dict[str, Any]:
    """One entry of ``DATABASES``; raises ImproperlyConfigured when the URL cannot be read, without repeating it."""
    if url == "sqlite" or url.startswith("sqlite:"):
        return _sqlite(url)
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        # The text may hold a password, so the parser's own message is not passed on.
        raise ImproperlyConfigured(
            "DATABASE_URL is neither a PostgreSQL connection URL nor sqlite; "
            "write it as postgresql://user:password@host:5432/name or sqlite:///folder/file.sqlite3."
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", None) or DEFAULT_NAME,
        "USER": parts.pop("user", None) or "",
        "PASSWORD": parts.pop("password", None) or "",
        "HOST": parts.pop("host", None) or "",
        "PORT": str(parts.pop("port", None) or ""),
        "CONN_MAX_AGE": 0 if "runserver" in sys.argv else KEEP_SECONDS,
        "OPTIONS": {key: value for key, value in parts.items() if value is not None},
    }


def _sqlite(url: str) -> dict[str, Any]:
    if url == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / f"{DEFAULT_NAME}.sqlite3")}
    name = url.removeprefix("sqlite:").removeprefix("//")
    if not name or name == "/":
        raise ImproperlyConfigured(
            "DATABASE_URL names no SQLite file; write it as sqlite:///folder/file.sqlite3."
        )
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
