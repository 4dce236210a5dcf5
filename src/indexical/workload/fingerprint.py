"""One statement in its normal form: literals become ``$n``, and statements that differ only in literals become one.

Only the literals' own characters are replaced; everything else of the text stays as written, so the meaning cannot drift
through a parser. Literals stay where they are part of the statement's shape rather than a value: positions in ORDER BY and
GROUP BY, constants of the select list, type modifiers, field names of EXTRACT, conflict targets. ``pg_stat_statements``
follows the same idea (https://www.postgresql.org/docs/18/pgstatstatements.html).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from indexical.errors import StatementRefused
from indexical.workload.clauses import Clauses
from indexical.workload.lexer import MAX_DEPTH, MAX_LENGTH, Token, tokens
from indexical.workload.masking import mask, masked_words

_TYPED_LITERALS = frozenset(
    ["bigint", "bool", "boolean", "box", "bpchar", "bytea", "cidr", "circle", "date", "decimal", "float4", "float8", "inet",
     "int2", "int4", "int8", "integer", "interval", "json", "jsonb", "line", "lseg", "macaddr", "money", "name", "numeric",
     "oid", "path", "point", "polygon", "real", "regclass", "smallint", "text", "time", "timestamp", "timestamptz", "timetz",
     "tsquery", "tsvector", "uuid", "varchar", "xml"]
)  # fmt: skip
_INTERVAL_FIELDS = frozenset(["year", "month", "day", "hour", "minute", "second"])
_IDENTIFIER_END = re.compile(r"[\w$]\Z")
_PLAIN_NUMBER = re.compile(r"[0-9]+\Z")
_DECIMAL = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_NOISE = " \t\n\r\f\v"
_CAST_MEMBERS = re.compile(r"\$(?: :: [a-z_][\w ]*)?(?: , \$(?: :: [a-z_][\w ]*)?)*\Z")


@dataclass(frozen=True, slots=True)
class Normalised:
    """What :func:`normalise` makes of a statement."""

    sql: str
    """One statement, comments and closing semicolon gone, with ``$1`` to ``$k`` in order of appearance."""
    kind: str
    """select | insert | update | delete | other"""
    fingerprint: str
    """The same for statements that differ only in values, lengths of lists, whitespace, comments or case of keywords,
    and for the text that ``pg_stat_statements`` keeps of them."""
    values: tuple[str | None, ...] = ()
    """For each ``$n`` the literal that stood there, as text; None where a placeholder stood there already."""
    types: tuple[str, ...] = ()
    """For each ``$n`` the type the literal has by itself; empty for strings and for placeholders."""
    numbers: tuple[int, ...] = ()
    """For each ``$n`` the number its placeholder had in the text that was read, 0 for a literal."""
    shape: str = ""
    """The same for statements of one fingerprint whose lists are equally long, so that values of one fit the other."""
    exact: str = ""
    """As the fingerprint, but the constants that stay in ``sql`` count too; equal to it when none does."""
    table: str = ""
    """The first table named after FROM, INTO or UPDATE, for people; empty when there is none."""

    @property
    def complete(self) -> bool:
        """Whether ``values`` holds a value for every placeholder."""
        return all(number == 0 for number in self.numbers)


def normalise(sql: str, *, everywhere: bool = False) -> Normalised:
    """The normal form of one statement; doing it twice changes nothing.

    ``everywhere`` replaces literals in every clause, also where that may keep the statement from being planned: for text
    that must not keep any of its values.

    Raises :class:`StatementRefused` for text that is empty, too long, nested too deeply, more than one statement, or not
    PostgreSQL SQL.
    """
    found = _one_statement(sql)
    kind = _kind(found)
    rewriting = _Rewriting(sql, everywhere or kind == "other")
    for position, token in enumerate(found):
        rewriting.take(found, position, token)
    text = rewriting.text()
    written = tokens(text)
    kept = [mask(token) for token in written]
    return Normalised(
        sql=text,
        kind=kind,
        fingerprint=_hash(_collapse_lists(masked_words(written))),
        exact=_hash(_collapse_lists(kept)),
        values=tuple(rewriting.values),
        types=tuple(rewriting.types),
        numbers=tuple(rewriting.numbers),
        shape=_hash([token.text if token.kind == "parameter" else mask(token) for token in written]),
        table=_table(found),
    )


def _one_statement(sql: str) -> tuple[Token, ...]:
    if len(sql) > MAX_LENGTH:
        raise StatementRefused(
            f"the statement is {len(sql)} characters long; at most {MAX_LENGTH} are read, so leave it out or shorten its lists"
        )
    if "\x00" in sql:
        raise StatementRefused("the statement holds a NUL character, which no PostgreSQL statement can")
    found = tokens(sql)
    end = len(found)
    while end and found[end - 1].text == ";":
        end -= 1
    found = found[:end]
    if not found:
        raise StatementRefused("the text holds no statement, only whitespace or comments")
    depth = 0
    for token in found:
        if token.text == ";":
            raise StatementRefused("the text is more than one statement; give each its own entry")
        if token.text in ("(", "["):
            depth += 1
            if depth > MAX_DEPTH:
                raise StatementRefused(
                    f"parentheses are nested more than {MAX_DEPTH} deep; simplify the statement"
                )
        elif token.text in (")", "]"):
            depth -= 1
    if depth:
        raise StatementRefused("parentheses do not match; the statement is cut off or damaged")
    return found


@dataclass(slots=True)
class _Rewriting:
    source: str
    everywhere: bool
    values: list[str | None] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    clauses: Clauses = field(default_factory=Clauses)
    _new_numbers: dict[int, int] = field(default_factory=dict)
    _end: int = -1
    _after_dollar: bool = False

    def text(self) -> str:
        return "".join(self.parts)

    def take(self, found: Sequence[Token], position: int, token: Token) -> None:
        self.clauses.advance(found, position)
        if token.kind == "parameter":
            written = self._place_parameter(found, position, int(token.value[:9]))
        elif token.kind in ("string", "number", "bits", "unicode") and self._is_value(found, position):
            written = self._place_literal(found, position, token)
        else:
            written = token.text
        self._write(written, gap=token.start > self._end >= 0)
        self._end = token.end

    def _write(self, written: str, *, gap: bool) -> None:
        """Appends a token; a space goes before it where there was one, and where the two would run into each other.

        Between ``$1`` and the next ``$`` there is always a space: general parsers take ``$1,$`` for a dollar quote's tag.
        """
        last = self.parts[-1] if self.parts else ""
        joins = (
            last != ""
            and _IDENTIFIER_END.search(last) is not None
            and _IDENTIFIER_END.match(written[0]) is not None
        )
        if gap or joins or (self._after_dollar and "$" in written):
            self.parts.append(" ")
            self._after_dollar = False
        self.parts.append(written)
        self._after_dollar = self._after_dollar or written.startswith("$")

    def _is_value(self, found: Sequence[Token], position: int) -> bool:
        token = found[position]
        match token.kind:
            case "string":
                if _shapes_statement(found, position):
                    return False
                return self.everywhere or (self.clauses.holds_values and not _is_bound(found, position))
            case "number":
                if not _DECIMAL.match(token.text) or self.clauses.in_modifier:
                    return False
                return self.clauses.holds_values or (self.everywhere and not self.clauses.in_ordinals)
            case _:
                return self.everywhere and not token.text.endswith('"')

    def _place_literal(self, found: Sequence[Token], position: int, token: Token) -> str:
        self.values.append(token.value if token.kind in ("string", "number") else None)
        self.numbers.append(0)
        cast = self._take_type_prefix(found, position) if token.kind == "string" else ""
        self.types.append(self._literal_type(token))
        return f"${len(self.values)}{cast}"

    def _place_parameter(self, found: Sequence[Token], position: int, number: int) -> str:
        new = self._new_numbers.get(number)
        if new is None:
            self.values.append(None)
            self.types.append("")
            self.numbers.append(number)
            new = self._new_numbers[number] = len(self.values)
        return f"${new}{self._take_type_prefix(found, position)}"

    def _take_type_prefix(self, found: Sequence[Token], position: int) -> str:
        """``date '...'`` has no form with a placeholder except the cast: the prefix is taken back and put behind."""
        length = _prefix_length(found, position)
        if length == 0:
            return ""
        first = found[position - length]
        for _ in range(2 * length - 1):
            # Words of one prefix have a space between them, however they were written.
            self.parts.pop()
        if self.parts and self.parts[-1] == " ":
            self.parts.pop()
            self._end = first.start - 1
        else:
            self._end = found[position].start
        return "::" + " ".join(token.value for token in found[position - length : position])

    def _literal_type(self, token: Token) -> str:
        if token.kind != "number":
            return ""
        if not _PLAIN_NUMBER.match(token.text):
            return "numeric"
        if self.clauses.in_limit:
            return "int8"
        size = int(token.text) if len(token.text) < 25 else 1 << 80
        if size < 1 << 31:
            return "int4"
        return "int8" if size < 1 << 63 else "numeric"


def _prefix_length(found: Sequence[Token], position: int) -> int:
    """How many words before the token are the name of the type that it is a constant of; 0 for none."""
    length = 1
    if _word(found, position - 1) == "zone" and _word(found, position - 2) == "time":
        if _word(found, position - 3) not in ("with", "without"):
            return 0
        length = 4
    start = position - length
    if start < 0 or found[start].kind != "word" or found[start].value not in _TYPED_LITERALS:
        return 0
    return 0 if start and found[start - 1].text in (".", "::") else length


def _shapes_statement(found: Sequence[Token], position: int) -> bool:
    """Whether the string is a word of the grammar rather than a value: a field, an escape character, a time zone."""
    before = _word(found, position - 1)
    after = _word(found, position + 1) if position + 1 < len(found) else ""
    if after in _INTERVAL_FIELDS and before == "interval":
        return True
    if (
        after == "from"
        and position >= 2
        and found[position - 1].text == "("
        and _word(found, position - 2) == "extract"
    ):
        return True
    # A literal of `timestamp with time zone` reads "time zone" before it too; it stays as well.
    return before in ("escape", "uescape") or (before == "zone" and _word(found, position - 2) == "time")


def _is_bound(found: Sequence[Token], position: int) -> bool:
    """Whether a placeholder in the string's place would not be understood, for what stands right before or after it."""
    after = _word(found, position + 1) if position + 1 < len(found) else ""
    return after in ("collate", "uescape") or _word(found, position - 1) in ("precision", "varying")


def _word(found: Sequence[Token], position: int) -> str:
    return found[position].value if position >= 0 and found[position].kind == "word" else ""


_READS = frozenset(["select", "values", "table"])
_WRITES = frozenset(["insert", "update", "delete", "merge"])


def _kind(found: Sequence[Token]) -> str:
    first = next((token for token in found if token.text != "("), found[0])
    verb = first.value if first.kind == "word" else ""
    if verb in _WRITES:
        return "other" if verb == "merge" else verb
    if verb not in _READS and verb != "with":
        return "other"
    writing = _writing_verb(found)
    if writing:
        return writing
    if verb == "with" and not any(token.kind == "word" and token.value in _READS for token in found):
        return "other"
    return "select"


def _writing_verb(found: Sequence[Token]) -> str:
    """The verb of a data-modifying part of a WITH statement; ``other`` for SELECT ... INTO."""
    depth = 0
    for position, token in enumerate(found):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.kind != "word":
            continue
        before = found[position - 1] if position else None
        starts = before is not None and before.text in ("(", ")")
        if starts and token.value in _WRITES and not _follows_function(found, position):
            return "other" if token.value == "merge" else token.value
        if token.value == "into" and before is not None and before.value not in ("insert", "merge"):
            return "other"
    return ""


def _follows_function(found: Sequence[Token], position: int) -> bool:
    """Whether the word is a column of that name (``(update)``, ``f(delete, 1)``) rather than a verb."""
    after = found[position + 1] if position + 1 < len(found) else None
    return after is None or after.kind not in ("word", "quoted")


def _table(found: Sequence[Token]) -> str:
    for position, token in enumerate(found[:-1]):
        if token.kind != "word" or token.value not in ("from", "into", "update"):
            continue
        start = position + 1
        while start < len(found) and _word(found, start) in ("only", "lateral"):
            start += 1
        if start >= len(found) or found[start].kind not in ("word", "quoted"):
            continue
        if _word(found, start) in ("select", "set", "of", "no", "share"):
            continue
        if (
            start + 2 < len(found)
            and found[start + 1].text == "."
            and found[start + 2].kind in ("word", "quoted")
        ):
            return found[start + 2].value
        return found[start].value
    return ""


def _hash(words: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _collapse_lists(words: list[str]) -> list[str]:
    """``IN ( $ , $ , $ )`` becomes ``IN ( $ )``, and rows of VALUES that look alike become one."""
    result: list[str] = []
    openings: list[tuple[int, bool]] = []
    for word in words:
        if word in ("(", "["):
            openings.append((len(result), bool(result) and result[-1] in ("in", "array")))
        result.append(word)
        if word == "$" and openings and openings[-1][1] and result[-3:] == ["$", ",", "$"]:
            del result[-2:]
        elif word in (")", "]") and openings:
            opening, is_list = openings.pop()
            if is_list:
                _collapse_casts(result, opening)
            _collapse_row(result, opening)
    return result


def _collapse_casts(result: list[str], opening: int) -> None:
    """``( $ :: int , $ :: int )`` becomes ``( $ )``: servers differ in whether they keep the casts of a list's members."""
    members = " ".join(result[opening + 1 : -1])
    if "::" in members and _CAST_MEMBERS.match(members):
        result[opening + 1 : -1] = ["$"]


def _collapse_row(result: list[str], opening: int) -> None:
    row = result[opening:]
    start = opening - 1 - len(row)
    if (
        start > 0
        and result[opening - 1] == ","
        and result[start - 1] == "values"
        and result[start : opening - 1] == row
    ):
        del result[opening - 1 :]
