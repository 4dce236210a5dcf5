"""The statements of one request as the panel shows them; made after the response, of what was kept while it was served."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from indexical.django.capture.placeholders import number_placeholders
from indexical.django.capture.places import Places
from indexical.django.capture.values import Unwritable, write
from indexical.django.watching.texts import Shown, shown
from indexical.django.watching.watcher import Sent
from indexical.errors import StatementRefused

MAX_STATEMENTS = 500
"""Statements of one request that are kept; more are counted."""
PLANNED = frozenset(["select", "update", "delete"])
"""Kinds whose reading an index could serve."""


@dataclass(frozen=True, slots=True)
class _Kept:
    sql: str
    params: Any
    many: bool
    alias: str
    seconds: float
    place: str
    server_side: bool

    @property
    def shown(self) -> Shown:
        return shown(self.sql, self.params is not None)


@dataclass(slots=True)
class Recorded:
    """Listens to one request."""

    places: Places
    view: str = ""
    statements: int = 0
    seconds: float = 0.0
    kept: list[_Kept] = field(default_factory=list)

    def hear(self, sent: Sent) -> None:
        self.statements += 1
        self.seconds += sent.seconds
        if len(self.kept) >= MAX_STATEMENTS:
            return
        file, line = self.places.find(sent.frame)
        self.kept.append(
            _Kept(sent.sql, sent.params, sent.many, sent.alias, sent.seconds, f"{file}:{line}" if file else "",
                  sent.server_side)
        )  # fmt: skip

    def stats(self, similar_limit: float | None) -> dict[str, Any]:
        """Plain values, for the toolbar's store."""
        similar = Counter(_similar_key(kept) for kept in self.kept)
        same = Counter(_same_key(kept) for kept in self.kept)
        return {
            "statements": self.statements,
            "left_out": self.statements - len(self.kept),
            "ms": self.seconds * 1000,
            "limit": similar_limit,
            "queries": [
                {
                    "sql": kept.shown.sql,
                    "ms": kept.seconds * 1000,
                    "alias": kept.alias,
                    "place": kept.place,
                    "similar": similar[_similar_key(kept)],
                    "duplicates": same[_same_key(kept)],
                    "question": _question(kept),
                }
                for kept in self.kept
            ],
            "groups": [
                _group(key, count, self.kept, same, similar_limit)
                for key, count in similar.most_common()
                if count > 1
            ],
        }


def _similar_key(kept: _Kept) -> str:
    return f"{kept.alias} {kept.shown.fingerprint or kept.sql}"


def _same_key(kept: _Kept) -> str:
    """Equal for statements with equal values; ``repr`` since lists and documents cannot be hashed."""
    return f"{kept.alias} {kept.sql} {kept.params!r}"


def _group(
    key: str, count: int, kept: list[_Kept], same: Counter[str], similar_limit: float | None
) -> dict[str, Any]:
    members = [one for one in kept if _similar_key(one) == key]
    values = len({_same_key(one) for one in members})
    places = Counter(one.place for one in members if one.place)
    text = members[0].shown
    return {
        "sql": text.sql,
        "count": count,
        "values": values,
        "ms": sum(one.seconds for one in members) * 1000,
        "places": [place for place, _ in places.most_common(3)],
        "alarm": similar_limit is not None and count > similar_limit,
        # One question for each row of an earlier answer: from one line, each time about something else.
        "n_plus_one": text.kind == "select" and values > 2 and len(places) == 1,
        "duplicates": max(same[_same_key(one)] for one in members),
    }


def _question(kept: _Kept) -> dict[str, str]:
    """What the panel's form has to carry to plan the statement later; empty when there is nothing to plan."""
    if kept.many or kept.shown.kind not in PLANNED:
        return {}
    try:
        numbered = number_placeholders(kept.sql) if kept.params is not None else None
        sql = kept.sql if numbered is None else numbered.sql
        written = [] if numbered is None else [_value(value, kept) for value in numbered.arrange(kept.params)]
    except (StatementRefused, KeyError):
        return {}
    known = all(readable for _, _, readable in written)
    values = [text for text, _, _ in written] if known else []
    return {
        "alias": kept.alias,
        "sql": sql,
        "values": json.dumps(values),
        "types": json.dumps([name for _, name, _ in written]),
    }


def _value(value: object, kept: _Kept) -> tuple[str | None, str, bool]:
    try:
        return (*write(value, server_side=kept.server_side), True)
    except Unwritable:
        return None, "", False
