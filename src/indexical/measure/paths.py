"""The write paths of an application, as a file tells them: ``[[write]]`` and ``[[hot]]`` tables in TOML (https://toml.io/en/v1.0.0).

[[write]]                       # one statement that writes many rows; timed, and rolled back
id = "order"
about = "A host orders."
rows = 3000
sql = "INSERT INTO ... SELECT ... FROM generate_series(1, %(rows)s::integer)"

[[hot]]                         # one update of one row, committed: does it stay heap-only?
id = "order.status"
about = "Staff approve an order."
pick = "SELECT id FROM orders LIMIT 20"
sql = "UPDATE orders SET status = 'APPROVED' WHERE id = %(id)s"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.measure.hot import HotPath
from indexical.measure.writes import WritePath

_LIMIT = 1024 * 1024
"""Bytes; a file for people to write is never larger."""
_ROWS = 1_000_000
"""The most rows that one run may write."""


@dataclass(frozen=True, slots=True)
class Paths:
    writes: tuple[WritePath, ...] = ()
    hot: tuple[HotPath, ...] = ()


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises :class:`FileRefused` when it cannot be read or is none."""
    try:
        if not path.is_file():
            raise FileRefused(f"{path} is no ordinary file and so not {what}; name a TOML file")
        if path.stat().st_size > _LIMIT:
            raise FileRefused(f"{path} is larger than {_LIMIT // 2**20} MB and so not {what}")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}; name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileRefused(f"{path} is not TOML and so not {what}: {error}") from None


def read_paths(path: Path) -> Paths:
    """The write paths of a file.

    Raises:
        FileRefused: the file is missing or no TOML, a key is missing or of the wrong kind, or it has no path at all.
    """
    paths = paths_of(read_toml(path, "a file of write paths"), str(path))
    if not (paths.writes or paths.hot):
        raise FileRefused(f"{path} has no [[write]] and no [[hot]] table; add one, or leave --paths out")
    return paths


def paths_of(tables: Mapping[str, Any], where: str) -> Paths:
    """The same, from tables that were read already; ``where`` names the file in messages."""
    return Paths(
        tuple(_write(each, where) for each in _each(tables, "write", where)),
        tuple(_hot(each, where) for each in _each(tables, "hot", where)),
    )


def _each(tables: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    found = tables.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise FileRefused(f"{where}: write each path under a heading of its own: [[{name}]]")
    ids = [each.get("id") for each in found]
    for id in ids:
        if ids.count(id) > 1:
            raise FileRefused(f"{where}: two [[{name}]] tables have the id {id!r}; give each its own")
    return found


def _write(table: Mapping[str, Any], where: str) -> WritePath:
    rows = table.get("rows", 1)
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= _ROWS:
        raise FileRefused(f"{where}: rows of [[write]] must be a whole number from 1 to {_ROWS:,}")
    texts = text_of(table, "id", "write", where), text_of(table, "sql", "write", where)
    return WritePath(*texts, rows, str(table.get("about", "")))


def _hot(table: Mapping[str, Any], where: str) -> HotPath:
    id, pick, sql = (text_of(table, key, "hot", where) for key in ("id", "pick", "sql"))
    return HotPath(id, pick, sql, str(table.get("about", "")))


def text_of(table: Mapping[str, Any], key: str, name: str, where: str) -> str:
    """A text that a table must have. Raises :class:`FileRefused` when it is missing, empty or no text."""
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise FileRefused(f'{where}: a [[{name}]] table has no text {key!r}; write {key} = "..."')
    return value
