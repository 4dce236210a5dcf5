"""Ways to let the tool act: in this process, in a thread, or as a process of its own that can be killed."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexical.apply.build import apply_sql
from indexical.ddl import create_index
from indexical.model import (
    Advice,
    DdlStatement,
    Drop,
    ExistingIndex,
    Index,
    Key,
    Outcome,
    PlannerUse,
    Recommendation,
)
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect
from indexical.report.json import render_advice
from tests.faults.harness.places import Place

_NUMBERS = itertools.count(1)
_LET_GO = (47, 11)
"""An advisory lock: while anybody has it, slow builds go on. Unlike a table's row it is seen whatever the snapshot."""


def apply_here(place: Place, *statements: DdlStatement, **options: Any) -> tuple[Outcome, ...]:
    """``apply_sql`` in this process; what it says and returns is searched for secrets."""
    place.expect_statements(statements)
    given = options.pop("on_event", None)
    open_session: Callable[[], Any] = options.pop("open_session", place.open_ours)

    def on_event(*event: Any) -> None:
        place.says(event)
        if given is not None:
            given(*event)

    try:
        outcomes = apply_sql(open_session, statements, on_event=on_event, **options)
    except BaseException as error:
        place.says(error)
        raise
    for outcome in outcomes:
        place.says(outcome)
    return outcomes


class Build:
    """``apply_here`` under way in a thread."""

    def __init__(self, place: Place, statements: Sequence[DdlStatement], options: Mapping[str, Any]) -> None:
        place.expect_statements(statements)
        self._outcomes: tuple[Outcome, ...] = ()
        self._error: BaseException | None = None

        def work() -> None:
            try:
                self._outcomes = apply_here(place, *statements, **options)
            except BaseException as error:  # noqa: BLE001 - it is raised again by whoever asks for the result
                self._error = error

        self._thread = threading.Thread(target=work, name="fault-build", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def result(self, timeout: float = 120.0) -> tuple[Outcome, ...]:
        """What became of it; what was raised in it is raised here."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"the run did not come to an end within {timeout:g} s"
        if self._error is not None:
            raise self._error
        return self._outcomes


def build_in_thread(place: Place, *statements: DdlStatement, **options: Any) -> Build:
    return Build(place, statements, options)


class Tool:
    """The command line as a process: ``Tool(place, "apply", "--advice", path)`` runs ``indexical apply URL --advice PATH``.

    It works in the place's folder, so its journals are found there. ``source`` is another URL, or None for none.
    A context manager: what still runs at the end is killed.
    """

    def __init__(
        self,
        place: Place,
        verb: str,
        *arguments: object,
        source: str | None = "",
        environment: Mapping[str, str] | None = None,
        python: Sequence[str] = ("-m", "indexical"),
    ) -> None:
        number = next(_NUMBERS)
        self._out = place.folder / f"out-{number}.txt"
        self._err = place.folder / f"err-{number}.txt"
        words = [verb] + ([] if source is None else [source or place.url]) + [str(each) for each in arguments]
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        variables |= {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **(environment or {})}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, *python, *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=place.folder, env=variables, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Tool:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")

    @property
    def code(self) -> int | None:
        """As a shell gives it: 128 and the signal's number for a process that died of one; None while it runs."""
        found = self.process.poll()
        return found if found is None or found >= 0 else 128 - found

    def kill(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)

    def wait(self, timeout: float = 120.0) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the tool did not end within {timeout:g} s: {self.out}{self.err}") from None
        code = self.code
        assert code is not None
        return code


def advice_file(
    place: Place, creates: Sequence[Index | tuple[str, Index]] = (), drops: Sequence[str | ExistingIndex] = ()
) -> Path:
    """An advice file as ``advise --format json`` writes it. Drops are names in the schema public, ``schema.name`` or indexes."""
    named = [
        item if isinstance(item, tuple) else (f"{item.table}_{number}_idx", item)
        for number, item in enumerate(creates, 1)
    ]
    create = tuple(
        Recommendation(index, name, create_index(index, name), size=1_000_000, benefit=100.0, maintenance=1.0)
        for name, index in named
    )
    drop = tuple(
        Drop(existing, "unused", ddl=f"DROP INDEX {existing.name}", evidence="no scan in 30 days")
        for existing in (_found(place, each) for each in drops)
    )
    place.expect_change(*(f"{index.schema}.{name}" for name, index in named))
    place.expect_change(*(f"{each.existing.index.schema}.{each.existing.name}" for each in drop))
    advice = Advice(
        create,
        drop,
        (),
        (),
        (),
        PlannerUse("twin", "18.6", 1, 1.0),
        1000.0,
        900.0,
        800.0,
        database=place.database,
    )
    path = place.folder / f"advice-{next(_NUMBERS)}.json"
    path.write_text(render_advice(advice), encoding="utf-8")
    return path


def _found(place: Place, drop: str | ExistingIndex) -> ExistingIndex:
    if isinstance(drop, ExistingIndex):
        return drop
    schema, _, name = drop.rpartition(".")
    with place.open() as session:
        found = [each for each in existing_indexes(session, schema or "public") if each.name == name]
    assert found, f"there is no index {drop} to advise dropping"
    return found[0]


def slow_index(place: Place, seconds: float = 30.0, table: str = "orders") -> Index:
    """An index whose build sleeps at the first row, so that "building index" lasts; writers do not sleep.

    It wakes after these seconds, or when :func:`let_go` says so: a test that needs the build for as long as something takes
    gives it a minute, and lets it go when that is done. The function is immutable as far as PostgreSQL knows, and no worker
    may run it.
    """
    place.run(
        "CREATE OR REPLACE FUNCTION public.slowly(bigint, double precision) RETURNS bigint IMMUTABLE LANGUAGE plpgsql "
        "AS $$ DECLARE wakes timestamptz; BEGIN IF $1 = 1 THEN "
        "wakes := pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $2); "
        "WHILE pg_catalog.clock_timestamp() < wakes AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l "
        f"WHERE l.locktype = 'advisory' AND l.classid = {_LET_GO[0]} AND l.objid = {_LET_GO[1]}) "
        "LOOP PERFORM pg_catalog.pg_sleep(0.02); END LOOP; END IF; RETURN $1; END $$"
    )
    return Index("public", table, (Key(expression=f"public.slowly(id::bigint, {seconds:g})"),))


@contextmanager
def let_go(url: str) -> Iterator[None]:
    """In here nobody sleeps in the function of :func:`slow_index`, nor does a build that was asleep in it already."""
    with connect(url, read_only=False, application_name="application letting go") as session:
        session.execute(f"SELECT pg_catalog.pg_advisory_lock_shared({_LET_GO[0]}, {_LET_GO[1]})")
        yield
        # Said here: the server ends a closed session a moment later, and the next build is not to find the lock.
        session.execute(f"SELECT pg_catalog.pg_advisory_unlock_shared({_LET_GO[0]}, {_LET_GO[1]})")
