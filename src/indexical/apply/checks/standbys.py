"""Servers that follow this one: what a change does to them, and what they do to a change.

https://www.postgresql.org/docs/18/hot-standby.html#HOT-STANDBY-CONFLICT and
https://www.postgresql.org/docs/18/warm-standby.html#SYNCHRONOUS-REPLICATION.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.apply.checks.task import Task, age, database, size
from indexical.apply.facts import Facts
from indexical.apply.findings import Finding
from indexical.apply.surroundings import Reader


def standbys(task: Task, facts: Facts) -> Iterator[Finding]:
    around = facts.around
    there = sum(1 for standby in around.standbys if standby.synchronous and standby.streaming)
    # What our role may not see is said elsewhere; here it would look like a standby that has gone.
    if around.synchronous > there and (around.sees_activity or not around.standbys):
        yield Finding(
            "P23", "refuse", database(facts),
            f"every commit waits for {around.synchronous} synchronous standby, and {there} of them "
            f"{'is' if there == 1 else 'are'} connected: a build would hang, and cancelling does not end such a wait",
            "bring the standby back, or take it out of synchronous_standby_names",
        )  # fmt: skip
    for standby in around.standbys:
        if standby.streaming and (standby.behind > task.lag_bytes or standby.seconds > task.lag_seconds):
            late = f", {age(standby.seconds)} late" if standby.seconds > task.lag_seconds else ""
            yield Finding(
                "P24", "refuse", f"standby {standby.name}",
                f"is {size(standby.behind)} of write-ahead log behind{late}; a build would add to it",
                "wait until it has caught up, then run this again",
            )  # fmt: skip


def readers(task: Task, facts: Facts) -> Iterator[Finding]:
    if not task.drops:
        return
    asked = facts.around.readers
    for reader in asked:
        yield from _reader(reader)
    if not asked:
        for standby in facts.around.standbys:
            yield Finding(
                "P25", "warn", f"standby {standby.name}",
                "its queries on the table are ended when they hold up the drop for longer than its "
                "max_standby_streaming_delay; neither that setting nor those queries were examined",
                "look at the queries there first",
            )  # fmt: skip


def _reader(reader: Reader) -> Iterator[Finding]:
    if reader.delay_ms < 0:
        return  # It waits for its queries, and falls behind instead.
    oldest = (
        f"; the oldest query there, of {reader.who}, has run for {age(reader.seconds)}" if reader.who else ""
    )
    yield Finding(
        "P25", "warn", reader.standby,
        f"ends queries on the table that hold up the drop for more than {reader.delay_ms / 1000:g} s "
        f"(max_standby_streaming_delay; hot_standby_feedback does not help here){oldest}",
        "let long queries there end first",
    )  # fmt: skip
