"""An index on a partitioned table without blocking writers: an empty parent, an index on every part, and each one attached.

PostgreSQL builds no index concurrently on a partitioned table; this is the way round that its documentation gives
(https://www.postgresql.org/docs/18/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE). Until the last part is
attached the parent index is invalid, and that is as it should be: it costs nothing, and nothing cleans it away. How far it is
stands in the catalog alone, so that any run can go on from there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from indexical.apply.blockers import AGAINST_PLAIN, ANY_MODE, lockers, told
from indexical.apply.facts import TableFacts
from indexical.apply.leftover import ELSEWHERE, find, subject, unread
from indexical.apply.run import Site, cleaner
from indexical.apply.statements import create_statement
from indexical.apply.wording import code, sqlstate, wording
from indexical.ddl import MAX_IDENTIFIER, create_index, drop_index, qualified
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Applied, DdlStatement, ExistingIndex, Failed, Index, Outcome
from indexical.pg.definition import own_words, same_definition
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session

Build = Callable[[Site, DdlStatement], Outcome]

_ROUNDS = 5
"""Partitions may be added while we work; so often we look again."""
_BRIEF_MS = 300
"""How long a statement may queue for its lock: whoever comes after it has to wait as well."""
_BRIEF_TRIES = 20
_BRIEF_PAUSE_S = 0.5
_AGAIN = ("55P03", "40P01")


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the tree: the partitioned table itself, or one of its parts on any level."""

    level: int
    oid: int
    schema: str
    name: str
    kind: str
    parent_oid: int

    @property
    def leaf(self) -> bool:
        return self.kind != "p"


@dataclass(frozen=True, slots=True)
class _Job:
    site: Site
    statement: DdlStatement
    table: TableFacts
    build: Build

    def failed(self, words: str, remedy: str, ours: str, state: str = "") -> Failed:
        return Failed(self.statement.id, self.statement.summary, words, remedy, ours, state)


class _Refused(Exception):
    """Carries the outcome out of a round that could not be ended."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome.error)
        self.outcome = outcome


def create_partitioned(site: Site, statement: DdlStatement, table: TableFacts, build: Build) -> Outcome:
    """Builds the statement's index on every partition and attaches them, going on from wherever an earlier run has come.

    ``build`` builds one ordinary index. Raises :class:`DatabaseError` when the state cannot be read.
    """
    job = _Job(site, statement, table, build)
    begun = time.monotonic()
    try:
        for _ in range(_ROUNDS):
            _round(job)
            name, index = subject(statement)
            found = find(site.monitor, index, name)
            if found is not None and found.valid:
                # Those of the parts are told as they are built; the last one told is the statement's own.
                site.record("index", oid=found.oid)
                return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000)
    except _Refused as refused:
        return refused.outcome
    return job.failed(
        "partitions are added faster than they are indexed; what is built stays", "run this again", "CHANGED"
    )


def part_name(name: str, schema: str, table: str) -> str:
    """The name of the index on one part: the same in every run, and never cut by the server."""
    full = f"{name}_{table}"
    if len(full.encode()) <= MAX_IDENTIFIER:
        return full
    mark = hashlib.sha256(f"{name}\0{schema}\0{table}".encode()).hexdigest()[:8]
    room = MAX_IDENTIFIER - len(mark) - 1
    return f"{full.encode()[:room].decode(errors='ignore')}_{mark}"


def drop_partitioned(site: Site, statement: DdlStatement, table: TableFacts) -> Outcome:
    """Drops a partitioned table's index with those of its parts, which stops all use of the table for a moment.

    Only for a statement that does not claim to be concurrent; PostgreSQL has no other way.
    """
    name, index = subject(statement)
    drop = drop_index(index.schema, name)
    job = _Job(site, statement, table, lambda _site, _statement: Applied("", ""))
    if statement.concurrent:
        return job.failed(
            f"the index of the partitioned table {index.qualified_table} cannot be dropped concurrently",
            f"in a quiet moment, run: {drop}; it locks the table and its partitions as long as it waits for their users",
            "NOT_CONCURRENT",
        )
    begun = time.monotonic()
    try:
        _brief(job, drop, table.oid)
    except _Refused as refused:
        return refused.outcome
    return Applied(statement.id, statement.summary, (time.monotonic() - begun) * 1000)


def _round(job: _Job) -> None:
    """One pass over all parts as they are now. Raises :class:`_Refused`."""
    parts = _tree(job.site.monitor, job.table.oid)
    name, _ = subject(job.statement)
    _all_can(job, parts)
    names: dict[int, str] = {job.table.oid: name}
    for part in parts:
        if not part.leaf:
            names[part.oid] = _empty_parent(job, part, names)
    leaves = [part for part in parts if part.leaf]
    for number, part in enumerate(leaves):
        names[part.oid] = _leaf(job, part, names, (number, len(leaves)))
    tables = {part.oid: part for part in parts}
    for part in sorted(parts, key=lambda part: (-part.level, part.schema, part.name)):
        if part.level > 0:
            _attach(job, tables[part.parent_oid], part, names)


def _tree(session: Session, oid: int) -> tuple[Part, ...]:
    return tuple(Part(**row) for row in session.rows(load("apply_partitions"), {"table": oid}))


def _all_can(job: _Job, parts: tuple[Part, ...]) -> None:
    for part in parts:
        if part.kind not in ("p", "r"):
            raise _Refused(
                job.failed(
                    f"its partition {part.schema}.{part.name} is a foreign table, which has no index of its own",
                    "index the other partitions one by one",
                    "NOT_CONCURRENT",
                )
            )


def _there(job: _Job, part: Part, parent_index: str) -> ExistingIndex | None:
    """The part's index of this definition: the attached one, else one that can be attached."""
    index = _on(job, part)
    free = None
    for existing in existing_indexes(job.site.monitor, schema=part.schema, table=part.name):
        if not same_definition(job.site.monitor, index, existing.index):
            continue
        if parent_index and existing.parent == parent_index:
            return existing
        usable = existing.partitioned or (existing.valid and existing.ready)
        if usable and not existing.parent and not existing.constraint and free is None:
            free = existing
    return free


def _on(job: _Job, part: Part) -> Index:
    _, index = subject(job.statement)
    return replace(index, schema=part.schema, table=part.name)


def _empty_parent(job: _Job, part: Part, names: dict[int, str]) -> str:
    """The name of the index on a partitioned table of the tree, made without any part when it is not there."""
    if part.level == 0:
        name, index = subject(job.statement)
        if find(job.site.monitor, index, name) is None:
            _made(job, part, index, name)
        return name
    existing = _there(job, part, names[part.parent_oid])
    if existing is not None:
        return existing.name
    own = part_name(subject(job.statement)[0], part.schema, part.name)
    _made(job, part, _on(job, part), own)
    return own


def _made(job: _Job, part: Part, index: Index, name: str) -> None:
    """The index of a partitioned table without any part, which is ours from now on."""
    _brief(job, create_index(index, name, only=True), part.oid, index)
    found = find(job.site.monitor, index, name)
    if found is not None:
        job.site.record("index", oid=found.oid)


def _leaf(job: _Job, part: Part, names: dict[int, str], place: tuple[int, int]) -> str:
    """The name of the index on a part that holds rows, built when it is not there; ``place`` is which of how many it is."""
    number, count = place

    def report(share: float, detail: str) -> None:
        done = (number + max(0.0, share)) / count
        job.site.report(done, f"partition {number + 1} of {count}, {part.name}: {detail}")

    existing = _there(job, part, names[part.parent_oid])
    if existing is not None:
        return existing.name
    name = part_name(subject(job.statement)[0], part.schema, part.name)
    outcome = job.build(replace(job.site, report=report), create_statement(name, _on(job, part)))
    if isinstance(outcome, Failed):
        raise _Refused(
            job.failed(
                f"{number} of {count} partitions have it; partition {part.schema}.{part.name}: {outcome.error}",
                outcome.remedy or "run this again; what is built stays",
                outcome.code,
                outcome.sqlstate,
            )
        )
    return name


def _attach(job: _Job, above: Part, part: Part, names: dict[int, str]) -> None:
    existing = _there(job, part, names[above.oid])
    if existing is None:
        raise _Refused(
            job.failed(
                f"the index of partition {part.schema}.{part.name} is gone again", "run this again", "CHANGED"
            )
        )
    if existing.parent:
        return
    parent = qualified(above.schema, names[above.oid])
    _brief(job, f"ALTER INDEX {parent} ATTACH PARTITION {qualified(part.schema, existing.name)}", part.oid)


def _brief(job: _Job, sql: str, table_oid: int, index: Index | None = None) -> None:
    """Runs a statement that needs its lock for a moment only, without ever queueing for it long. Raises :class:`_Refused`."""
    error: DatabaseError | None = None
    because = ""
    modes = AGAINST_PLAIN if sql.startswith("CREATE") else ANY_MODE
    try:
        with cleaner(job.site) as session:
            if not job.site.same_target(session):
                raise _Refused(job.failed(ELSEWHERE.detail, ELSEWHERE.remedy, ELSEWHERE.code))
            session.set("lock_timeout", f"{_BRIEF_MS}ms")
            for _ in range(_BRIEF_TRIES):
                try:
                    with nullcontext() if index is None else own_words(session, index):
                        session.execute(sql)
                except DatabaseError as refused:
                    error = refused
                    if refused.code not in _AGAIN:
                        break
                    because = told(lockers(session, table_oid, modes)) or because
                    job.site.report(0.0, "waiting for a moment without writers")
                    time.sleep(_BRIEF_PAUSE_S)
                else:
                    return
    except ConnectionFailed as lost:
        unknown = unread(lost)
        raise _Refused(job.failed(unknown.detail, unknown.remedy, unknown.code)) from None
    if error is not None:
        words, remedy = wording(error)
        if error.code == "0A000":
            words = "a partitioned table cannot have this index: a unique one has to hold the key of the partitions"
            remedy = "index the partitions one by one"
        words = f"{words}: {because}" if because else words
        raise _Refused(job.failed(words, remedy, code(error), sqlstate(error)))
