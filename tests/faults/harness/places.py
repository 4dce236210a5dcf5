"""A database for one test, and the eye on it: what may have changed at the end is what the test says, and nothing else."""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from psycopg import sql

from indexical.model import DdlStatement, ExistingIndex
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import Session, connect
from tests.faults.harness.clusters import PASSWORD, Cluster
from tests.faults.harness.fingerprint import Fingerprint, apply_change, take
from tests.faults.harness.sampler import Sampler

TEMPLATE = "place_template"

CANARIES = (
    PASSWORD,
    "canary-row@secret.example",
    "canary-role-password-9f",
    "canary-literal-4711",
)
"""Secrets that nothing may ever show: a password of a URL, a value of a row, a role's password, a literal of a statement."""

_TABLE = """
CREATE TABLE public.orders (
    id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL, total numeric NOT NULL, note text,
    created_at timestamptz NOT NULL
)"""
_ROWS = """
INSERT INTO public.orders
SELECT i, i % 500, CASE WHEN i % 50 = 0 THEN 'PENDING' ELSE 'PAID' END, i, 'canary-row@secret.example ' || i,
       '2026-01-01'::timestamptz + i * interval '1 minute'
  FROM generate_series(1, 20000) i"""
BYSTANDERS = (
    "CREATE TABLE public.bystander (id int PRIMARY KEY, email text, code int, status varchar(20))",
    "INSERT INTO public.bystander SELECT i, 'canary-row@secret.example' || i, i % 7, 'NEW' FROM generate_series(1, 300) i",
    "CREATE INDEX bystander_code_idx ON public.bystander (code) WITH (fillfactor = 70)",
    "CREATE UNIQUE INDEX bystander_email_key ON public.bystander (lower(email))",
    "COMMENT ON INDEX public.bystander_code_idx IS 'kept by hand'",
    "CREATE VIEW public.paid AS SELECT id, total FROM public.orders WHERE status = 'PAID'",
    "CREATE FUNCTION public.touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TRIGGER touched BEFORE UPDATE ON public.bystander FOR EACH ROW EXECUTE FUNCTION public.touched()",
    "CREATE STATISTICS public.orders_both ON user_id, status FROM public.orders",
    "CREATE TABLE public.events (id int, day date NOT NULL) PARTITION BY RANGE (day)",
    "CREATE TABLE public.events_2026 PARTITION OF public.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    # Invalid, and rightly so: no partition's index is attached yet.
    "CREATE INDEX events_day_idx ON ONLY public.events (day)",
    "CREATE SCHEMA other",
    "CREATE TABLE other.orders (id bigint PRIMARY KEY, user_id int, status varchar(20))",
    "INSERT INTO other.orders SELECT i, i % 9, 'PAID' FROM generate_series(1, 300) i",
    # The names a change of public.orders would give, on another table.
    "CREATE INDEX orders_user_idx ON other.orders (user_id)",
    "CREATE INDEX orders_status_idx ON other.orders (status)",
    "ANALYZE",
)

_PROBE = (
    "INSERT INTO public.orders (id, user_id, status, total, note, created_at) "
    "VALUES (-1, -1, 'PROBE', -1, 'canary-literal-4711', '2025-01-01')"
)


class InvariantBroken(AssertionError):
    """Something that must hold after every test does not."""


@dataclass(slots=True)
class Allowed:
    """What a test says is right here, other than usual."""

    pending: str = ""
    """Why an invalid index of ours is left."""
    rows: bool = False
    catalog: set[str] = field(default_factory=set)
    """Names (``schema.name``, with * as in file names) of objects that may differ."""
    waits: bool = False
    writes: bool = False
    """The application's writes may be refused."""
    sessions: bool = False
    """Sessions of ours, or their locks, may be left."""
    secrets: set[str] = field(default_factory=set)
    """Names of files in the place's folder, with *, that rightly hold values."""


class Place:
    """A fresh database with tables to work on, tables to leave alone, and secrets to keep."""

    def __init__(self, cluster: Cluster, database: str, folder: Path) -> None:
        self.cluster = cluster
        self.database = database
        self.folder = folder
        """For journals, advice files and whatever a process writes; it is searched for secrets at the end."""
        self.allowed = Allowed()
        self.ours: set[str] = set()
        """Qualified names of indexes that may come or go, with *."""
        self.told: list[str] = []
        """Everything that was said in-process, for the search for secrets."""
        self.sampler = Sampler(self._application, _PROBE)
        self._base: Fingerprint | None = None
        self._mutex = threading.RLock()

    # -- ways in ---------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.cluster.url(self.database)

    def url_as(self, role: str) -> str:
        return self.cluster.url(self.database, user=quote(role, safe=""))

    def open(self, *, name: str = "application", role: str = "postgres") -> Session:
        """A session of the application: not one of ours, so nobody minds what it does."""
        return connect(
            self.url_as(role),
            read_only=False,
            lock_timeout_ms=30_000,
            statement_timeout_ms=60_000,
            application_name=name,
        )

    def open_ours(self) -> Session:
        """A session as the tool opens it."""
        return connect(self.url, read_only=False)

    def run(self, *statements: str) -> None:
        """Runs a test's own statements; what they change belongs to the state that must stay."""
        with self.mine(), self.open() as session:
            for statement in statements:
                session.execute(statement)

    def value(self, query: str) -> object:
        return next(iter(self.rows(query)[0].values()))

    def rows(self, query: str) -> list[dict[str, object]]:
        with self.open() as session:
            return session.rows(query)

    # -- what is there ---------------------------------------------------------------------------------------------------

    def indexes(self, table: str = "orders", schema: str = "public") -> dict[str, ExistingIndex]:
        with self.open() as session:
            return {each.name: each for each in existing_indexes(session, schema, table)}

    def index_state(self, name: str, schema: str = "public") -> str:
        """``valid/ready/live`` as ``f/t/t``; empty when there is no such index."""
        with self.open() as session:
            found = session.rows(
                "SELECT format('%%s/%%s/%%s', i.indisvalid, i.indisready, i.indislive) AS state FROM pg_index i "
                "JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = %s AND c.relnamespace = %s::text::regnamespace",
                (name, schema),
            )
        return str(found[0]["state"]) if found else ""

    # -- what may change -------------------------------------------------------------------------------------------------

    def allow(
        self,
        *,
        pending: str = "",
        rows: bool = False,
        catalog: Iterable[str] = (),
        waits: bool = False,
        writes: bool = False,
        sessions: bool = False,
        secrets: Iterable[str] = (),
    ) -> None:
        """Says what rightly differs in this test; each call adds to the ones before."""
        now = self.allowed
        now.pending = pending or now.pending
        now.rows |= rows
        now.catalog |= set(catalog)
        now.waits |= waits
        now.writes |= writes
        now.sessions |= sessions
        now.secrets |= set(secrets)

    def expect_change(self, *names: str) -> None:
        """Indexes that may come or go: ``name`` in the schema public, or ``schema.name``; * as in file names."""
        self.ours |= {name if "." in name else f"public.{name}" for name in names}

    def expect_statements(self, statements: Iterable[DdlStatement]) -> None:
        for statement in statements:
            schema = statement.index.schema if statement.index is not None else "public"
            self.ours.add(f"{schema}.{_literally(statement.name)}")

    def says(self, text: object) -> None:
        """Keeps what was said, to be searched for secrets."""
        self.told.append(str(text))

    @contextmanager
    def mine(self) -> Iterator[None]:
        """What changes in here is the test's own doing."""
        with self._mutex:
            before = self.look()
            try:
                yield
            finally:
                after = self.look()
                if self._base is not None:
                    objects = apply_change(self._base.objects, before.objects, after.objects)
                    rows = apply_change(self._base.rows, before.rows, after.rows)
                    made = {
                        o: s
                        for o, s in after.indexes.items()
                        if o not in before.indexes and not self._is_ours(s[0])
                    }
                    self._base = Fingerprint(objects, rows, {**self._base.indexes, **made})

    def settle(self) -> None:
        """Takes the present state for the one that must stay."""
        with self._mutex:
            self._base = self.look()

    @property
    def base(self) -> Fingerprint:
        assert self._base is not None
        return self._base

    def look(self) -> Fingerprint:
        with self.cluster.open(self.database) as connection:
            return take(connection, rows=not self.allowed.rows)

    def is_allowed(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.allowed.catalog)

    def _is_ours(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.ours)

    def _application(self, name: str):  # type: ignore[no-untyped-def]
        connection = self.cluster.open(self.database)
        connection.execute("SELECT set_config('application_name', %s, false)", (name,))
        return connection


def _literally(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def prepare(cluster: Cluster) -> None:
    """Makes the database that every place is a copy of, and the role whose password nobody may see."""
    with cluster.open() as connection:
        connection.execute("CREATE ROLE clerk LOGIN PASSWORD 'canary-role-password-9f'")
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(TEMPLATE)))
    with cluster.open(TEMPLATE) as connection:
        for statement in (_TABLE, _ROWS, *BYSTANDERS):
            connection.execute(statement)
        connection.execute("VACUUM (FREEZE, ANALYZE) public.orders")
    with cluster.open() as connection:
        connection.execute("CHECKPOINT")


@contextmanager
def place_on(cluster: Cluster, database: str, folder: Path, *, keep: bool = False) -> Iterator[Place]:
    """A copy of the template under a name, without anybody looking on yet; ``keep`` leaves it to the server's end."""
    with cluster.open() as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(database), sql.Identifier(TEMPLATE)
            )
        )
    place = Place(cluster, database, folder)
    place.settle()
    try:
        yield place
    finally:
        if not keep and cluster.running:
            with cluster.open() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


def waits_until(condition: Callable[[], object], seconds: float = 60.0, *, what: str = "it") -> object:
    """The first true value of the condition; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)
