"""Turns one connection URL into Django's database settings.

libpq's own parser does the reading, so everything PostgreSQL accepts works here too: ``postgresql://user@host/name``,
``postgresql://user@/name?host=/socket/directory``, or ``host=... dbname=...``.
See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

DEFAULT_NAME = "invitations"


def database_settings(url: str) -> dict[str, Any]:
    """One entry of ``DATABASES``; raises ImproperlyConfigured when the URL cannot be read, without repeating it."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        # The text may hold a password, so the parser's own message is not passed on.
        raise ImproperlyConfigured(
            "DATABASE_URL is not a PostgreSQL connection URL; write it as postgresql://user:password@host:5432/name."
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", None) or DEFAULT_NAME,
        "USER": parts.pop("user", None) or "",
        "PASSWORD": parts.pop("password", None) or "",
        "HOST": parts.pop("host", None) or "",
        "PORT": str(parts.pop("port", None) or ""),
        "OPTIONS": {key: value for key, value in parts.items() if value is not None},
    }
