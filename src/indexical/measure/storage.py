"""What tables and indexes take on disk; reads the catalog only."""

from __future__ import annotations

from indexical.model.storage import Storage, TableStorage
from indexical.pg.queries import load
from indexical.pg.session import Session


def measure_storage(session: Session) -> Storage:
    """Bytes of the database, of each user table and of its indexes. Raises :class:`indexical.errors.DatabaseError`."""
    rows = session.rows(load("measure_storage"))
    tables = tuple(
        TableStorage(
            f"{row['schema']}.{row['name']}",
            int(row["table_bytes"]),
            int(row["index_bytes"]),
            int(row["indexes"]),
        )
        for row in rows
    )
    if rows:
        return Storage(int(rows[0]["database_bytes"]), tables)
    (only,) = session.rows("SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes")
    return Storage(int(only["bytes"]), ())
