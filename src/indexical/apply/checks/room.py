"""Room on the server's disks, and the effort of a build.

A full disk under the data stays full until the index is dropped; one under the write-ahead log takes the server down
(https://www.postgresql.org/docs/18/wal-configuration.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.apply.checks.task import MEGABYTE, Task, age, database, size
from indexical.apply.estimate import estimate
from indexical.apply.facts import Facts
from indexical.apply.findings import Finding
from indexical.apply.volumes import HIDDEN, Room
from indexical.ddl import quote

_WAL_SHARE = 0.9
"""Bytes of write-ahead log for a byte of index, as B-trees on text were seen to write."""
_SPARE_SEGMENTS = 4
"""Free room that the server itself needs to go on writing."""
_SORT = 2
"""The index and, beside it, the files of its sort."""


def disk(task: Task, facts: Facts) -> Iterator[Finding]:
    if not task.builds:
        return
    around = facts.around
    needed = _SORT * _estimated(task, facts)
    shared = around.index_room.device and around.index_room.device == around.wal_room.device
    if shared:
        needed += _log(task, facts)
    free = around.index_room.free
    subject = f"tablespace {around.tablespace}" if around.tablespace else database(facts)
    if free is None:
        yield _unknown(facts, subject, "the disk of the new indexes", around.index_room, needed)
    elif free < needed:
        yield Finding(
            "P20", "refuse", subject,
            f"its disk has {size(free)} to spare, and the indexes with their sorting may take {size(needed)}",
            "make room, or build them one by one (--name) and drop first what may go",
        )  # fmt: skip


def wal(task: Task, facts: Facts) -> Iterator[Finding]:
    if not task.builds:
        return
    around = facts.around
    needed = _log(task, facts)
    free = around.wal_room.free
    if free is None:
        if around.wal_room.why != around.index_room.why:
            yield _unknown(facts, "pg_wal", "the disk of the write-ahead log", around.wal_room, needed)
    elif free < needed + _SPARE_SEGMENTS * around.segment_bytes:
        yield Finding(
            "P21", "refuse", "pg_wal",
            f"its disk has {size(free)} to spare, and the build may write {size(needed)} of log; when that disk is full the "
            "server stops, and does not start again by itself",
            "make room there first",
        )  # fmt: skip
    for slot in around.keeping:
        bound = (
            f"up to {size(around.slot_keep_bytes)}, and is then lost"
            if around.slot_keep_bytes >= 0
            else "without any limit (max_slot_wal_keep_size = -1)"
        )
        yield Finding(
            "P22", "warn", f"replication slot {slot.name}",
            f"nobody reads from it; it keeps {size(slot.retained)} of write-ahead log, {bound}",
            f"bring its reader back, or drop it: SELECT pg_drop_replication_slot({_literal(slot.name)})",
        )  # fmt: skip


def effort(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        if facts.named(index.schema, name) is not None:
            continue
        rough = estimate(facts, index, name)
        subject = f"{index.schema}.{name}"
        if rough.bytes >= task.large_bytes or rough.seconds >= task.long_seconds:
            yield Finding(
                "P14", "warn", subject,
                f"will take up to {size(rough.bytes)} and roughly {age(rough.seconds)} to build",
                "see that the disk has three times that to spare",
            )  # fmt: skip
            if 4 * facts.around.maintenance_bytes < rough.bytes:
                yield Finding(
                    "P39", "warn", subject,
                    f"maintenance_work_mem is {size(facts.around.maintenance_bytes)}; a larger one would make this build faster",
                    f"for the role that builds: ALTER ROLE {quote(facts.server.role)} SET maintenance_work_mem = '1GB'",
                )  # fmt: skip
        if 0 <= facts.around.temporary_bytes < rough.bytes:
            yield Finding(
                "P20", "refuse", subject,
                f"its sort may need {size(rough.bytes)}, and temp_file_limit is {size(facts.around.temporary_bytes)}",
                "raise temp_file_limit for the role that builds",
            )  # fmt: skip


def _estimated(task: Task, facts: Facts) -> int:
    new = [(name, index) for name, index in task.builds if facts.named(index.schema, name) is None]
    return sum(estimate(facts, index, name).bytes for name, index in new)


def _log(task: Task, facts: Facts) -> int:
    """Bytes of log that stay: old segments are used again, unless a slot keeps them."""
    written = int(_WAL_SHARE * _estimated(task, facts))
    unlimited = facts.around.keeping and facts.around.slot_keep_bytes < 0
    kept = max(facts.around.max_wal_bytes, facts.around.slot_keep_bytes if facts.around.keeping else 0)
    return written if unlimited else min(written, kept)


def _unknown(facts: Facts, subject: str, what: str, room: Room, needed: int) -> Finding:
    remedy = f"see that it has {size(max(needed, MEGABYTE))} to spare"
    if room.why == HIDDEN:
        remedy += f", or GRANT pg_read_all_settings TO {quote(facts.server.role)}"
    return Finding("P19", "warn", subject, f"could not be examined: free space on {what}; {room.why}", remedy)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
