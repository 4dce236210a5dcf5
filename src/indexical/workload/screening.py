"""What a server reports is not always a statement to examine: cut off, a cursor's wrapper, the catalog's own, a utility.

``DECLARE c CURSOR FOR SELECT`` runs the query inside it, and what EXECUTE runs is shown as ``PREPARE p AS SELECT``; the query
is what counts, so that it is one statement with the same query sent plainly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexical.errors import StatementRefused
from indexical.workload.clauses import Clauses
from indexical.workload.fingerprint import Normalised, normalise
from indexical.workload.lexer import MAX_LENGTH, LexicalError, Token, tokens
from indexical.workload.redaction import mentions_secret

NOT_A_QUERY = "not a query: only SELECT, INSERT, UPDATE and DELETE are examined"
CUT_OFF = "the text is cut off, so the rest of the statement is unknown"
TOO_LONG = f"the statement is longer than {MAX_LENGTH} characters"
SYSTEM = "reads only system catalogs"
HIDDEN = "<insufficient privilege>"

_NAME = r"""(?:[a-z_][\w$]*|"(?:[^"]|"")+")"""
_CURSOR = re.compile(
    rf"""\s*declare\s+{_NAME}\s+(?:(?:binary|insensitive|asensitive|no|scroll)\s+)*
        cursor\s+(?:(?:with|without)\s+hold\s+)?for\s+(?=[(a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
_PREPARE = re.compile(
    rf"\s*prepare\s+{_NAME}\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*)?as\s+(?=[(a-z])", re.IGNORECASE
)
_NAMES_FOLLOW = frozenset(["from", "join", "into", "update", "only", "lateral", "using"])
_SYSTEM_SCHEMAS = frozenset(["pg_catalog", "information_schema", "pg_toast"])
_NEEDS_MORE = frozenset(
    ["and", "or", "not", "where", "from", "select", "by", "in", "like", "ilike", "join", "on", "set", "values", "having",
     "between", "union", "into", "limit", "offset", "as", "case", "when", "then", "else", "is", "with", "inner", "left",
     "right", "outer", "cross", "order", "group", "distinct", "exists", "any", "insert", "update", "interval"]
)  # fmt: skip
_NEEDS_MORE_SIGNS = frozenset([",", "(", "[", ".", "::", ":", ":="])
_ELLIPSIS = ("...", "\u2026", "[truncated]", "<truncated>", "(truncated)")
_MINIMUM_SIZE = 1024
"""Bytes; the smallest usual limit of what a server shows of a statement (``track_activity_query_size``)."""


class Screened(StatementRefused):
    """A statement that is not examined; the message is one of few, so that they can be counted."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Screens statements that a server reported.

    ``redact`` keeps no literal of any clause. ``limit`` is the size in bytes at which the server cuts texts off, 0 when it
    does not.
    """

    redact: bool = False
    limit: int = 0

    def normalise(self, text: str) -> Normalised:
        """The statement's normal form, its wrapper gone and without literals where it speaks of secrets.

        Raises :class:`StatementRefused` with the reason when there is nothing to examine.
        """
        if text.strip() == HIDDEN:
            raise Screened("the role may not see it: grant it pg_read_all_stats")
        if len(text) > MAX_LENGTH:
            raise Screened(TOO_LONG)
        if text.rstrip().endswith(_ELLIPSIS):
            raise Screened(CUT_OFF)
        text = unwrapped(text)
        try:
            normalised = normalise(text, everywhere=self.redact or mentions_secret(text))
        except LexicalError as error:
            raise Screened(CUT_OFF if "does not end" in str(error) else str(error)) from None
        except StatementRefused as error:
            if "cut off" in str(error):
                raise Screened(CUT_OFF) from None
            raise
        if normalised.kind == "other":
            raise Screened(NOT_A_QUERY)
        found = tokens(normalised.sql)
        if _ends_early(found, text, self.limit):
            raise Screened(CUT_OFF)
        if is_system(found):
            raise Screened(SYSTEM)
        return normalised


def unwrapped(text: str) -> str:
    """The query that a DECLARE runs; any other text as it is."""
    found = _CURSOR.match(text) if text[:16].lstrip()[:1] in ("d", "D") else None
    return text[found.end() :] if found else text


def prepared_query(text: str) -> str:
    """The query that a PREPARE holds, where the text stands for running it; any other text as it is."""
    found = _PREPARE.match(text) if text[:16].lstrip()[:1] in ("p", "P") else None
    return text[found.end() :] if found else text


def is_system(found: Sequence[Token]) -> bool:
    """Whether the statement is about the system's own schemas alone: every relation it names, or else a function of theirs."""
    named = relations(found)
    if not named:
        return any(token.kind == "word" and token.value == "pg_catalog" for token in found)
    return all(schema in _SYSTEM_SCHEMAS or (not schema and name.startswith("pg_")) for schema, name in named)


def relations(found: Sequence[Token]) -> tuple[tuple[str, str], ...]:
    """(schema or "", name) of the relations that the statement names, sorted; names of its WITH queries left out."""
    clauses = Clauses()
    named: set[tuple[str, str]] = set()
    own: set[str] = set()
    for position, token in enumerate(found):
        clauses.advance(found, position)
        if token.kind not in ("word", "quoted"):
            continue
        if _is_with_name(found, position):
            own.add(token.value)
        elif _is_relation(found, position, clauses):
            named.add(_qualified(found, position))
    return tuple(sorted(name for name in named if name[0] or name[1] not in own))


def _is_relation(found: Sequence[Token], position: int, clauses: Clauses) -> bool:
    before = found[position - 1] if position else None
    after = found[position + 1].text if position + 1 < len(found) else ""
    if before is None or (
        found[position].kind == "word" and found[position].value in _NAMES_FOLLOW | {"select"}
    ):
        return False
    if before.kind == "word" and before.value in _NAMES_FOLLOW:
        return after != "(" or before.value == "into"
    return before.text == "," and clauses.clause == "from" and after != "("


def _is_with_name(found: Sequence[Token], position: int) -> bool:
    before = found[position - 1] if position else None
    if before is None or not (before.text == "," or before.value in ("with", "recursive")):
        return False
    after = [token.value or token.text for token in found[position + 1 : position + 5]]
    return (
        after[:2] == ["as", "("]
        or after[:1] == ["("]
        or after[:2] == ["as", "materialized"]
        or after[:2] == ["as", "not"]
    )


def _qualified(found: Sequence[Token], position: int) -> tuple[str, str]:
    if (
        position + 2 < len(found)
        and found[position + 1].text == "."
        and found[position + 2].kind in ("word", "quoted")
    ):
        return found[position].value, found[position + 2].value
    return "", found[position].value


def _ends_early(found: Sequence[Token], text: str, limit: int) -> bool:
    last = found[-1]
    if last.kind == "word" and last.value in _NEEDS_MORE:
        return len(found) == 1 or found[-2].text != "."
    if last.text in _NEEDS_MORE_SIGNS or (last.kind == "operator" and last.text != "*"):
        return True
    if last.text == "*" and len(found) > 1 and found[-2].kind != "word" and found[-2].text not in (".", ","):
        return True
    # A text of exactly the size at which texts are cut may end in the middle of a name or number.
    size = len(text.encode("utf-8", "replace"))
    slack = 1 if text.isascii() else 4
    return limit >= _MINIMUM_SIZE and last.kind != "punctuation" and limit - slack <= size < limit
