"""The recommended indexes, really built in the disposable database, and taken away again.

Each bears a comment from the moment it exists, so that what an interruption leaves behind is found and removed by the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from indexical import ddl
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Drop, ExistingIndex, Index, Recommendation
from indexical.model.covers import equivalent
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session, connect

COMMENT = "indexical: built to confirm advice"
_PATIENCE_MS = 30_000
_OF_THE_ROWS = ("22", "23", "54")
"""Classes of SQLSTATE that speak of what is in the rows, not of this database's schema, rights or load."""

OnEvent = Callable[[str, float, str], None]


@dataclass(frozen=True, slots=True)
class Built:
    recommendation: Recommendation
    name: str = ""
    """As it is called in the disposable database; empty when it was not built."""
    size: int = 0
    build_ms: float = 0.0
    reason: str = ""
    """Why it was not built."""
    impossible: bool = False
    """Its rows do not fit it, so it could not be built in production either."""

    @property
    def qualified(self) -> str:
        """For SQL."""
        return ddl.qualified(self.recommendation.index.schema, self.name)


def sweep(session: Session) -> int:
    """Removes what an interrupted confirmation left; how many indexes that were."""
    left = session.rows(load("confirm_leftovers"), {"comment": COMMENT})
    for row in left:
        session.execute(ddl.drop_index(str(row["schema"]), str(row["name"])))
    return len(left)


def build(session: Session, create: Sequence[Recommendation], made: list[Built], on_event: OnEvent) -> None:
    """Builds what is not there yet; what the database refuses is named with its reason.

    Puts each into ``made`` at once, so that a caller who is interrupted knows what there is to take away.
    Raises :class:`ConnectionFailed`.
    """
    existing = existing_indexes(session)
    taken = {(each.index.schema, each.name) for each in existing}
    session.set("statement_timeout", "0")
    for number, wanted in enumerate(create):
        on_event("build", number / len(create), wanted.name)
        there = next(
            (each.name for each in existing if each.valid and equivalent(each.index, wanted.index)), ""
        )
        if there:
            made.append(Built(wanted, reason=f"the disposable database has it already, as {there}"))
            continue
        _build(session, wanted, taken, made)


def _build(session: Session, wanted: Recommendation, taken: set[tuple[str, str]], made: list[Built]) -> None:
    index = wanted.index
    name = wanted.name
    while (index.schema, name) in taken:
        name = f"x{name}"[: ddl.MAX_IDENTIFIER]
    taken.add((index.schema, name))
    begun = time.perf_counter()
    made.append(Built(wanted, name))
    try:
        with session.transaction():
            session.execute(ddl.create_index(index, name))
            session.execute(f"COMMENT ON INDEX {ddl.qualified(index.schema, name)} IS '{COMMENT}'")
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        reason = f"the disposable database refused to build it: {error}"
        made[-1] = Built(wanted, reason=reason, impossible=error.code[:2] in _OF_THE_ROWS)
        return
    elapsed = (time.perf_counter() - begun) * 1000
    (row,) = session.rows(load("confirm_size"), {"schema": index.schema, "name": name})
    made[-1] = Built(wanted, name, int(row["bytes"]), round(elapsed, 1))


def refresh(session: Session, built: Iterable[Built], statements_timeout_ms: int) -> None:
    """Statistics and visibility of the tables, as autovacuum would leave them: an index on an expression has none before."""
    tables = sorted({(b.recommendation.index.schema, b.recommendation.index.table) for b in built if b.name})
    for schema, table in tables:
        session.execute(f"VACUUM (ANALYZE) {ddl.qualified(schema, table)}")
    session.set("statement_timeout", str(statements_timeout_ms))


def dropped(session: Session, drops: Sequence[Drop]) -> dict[str, Drop]:
    """The advised drops whose index the disposable database has, by qualified name for SQL."""
    there = {(each.index.schema, each.name): each for each in existing_indexes(session)}
    found = {}
    for drop in drops:
        schema, name = drop.existing.index.schema, drop.existing.name
        if (schema, name) in there and _may_go(there[schema, name]):
            found[ddl.qualified(schema, name)] = drop
    return found


def _may_go(existing: ExistingIndex) -> bool:
    return not (existing.constraint or existing.foreign_key_target or existing.parent)


def remove(url: str, built: Iterable[Built], keep: Iterable[Built] = ()) -> None:
    """Takes away, over a connection of its own, all that was built but what is to be kept; that loses its comment.

    A new connection, because the one that was interrupted may be lost or in the middle of something.
    """
    with connect(url, read_only=False, statement_timeout_ms=0, lock_timeout_ms=_PATIENCE_MS) as session:
        for each in built:
            if each.name and each in keep:
                session.execute(f"COMMENT ON INDEX {each.qualified} IS NULL")
            elif each.name:
                session.execute(f"DROP INDEX IF EXISTS {each.qualified}")


def names_of(session: Session) -> dict[str, Index]:
    return {existing.name: existing.index for existing in existing_indexes(session)}
