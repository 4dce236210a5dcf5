"""What surrounds the tables: our role and its settings, replication, event triggers, and the room on the server's disks.

Read with few queries and least rights. A value that our role may not see stays ``None`` or is named among what was not
examined; it is never taken for a good one. The views are those of PostgreSQL's "Monitoring Database Activity"
(https://www.postgresql.org/docs/18/monitoring-stats.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexical.apply.blockers import printable
from indexical.apply.volumes import Room, room_at
from indexical.pg.queries import load
from indexical.pg.session import Session

_KILOBYTE = 1024
_MEGABYTE = 1024 * 1024
_QUORUM = re.compile(r"\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\(", re.IGNORECASE)
_RAISES = re.compile(r"\braise\b(?!\s+(?:debug|log|info|notice|warning)\b)", re.IGNORECASE)
_LIMITS = (
    "statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
)  # fmt: skip
_LOCAL = frozenset({"off", "local", "false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot."""

    name: str
    active: bool
    status: str
    """``wal_status``: reserved, extended, unreserved or lost."""
    retained: int
    """Bytes of write-ahead log that it keeps."""


@dataclass(frozen=True, slots=True)
class Standby:
    """A server that streams from this one."""

    name: str
    streaming: bool
    synchronous: bool
    behind: int
    """Bytes of write-ahead log that it has not applied yet."""
    seconds: float
    """How long the last thing it applied took to get there."""
    feedback: bool
    """It tells us of its queries (``hot_standby_feedback``)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a standby itself said: how long its queries may hold up what comes from the primary."""

    standby: str
    delay_ms: int
    """``max_standby_streaming_delay``; -1 waits for ever."""
    feedback: bool
    who: str = ""
    """The session with the oldest query that runs; empty when none does."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EventTrigger:
    name: str
    event: str
    function: str
    tags: tuple[str, ...] = ()
    """Commands that it fires for; empty for all."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a change of any table of the database has to reckon with. The defaults are those of a quiet server."""

    superuser: bool = False
    sees_activity: bool = True
    """Our role sees what other roles' sessions do (``pg_read_all_stats``)."""
    read_only: bool = False
    """Transactions of our role are read-only unless they say otherwise."""
    limits: tuple[tuple[str, int], ...] = ()
    """Timeouts that our sessions begin with: (setting, milliseconds)."""
    tablespace: str = ""
    """``default_tablespace``; empty for the database's own."""
    maintenance_bytes: int = 1024 * _MEGABYTE
    temporary_bytes: int = -1
    """``temp_file_limit``; -1 for none."""
    slot_keep_bytes: int = -1
    """``max_slot_wal_keep_size``; -1 for no limit."""
    max_wal_bytes: int = 1024 * _MEGABYTE
    segment_bytes: int = 16 * _MEGABYTE
    synchronous: int = 0
    """Standbys that every commit of ours waits for."""
    slots: tuple[Slot, ...] = ()
    standbys: tuple[Standby, ...] = ()
    readers: tuple[Reader, ...] = ()
    triggers: tuple[EventTrigger, ...] = ()
    connections_left: int | None = None
    """How many sessions more our role may open; None when that has no limit that we know."""
    index_room: Room = field(default_factory=Room)
    """Of the disk that new indexes come to lie on."""
    wal_room: Room = field(default_factory=Room)
    foreign_parts: tuple[tuple[int, str, str], ...] = ()
    """Parts of a partitioned table that our role does not own: (oid of the table, name of the part, its owner)."""

    @property
    def keeping(self) -> tuple[Slot, ...]:
        """Slots that nobody reads from, so that what they keep only grows."""
        return tuple(slot for slot in self.slots if not slot.active and slot.status != "lost")


def read_surroundings(
    session: Session, oids: Sequence[int], replicas: Sequence[Session] = ()
) -> Surroundings:
    """Asks this server, and the standbys to which there are sessions. Raises :class:`DatabaseError`."""
    row = session.rows(load("apply_surroundings"))[0]
    settings: Mapping[str, str] = {name: value or "" for name, value in row["settings"].items()}
    names = settings.get("synchronous_standby_names", "")
    waits = bool(names.strip()) and settings.get("synchronous_commit", "on") not in _LOCAL
    data = settings.get("data_directory", "")
    place = row["location"] or data
    return Surroundings(
        superuser=row["superuser"],
        sees_activity=row["superuser"] or row["sees_activity"],
        read_only=settings["default_transaction_read_only"] == "on",
        limits=tuple((name, int(settings[name])) for name in _LIMITS if int(settings.get(name) or 0) > 0),
        tablespace=settings["default_tablespace"],
        maintenance_bytes=int(settings["maintenance_work_mem"]) * _KILOBYTE,
        temporary_bytes=_scaled(settings["temp_file_limit"], _KILOBYTE),
        slot_keep_bytes=_scaled(settings["max_slot_wal_keep_size"], _MEGABYTE),
        max_wal_bytes=int(settings["max_wal_size"]) * _MEGABYTE,
        segment_bytes=int(settings["wal_segment_size"]),
        synchronous=needed_standbys(names) if waits else 0,
        slots=tuple(Slot(**slot) for slot in session.rows(load("apply_slots"))),
        standbys=_standbys(session),
        readers=tuple(_reader(replica) for replica in replicas),
        triggers=_triggers(session),
        connections_left=_connections(row, settings),
        index_room=room_at(session, place),
        wal_room=room_at(session, f"{data}/pg_wal" if data else ""),
        foreign_parts=_foreign_parts(session, oids),
    )


def needed_standbys(names: str) -> int:
    """How many standbys ``synchronous_standby_names`` makes a commit wait for."""
    if not names.strip():
        return 0
    counted = _QUORUM.match(names)
    return int(counted.group(1)) if counted else 1


def may_refuse(language: str, body: str) -> bool:
    """Whether an event trigger's function can end a statement: one in C can, for all that we know of it."""
    return language not in ("sql", "plpgsql") or bool(_RAISES.search(body))


def _scaled(value: str, unit: int) -> int:
    number = int(value)
    return number * unit if number >= 0 else -1


def _standbys(session: Session) -> tuple[Standby, ...]:
    return tuple(
        Standby(
            name=printable(row["name"]),
            streaming=row["state"] == "streaming",
            synchronous=row["sync"] in ("sync", "quorum"),
            behind=row["behind"],
            seconds=row["seconds"],
            feedback=row["feedback"],
        )
        for row in session.rows(load("apply_standbys"))
    )


def _reader(replica: Session) -> Reader:
    row = replica.rows(load("apply_readers"))[0]
    application = f", '{printable(row['application'])}'" if row["application"] else ""
    who = f"pid {row['pid']} (role {printable(row['role']) or 'unknown'}{application})" if row["pid"] else ""
    return Reader(replica.target, row["delay_ms"], row["feedback"], who, row["seconds"])


def _triggers(session: Session) -> tuple[EventTrigger, ...]:
    return tuple(
        EventTrigger(row["name"], row["event"], row["function"], tuple(row["tags"] or ()))
        for row in session.rows(load("apply_event_triggers"))
        if may_refuse(row["language"], row["body"] or "")
    )


def _connections(row: Mapping[str, int | None], settings: Mapping[str, str]) -> int | None:
    reserved = int(settings.get("reserved_connections") or 0)
    if not row["superuser"]:
        reserved += int(settings["superuser_reserved_connections"])
    left = [int(settings["max_connections"]) - reserved - int(row["sessions"] or 0)]
    if not row["superuser"]:
        left += [limit for limit in (row["database_left"], row["role_left"]) if limit is not None]
    return min(left)


def _foreign_parts(session: Session, oids: Sequence[int]) -> tuple[tuple[int, str, str], ...]:
    rows = session.rows(load("apply_leaves"), {"tables": list(oids)})
    return tuple((row["parent"], row["name"], row["owner"]) for row in rows)
