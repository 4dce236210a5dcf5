"""Other sessions that stand in the way, each named with what it does and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.apply.checks.task import Task, age, database, tables_of
from indexical.apply.checks.task import running as statement
from indexical.apply.facts import Facts, Holder
from indexical.apply.findings import Finding


def running(task: Task, facts: Facts) -> Iterator[Finding]:
    for holder in facts.builders:
        subject = tables_of(facts, holder)
        if holder.urgent:
            yield Finding(
                "P40", "refuse", subject,
                f"{holder.who} vacuums it to prevent transaction id wraparound, for {age(holder.seconds)}, and makes way for "
                "nobody",
                "wait for it to end, then run this again",
            )  # fmt: skip
        elif holder.doing == "vacuum":
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
                "P10", "refuse", subject, f"{holder.who} {doing} for {age(holder.seconds)}; two would deadlock",
                "wait for it to end, then run this again",
            )  # fmt: skip


def schema_changes(task: Task, facts: Facts) -> Iterator[Finding]:
    told = {holder.pid for holder in facts.snapshots if holder.pid}
    for holder in facts.ddl:
        if holder.pid in told:
            continue  # Named as an open transaction already.
        what = "waits for a lock" if holder.waiting else "holds a lock"
        yield Finding(
            "P38", "refuse", tables_of(facts, holder),
            f"{holder.who} {what} on it that stops writers, for {age(holder.seconds)}{statement(holder)}",
            "wait for it to end, then run this again",
        )  # fmt: skip


def transactions(task: Task, facts: Facts) -> Iterator[Finding]:
    for holder in facts.snapshots:
        yield _dump(facts, holder) if holder.dump else _transaction(facts, holder)
    for holder in facts.prepared:
        yield Finding(
            "P13", "refuse", tables_of(facts, holder),
            f"{holder.who} holds locks for {age(holder.seconds)}; the build would wait for it for ever",
            "its owner has to COMMIT PREPARED or ROLLBACK PREPARED it",
        )  # fmt: skip


def _dump(facts: Facts, holder: Holder) -> Finding:
    return Finding(
        "P37", "refuse", database(facts),
        f"{holder.who} has been dumping it for {age(holder.seconds)}; the build would wait for its end",
        "let the dump end, then run this again",
    )  # fmt: skip


def _transaction(facts: Facts, holder: Holder) -> Finding:
    subject = tables_of(facts, holder) if holder.tables else database(facts)
    what = "has uncommitted writes" if holder.tables else "holds a snapshot"
    state = f", {holder.doing}" if holder.doing else ""
    return Finding(
        "P12", "refuse", subject,
        f"{holder.who} {what} for {age(holder.seconds)}{state}; the build would wait for it to end{statement(holder)}",
        "end that transaction, then run this again",
    )  # fmt: skip
