"""PostgreSQL's text form of one-dimensional arrays, which is how statistics hold their values.

Format: https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO
"""

from __future__ import annotations


def elements(text: str) -> tuple[str | None, ...]:
    """The elements of ``{a,"b,c",NULL}``; anything that is not such an array has none."""
    if len(text) < 2 or text[0] != "{" or text[-1] != "}" or text == "{}":
        return ()
    found: list[str | None] = []
    part: list[str] = []
    quoted = in_quotes = False
    position, end = 1, len(text) - 1
    while position < end:
        letter = text[position]
        if letter == "\\" and position + 1 < end:
            position += 1
            part.append(text[position])
        elif letter == '"':
            in_quotes = not in_quotes
            quoted = True
        elif letter == "," and not in_quotes:
            found.append(_element(part, quoted))
            part, quoted = [], False
        else:
            part.append(letter)
        position += 1
    found.append(_element(part, quoted))
    return tuple(found)


def _element(part: list[str], quoted: bool) -> str | None:
    text = "".join(part)
    return None if not quoted and text.upper() == "NULL" else text


def array_text(values: list[str]) -> str:
    """Values as an array literal, every element quoted."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
