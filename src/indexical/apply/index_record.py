"""The full record of one index, and the statements that bring it back as it was.

``pg_get_indexdef`` is not enough: it leaves out the tablespace, the comment, the statistics targets of expression keys, the
flags of CLUSTER and of the replica identity, and the dependence on an extension
(https://www.postgresql.org/docs/18/sql-alterindex.html, https://www.postgresql.org/docs/18/sql-altertable.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexical.ddl import qualified, quote
from indexical.errors import DatabaseError
from indexical.model import ExistingIndex, IndexRecord
from indexical.pg.queries import load
from indexical.pg.session import Session

_COMPARED = (
    "schema", "name", "table", "definition", "tablespace", "comment", "statistics_targets", "clustered",
    "replica_identity", "valid", "depends_on",
)  # fmt: skip
_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)'
_HEAD = re.compile(
    rf"(?P<words>CREATE (?:UNIQUE )?INDEX )(?P<name>{_NAME}) ON (?P<schema>{_NAME})\.(?P<table>{_NAME}) USING "
)
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]| WHERE """)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which an index is not what it was."""

    field: str
    """The name of a field of :class:`IndexRecord`."""
    before: str
    after: str

    @property
    def text(self) -> str:
        return f"{self.field.replace('_', ' ')} was {self.before or 'none'}, is {self.after or 'none'}"


def record_index(session: Session, existing: ExistingIndex) -> IndexRecord:
    """The index of this oid as it is now.

    Raises :class:`DatabaseError` when it is not there any more, since a change that could not be undone is not begun.
    """
    found = read_record(session, existing.oid)
    if found is None:
        raise DatabaseError(
            f"the index {existing.index.schema}.{existing.name} is not there any more, so it cannot be recorded; "
            "take a new snapshot and advise again"
        )
    return found


def read_record(session: Session, oid: int) -> IndexRecord | None:
    """The record of the index with this oid; None when there is none. Raises :class:`DatabaseError`."""
    # Rolled back, so that a caller's own transaction keeps its settings.
    with session.transaction(roll_back=True):
        session.set("search_path", "", local=True)
        rows = session.rows(load("apply_index_record"), {"oid": oid})
    return _record(rows[0]) if rows else None


def compare(before: IndexRecord, after: IndexRecord) -> tuple[Difference, ...]:
    """In what two records of an index differ, its oid left out; nothing when the later one is the earlier one again."""
    return tuple(
        Difference(field, _text(getattr(before, field)), _text(getattr(after, field)))
        for field in _COMPARED
        if getattr(before, field) != getattr(after, field)
    )


def restoring(record: IndexRecord) -> tuple[str, ...]:
    """The statements that bring the recorded index back, in order, made from the record's other fields alone.

    A journal is a file that somebody may have edited: what it calls the way back is never run, this is. Raises
    :class:`DatabaseError` when the definition is not that of the index.
    """
    index, table = qualified(record.schema, record.name), qualified(record.schema, record.table)
    statements = [_build(record)]
    if record.comment:
        statements.append(f"COMMENT ON INDEX {index} IS {_literal(record.comment)}")
    statements += [
        f"ALTER INDEX {index} ALTER COLUMN {number} SET STATISTICS {target}"
        for number, target in record.statistics_targets
    ]
    statements += [
        f"ALTER INDEX {index} DEPENDS ON EXTENSION {quote(extension)}" for extension in record.depends_on
    ]
    if record.clustered:
        statements.append(f"ALTER TABLE {table} CLUSTER ON {quote(record.name)}")
    if record.replica_identity:
        statements.append(f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {quote(record.name)}")
    if record.expressions:
        # The statistics of its expressions went with it.
        statements.append(f"ANALYZE {table}")
    return tuple(statements)


def _record(row: Mapping[str, Any]) -> IndexRecord:
    record = IndexRecord(
        schema=row["schema"],
        name=row["name"],
        table=row["table"],
        oid=row["oid"],
        definition=row["definition"],
        tablespace=row["tablespace"],
        comment=row["comment"],
        statistics_targets=tuple((number, target) for number, target in row["statistics_targets"]),
        clustered=row["clustered"],
        replica_identity=row["replica_identity"],
        valid=row["valid"],
        depends_on=tuple(row["extensions"]),
        expressions=row["has_expressions"],
    )
    return record if row["belongs"] else replace(record, restore=restoring(record))


def _build(record: IndexRecord) -> str:
    """The server's own words, built concurrently and where it was."""
    match = _HEAD.match(record.definition)
    subject = (record.name, record.schema, record.table)
    if match is None or tuple(_bare(match[part]) for part in ("name", "schema", "table")) != subject:
        raise DatabaseError(
            f"the recorded definition of {record.schema}.{record.name} is not that of an index of this name on "
            f"{record.schema}.{record.table}; nothing was run, see what the record holds"
        )
    words = match["words"]
    body = f"{words}CONCURRENTLY {record.definition.removeprefix(words)}"
    return _placed(body, record.tablespace) if record.tablespace else body


def _bare(identifier: str) -> str:
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def _placed(definition: str, tablespace: str) -> str:
    """With TABLESPACE, which stands before WHERE; the server quotes by doubling, so a quoted part ends where it seems to."""
    depth = 0
    end = len(definition)
    for part in _PARTS.finditer(definition):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if part[0] == " WHERE " and depth == 0:
            end = part.start()
            break
    return f"{definition[:end]} TABLESPACE {quote(tablespace)}{definition[end:]}"


def _literal(text: str) -> str:
    """Text as an SQL literal that means the same whatever ``standard_conforming_strings`` says."""
    doubled = text.replace("'", "''")
    escaped = doubled.replace("\\", "\\\\")
    return f"'{doubled}'" if escaped == doubled else f"E'{escaped}'"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(
            _text(each) if not isinstance(each, tuple) else f"key {each[0]}: {each[1]}" for each in value
        )
    return str(value)
