"""Django's ``%s`` statements as PostgreSQL's ``$n`` ones, by the rules of the drivers: ``%`` counts everywhere, quoted or not.

See "Passing parameters to SQL queries" (https://www.psycopg.org/psycopg3/docs/basic/params.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexical.errors import StatementRefused

_PLACEHOLDER = re.compile(r"%(?:%|\((?P<name>[^)]*)\)[sbt]|[sbt]|(?P<stray>.?))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Numbered:
    sql: str
    names: tuple[str, ...] = ()
    """For named placeholders the name behind each number."""

    def arrange(self, parameters: object) -> Sequence[object]:
        """The parameters of one call in the order of their numbers."""
        if isinstance(parameters, Mapping):
            return [parameters[name] for name in self.names]
        return list(parameters) if isinstance(parameters, Sequence) else []


def number_placeholders(sql: str) -> Numbered:
    """Raises :class:`StatementRefused` when the text has a ``%`` that no driver would take."""
    names: dict[str, int] = {}
    count = 0
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(sql):
        parts.append(sql[end : match.start()])
        end = match.end()
        if match.group() == "%%":
            parts.append("%")
            continue
        if match.group("stray") is not None:
            raise StatementRefused("the statement has a % that is no placeholder")
        name = match.group("name")
        if name is None:
            count += 1
            number = count
        else:
            number = names.setdefault(name, len(names) + 1)
        before = parts[-1][-1:] if parts[-1] else ""
        parts.append(f"{' ' if before.isalnum() or before in ('_', '$') else ''}${number}")
        if sql[end : end + 1].isalnum() or sql[end : end + 1] in ("_", "$"):
            parts.append(" ")
    parts.append(sql[end:])
    return Numbered("".join(parts), tuple(names))
