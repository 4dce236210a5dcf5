"""The server, our role on it, and what our role may do."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.apply.blockers import printable
from indexical.apply.calls import expressions
from indexical.apply.checks.task import KINDS, Task, database
from indexical.apply.facts import Facts, TableFacts
from indexical.apply.findings import Finding
from indexical.apply.surroundings import EventTrigger
from indexical.ddl import quote

SESSIONS = 3
"""One that builds, one that looks on, and one that puts in order what a build has left."""


def server(task: Task, facts: Facts) -> Iterator[Finding]:
    subject = database(facts)
    if facts.server.standby:
        yield Finding(
            "P01", "refuse", subject, "this server is a standby and takes no changes", "connect to the primary",
        )  # fmt: skip
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
    if facts.around.superuser and task.superuser != "allow":
        yield Finding(
            "P33", task.superuser, subject,
            f"role {facts.server.role} is a superuser, for which no mistake is too large",
            "connect as the owner of the tables",
        )  # fmt: skip


def sight(task: Task, facts: Facts) -> Iterator[Finding]:
    role = facts.server.role
    if not facts.around.sees_activity:
        yield Finding(
            "P19", "warn", database(facts),
            f"could not be examined: open transactions, snapshots and dumps of other roles, for want of a right of role {role}",
            f"GRANT pg_read_all_stats TO {quote(role)}",
        )  # fmt: skip
    for table in facts.tables:
        if table.locked and table.may_own:
            yield Finding(
                "P19", "warn", table.qualified,
                "could not be examined: its rows and indexes, since another session has it for itself or waits for that",
                "run this again when that has ended",
            )  # fmt: skip


def sessions(task: Task, facts: Facts) -> Iterator[Finding]:
    left = facts.around.connections_left
    # The one that asks is given back before the work begins.
    if left is not None and left + 1 < SESSIONS:
        yield Finding(
            "P41", "refuse", database(facts),
            f"only {max(left, 0)} more connections are free for role {facts.server.role}, and a build needs {SESSIONS - 1} more",
            "close some, or raise max_connections or the limit of the role or of the database",
        )  # fmt: skip


def settings(task: Task, facts: Facts) -> Iterator[Finding]:
    role = facts.server.role
    around = facts.around
    if around.read_only:
        yield Finding(
            "P42", "refuse", database(facts),
            f"transactions of role {role} are read-only here (default_transaction_read_only)",
            "use the role that migrates, or set it off for this role",
        )  # fmt: skip
    for name, milliseconds in around.limits:
        yield Finding(
            "P32", "warn", database(facts),
            f"{name} is {milliseconds / 1000:g} s for role {role}; it is set aside for the sessions of the run",
        )  # fmt: skip
    if around.tablespace and task.builds:
        yield Finding(
            "P43", "warn", database(facts),
            f"new indexes will lie in tablespace {around.tablespace}, since default_tablespace says so for role {role}",
        )  # fmt: skip


def rights(task: Task, facts: Facts) -> Iterator[Finding]:
    building = {(index.schema, index.table) for _, index in task.builds}
    for place in task.places:
        table = facts.table(*place)
        if table is None:
            yield Finding(
                "P03", "refuse", ".".join(place), f"no such table in database {facts.server.database}",
                _where_to_look(task, facts, place),
            )  # fmt: skip
            continue
        yield from _kind(table)
        if not table.may_own:
            yield Finding(
                "P04", "refuse", table.qualified, f"role {facts.server.role} does not own it",
                f"connect as {table.owner} or a member of that role",
            )  # fmt: skip
            continue
        if place in building and not table.may_create:
            yield Finding(
                "P05", "refuse", table.qualified,
                f"role {facts.server.role} may not create objects in schema {table.schema}",
                f"GRANT CREATE ON SCHEMA {quote(table.schema)} TO {quote(facts.server.role)}",
            )  # fmt: skip
        if place in building:
            yield from _parts(task, facts, table)


def _where_to_look(task: Task, facts: Facts, place: tuple[str, str]) -> str:
    for name, index in task.builds:
        oid = task.advised_for(name).table_oid
        moved = next((new for known, new in facts.moved if known == oid), "")
        if (index.schema, index.table) == place and moved:
            return f"it is called {moved} now: take a new snapshot and advise again"
    return "check the URL, and take a new snapshot if the table was renamed or dropped"


def _kind(table: TableFacts) -> Iterator[Finding]:
    if table.kind not in ("r", "m", "p"):
        kind = KINDS.get(table.kind, "relation")
        yield Finding(
            "P15",
            "refuse",
            table.qualified,
            f"a {kind} cannot be indexed concurrently",
            "take it off the list",
        )


def _parts(task: Task, facts: Facts, table: TableFacts) -> Iterator[Finding]:
    """A partitioned table is built part by part, and each part asks for its own owner."""
    parts = [(name, owner) for oid, name, owner in facts.around.foreign_parts if oid == table.oid]
    for name, owner in parts:
        yield Finding(
            "P04", "refuse", name, f"role {facts.server.role} does not own this part of {table.qualified}",
            f"connect as a role that owns it too, such as a member of {owner}",
        )  # fmt: skip
    here = [index for _, index in task.builds if (index.schema, index.table) == (table.schema, table.name)]
    if parts and any(expressions(index) for index in here):
        yield Finding(
            "P34", "warn", table.qualified,
            f"ANALYZE would pass over {', '.join(name for name, _ in parts)} with a warning, and the new expressions have no "
            "statistics there",
            "let the owner run ANALYZE afterwards",
        )  # fmt: skip


def event_triggers(task: Task, facts: Facts) -> Iterator[Finding]:
    tags = {tag for tag, wanted in (("CREATE INDEX", task.builds), ("DROP INDEX", task.drops)) if wanted}
    for trigger in facts.around.triggers:
        if _fires(trigger, tags):
            yield Finding(
                "P26", "warn", f"event trigger {printable(trigger.name)}",
                f"runs {trigger.function} at {trigger.event} and may refuse the statement",
                "ask its owner; one that refuses at the end leaves an INVALID index, which is then removed",
            )  # fmt: skip


def _fires(trigger: EventTrigger, tags: set[str]) -> bool:
    if trigger.event == "sql_drop":
        tags = tags & {"DROP INDEX"}
    return bool(tags) and (not trigger.tags or not tags.isdisjoint(trigger.tags))
