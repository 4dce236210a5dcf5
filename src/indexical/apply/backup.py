"""The back-up before a change: a dump of our own, proof of somebody else's, or the word that none is wanted.

A dump is ended before the change begins, because its snapshot would hold up every concurrent build, and it is a back-up only
once ``pg_restore`` can list it and finds the tables of the change in it
(https://www.postgresql.org/docs/18/app-pgdump.html).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from indexical.apply.facts import read_tables
from indexical.errors import (
    DatabaseError,
    EngineFailed,
    ExtraMissing,
    FileRefused,
    InputError,
    PreflightRefused,
)
from indexical.model import BackupEvidence
from indexical.pg.dump import DumpTools, Entry, dump, find_tools, installed, listing
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.pg.target import Target
from indexical.twin import engine

OnEvent = Callable[[str, float, str], None]

_RELATIONS = 1259
"""Oid of ``pg_class``, the same in every cluster."""
_SHRINKS_TO = 0.5
"""What a compressed dump takes of the tables' bytes; most take far less."""
_FLOOR_BYTES = 256 * 2**20
"""Free space that a dump leaves on its disk, which may well be the server's own."""
_SESSION_GONE_S = 10.0
_ARCHIVE = b"PGDMP"


def back_up(
    url: str,
    folder: Path,
    *,
    tables: Sequence[tuple[str, str]] = (),
    run: str = "",
    schema_only: bool = False,
    pg_dump: str = "",
    lock_wait_ms: int = 10_000,
    timeout_s: float = 6 * 3600.0,
    floor_bytes: int = _FLOOR_BYTES,
    on_event: OnEvent | None = None,
) -> BackupEvidence:
    """Dumps the database into a new file in the folder, which is made when it is missing, and checks the file.

    ``tables`` (schema, name) have to be in it; ``pg_dump`` names a program other than the one that is found;
    ``lock_wait_ms`` is how long it waits for a table that somebody has locked. When this returns, no session of the dump is
    left on the server; when it raises, no file is. Raises :class:`PreflightRefused` when there is no back-up in the end,
    :class:`FileRefused` for a folder that cannot be written, and :class:`DatabaseError`.
    """
    mark = run or secrets.token_hex(4)
    application = f"indexical run={mark} dump"
    with connect(url, application_name=application.removesuffix(" dump")) as session:
        session.close_path()
        tools = _tools(session.server_version, pg_dump)
        oids = _oids(session, tables)
        bytes_expected = 0 if schema_only else int(session.rows(load("apply_dump_size"))[0]["bytes"])
        target = Target({**session.reached.keywords, "application_name": application})
        database = str(session.rows("SELECT pg_catalog.current_database() AS name")[0]["name"])
    _make(folder)
    _room(folder, int(bytes_expected * _SHRINKS_TO) + floor_bytes)
    made = datetime.now(UTC)
    what = "schema" if schema_only else "whole"
    # Two runs may fall into one second.
    final = folder / f"{_file_name(database)}-{made:%Y%m%dT%H%M%SZ}-{mark}-{what}.dump"
    options = [f"--lock-wait-timeout={lock_wait_ms}", *(["--schema-only"] if schema_only else [])]
    with _part(final) as (part, handle):

        def look(seconds: float) -> None:
            written = os.fstat(handle).st_size
            if on_event is not None:
                on_event(
                    "back-up",
                    min(0.99, written / bytes_expected) if bytes_expected else -1.0,
                    f"{written} bytes",
                )
            _room(folder, floor_bytes)

        try:
            dump(tools, target, handle, options=options, timeout_s=timeout_s, on_wait=look)
        except BaseException:
            with suppress(DatabaseError):
                _wait_for_its_end(url, application)
            raise
        _wait_for_its_end(url, application)
        entries = listing(tools, part)
        _check_tables(entries, oids)
        size = os.fstat(handle).st_size
    detail = f"pg_dump {tools.version}, {'structure only' if schema_only else 'whole database'}"
    if on_event is not None:
        on_event("back-up", 1.0, f"{size} bytes")
    return BackupEvidence(
        kind="dump",
        made=made.isoformat(timespec="seconds"),
        path=str(final.resolve()),
        bytes=size,
        schema_only=schema_only,
        listing=len(entries),
        detail=detail,
    )


def evidence(text_or_path: str) -> BackupEvidence:
    """Somebody else's back-up: a file, whose size and time are taken, or the name of one that is not here.

    A path begins with ``/``, ``./``, ``../`` or ``~``, or is that of something that is there; everything else, such as a
    snapshot's id or a ticket, is taken as given. Raises :class:`FileRefused` when the file is missing, empty or a pg_dump
    archive that cannot be listed, and :class:`InputError` for an empty text.
    """
    text = text_or_path.strip()
    if not text:
        raise InputError("--backup-evidence is empty; name a file, or the id of a snapshot or of a ticket")
    path = Path(text).expanduser()
    try:
        there = path.exists()
    except OSError:
        there = False
    if there:
        return _of_file(path)
    if text.startswith(("/", "./", "../", "~")):
        raise FileRefused(
            f"the back-up {text} is not there; name an existing file, or make one with --backup"
        )
    return BackupEvidence("evidence", made=_moment(time.time()), detail=text)


def no_backup() -> BackupEvidence:
    """Nobody wants one, and that is said."""
    return BackupEvidence("none", made=_moment(time.time()), detail="asked for with --no-backup")


def age_hours(proof: BackupEvidence, now: datetime) -> float:
    """How old a back-up is, in hours; 0 when its time is not known."""
    if not proof.made:
        return 0.0
    return max(0.0, (now - datetime.fromisoformat(proof.made)).total_seconds() / 3600)


def _of_file(path: Path) -> BackupEvidence:
    path = path.resolve()
    try:
        status = path.stat()
        if path.is_dir():
            return BackupEvidence(
                "evidence", made=_moment(status.st_mtime), path=str(path), detail="a folder"
            )
        with path.open("rb") as stream:
            head = stream.read(len(_ARCHIVE))
    except OSError as error:
        raise FileRefused(f"the back-up {path} cannot be read: {error.strerror}; name one that can") from None
    if not status.st_size:
        raise FileRefused(f"the back-up {path} is empty; name another one, or make one with --backup")
    found = BackupEvidence(
        "evidence", made=_moment(status.st_mtime), path=str(path), bytes=status.st_size, detail="a file"
    )
    newest = max(installed(more=_engines_own()), key=lambda tools: tools.major, default=None)
    if head != _ARCHIVE or newest is None:
        return found
    try:
        entries = listing(newest, path)
    except PreflightRefused as error:
        raise FileRefused(str(error)) from None
    return replace(found, listing=len(entries), detail="a pg_dump archive")


def _tools(server_version: int, named: str) -> DumpTools:
    """The bundled engine's programs come last: looking for them may copy the engine."""
    try:
        return find_tools(server_version, named)
    except PreflightRefused:
        own = _engines_own()
        if not own:
            raise
    return find_tools(server_version, named, own)


def _engines_own() -> tuple[tuple[Path, str], ...]:
    try:
        own = engine.find()
    except (EngineFailed, ExtraMissing):
        return ()
    return ((own.directory, own.library_path),)


def _oids(session: Session, tables: Sequence[tuple[str, str]]) -> dict[int, str]:
    found = {table.oid: table.qualified for table in read_tables(session, sorted(set(tables)))}
    missing = sorted({f"{schema}.{name}" for schema, name in tables} - set(found.values()))
    if missing:
        raise PreflightRefused(
            f"nothing was changed: the table {missing[0]} is not there, so it cannot be backed up; take a new snapshot and "
            "advise again"
        )
    return found


def _check_tables(entries: Sequence[Entry], oids: dict[int, str]) -> None:
    listed = {entry.oid for entry in entries if entry.catalog == _RELATIONS}
    missing = sorted(name for oid, name in oids.items() if oid not in listed)
    if missing:
        raise PreflightRefused(
            f"nothing was changed, and no back-up was made: the dump does not hold the table {missing[0]}; see what an "
            "extension or the role's rights leave out, or prove another back-up with --backup-evidence"
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(
            f"the folder {folder} for the back-up cannot be made: {error.strerror}; name another with --backup DIR"
        ) from None
    for leftover in sorted(folder.glob("*.dump.part")):
        _remove_if_left(leftover)


def _remove_if_left(part: Path) -> None:
    """Whoever writes a part holds a lock on it, and so does a pg_dump that has outlived us."""
    with suppress(OSError):
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
        finally:
            os.close(handle)


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PreflightRefused(
            f"nothing was changed, and no back-up was made: {folder} has {free // 2**20} MB free and {needed // 2**20} MB are "
            "needed; make room, or name another folder with --backup DIR"
        )


@contextmanager
def _part(final: Path) -> Iterator[tuple[Path, int]]:
    """A file that bears its name only once it is whole and on disk; nothing is left of one that failed."""
    part = final.with_name(final.name + ".part")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileRefused(
            f"the back-up {part} cannot be written: {error.strerror}; name another folder with --backup DIR"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield part, handle
        os.fsync(handle)
        if final.exists():
            raise FileRefused(f"the back-up {final} is there already; move it away, then run this again")
        os.rename(part, final)
        _sync(final.parent)
    except OSError as error:
        raise FileRefused(
            f"the back-up {part} cannot be written: {error.strerror}; name another folder with --backup DIR"
        ) from None
    finally:
        os.close(handle)
        with suppress(FileNotFoundError):
            part.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _wait_for_its_end(url: str, application: str) -> None:
    """Its snapshot would hold up the build: what is left of it after a moment is ended, and it is ours alone."""
    name = {"application": application}
    deadline = time.monotonic() + _SESSION_GONE_S
    with connect(url) as session:
        session.close_path()
        asked = False
        while session.rows(load("apply_dump_sessions"), name):
            if time.monotonic() >= deadline:
                raise PreflightRefused(
                    "nothing was changed: a session of the back-up is still at work on the server and would hold up the build; "
                    "wait for it to end, then run this again"
                )
            if not asked and time.monotonic() >= deadline - _SESSION_GONE_S + 1.0:
                session.rows(load("apply_dump_end"), name)
                asked = True
            time.sleep(0.05)


def _file_name(database: str) -> str:
    """The database's name in characters that every file system and shell takes."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", database)[:80]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
