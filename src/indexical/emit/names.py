"""Names for new indexes, as a Django project would give them.

Django allows 30 characters and neither a leading underscore nor a leading digit (checks ``models.E033`` and ``models.E034``,
https://docs.djangoproject.com/en/5.2/ref/models/indexes/#name); PostgreSQL cuts names at 63 bytes without a word. So names here
are short, plain ASCII, need no quoting, and say what the index is about.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container

from indexical.model import Index, Key

MAX_LENGTH = 30
_END = "idx"
_DIGEST = 4
_LEAST = 3
"""Letters that remain of a word at least, where there is room for it."""
_CAST = re.compile(r"::\s*\"?[a-z_]\w*\"?(?: varying| precision)?(?:\(\d+\))?(?:\[\])?", re.IGNORECASE)
"""What PostgreSQL adds to an expression of text says nothing about the index."""
_NOT_PLAIN = re.compile(r"[^a-z0-9_]+")


def index_name(index: Index, taken: Container[str], *, model: str = "") -> str:
    """``order_user_id_created_at_idx``: at most 30 characters, not among ``taken``, the same for the same input.

    ``model`` is a model's name, with or without its app's; the table's name stands in for it.
    """
    head = _plain(model.rpartition(".")[2]) or _plain(index.table) or "table"
    words = [word for key in index.keys if (word := _key_word(key))] or ["expression"]
    if index.predicate:
        words.append("part")
    name = _fitted(head, words, "")
    attempt = 0
    while name in taken:
        digest = hashlib.sha256(f"{index.text}#{attempt}".encode()).hexdigest()[:_DIGEST]
        name = _fitted(head, words, digest)
        attempt += 1
    return name


def _key_word(key: Key) -> str:
    return _plain(key.column or _CAST.sub("", key.expression))


def _plain(text: str) -> str:
    """Lower-case ASCII letters, digits and single underscores, none of them first or last."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    joined = re.sub(r"_+", "_", _NOT_PLAIN.sub("_", ascii_only)).strip("_")
    return joined if not joined[:1].isdigit() else f"n{joined}"


def _fitted(head: str, words: list[str], digest: str) -> str:
    """Everything in full when it fits; otherwise the longest words lose letters first, then the last words go."""
    end = [digest, _END] if digest else [_END]
    parts = [head, *words]
    while True:
        room = MAX_LENGTH - sum(len(part) + 1 for part in end) - (len(parts) - 1)
        if sum(map(len, parts)) > room:
            parts = _shortened(parts, room)
        if sum(map(len, parts)) <= room or len(parts) == 1:
            return "_".join([*(part for part in parts if part), *end])
        parts.pop()


def _shortened(parts: list[str], room: int) -> list[str]:
    """Letters taken from the longest part, the head last among equals, but never below a few letters each."""
    lengths = [len(part) for part in parts]
    while sum(lengths) > room:
        longest = max(range(len(parts)), key=lambda position: (lengths[position], position))
        if lengths[longest] <= _LEAST:
            break
        lengths[longest] -= 1
    return [part[:length].rstrip("_") for part, length in zip(parts, lengths, strict=True)]
