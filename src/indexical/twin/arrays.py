"""PostgreSQL arrays in text form: taken apart, changed and put together again.

https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO. One dimension; the delimiter is a comma, as it is for every type
that has a histogram except ``box``, which has none.
"""

from __future__ import annotations


def elements(text: str) -> list[str]:
    """The elements of ``{a,"b c"}``, unquoted. An unquoted NULL stays the word."""
    found: list[str] = []
    current: list[str] = []
    quoted = False
    inner = text[1:-1]
    position = 0
    while position < len(inner):
        character = inner[position]
        if character == "\\":
            position += 1
            current.append(inner[position : position + 1])
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            found.append("".join(current))
            current = []
        else:
            current.append(character)
        position += 1
    if inner:
        found.append("".join(current))
    return found


def array(values: list[str]) -> str:
    """The array of the values, every one quoted."""
    return (
        "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
    )


def with_ends(histogram: str, low: str, high: str) -> str:
    """A histogram whose first and last bound are the column's true ends; an empty end leaves the bound as it is."""
    if not histogram or not (low or high):
        return histogram
    values = elements(histogram)
    if len(values) < 2:
        return histogram
    values[0] = low or values[0]
    values[-1] = high or values[-1]
    return array(values)


def grid(text: str) -> list[list[str]]:
    """The rows of a two-dimensional array ``{{a,b},{c,d}}``, unquoted."""
    rows: list[list[str]] = []
    position, inside, start = 1, False, 0
    while position < len(text) - 1:
        character = text[position]
        if character == "\\":
            position += 1
        elif character == '"':
            inside = not inside
        elif character == "{" and not inside:
            start = position
        elif character == "}" and not inside:
            rows.append(elements(text[start : position + 1]))
        position += 1
    return rows
