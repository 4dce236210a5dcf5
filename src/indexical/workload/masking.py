"""A statement's tokens with everything masked that a server masks, so that one statement has one fingerprint everywhere.

``pg_stat_statements`` replaces every constant of the parsed statement by ``$n``: also those of the select list, subscripts,
``true``, ``false`` and ``NULL`` where they are values, the field of EXTRACT, and a minus sign with its number
(https://www.postgresql.org/docs/18/pgstatstatements.html). Logs and captures hold the text as it was sent. Both are the same
words once masked here. Positions in ORDER BY and GROUP BY and the modifiers of types are no constants to the server.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexical.ddl import quote
from indexical.workload.clauses import Clauses
from indexical.workload.lexer import Token

_KEPT_PREFIXES = [
    ["interval"],
    *([kind, w, "time", "zone"] for kind in ("timestamp", "time") for w in ("with", "without")),
]
_LITERALS = frozenset(["string", "number", "bits", "unicode"])
_POSITION_ENDS = frozenset(
    ["", ",", ")", ";", "asc", "desc", "nulls", "limit", "offset", "fetch", "having", "order", "union", "intersect", "except",
     "for", "window", "using"]
)  # fmt: skip
_BEFORE_OPERAND = frozenset(
    ["", "and", "or", "not", "in", "between", "select", "distinct", "all", "when", "then", "else", "case", "limit", "offset",
     "where", "on", "having", "by", "like", "ilike", "values", "returning", "from", "is", "symmetric", "any", "some", "array"]
)  # fmt: skip
_FIELDS = frozenset(
    ["century", "day", "decade", "dow", "doy", "epoch", "hour", "isodow", "isoyear", "julian", "microseconds", "millennium",
     "milliseconds", "minute", "month", "quarter", "second", "timezone", "timezone_hour", "timezone_minute", "week", "year"]
)  # fmt: skip


def mask(token: Token) -> str:
    """The token as it counts when only placeholders are values."""
    match token.kind:
        case "parameter":
            return "$"
        case "word":
            return token.value
        case "quoted":
            return quote(token.value)
        case "string":
            return "'" + token.value
        case _:
            return token.text


def masked_words(found: Sequence[Token]) -> list[str]:
    """The statement's words with ``$`` for whatever a server takes for a constant."""
    clauses = Clauses()
    words: list[str] = []
    for position, token in enumerate(found):
        clauses.advance(found, position)
        constant = token.kind == "parameter" or _is_constant(found, position, clauses)
        if not constant:
            words.append(mask(token))
            continue
        if words and words[-1] == "-" and _is_sign(found, position):
            words.pop()
        words.extend(["$", *_taken_prefix(words)])
    return words


def _taken_prefix(words: list[str]) -> list[str]:
    """``interval '1' day`` counts as the cast it means, because a placeholder in the literal's place can only be cast."""
    for prefix in _KEPT_PREFIXES:
        if words[-len(prefix) :] == prefix and words[-len(prefix) - 1 : -len(prefix)] != ["::"]:
            del words[-len(prefix) :]
            return ["::", *prefix]
    return []


def _is_constant(found: Sequence[Token], position: int, clauses: Clauses) -> bool:
    token = found[position]
    if token.kind == "word":
        return _is_constant_word(found, position)
    if token.kind not in _LITERALS or (token.kind == "unicode" and token.text.endswith('"')):
        return False
    if token.kind != "number":
        return True
    if clauses.in_modifier:
        return clauses.in_subscript
    return not (clauses.in_ordinals and _is_position(found, position))


def _is_constant_word(found: Sequence[Token], position: int) -> bool:
    value = found[position].value
    before = _value(found, position - 1)
    if value in ("true", "false", "null"):
        return (
            before != "is" and not (before == "not" and _value(found, position - 2) == "is") and before != "."
        )
    if value == "all":
        return before == "limit"
    return (
        value in _FIELDS
        and before == "("
        and _value(found, position - 2) == "extract"
        and _value(found, position + 1) == "from"
    )


def _is_position(found: Sequence[Token], position: int) -> bool:
    """Whether the number is a whole item of ORDER BY or GROUP BY."""
    if _value(found, position - 1) == "by" and _value(found, position - 2) == "partition":
        return False
    return (
        found[position].text.isdigit()
        and _value(found, position - 1) in ("by", ",")
        and _value(found, position + 1) in _POSITION_ENDS
    )


def _is_sign(found: Sequence[Token], position: int) -> bool:
    """Whether the minus before the token belongs to the constant rather than to a subtraction or a cast of it."""
    if _value(found, position + 1) in ("::", "["):
        return False
    before = found[position - 2] if position >= 2 else None
    if before is None or before.kind == "operator":
        return True
    return before.text in ("(", "[", ",", ":=") or (before.kind == "word" and before.value in _BEFORE_OPERAND)


def _value(found: Sequence[Token], position: int) -> str:
    if not 0 <= position < len(found):
        return ""
    token = found[position]
    return token.value if token.kind == "word" else token.text
