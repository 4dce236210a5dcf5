"""Rows as a CSV file that a spreadsheet shows and does not carry out.

A cell that begins as a formula does gets a quote in front, which a spreadsheet takes for "this is text"
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from indexical.report.units import printable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(titles: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """The rows under their titles; numbers stay numbers."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([harmless(title) for title in titles])
    writer.writerows([[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])
    return stream.getvalue()


def harmless(cell: str) -> str:
    """The text, with nothing in it that a spreadsheet would calculate or a terminal obey."""
    quoted = f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
    return printable(quoted)
