"""Building one index: taken as built when it is there already, otherwise built, settled and, where that can help, tried again."""

from __future__ import annotations

import time

from indexical.apply.facts import TableFacts, read_tables
from indexical.apply.leftover import Settled, described, find, settle, subject
from indexical.apply.run import Attempt, Site, attempt
from indexical.apply.wording import wording
from indexical.ddl import drop_index
from indexical.errors import DatabaseError
from indexical.model import Applied, DdlStatement, Failed, Outcome, Skipping
from indexical.pg.definition import same_definition
from indexical.pg.indexes import existing_indexes

_TRIES = 3
_PAUSE_S = 1.0


def create(site: Site, statement: DdlStatement) -> Outcome:
    """Builds the statement's index concurrently. Raises :class:`DatabaseError` when even the state cannot be read."""
    standing = _before(site, statement)
    if not isinstance(standing, TableFacts):
        return standing
    for tries_left in reversed(range(_TRIES)):
        tried = Attempt()
        begun = time.monotonic()
        try:
            attempt(site, statement, standing, tried)
        except BaseException:
            # Interrupted: what the build has left is removed before anything else happens.
            if tried.began:
                settle(site, statement, tried)
            raise
        # Also after success: the catalog has the last word.
        settled = settle(site, statement, tried) if tried.began else Settled("absent")
        if settled.kind == "valid":
            return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000)
        if not (tries_left and _worth_another(tried, settled)):
            break
        site.report(0.0, "waiting to try again")
        time.sleep(_PAUSE_S)
    return _failed(statement, tried, settled)


def _before(site: Site, statement: DdlStatement) -> TableFacts | Outcome:
    name, index = subject(statement)
    what = statement.summary
    tables = read_tables(site.monitor, [(index.schema, index.table)])
    if not tables:
        return Failed(
            statement.id,
            what,
            f"the table {index.qualified_table} does not exist",
            "take a new snapshot and advise again",
        )
    found = find(site.monitor, index, name)
    if found is None:
        for other in existing_indexes(site.monitor, schema=index.schema, table=index.table):
            if other.valid and other.ready and same_definition(site.monitor, index, other.index):
                return Skipping(
                    statement.id, what, f"the same index exists as {other.index.schema}.{other.name}"
                )
        return tables[0]
    existing = described(site.monitor, index, found.oid)
    if existing is None or not same_definition(site.monitor, index, existing.index):
        return Failed(
            statement.id,
            what,
            f"something else bears the name {index.schema}.{name}",
            "choose another name for the index",
        )
    if found.valid and found.ready and found.live:
        return Skipping(statement.id, what, "exists already as defined")
    drop = drop_index(index.schema, name, concurrently=True)
    return Failed(
        statement.id, what,
        f"an INVALID index bears the name {index.schema}.{name}, as an interrupted or a running build leaves behind",
        f"if no build of it is running, run: {drop}; then run this again",
    )  # fmt: skip


def _worth_another(tried: Attempt, settled: Settled) -> bool:
    if tried.error is None or settled.kind not in ("absent", "removed"):
        return False
    return tried.error.code == "40P01" or (tried.error.code == "55P03" and not tried.began)


def _failed(statement: DdlStatement, tried: Attempt, settled: Settled) -> Failed:
    words, remedy = wording(tried.error or DatabaseError("", code=""))
    if tried.error is None:
        words, remedy = "the build ended without an error, and the index is not there", "see the server's log"
    if tried.reason:
        words, remedy = tried.reason, "run this again"
    if settled.kind in ("absent", "removed"):
        return Failed(statement.id, statement.summary, f"{words}; nothing was left behind", remedy)
    return Failed(statement.id, statement.summary, f"{words}; {settled.detail}", settled.remedy or remedy)
