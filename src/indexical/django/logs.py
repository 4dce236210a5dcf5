"""A logging filter for ``django.db.backends``: statements without their literals, and with the line of code that sent them.

Django logs every statement there while ``DEBUG`` is on, values and all
(https://docs.djangoproject.com/en/5.2/ref/logging/#django-db-backends).
"""

from __future__ import annotations

import logging
import sys

from indexical.django.watching import project_places
from indexical.django.watching.texts import WITHHELD, shown

_VALUES = "(withheld)"


class StatementFilter(logging.Filter):
    """Lets every record pass; of a statement's it takes the literals out, for every handler that comes after.

    A record gets ``code`` (file and line in the project, or ``-``) and ``fingerprint`` for the formatter.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.code, record.fingerprint = "-", "-"
        if not record.name.startswith("django.db.backends") or getattr(record, "sql", None) is None:
            return True
        try:
            _redact(record)
        except Exception:  # noqa: BLE001 - runs while the project's statement is logged, and must neither fail it nor let its values pass
            record.msg, record.args, record.__dict__["sql"] = WITHHELD, (), WITHHELD
        record.params = _VALUES
        return True


def _redact(record: logging.LogRecord) -> None:
    sql = record.__dict__["sql"]
    # The text under `sql` has its values already filled in, or never had placeholders.
    text = shown(sql if isinstance(sql, str) else str(sql), False)
    record.fingerprint = text.fingerprint or "-"
    file, line = project_places().find(sys._getframe(2))
    record.code = f"{file}:{line}" if file else "-"
    record.args = tuple(_argument(item, record, text.sql) for item in _arguments(record))
    record.sql = text.sql


def _arguments(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


def _argument(item: object, record: logging.LogRecord, text: str) -> object:
    """One argument of Django's message: the time and the alias stay, the statement is replaced, anything else withheld."""
    if item is record.__dict__["sql"]:
        return text
    plain = item is None or isinstance(item, float) or item == getattr(record, "alias", None)
    return item if plain else _VALUES
