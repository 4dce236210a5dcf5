"""Others who stand in the way, and how far our statement has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from indexical.errors import DatabaseError
from indexical.pg.session import Session
from tests.faults.harness.places import Place, waits_until

PHASES = {
    "before build": "waiting for writers before build",
    "building": "building index",
    "before validation": "waiting for writers before validation",
    "validating": "index validation",
    "old snapshots": "waiting for old snapshots",
    "before dead": "waiting for readers before marking dead",
    "before drop": "waiting for readers before dropping",
}
"""Short names for the phases of pg_stat_progress_create_index; any beginning of a phase's own name does as well."""


def at_phase(
    place: Place, phase: str, timeout: float = 60.0, *, ours: str = "indexical%", table: str = ""
) -> int:
    """Waits until a backend of ours is in a phase of its build, and returns its process id.

    ``ours`` is a pattern of application names; ``%`` takes anybody's build. A build is in every phase for an instant, also
    where it has nobody to wait for: where several are built one after the other, ``table`` says whose it is.
    """
    wanted = PHASES.get(phase, phase)
    with place.open(name="application looking on") as session:
        found = waits_until(
            lambda: session.rows(
                "SELECT p.pid FROM pg_stat_progress_create_index p JOIN pg_stat_activity a USING (pid) "
                "WHERE p.datname = current_database() AND a.application_name LIKE %s AND starts_with(p.phase, %s) "
                "AND (%s = '' OR p.relid = to_regclass(%s))",
                (ours, wanted, table, table),
            ),
            timeout,
            what=f"the phase {wanted!r}",
        )
    return int(found[0]["pid"])  # type: ignore[index]


def at_state(place: Place, name: str, state: str, timeout: float = 60.0, *, schema: str = "public") -> None:
    """Waits until an index is ``valid/ready/live`` as said: a DROP INDEX CONCURRENTLY shows in no progress view.

    While it waits the first time the index is ``f/t/t``, the second time ``f/f/f``. An empty state: until it is gone.
    """
    waits_until(
        lambda: place.index_state(name, schema) == state, timeout, what=f"{name} as {state or 'gone'}"
    )


def our_backend(place: Place, statement: str, timeout: float = 60.0, *, ours: str = "indexical%") -> int:
    """Waits until a backend of ours runs a statement that begins so, and returns its process id."""
    with place.open(name="application looking on") as session:
        found = waits_until(
            lambda: session.rows(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s "
                "AND state = 'active' AND starts_with(query, %s)",
                (ours, statement),
            ),
            timeout,
            what=f"a backend that runs {statement}",
        )
    return int(found[0]["pid"])  # type: ignore[index]


def our_backends(place: Place, *, ours: str = "indexical%") -> tuple[int, ...]:
    """The process ids of all sessions of ours in this database."""
    with place.open(name="application looking on") as session:
        rows = session.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s ORDER BY pid",
            (ours,),
        )
    return tuple(row["pid"] for row in rows)


@dataclass(slots=True)
class Held:
    """A session that stands in the way until it is let go."""

    session: Session
    pid: int = field(default=0)

    def run(self, statement: str) -> None:
        self.session.execute(statement)

    def release(self) -> None:
        """Ends its transaction; safe to call twice, and after its server went away."""
        if not self.session.closed:
            # Once the server has answered it is out of the way; of a connection that is closed it hears a moment later.
            with suppress(DatabaseError):
                self.session.execute("ROLLBACK")
            self.session.close()


_HOLDS = {
    # An update that is not committed, with a secret in its text for whoever repeats the text of what stands in the way.
    "writer": (
        "BEGIN",
        "UPDATE {} SET id = id WHERE id = (SELECT max(id) FROM {}) AND 'canary-literal-4711' <> ''",
    ),
    "reader": ("BEGIN", "SELECT id FROM {} LIMIT 1"),
    "snapshot": (
        "BEGIN ISOLATION LEVEL REPEATABLE READ",
        "SELECT 'canary-literal-4711' FROM pg_catalog.pg_class LIMIT 1",
    ),
    "lock": ("BEGIN", "LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE"),
    "exclusive": ("BEGIN", "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"),
}


@contextmanager
def hold(place: Place, kind: str, table: str = "orders") -> Iterator[Held]:
    """Another session in the way of ours: an open writer, reader, snapshot, or holder of the lock a build needs.

    Its transaction is rolled back at the end, so nothing of it stays.
    """
    qualified = table if "." in table else f"public.{table}"
    session = place.open(name=f"application {kind}")
    held = Held(session, session.backend_pid)
    try:
        for statement in _HOLDS[kind]:
            session.execute(statement.replace("{}", qualified))
        yield held
    finally:
        held.release()
