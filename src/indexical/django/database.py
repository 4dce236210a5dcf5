"""A database alias of the settings as something the verbs can connect to."""

from __future__ import annotations

from django.db import connections
from django.utils.connection import ConnectionDoesNotExist

from indexical.errors import InputError

# Keys of OPTIONS that are Django's or the driver's own (arguments of psycopg.connect) and no parameters of libpq.
_NOT_LIBPQ = frozenset(
    {
        "pool", "server_side_binding", "isolation_level", "assume_role",
        "autocommit", "connection_factory", "context", "cursor_factory", "prepare_threshold", "row_factory",
    }
)  # fmt: skip
_KEYWORDS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def database_url(alias: str) -> str:
    """The alias as a libpq keyword string. It may hold a password: it is for connecting, never for printing.

    Raises:
        InputError: the alias is unknown, or is no PostgreSQL database.
    """
    try:
        connection = connections[alias]
    except ConnectionDoesNotExist:
        known = ", ".join(sorted(connections))
        raise InputError(f"DATABASES has no alias {alias!r}; it has: {known}") from None
    if connection.vendor != "postgresql":
        raise InputError(
            f"the database {alias!r} is {connection.display_name}; only PostgreSQL databases can be examined"
        )
    settings = connection.settings_dict
    found = {keyword: str(settings[key]) for key, keyword in _KEYWORDS.items() if settings.get(key)}
    options = settings.get("OPTIONS") or {}
    found.update(
        {key: str(value) for key, value in options.items() if key not in _NOT_LIBPQ and value is not None}
    )
    if "dbname" not in found and "service" not in found:
        raise InputError(f"the database {alias!r} has no NAME in DATABASES")
    return " ".join(f"{key}={_quoted(value)}" for key, value in sorted(found.items()))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
