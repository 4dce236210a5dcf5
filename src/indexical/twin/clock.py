"""The twin's time stands still at the moment of its snapshot.

``created_at > now() - interval '1 day'`` means the day before the snapshot, however old it is. Functions of the same names as
PostgreSQL's stand before them on the search path: stable, as dear as the built-in ones, so that plans and costs stay the same.
``CURRENT_DATE`` and its like are no functions but words of the grammar (they are reserved, so outside of quotes and comments
they mean nothing else); they are replaced by such functions, and a statement that cannot be prepared then is planned as it
came. Time of the type's input, ``timestamptz 'yesterday'``, is the machine's.
https://www.postgresql.org/docs/18/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from indexical.model import Statement
from indexical.pg.session import Session

SCHEMA = "indexical_clock"
_FUNCTIONS = ("now", "statement_timestamp", "transaction_timestamp")
_WORDS = {
    "current_timestamp": ("now", "timestamptz"),
    "current_date": ("today", "date"),
    "current_time": ("time_of_day", "timetz"),
    "localtimestamp": ("local_now", "timestamp"),
    "localtime": ("local_time", "time"),
}
_TOKEN = re.compile(
    r"""(?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*') | (?P<quoted>"(?:[^"]|"")*")
      | (?P<line>--[^\n]*) | (?P<block>/\*) | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
      | (?P<word>[^\W\d][\w$]*) | (?P<other>\s+|\d[\w.]*|\$\d+|.)""",
    re.VERBOSE | re.DOTALL,
)


def stop(admin: Session, moment: str, reader: str) -> bool:
    """Makes the functions for a role; whether the moment was one to stop at."""
    try:
        stamp = datetime.fromisoformat(moment).isoformat()
    except ValueError:
        return False
    made = dict.fromkeys(_FUNCTIONS, "timestamptz") | dict(_WORDS.values())
    script = [f"CREATE SCHEMA {SCHEMA}", f"GRANT USAGE ON SCHEMA {SCHEMA} TO {reader}"]
    # PL/pgSQL is never inlined, so the call keeps its price; its own price is set to a built-in function's.
    script += [
        f"CREATE FUNCTION {SCHEMA}.{name}() RETURNS pg_catalog.{kind} LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1"
        f" AS $$ BEGIN RETURN '{stamp}'::pg_catalog.timestamptz; END $$"
        for name, kind in made.items()
    ]
    admin.script(script)
    return True


def search_path(session: Session) -> str:
    """The session's search path with the stopped clock before everything."""
    path = str(session.rows("SELECT pg_catalog.current_setting('search_path') AS path")[0]["path"])
    explicit = re.search(r"(^|,)\s*\"?pg_catalog\"?\s*(,|$)", path)
    parts = [SCHEMA, *([] if explicit else ["pg_catalog"]), *([path] if path.strip() else [])]
    return ", ".join(parts)


def stopped(statement: Statement) -> Statement:
    """The statement with the grammar's words for the current time replaced; itself when it has none."""
    sql = _replaced(statement.sql)
    return statement if sql == statement.sql else replace(statement, sql=sql)


@lru_cache(maxsize=4096)
def _replaced(sql: str) -> str:
    lowered = sql.lower()
    if not any(word in lowered for word in _WORDS):
        return sql
    parts: list[str] = []
    before = ""
    position = 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None or match.group() in ("'", '"'):
            # A quote that is never closed: nothing behind it can be told apart.
            return sql
        text, kind = match.group(), match.lastgroup
        end = match.end()
        if kind == "block":
            end = _after_comment(sql, end)
        elif kind == "dollar":
            close = sql.find(text, end)
            end = len(sql) if close < 0 else close + len(text)
        word = text.lower() if kind == "word" else ""
        # A name after a dot or AS may be any word, and a precision asks for less than the moment.
        known = word in _WORDS and before not in (".", "as") and not sql[end:].lstrip().startswith("(")
        parts.append(f"{SCHEMA}.{_WORDS[word][0]}()" if known else sql[position:end])
        if kind != "line" and kind != "block" and not text.isspace():
            before = text.lower()
        position = end
    return "".join(parts)


def _after_comment(sql: str, start: int) -> int:
    """Behind a block comment that has been opened; they nest."""
    depth = 1
    for match in re.compile(r"/\*|\*/").finditer(sql, start):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)
