"""Building an index anew in place, with what an interrupted rebuild leaves found by what it is and not by what it is called.

``REINDEX CONCURRENTLY`` builds a second index beside the first and lets them change places
(https://www.postgresql.org/docs/18/sql-reindex.html#SQL-REINDEX-CONCURRENTLY). Interrupted before that, the second one is
left, named ``_ccnew`` with a number when that is taken; after it, the first one, named ``_ccold``. Long names are cut. A
leftover is never rebuilt itself: that would make it a valid duplicate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexical.apply.ending import ended_by
from indexical.apply.facts import Named, TableFacts, read_tables
from indexical.apply.leftover import ELSEWHERE, Settled, named, subject, take_away, unread
from indexical.apply.run import Attempt, Site, attempt, cleaner, outlived
from indexical.apply.wording import sqlstate
from indexical.ddl import qualified
from indexical.errors import DatabaseError
from indexical.model import Applied, DdlStatement, ExistingIndex, Failed, Index, Outcome, Skipping
from indexical.pg.queries import load
from indexical.pg.session import Session

_RETRIES = {"40P01": 3, "55P03": 2}
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Member:
    """One index of a table or of its TOAST table, in any state."""

    oid: int
    schema: str
    name: str
    table_oid: int
    kind: str
    valid: bool
    ready: bool
    live: bool
    exclusion: bool
    shape: str
    """Everything that makes its structure, and the table it is on; the same for an index and its double."""

    @property
    def whole(self) -> bool:
        return self.valid and self.ready and self.live


@dataclass(frozen=True, slots=True)
class Standing:
    """The indexes of a table, as they were before a rebuild on it."""

    table_oid: int
    members: tuple[Member, ...]

    def by_oid(self, oid: int) -> Member | None:
        return next((member for member in self.members if member.oid == oid), None)


def reindex_statement(existing: ExistingIndex) -> DdlStatement:
    """Builds one existing index anew; there is nothing to undo."""
    return reindex(existing.index, existing.name, existing.oid)


def reindex(index: Index, name: str, oid: int = 0) -> DdlStatement:
    return DdlStatement(
        id=f"reindex:{index.schema}.{name}",
        sql=f"REINDEX INDEX CONCURRENTLY {qualified(index.schema, name)}",
        undo="",
        summary=f"rebuild index {name} on {index.text}",
        action="reindex",
        name=name,
        index=index,
        oid=oid,
    )


def standing(session: Session, table_oid: int) -> Standing:
    """Every index of the table and of its TOAST table now. Raises :class:`DatabaseError`."""
    rows = session.rows(load("apply_table_indexes"), {"table": table_oid})
    return Standing(table_oid, tuple(Member(**row) for row in rows))


def leftovers(session: Session, record: Standing) -> tuple[Member, ...]:
    """Invalid indexes that a rebuild has left on the table since the record was made, and nothing else.

    Either the double that was not there before, or the former index itself once its double has taken its name. Raises
    :class:`DatabaseError`.
    """
    now = standing(session, record.table_oid)
    return tuple(
        member for member in now.members
        if member.kind == "i" and not member.valid and (_double(member, record) or _replaced(member, record, now))
    )  # fmt: skip


def _double(member: Member, record: Standing) -> bool:
    if record.by_oid(member.oid) is not None:
        return False
    return any(former.shape == member.shape for former in record.members)


def _replaced(member: Member, record: Standing, now: Standing) -> bool:
    former = record.by_oid(member.oid)
    if former is None or former.name == member.name:
        return False
    return any(
        other.whole and (other.schema, other.name, other.shape) == (former.schema, former.name, former.shape)
        for other in now.members
    )


def rebuild(site: Site, statement: DdlStatement, *, off: bool = False) -> Outcome:
    """Builds the statement's index anew; the old one serves until the new one does.

    With ``off`` it may be one that an interrupted drop has switched off. Raises :class:`DatabaseError` when even the state
    before it cannot be read.
    """
    before = _before(site, statement, off)
    if not isinstance(before, _Before):
        return before
    begun = time.monotonic()
    tries = 0
    while True:
        tried = Attempt()
        try:
            attempt(site, statement, before.table, tried)
        except BaseException:
            if tried.began:
                _settle(site, before, tried)
            raise
        settled = _settle(site, before, tried) if tried.began else Settled("absent")
        if settled.kind == "valid":
            return Applied(
                statement.id, statement.summary, (time.monotonic() - begun) * 1000, note=settled.detail
            )
        tries += 1
        if not _worth_another(tried, settled, tries):
            return _failed(statement, tried, settled)
        time.sleep(_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Before:
    table: TableFacts
    record: Standing
    member: Member


def _before(site: Site, statement: DdlStatement, off: bool) -> _Before | Outcome:
    name, index = subject(statement)
    found = named(site.monitor, index.schema, name)
    if found is None:
        return Skipping(statement.id, statement.summary, "is not there any more")
    tables = read_tables(site.monitor, [(index.schema, index.table)])
    record = standing(site.monitor, found.table_oid)
    member = record.by_oid(found.oid)
    refusal: Callable[[str, str, str], Failed] = lambda words, remedy, code: Failed(  # noqa: E731
        statement.id, statement.summary, words, remedy, code
    )
    if not tables or member is None or (statement.oid and statement.oid != found.oid):
        return refusal(
            f"{index.schema}.{name} is not the index that was meant any more",
            "look at the table's indexes again", "CHANGED",
        )  # fmt: skip
    if member.kind == "I":
        return refusal(
            f"{index.schema}.{name} is the index of a partitioned table, which has nothing of its own",
            "rebuild the index of each partition", "NOT_CONCURRENT",
        )  # fmt: skip
    if member.exclusion:
        return refusal(
            "the index of an exclusion constraint cannot be rebuilt concurrently",
            f"in a quiet moment, run: REINDEX INDEX {qualified(index.schema, name)}", "NOT_CONCURRENT",
        )  # fmt: skip
    if not member.whole and not off:
        return refusal(
            f"{index.schema}.{name} is INVALID: what an interrupted build or drop has left is not rebuilt, since that could "
            "make a second index of the same kind",
            "drop it, or create it anew", "CHANGED",
        )  # fmt: skip
    return _Before(tables[0], record, member)


def _settle(site: Site, before: _Before, tried: Attempt) -> Settled:
    """Takes away what the rebuild has left and says what serves now: ``valid`` is a new index under the old name."""
    try:
        with cleaner(site) as session:
            if not site.same_target(session):
                return ELSEWHERE
            if outlived(session, tried.backend):
                detail = f"our backend {tried.backend.pid} is still at work"
                site.record("pending", detail=detail)
                return Settled("pending", detail, "wait for it to end", "CLEANUP_PENDING")
            pending = _cleaned(site, session, leftovers(session, before.record))
            now = named(session, before.member.schema, before.member.name)
    except DatabaseError as error:
        return unread(error)
    renewed = now is not None and now.oid != before.member.oid and now.valid and now.ready and now.live
    if now is not None and renewed:
        site.record("index", oid=now.oid)
        return Settled("valid", pending.detail if pending else "")
    if pending is not None:
        return pending
    return (
        Settled("absent")
        if now is not None
        else Settled("unknown", "the index is gone", "create it anew", "CHANGED")
    )


def _cleaned(site: Site, session: Session, left: Sequence[Member]) -> Settled | None:
    """Removes each; the first one that could not be removed."""
    first = None
    for member in left:
        settled = take_away(
            site, session,
            Named(member.schema, member.name, member.oid, member.kind, member.valid, member.ready, member.live, member.table_oid),
        )  # fmt: skip
        first = first or (None if settled.clean or settled.kind == "valid" else settled)
    return first


def _worth_another(tried: Attempt, settled: Settled, tries: int) -> bool:
    if tried.error is None or tried.reason or not settled.clean:
        return False
    if tried.error.code == "55P03" and tried.began:
        return False
    return tries <= _RETRIES.get(tried.error.code, 0)


def _failed(statement: DdlStatement, tried: Attempt, settled: Settled) -> Failed:
    words, remedy, ours = ended_by(tried)
    state = sqlstate(tried.error)
    if settled.clean:
        return Failed(
            statement.id, statement.summary, f"{words}; the index is as it was and nothing was left behind", remedy, ours, state
        )  # fmt: skip
    return Failed(
        statement.id, statement.summary, f"{words}; {settled.detail}", settled.remedy or remedy, settled.code or ours, state
    )  # fmt: skip
