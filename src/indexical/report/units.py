"""Numbers as people read them."""

from __future__ import annotations

import math
import unicodedata


def size(count: float) -> str:
    """Bytes in binary units, as PostgreSQL's ``pg_size_pretty`` steps: ``11 MB``, ``640 kB``."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(value) < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" or abs(value) >= 10 else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError("unreachable")


def number(value: float) -> str:
    """Three significant digits and a thousands separator; whole numbers stay whole."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"


def milliseconds(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{number(value)} ms"


def share(value: float, digits: int = 0) -> str:
    """A share as percent: 0.123 is ``12 %``."""
    return f"{value * 100:.{digits}f} %"


def change(before: float, after: float) -> str:
    """A signed change in percent, or ``n/a`` when there was nothing before."""
    if before == 0:
        return "n/a" if after else "0 %"
    return f"{(after / before - 1) * 100:+.0f} %"


def printable(text: str) -> str:
    """Text that a terminal shows as it is: control, bidirectional and other format characters are escaped.

    SQL, identifiers and file names come from strangers; an ESC or U+202E in them must not reach a terminal.
    """
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        else repr(char)[1:-1]
        for char in text
    )


def shorten(text: str, width: int) -> str:
    """One line of at most ``width`` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def plural(count: int, noun: str, plural: str = "") -> str:
    """``1 index``, ``3 indexes``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
