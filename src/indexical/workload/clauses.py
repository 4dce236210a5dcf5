"""Which clause of a statement a token stands in: enough to tell values from the statement's shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from indexical.workload.lexer import Token

_VALUE_CLAUSES = frozenset(["where", "on", "limit", "values", "set", "having"])
_CLAUSE_WORDS = {
    "select": "select", "returning": "select", "from": "from", "using": "from", "where": "where", "on": "on",
    "group": "ordinals", "order": "ordinals", "having": "having", "limit": "limit", "offset": "limit", "fetch": "limit",
    "values": "values", "set": "set", "window": "select", "union": "select", "intersect": "select", "except": "select",
    "join": "from", "partition": "ordinals",
}  # fmt: skip
_TYPE_WORDS_BACK = 3
"""``character varying (20)``: how many words before a parenthesis may belong to one type name."""


@dataclass(slots=True)
class _Frame:
    clause: str
    cast: bool = False
    subscript: bool = False


@dataclass(slots=True)
class Clauses:
    """Walks a statement's tokens; between steps it answers for the current one."""

    _frames: list[_Frame] = field(default_factory=lambda: [_Frame("")])

    @property
    def clause(self) -> str:
        return self._frames[-1].clause

    @property
    def holds_values(self) -> bool:
        return self.clause in _VALUE_CLAUSES

    @property
    def in_limit(self) -> bool:
        return self.clause == "limit"

    @property
    def in_ordinals(self) -> bool:
        """Numbers here may be positions of the select list."""
        return self.clause == "ordinals"

    @property
    def in_modifier(self) -> bool:
        """Inside ``numeric(10, 2)`` or an array subscript."""
        return self.clause == "modifier"

    @property
    def in_subscript(self) -> bool:
        return self._frames[-1].subscript

    def advance(self, found: Sequence[Token], position: int) -> None:
        token = found[position]
        if token.text in ("(", "["):
            self._open(found, position)
        elif token.text in (")", "]"):
            if len(self._frames) > 1:
                self._frames.pop()
        elif token.kind == "word":
            self._word(found, position)

    def _open(self, found: Sequence[Token], position: int) -> None:
        token, before = found[position], found[position - 1] if position else None
        clause = self.clause
        word = before.value if before is not None and before.kind == "word" else ""
        subscript = False
        if token.text == "[" and word != "array":
            # `ARRAY[ARRAY[1]]` nests without the word; anything else in brackets is a subscript.
            nested = before is not None and before.text in ("[", ",") and clause != "modifier"
            clause = clause if nested else "modifier"
            # Behind a cast it is the length of an array type: `int[3]`.
            subscript = not nested and not (position >= 2 and found[position - 2].text == "::")
        elif self._is_type(found, position):
            clause = "modifier"
        elif clause == "having":
            # A key of GROUP BY may be repeated here and has to stay the same expression; only direct comparisons vary.
            clause = "select" if word not in ("", "and", "or", "not", "in") else clause
        elif clause == "limit":
            clause = "select"
        self._frames.append(_Frame(clause, word == "cast", subscript))

    def _is_type(self, found: Sequence[Token], position: int) -> bool:
        back = position - 1
        while back >= 0 and position - back <= _TYPE_WORDS_BACK and found[back].kind in ("word", "quoted"):
            if found[back].kind == "word" and found[back].value == "as" and back < position - 1:
                return self._frames[-1].cast
            back -= 1
        return 0 <= back < position - 1 and found[back].text == "::"

    def _word(self, found: Sequence[Token], position: int) -> None:
        value = found[position].value
        before = found[position - 1] if position else None
        word = before.value if before is not None and before.kind == "word" else ""
        if before is not None and before.text == ".":
            return
        frame = self._frames[-1]
        if value in ("update", "delete") and word == "do":
            frame.clause = "set"
            return
        clause = _CLAUSE_WORDS.get(value)
        if clause is None or frame.clause == "modifier":
            return
        if value == "from" and word == "distinct":
            return
        if value == "on":
            if word == "distinct":
                frame.clause = "ordinals"
                return
            following = found[position + 1] if position + 1 < len(found) else None
            if following is not None and following.value == "conflict":
                frame.clause = "conflict"
                return
        if frame.clause == "conflict" and value in ("where", "on"):
            return
        if value in ("group", "order", "partition") and not _followed_by(found, position, "by"):
            return
        frame.clause = clause


def _followed_by(found: Sequence[Token], position: int, word: str) -> bool:
    return position + 1 < len(found) and found[position + 1].value == word
