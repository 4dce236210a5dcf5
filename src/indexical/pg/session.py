"""One connection to one PostgreSQL, and the only place where the driver is used to run statements.

Every statement travels by the extended protocol, which takes exactly one: text with a second statement after a semicolon
is refused by the server before anything runs (https://www.postgresql.org/docs/18/protocol-flow.html).
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import generators, pq, sql
from psycopg.rows import dict_row

from indexical.errors import ConnectionFailed, DatabaseError, NoAnswer, RightMissing
from indexical.pg.target import Target, parse

Values = Sequence[object] | Mapping[str, object]

_IDLE = pq.TransactionStatus.IDLE


def connect(
    url: str,
    *,
    read_only: bool = True,
    application_name: str = "indexical",
    statement_timeout_ms: int = 60_000,
    autocommit: bool = True,
    lock_timeout_ms: int = 5_000,
    connect_timeout: int = 10,
    answer_within_s: float = 0.0,
) -> Session:
    """Opens a session. Timeouts are milliseconds (connecting: seconds); 0 waits for ever.

    ``answer_within_s`` is how long :meth:`Session.rows` waits for a server that has stopped answering, as behind a network
    that has frozen, where no timeout of the server's own can reach us. Raises :class:`indexical.errors.InputError` for a URL
    that is not one, :class:`ConnectionFailed` when the server refuses, and :class:`NoAnswer` when it does not answer.
    """
    target = parse(url)
    keywords: dict[str, Any] = {"connect_timeout": connect_timeout, **target.keywords}
    keywords["application_name"] = application_name
    keywords["client_encoding"] = "UTF8"
    try:
        connection = psycopg.connect(**keywords, autocommit=True, prepare_threshold=None)
    except psycopg.errors.ConnectionTimeout:
        raise NoAnswer(
            f"{target.text} did not answer within {keywords['connect_timeout']} s; check the network and the server"
        ) from None
    except (psycopg.Error, UnicodeError) as error:
        raise _refused(target, error) from None
    session = Session(connection, target, read_only=read_only, answer_within_s=answer_within_s)
    try:
        session.set("statement_timeout", str(statement_timeout_ms))
        session.set("lock_timeout", str(lock_timeout_ms))
        if read_only:
            session.set("default_transaction_read_only", "on")
        connection.autocommit = autocommit
    except BaseException:
        session.close()
        raise
    return session


class Session:
    """A connection that answers questions and, unless it is read-only, changes things."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        target: Target,
        *,
        read_only: bool,
        answer_within_s: float = 0.0,
    ) -> None:
        self._connection = connection
        self._target = target
        self._abandoned = False
        self.read_only = read_only
        self.answer_within_s = answer_within_s
        """How long :meth:`rows` waits for an answer; 0 waits for ever."""
        self.prepared: dict[tuple[str, tuple[str, ...]], tuple[str, int]] = {}
        """What :mod:`indexical.pg.explain` prepared on this connection: (SQL, types) to name and parameter count."""
        self.type_oids: dict[str, int] = {}
        self.warnings: list[str] = []
        """SQLSTATEs of the warnings that the server has sent so far: what it skipped, it only warns of."""
        connection.add_notice_handler(self._heard)
        self.own_path: str | None = None
        """The search path that the role and the database gave this session, once :meth:`close_path` has put it aside."""
        self.own_schemas: tuple[str, ...] = ()
        """The schemas that this path stands for, ``pg_catalog`` among them."""
        self._number = 0
        self.mark = secrets.token_hex(6)
        """Part of every name that this session makes up: no statement of a stranger's can speak of them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session({self._target.text})"

    @property
    def server_version(self) -> int:
        """``server_version_num``: 180006 is 18.6."""
        return self._connection.info.server_version

    @property
    def server_version_text(self) -> str:
        """``18.6``."""
        return f"{self.server_version // 10000}.{self.server_version % 10000}"

    @property
    def target(self) -> str:
        """Database, host, port and user for messages; never a password."""
        return self._target.text

    @property
    def reached(self) -> Target:
        """Exactly the server that this session is on, for another program to connect to it; it may hold a password."""
        info = self._connection.info
        # Of several hosts this is the one; their addresses and how to choose among them say nothing any more.
        chosen = (
            () if "," not in self._target.keywords.get("host", "") else ("hostaddr", "load_balance_hosts")
        )
        keywords = {key: value for key, value in self._target.keywords.items() if key not in chosen}
        found = {"host": info.host, "port": str(info.port), "dbname": info.dbname, "user": info.user}
        return Target({**keywords, **{key: value for key, value in found.items() if value}})

    @property
    def backend_pid(self) -> int:
        return self._connection.info.backend_pid

    @property
    def closed(self) -> bool:
        return self._connection.closed

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status != _IDLE

    def rows(self, sql: str, parameters: Values = ()) -> list[dict[str, Any]]:
        """Rows of one statement, as dictionaries by column name.

        Placeholders are ``%s`` or ``%(name)s``; without parameters a ``%`` is an ordinary character.
        Raises :class:`DatabaseError` with the SQLSTATE as its ``code``, :class:`NoAnswer` when none comes in time.
        """
        with self._errors(), self._in_time(), self._connection.cursor(row_factory=dict_row) as cursor:
            # A stream is the driver's one public way to the extended protocol that leaves no prepared statement behind.
            return list(cursor.stream(sql, parameters or None))

    def execute(self, sql: str, parameters: Values = ()) -> None:
        """Runs one statement that changes something.

        Raises :class:`DatabaseError`; also when the session is read-only, before anything is sent.
        """
        if self.read_only:
            raise DatabaseError(
                f"a change was asked of a read-only session to {self.target}; open it for writing"
            )
        if parameters:
            with self._errors():
                self._connection.execute(sql, parameters)
            return
        if not self._connection.autocommit and not self.in_transaction:
            self.script(["BEGIN"])
        with self._errors():
            self._connection.pgconn.send_query_params(sql.encode(), None)
            self._results()

    def set(self, name: str, value: str, *, local: bool = False) -> None:
        """Sets a run-time setting of this session, or of the open transaction when ``local``."""
        self.rows("SELECT pg_catalog.set_config(%s, %s, %s)", (name, value, local))

    def close_path(self) -> None:
        """From now on an unqualified name is looked up in ``pg_catalog`` only.

        A database may have a search path with a schema in which others may create functions and operators: what our own
        queries call would be looked up there as well, and run with our rights. Raises :class:`DatabaseError`.
        """
        if self.own_path is not None:
            return
        row = self.rows(
            "SELECT pg_catalog.current_setting('search_path') AS path, pg_catalog.current_schemas(true)::text[] AS schemas"
        )[0]
        self.set("search_path", "")
        self.own_path, self.own_schemas = row["path"], tuple(row["schemas"])

    @contextmanager
    def closed_path(self) -> Iterator[None]:
        """:meth:`close_path` for a while; nothing where it is closed already. Raises :class:`DatabaseError`."""
        if self.own_path is not None:
            yield
            return
        self.close_path()
        try:
            yield
        finally:
            path, self.own_path = self.own_path or "", None
            # A transaction that has failed takes the closing back by itself.
            with suppress(DatabaseError):
                self.set("search_path", path)

    @contextmanager
    def own_path_after_ours(self) -> Iterator[None]:
        """For words of the user's that name no schema: ``pg_catalog`` first, then what :meth:`close_path` has put aside.

        Raises :class:`DatabaseError`.
        """
        if self.own_path is None:
            yield
            return
        self.set("search_path", ", ".join(part for part in ("pg_catalog", self.own_path) if part))
        try:
            yield
        finally:
            with suppress(DatabaseError):
                self.set("search_path", "")

    @contextmanager
    def transaction(self, *, roll_back: bool = False, one_moment: bool = False) -> Iterator[None]:
        """A transaction, or a savepoint inside one; ``roll_back`` undoes it at its end whatever happened.

        With ``one_moment`` it is read-only and sees the database as it was at its first statement.
        """
        with self._errors(), self._connection.transaction(force_rollback=roll_back):
            if one_moment:
                self.script(["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"])
            yield

    def cancel(self) -> None:
        """Cancels what runs on this session; safe from another thread."""
        with self._errors():
            self._connection.cancel_safe()

    def abandon(self) -> None:
        """Cuts the connection from our side, so that whoever waits on it gets :class:`NoAnswer`; safe from another thread.

        Nothing is sent: for a server that does not answer. What it does with what it was asked is not known afterwards.
        """
        self._abandoned = True
        # The descriptor stays the driver's: a second one for the same socket is enough to shut it.
        with (
            suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self._connection.pgconn.socket)) as cut,
        ):
            cut.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        if self.answer_within_s <= 0:
            yield
            return
        alarm = threading.Timer(self.answer_within_s, self.abandon)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()

    def literal(self, value: str | None) -> str:
        """A value as an SQL literal of unknown type, quoted by libpq for this connection."""
        if value is None:
            return "NULL"
        with self._errors():
            return sql.Literal(value).as_string(self._connection)

    def script(self, statements: Sequence[str]) -> list[pq.abc.PGresult]:
        """Runs statements of our own making in one round trip (simple protocol).

        Only for text in which everything foreign went through :meth:`literal`. The results are libpq's, so that reading
        a large plan costs nothing here. When one fails, an open transaction is left failed, and the error is raised.
        """
        text = ";\n".join(statements)
        with self._errors():
            self._connection.pgconn.send_query(text.encode())
            return self._results()

    def prepare(self, name: bytes, text: str, types: Sequence[int]) -> None:
        """Prepares exactly one statement under a name; the server parses it and runs nothing."""
        with self._errors():
            self._connection.pgconn.send_prepare(name, text.encode(), list(types) or None)
            self._results()

    def parameter_count(self, name: bytes) -> int:
        """How many parameters a prepared statement takes."""
        with self._errors():
            self._connection.pgconn.send_describe_prepared(name)
            return self._results()[-1].nparams

    def result_types(self, name: bytes) -> tuple[int, ...]:
        """Oids of the types of the columns that a prepared statement returns."""
        with self._errors():
            self._connection.pgconn.send_describe_prepared(name)
            described = self._results()[-1]
            return tuple(described.ftype(column) for column in range(described.nfields))

    def next_number(self) -> int:
        """1, 2, 3 ...: for names that are unique on this connection."""
        self._number += 1
        return self._number

    def run_prepared(self, name: bytes, values: Sequence[str | None]) -> pq.abc.PGresult:
        """Runs a prepared statement with values in text form; the rows stay in libpq's memory."""
        with self._errors():
            encoded = [None if value is None else value.encode() for value in values]
            self._connection.pgconn.send_query_prepared(name, encoded)
            return self._results()[-1]

    def _heard(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self.warnings.append(notice.sqlstate or "")

    def _results(self) -> list[pq.abc.PGresult]:
        results: list[pq.abc.PGresult] = self._connection.wait(generators.execute(self._connection.pgconn))
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return results

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._translated(error) from None
        except UnicodeEncodeError:
            raise DatabaseError("the text of a statement cannot be written as UTF-8; correct it") from None

    def _translated(self, error: psycopg.Error) -> DatabaseError:
        state = error.sqlstate or ""
        if self._abandoned:
            return NoAnswer(f"{self.target} does not answer; check the network and the server")
        if self._connection.broken or (state[:2] in ("08", "57") and self._connection.closed):
            return ConnectionFailed(
                f"the connection to {self.target} was lost: {_one_line(error, self._target)}", code=state
            )
        message = _message(error, self._target)
        if state == "42501":
            return RightMissing(f"{message} ({self.target}); grant the right or use another role", code=state)
        return DatabaseError(f"{message} (SQLSTATE {state or 'none'})", code=state)


def _message(error: psycopg.Error, target: Target) -> str:
    """What the server said, with nothing in it that may be a user's value."""
    state = error.sqlstate or ""
    text = error.diag.message_primary or _one_line(error, target)
    if state[:2] in ("22", "23", "P0") or state == "42601":
        # From the first quote to the last: a value may hold quotes of its own.
        text = re.sub(r"\".*\"|'.*'|\(.*\)=\(.*\)", '"..."', text, flags=re.DOTALL)
    return target.scrubbed(" ".join(text.split()))


def _one_line(error: BaseException, target: Target) -> str:
    return target.scrubbed(" ".join(str(error).split()))


def _refused(target: Target, error: BaseException) -> ConnectionFailed:
    text = _one_line(error, target)
    text = re.sub(r"^connection failed: |^connection is bad: ", "", text)
    return ConnectionFailed(f"could not connect to {target.text}: {text}; check that it runs and lets you in")
