"""The checks of the preflight, pure: facts in, findings out, in one visible order.

What each one guards against was seen on real servers; the rules of PostgreSQL behind them are in "Building Indexes
Concurrently" (https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from indexical.apply.estimate import estimate
from indexical.apply.facts import Facts, Holder, Named, TableFacts
from indexical.apply.findings import Finding
from indexical.ddl import MAX_IDENTIFIER, create_index, drop_index
from indexical.model import ExistingIndex, Index

CODES = {
    "P01": "the server is a standby",
    "P02": "a connection pooler stands in between",
    "P03": "the table does not exist",
    "P04": "our role does not own the table",
    "P05": "our role may not create objects in the schema",
    "P06": "the index exists already as defined, and is taken as built",
    "P07": "an invalid leftover of an interrupted build bears the name",
    "P08": "something else bears the name",
    "P09": "an index with the same definition exists under another name",
    "P10": "another index build runs on the table",
    "P11": "the name is too long",
    "P12": "an old transaction would hold up the build",
    "P13": "a prepared transaction would hold up the build for ever",
    "P14": "the build will be large or long",
    "P15": "this kind of relation cannot be indexed concurrently",
    "P16": "the index to drop is not the one that was advised on",
    "P17": "the index to drop is needed by something other than reads",
    "P18": "this PostgreSQL release corrupts concurrently built indexes",
}
"""Every code and its meaning; a code is never reused."""

_KINDS = {
    "r": "table", "p": "partitioned table", "v": "view", "m": "materialised view", "i": "index", "I": "partitioned index",
    "S": "sequence", "f": "foreign table", "c": "composite type", "t": "TOAST table",
}  # fmt: skip

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be built and dropped, with the limits from which a finding is made."""

    builds: tuple[tuple[str, Index], ...]
    drops: tuple[ExistingIndex, ...] = ()
    snapshot_seconds: float = 60.0
    large_bytes: int = 1024 * _MEGABYTE
    long_seconds: float = 300.0

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        indexes = [index for _, index in self.builds] + [existing.index for existing in self.drops]
        return tuple(sorted({(index.schema, index.table) for index in indexes}))


Check = Callable[[Task, Facts], Iterator[Finding]]


def server(task: Task, facts: Facts) -> Iterator[Finding]:
    subject = f"database {facts.server.database}"
    if facts.server.standby:
        yield Finding(
            "P01",
            "refuse",
            subject,
            "this server is a standby and takes no changes",
            "connect to the primary",
        )
    if not facts.server.direct:
        yield Finding(
            "P02", "refuse", subject,
            "another backend answers than the one that was connected to: a connection pooler stands in between",
            "use the server's own host and port for this command",
        )  # fmt: skip
    if 140000 <= facts.server.version < 140004:
        yield Finding(
            "P18", "refuse", subject, "PostgreSQL 14.0 to 14.3 can corrupt an index that is built concurrently",
            "update to the latest 14 release first",
        )  # fmt: skip


def rights(task: Task, facts: Facts) -> Iterator[Finding]:
    building = {(index.schema, index.table) for _, index in task.builds}
    for place in task.places:
        table = facts.table(*place)
        subject = ".".join(place)
        if table is None:
            yield Finding(
                "P03", "refuse", subject, f"no such table in database {facts.server.database}",
                "check the URL, and take a new snapshot if the table was renamed or dropped",
            )  # fmt: skip
            continue
        if table.kind not in ("r", "m"):
            kind = _KINDS.get(table.kind, "relation")
            yield Finding(
                "P15", "refuse", subject, f"a {kind} cannot be indexed concurrently",
                "build the index on each partition" if table.kind == "p" else "take it off the list",
            )  # fmt: skip
        if not table.may_own:
            yield Finding(
                "P04", "refuse", subject, f"role {facts.server.role} does not own it",
                f"connect as {table.owner} or a member of that role",
            )  # fmt: skip
        elif place in building and not table.may_create:
            yield Finding(
                "P05", "refuse", subject, f"role {facts.server.role} may not create objects in schema {table.schema}",
                f"GRANT CREATE ON SCHEMA {table.schema} to that role",
            )  # fmt: skip


def names(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        table = facts.table(index.schema, index.table)
        if table is not None and not table.may_own:
            continue  # Refused already, and its indexes could not be compared.
        if len(name.encode()) > MAX_IDENTIFIER:
            yield Finding(
                "P11", "refuse", name, f"the name is longer than {MAX_IDENTIFIER} bytes and would be cut",
                "choose a shorter one",
            )  # fmt: skip
            continue
        taken = facts.named(index.schema, name)
        if taken is not None:
            yield _taken(facts, name, index, taken)
        else:
            yield from _same_elsewhere(facts, name)


def _taken(facts: Facts, name: str, index: Index, taken: Named) -> Finding:
    subject = f"{index.schema}.{name}"
    if taken.kind != "i":
        kind = _KINDS.get(taken.kind, "relation")
        return Finding(
            "P08", "refuse", subject, f"a {kind} bears this name", "choose another name for the index"
        )
    if not (taken.valid and taken.ready and taken.live):
        drop = drop_index(index.schema, name, concurrently=True)
        if any(taken.table_oid in holder.tables and holder.doing != "vacuum" for holder in facts.builders):
            return Finding(
                "P07", "refuse", subject, "an INVALID index bears this name, and its build may still be running",
                f"wait for that build to end; if the index is still INVALID then, run: {drop}; then run this again",
            )  # fmt: skip
        return Finding(
            "P07", "refuse", subject,
            "an INVALID index bears this name, as an interrupted build leaves behind; reads cannot use it",
            f"run: {drop}; then run this again",
        )  # fmt: skip
    if any(existing.oid == taken.oid for existing in facts.twins(name)):
        return Finding("P06", "warn", subject, "exists already as defined, and is taken as built")
    return Finding(
        "P08", "refuse", subject, "an index with another definition bears this name",
        f"choose another name, or drop that index first; wanted is: {create_index(index, name)}",
    )  # fmt: skip


def _same_elsewhere(facts: Facts, name: str) -> Iterator[Finding]:
    for existing in facts.twins(name):
        subject = f"{existing.index.schema}.{existing.name}"
        if existing.valid and existing.ready:
            yield Finding(
                "P09", "warn", subject, f"is the same index as {name}, which will not be built again"
            )
            return
    for existing in facts.twins(name):
        subject = f"{existing.index.schema}.{existing.name}"
        drop = drop_index(existing.index.schema, existing.name, concurrently=True)
        yield Finding(
            "P09", "warn", subject, f"is an INVALID index with the definition of {name}; every write may pay for it",
            f"if no build of it is running, run: {drop}",
        )  # fmt: skip


def running(task: Task, facts: Facts) -> Iterator[Finding]:
    for holder in facts.builders:
        subject = _tables(task, facts, holder)
        if holder.doing == "vacuum":
            yield Finding(
                "P10", "warn", subject, f"{holder.who} vacuums or analyses it; the build waits for its turn"
            )
        else:
            doing = (
                "builds an index on it"
                if holder.doing
                else "holds a lock that an index build or VACUUM takes"
            )
            yield Finding(
                "P10", "refuse", subject, f"{holder.who} {doing} for {_age(holder.seconds)}; two would deadlock",
                "wait for it to end, then run this again",
            )  # fmt: skip


def transactions(task: Task, facts: Facts) -> Iterator[Finding]:
    for holder in facts.snapshots:
        subject = _tables(task, facts, holder) if holder.tables else f"database {facts.server.database}"
        what = "has uncommitted writes" if holder.tables else "holds a snapshot"
        state = f", {holder.doing}" if holder.doing else ""
        yield Finding(
            "P12", "refuse", subject,
            f"{holder.who} {what} for {_age(holder.seconds)}{state}; the build would wait for it to end",
            "end that transaction, then run this again",
        )  # fmt: skip
    for holder in facts.prepared:
        yield Finding(
            "P13", "refuse", _tables(task, facts, holder),
            f"{holder.who} holds locks for {_age(holder.seconds)}; the build would wait for it for ever",
            "its owner has to COMMIT PREPARED or ROLLBACK PREPARED it",
        )  # fmt: skip


def drops(task: Task, facts: Facts) -> Iterator[Finding]:
    for existing in task.drops:
        subject = f"{existing.index.schema}.{existing.name}"
        named = facts.named(existing.index.schema, existing.name)
        if named is not None and (named.kind != "i" or (existing.oid and named.oid != existing.oid)):
            yield Finding(
                "P16", "refuse", subject, "what bears this name now is not the index that was advised on",
                "take a new snapshot and advise again",
            )  # fmt: skip
        needed = needed_by(existing)
        if needed:
            yield Finding("P17", "refuse", subject, needed, "keep it")


def needed_by(existing: ExistingIndex) -> str:
    """Why an index must not be dropped, whatever its scans say; empty when nothing but reads needs it."""
    if existing.constraint:
        return f"it backs the {existing.constraint} constraint {existing.constraint_name or existing.name}"
    if existing.foreign_key_target:
        return "a foreign key of another table relies on it"
    if existing.index.unique:
        return "it keeps rows unique"
    if existing.replica_identity:
        return "it is the table's replica identity"
    if existing.clustered:
        return "the table is clustered by it"
    if existing.parent:
        return f"it is a part of the partitioned index {existing.parent}"
    return ""


def effort(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        if facts.named(index.schema, name) is not None:
            continue
        rough = estimate(facts, index)
        if rough.bytes >= task.large_bytes or rough.seconds >= task.long_seconds:
            yield Finding(
                "P14", "warn", f"{index.schema}.{name}",
                f"will take up to {rough.bytes / _MEGABYTE:,.0f} MB and roughly {_age(rough.seconds)} to build",
                "see that the disk has three times that to spare",
            )  # fmt: skip


CHECKS: tuple[Check, ...] = (server, rights, names, running, transactions, drops, effort)


def _tables(task: Task, facts: Facts, holder: Holder) -> str:
    found: list[TableFacts] = [table for table in facts.tables if table.oid in holder.tables]
    return ", ".join(table.qualified for table in found)


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
