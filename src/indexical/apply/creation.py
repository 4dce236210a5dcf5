"""Building one index: taken as built when it is there already, otherwise built, settled and, where that can help, tried again."""

from __future__ import annotations

import secrets
import time

from indexical.apply.duplicates import duplicates
from indexical.apply.ending import ended_by
from indexical.apply.facts import Named, TableFacts, read_tables
from indexical.apply.leftover import (
    ELSEWHERE,
    Settled,
    described,
    find,
    settle,
    subject,
    take_away,
)
from indexical.apply.partitions import create_partitioned
from indexical.apply.run import Attempt, Site, attempt, cleaner
from indexical.apply.statistics import refresh
from indexical.apply.wording import sqlstate
from indexical.ddl import drop_index
from indexical.model import Applied, DdlStatement, Failed, Outcome, Skipping
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes

_RETRIES = {"40P01": 3, "55P03": 2}
"""How often an ended build is begun again, by SQLSTATE; a lock only when it was the test lock, which leaves nothing."""
_PAUSE_S = 1.0


def create(site: Site, statement: DdlStatement) -> Outcome:
    """Builds the statement's index concurrently, on a partitioned table part by part.

    Raises :class:`DatabaseError` when even the state before it cannot be read.
    """
    standing = _before(site, statement)
    if not isinstance(standing, TableFacts):
        return standing
    if standing.kind == "p":
        return create_partitioned(site, statement, standing, create)
    return _build(site, statement, standing)


def _build(site: Site, statement: DdlStatement, table: TableFacts) -> Outcome:
    _, index = subject(statement)
    begun = time.monotonic()
    tries = 0
    while True:
        tried = Attempt()
        try:
            attempt(site, statement, table, tried)
        except BaseException:
            # Interrupted: what the build has left is removed before anything else happens.
            if tried.began:
                settle(site, statement, tried)
            raise
        # Also after success: the catalog has the last word.
        settled = settle(site, statement, tried) if tried.began else Settled("absent")
        if settled.kind == "valid":
            note = refresh(site, table, index) if any(key.expression for key in index.keys) else ""
            return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000, note=note)
        tries += 1
        if not _worth_another(tried, settled, tries):
            return _failed(statement, tried, settled)
        site.report(0.0, "waiting to try again")
        # Not in step with whom it deadlocked with.
        time.sleep(_PAUSE_S * (0.5 + secrets.randbelow(1000) / 1000))


def _before(site: Site, statement: DdlStatement) -> TableFacts | Outcome:
    name, index = subject(statement)
    tables = read_tables(site.monitor, [(index.schema, index.table)])
    if not tables:
        return Failed(
            statement.id, statement.summary, f"the table {index.qualified_table} does not exist",
            "take a new snapshot and advise again", "CHANGED",
        )  # fmt: skip
    found = find(site.monitor, index, name)
    if found is not None:
        met = _met(site, statement, found)
        if met is not None:
            return met
    else:
        for other in existing_indexes(site.monitor, schema=index.schema, table=index.table):
            if other.valid and other.ready and same_definition(site.monitor, index, other.index):
                return Skipping(
                    statement.id,
                    statement.summary,
                    f"the same index exists as {other.index.schema}.{other.name}",
                )
    if index.unique:
        repeated = duplicates(site, index)
        if repeated:
            return Failed(
                statement.id, statement.summary, f"{repeated}; nothing was left behind",
                "remove the duplicates, then run this again", "DUPLICATES",
            )  # fmt: skip
    return tables[0]


def _met(site: Site, statement: DdlStatement, found: Named) -> Outcome | None:
    """What becomes of the statement when something bears the name already; None when the way is free."""
    name, index = subject(statement)
    existing = described(site.monitor, index, found.oid)
    if existing is None or not same_definition(site.monitor, index, existing.index):
        return Failed(
            statement.id, statement.summary, f"something else bears the name {index.schema}.{name}",
            "choose another name for the index", "NAME_TAKEN",
        )  # fmt: skip
    if found.valid and found.ready and found.live:
        return Skipping(statement.id, statement.summary, "exists already as defined")
    if existing.partitioned:
        return None  # As it has to be until its last part is attached.
    if found.oid in site.left:
        return _cleared(site, statement, found)
    drop = drop_index(index.schema, name, concurrently=True)
    return Failed(
        statement.id, statement.summary,
        f"an INVALID index bears the name {index.schema}.{name}, as an interrupted or a running build leaves behind",
        f"if no build of it is running, run: {drop}; then run this again", "NAME_TAKEN",
    )  # fmt: skip


def _cleared(site: Site, statement: DdlStatement, found: Named) -> Outcome | None:
    """Takes away what an earlier run of ours has left under the name."""
    with cleaner(site) as session:
        settled = take_away(site, session, found) if site.same_target(session) else ELSEWHERE
    if settled.clean:
        return None
    if settled.kind == "valid":
        return Skipping(statement.id, statement.summary, "exists already as defined")
    return Failed(statement.id, statement.summary, settled.detail, settled.remedy, settled.code)


def _worth_another(tried: Attempt, settled: Settled, tries: int) -> bool:
    if tried.error is None or not settled.clean or tried.reason:
        return False
    state = tried.error.code
    if state == "55P03" and tried.began:
        return False
    return tries <= _RETRIES.get(state, 0)


def _failed(statement: DdlStatement, tried: Attempt, settled: Settled) -> Failed:
    words, remedy, ours = ended_by(tried)
    if settled.clean:
        return Failed(
            statement.id, statement.summary, f"{words}; nothing was left behind", remedy, ours, sqlstate(tried.error)
        )  # fmt: skip
    return Failed(
        statement.id, statement.summary, f"{words}; {settled.detail}", settled.remedy or remedy,
        settled.code or ours, sqlstate(tried.error),
    )  # fmt: skip
