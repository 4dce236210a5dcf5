"""Where to connect: a URL or keyword string, parsed here so that no other library ever prints it.

Forms as libpq takes them (https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING). A parser of our own
is needed because the errors of others repeat the string they could not read, password and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from indexical.errors import InputError

_SCHEMES = ("postgresql://", "postgres://")

_KEYWORDS = frozenset(
    {
        "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile",
        "require_auth", "channel_binding", "connect_timeout", "client_encoding", "options", "application_name",
        "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout", "sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslcertmode",
        "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version",
        "gssencmode", "krbsrvname", "gsslib", "gssdelegation", "requirepeer", "target_session_attrs",
        "load_balance_hosts",
    }
)  # fmt: skip

_PAIR = re.compile(r"\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)", re.DOTALL)

_HELP = "write it as postgresql://USER@HOST:PORT/DATABASE"


@dataclass(frozen=True, slots=True)
class Target:
    """Connection settings by libpq keyword. Printing one never shows a secret."""

    keywords: Mapping[str, str] = field(repr=False)

    @property
    def password(self) -> str:
        return self.keywords.get("password", "")

    @property
    def text(self) -> str:
        """Database, host, port and user, for people."""
        host = self.keywords.get("host") or self.keywords.get("hostaddr") or ""
        port = self.keywords.get("port", "")
        user = self.keywords.get("user", "")
        place = f" on {host}" if host else ""
        place += f" port {port}" if port else ""
        return f"database {self.keywords.get('dbname') or user or '(default)'}{place}" + (
            f" as user {user}" if user else ""
        )

    def scrubbed(self, text: str) -> str:
        """The text of somebody else's message without the password."""
        if not self.password:
            return text
        # Not inside words: a password of one letter must not tear the message apart.
        return re.sub(rf"(?<!\w){re.escape(self.password)}(?!\w)", "***", text)

    def __repr__(self) -> str:
        return f"Target({self.text})"


def parse(url: str) -> Target:
    """The target of a URL or a keyword string.

    Raises :class:`InputError`, which never repeats the string.
    """
    text = url.strip()
    if "\x00" in text:
        raise InputError("the connection URL holds a NUL character; " + _HELP)
    scheme = next((s for s in _SCHEMES if text.lower().startswith(s)), "")
    if scheme:
        return Target(_checked(_from_url(text[len(scheme) :])))
    if "=" in text and "://" not in text.split("=", 1)[0]:
        return Target(_checked(_from_keywords(text)))
    raise InputError("this is not a PostgreSQL connection URL; " + _HELP)


def _from_url(rest: str) -> dict[str, str]:
    rest, _, query = rest.partition("?")
    place, _, database = rest.partition("/")
    # The last @ ends the user part, so that an unescaped one in a password still reads as meant.
    userinfo, _, hosts = place.rpartition("@")
    user, _, password = userinfo.partition(":")
    found = {"user": unquote(user), "password": unquote(password), "dbname": unquote(database)}
    found.update(_hosts(hosts))
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError("a parameter after ? in the connection URL has no value; write it as name=value")
        found[unquote(key)] = unquote(value)
    if found.get("ssl") == "true":
        del found["ssl"]
        found["sslmode"] = "require"
    return {key: value for key, value in found.items() if value}


def _hosts(text: str) -> dict[str, str]:
    names: list[str] = []
    ports: list[str] = []
    for part in text.split(",") if text else ():
        match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::([0-9]*))?", part)
        if not match:
            raise InputError("the host or port of the connection URL cannot be read; " + _HELP)
        names.append(unquote(match.group(1).strip("[]")))
        ports.append(match.group(2) or "")
    found = {"host": ",".join(names)}
    if any(ports):
        found["port"] = ",".join(ports)
    return found


def _from_keywords(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if not match:
            raise InputError(
                "the connection string cannot be read; write it as host=... dbname=..., with spaces and quotes in '...'"
            )
        value = match.group(2) if match.group(2) is not None else match.group(3)
        found[match.group(1).lower()] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        position = match.end()
        while position < len(text) and text[position].isspace():
            position += 1
    return found


def _checked(found: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(found) - _KEYWORDS)
    if unknown:
        # Only words that cannot be part of a secret are repeated.
        name = unknown[0] if re.fullmatch(r"[a-z_]{1,30}", unknown[0]) else "a parameter"
        raise InputError(f"{name} is not something a connection URL can set; remove it")
    for port in found.get("port", "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise InputError("the port of the connection URL is not a number from 1 to 65535")
    return found
