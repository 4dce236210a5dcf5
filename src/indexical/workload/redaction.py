"""Which placeholders of a statement stand for something secret, by the names of the columns they meet.

Redaction happens when statements are captured, never when they are shown: what was not written down cannot leak.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexical.model import Parameters
from indexical.workload.lexer import Token, tokens

MAX_VALUE = 200
"""Characters; longer values are not kept."""
_PAGE = re.compile(r"\b(?:limit|offset)\s+\$([0-9]+)", re.IGNORECASE)

_SECRET = re.compile(
    r"password|passwd|passphrase|secret|token|session_?key|api_?key|private_key|credential|signature"
    r"|(?:^|_)(?:otp|pwd|pin|cvv|cvc|ssn|iban|hash|salt|jti|cookie)(?:_|$|[0-9])"
    r"|(?:verification|auth|access|reset|activation|backup|recovery|security|one_time)_(?:code|key)",
    re.IGNORECASE,
)
_BREAKS = frozenset(
    [
        "and",
        "or",
        "where",
        "on",
        "having",
        "limit",
        "offset",
        "from",
        "select",
        "order",
        "group",
        "values",
        "set",
        "when",
    ]
)


_PERSONAL = re.compile(
    r"[^\s@'\"]@[\w-]+\.\w"  # an e-mail address, or a pattern with one
    r"|eyJ[\w-]{8,}\.[\w-]*"  # a JSON web token
    r"|-----BEGIN "
    r"|(?<![\w-])(?=[\w+/=]*[0-9])(?=[\w+/=]*[A-Za-z])[\w+/=]{32,}",  # a key or digest
)
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


def looks_personal(value: str) -> bool:
    """Whether a value must not be written down whatever its column: an e-mail address, a token, a card number."""
    return _PERSONAL.search(value) is not None or any(
        _luhn(re.sub(r"[ -]", "", match.group())) for match in _CARD.finditer(value)
    )


def _luhn(digits: str) -> bool:
    """The check that the numbers of payment cards pass, ISO/IEC 7812-1 annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def looks_secret(name: str) -> bool:
    """Whether a column of this name may hold something that must not be written down."""
    return _SECRET.search(name) is not None


def secret_parameters(sql: str) -> frozenset[int]:
    """Numbers of the ``$n`` that share a condition with a column that looks secret.

    Rather too many than too few: the whole condition between two AND or OR counts, whatever functions it has.
    Raises :class:`indexical.errors.StatementRefused` when the text is not SQL.
    """
    secret: set[int] = set()
    met: list[int] = []
    suspicious, between = False, False
    found = tokens(sql)
    for position, token in enumerate(found):
        if token.kind == "parameter":
            met.append(int(token.value))
        elif token.kind == "word" and token.value == "between":
            between = True
        elif token.kind == "word" and token.value in _BREAKS:
            if token.value == "and" and between:
                between = False
                continue
            if suspicious:
                secret.update(met)
            met, suspicious, between = [], False, False
        elif _names_column(found, position) and looks_secret(token.value):
            suspicious = True
    if suspicious:
        secret.update(met)
    return frozenset(secret)


def hidden_parameters(sql: str, kind: str, count: int, *, everything: bool = False) -> frozenset[int]:
    """Numbers of the ``$n`` of a normal form whose values are not kept: those of writes, and those that look secret.

    With ``everything`` only LIMIT and OFFSET keep theirs: how long a page is says nothing about anybody, and a plan depends
    on it more than on any value.
    """
    numbers = frozenset(range(1, count + 1))
    if kind != "select":
        return numbers
    if everything:
        return numbers - {int(found) for found in _PAGE.findall(sql)}
    return secret_parameters(sql)


def visible(sample: Sequence[str | None], hidden: frozenset[int]) -> Parameters:
    """The sample with None for every value that is not kept: hidden, too long, or personal by its look."""
    return tuple(
        None
        if value is None or number in hidden or len(value) > MAX_VALUE or looks_personal(value)
        else value
        for number, value in enumerate(sample, start=1)
    )


def mentions_secret(sql: str) -> bool:
    """Whether a name in the statement looks secret, or a literal does; then none of its literals is kept in its text."""
    return any(
        looks_secret(token.value)
        if token.kind in ("word", "quoted")
        else looks_personal(token.value or token.text)
        for token in tokens(sql)
        if token.kind in ("word", "quoted", "string", "unicode", "bits", "number")
    )


def _names_column(found: tuple[Token, ...], position: int) -> bool:
    """Whether the token is a name that qualifies nothing: the table in ``table.column`` is not what is compared."""
    if found[position].kind not in ("word", "quoted"):
        return False
    return position + 1 >= len(found) or found[position + 1].text != "."
