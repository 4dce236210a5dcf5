"""What the application's writes feel while an index is built, rebuilt or dropped beside them.

Three writers update single rows of one table, each row in a transaction of its own, while one change after the other runs:
none, `indexical apply`, a bare CREATE INDEX CONCURRENTLY, a plain CREATE INDEX, REINDEX CONCURRENTLY and DROP INDEX
CONCURRENTLY. Latencies are those of the writers: the middle one, the 95th percentile, the longest, and the longest stop, which is
how long no writer at all got a row through. Every change is measured several times, in turn, so that none has the cache to
itself; versions one after the other on the same rows.

    make bench-latency                    600,000 rows on PostgreSQL 15 and 18, where they are installed; two minutes
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from result import publish

from indexical.apply.build import apply_sql, create_statement
from indexical.errors import EngineFailed, NotHeld
from indexical.measure.spread import percentile
from indexical.model import Applied
from indexical.pg.session import Session, connect
from indexical.testing import index
from indexical.twin.engine import Engine, find
from indexical.twin.server import PrivateServer

ROWS = 600_000
WRITERS = 3
ROUNDS = 3
REST_S = 4.0
STOP_MS = 1000.0
"""A writer of an application that stood still for longer has been blocked."""
_WANTED = index("public.orders", "user_id, created_at")
_NAME = "orders_measured_idx"
_PLAIN = f"CREATE INDEX {_NAME} ON public.orders (user_id, created_at)"
_CONCURRENT = f"CREATE INDEX CONCURRENTLY {_NAME} ON public.orders (user_id, created_at)"


@dataclass(frozen=True, slots=True)
class Write:
    ended: float
    """By the monotonic clock."""
    milliseconds: float

    @property
    def began(self) -> float:
        return self.ended - self.milliseconds / 1000


class Writers:
    """Threads that update one row after the other until the context ends."""

    def __init__(self, open_session: Callable[[], Session], count: int, rows: int) -> None:
        self.writes: list[list[Write]] = [[] for _ in range(count)]
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(open_session, number, count, rows), daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _write(self, open_session: Callable[[], Session], number: int, count: int, rows: int) -> None:
        sql = "UPDATE public.orders SET total = total + 1, created_at = created_at + interval '1 s' WHERE id = %s"
        with open_session() as session:
            # Rows of its own, all over the table: no writer waits for another one's row.
            for step in itertools.count(1):
                if self._over.is_set():
                    return
                begun = time.monotonic()
                session.execute(sql, (1 + (step * 7919 * count + number) % rows,))
                ended = time.monotonic()
                self.writes[number].append(Write(ended, (ended - begun) * 1000))

    def between(self, begun: float, ended: float) -> tuple[list[float], float]:
        """Latencies of the writes that were under way then, and the longest time in which none came to its end."""
        written = [write for one in self.writes for write in one]
        found = [write for write in written if write.ended >= begun and write.began <= ended]
        found.sort(key=lambda write: write.ended)
        moments = [begun, *(write.ended for write in found)]
        stop = max((after - before for before, after in itertools.pairwise(moments)), default=0.0)
        return [write.milliseconds for write in found], stop * 1000


def changes(url: str) -> dict[str, tuple[Sequence[str], Callable[[Session], None], Sequence[str]]]:
    """Each change with what has to be run before and after it, unmeasured."""

    def ours(session: Session) -> None:
        (outcome,) = apply_sql(lambda: connect(url, read_only=False), [create_statement(_NAME, _WANTED)])
        if not isinstance(outcome, Applied):
            raise NotHeld(f"our build did not hold: {outcome}")

    def bare(sql: str) -> Callable[[Session], None]:
        return lambda session: session.execute(sql)

    drop = f"DROP INDEX IF EXISTS public.{_NAME}"
    return {
        "at rest": ((), lambda session: time.sleep(REST_S), ()),
        "indexical apply": ((), ours, (drop,)),
        "CREATE INDEX CONCURRENTLY": ((), bare(_CONCURRENT), (drop,)),
        "CREATE INDEX": ((), bare(_PLAIN), (drop,)),
        "REINDEX CONCURRENTLY": ((_PLAIN,), bare(f"REINDEX INDEX CONCURRENTLY public.{_NAME}"), (drop,)),
        "DROP INDEX CONCURRENTLY": ((_PLAIN,), bare(f"DROP INDEX CONCURRENTLY public.{_NAME}"), ()),
    }


def measured(url: str, rows: int, rounds: int) -> dict[str, dict[str, float]]:
    latencies: dict[str, list[float]] = {}
    stops: dict[str, float] = {}
    seconds: dict[str, list[float]] = {}
    with connect(url, read_only=False, statement_timeout_ms=0, lock_timeout_ms=0) as session:
        for _ in range(rounds):
            for name, (before, change, after) in changes(url).items():
                for sql in before:
                    session.execute(sql)
                session.execute("CHECKPOINT")
                with Writers(lambda: connect(url, read_only=False), WRITERS, rows) as writers:
                    time.sleep(0.5)
                    begun = time.monotonic()
                    change(session)
                    ended = time.monotonic()
                    time.sleep(0.2)
                found, stop = writers.between(begun, ended)
                latencies.setdefault(name, []).extend(found)
                stops[name] = max(stops.get(name, 0.0), stop)
                seconds.setdefault(name, []).append(ended - begun)
                for sql in after:
                    session.execute(sql)
    return {
        name: {
            "writes": len(found),
            "p50_ms": round(percentile(found, 0.5), 2),
            "p95_ms": round(percentile(found, 0.95), 2),
            "max_ms": round(max(found), 1),
            "longest_stop_ms": round(stops[name], 1),
            "seconds": round(sum(seconds[name]) / rounds, 2),
        }
        for name, found in latencies.items()
    }


def set_up(url: str, rows: int) -> None:
    with connect(url, read_only=False, statement_timeout_ms=0) as session:
        session.execute(
            "CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id int NOT NULL, status varchar(20) NOT NULL, "
            "total numeric NOT NULL, created_at timestamptz NOT NULL) WITH (fillfactor = 80)"
        )
        session.execute(
            "INSERT INTO public.orders SELECT i, hashint4(i) & 65535, 'PAID', i, "
            f"'2026-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, {rows}) i"
        )
        session.execute("VACUUM (ANALYZE) public.orders")


def shown(found: dict[str, dict[str, float]]) -> None:
    print(f"  {'':28} {'writes':>8} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>9} {'stop ms':>9} {'took s':>7}")
    for name, line in found.items():
        print(
            f"  {name:28} {line['writes']:8,.0f} {line['p50_ms']:8.2f} {line['p95_ms']:8.2f} {line['max_ms']:9.1f} "
            f"{line['longest_stop_ms']:9.1f} {line['seconds']:7.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--majors", type=int, nargs="+", default=[15, 18])
    words = parser.parse_args()
    versions: dict[str, Any] = {}
    for major in words.majors:
        try:
            engine: Engine = find(major=major)
        except EngineFailed as error:
            print(f"PostgreSQL {major} is not measured: {error}")
            continue
        settings = {"autovacuum": "off", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "jit": "off"}
        with PrivateServer(engine, settings=settings, shared_buffers="256MB") as server:
            set_up(server.url(), words.rows)
            found = measured(server.url(), words.rows, words.rounds)
        versions[str(major)] = found
        print(f"PostgreSQL {major}: {WRITERS} writers, {words.rows:,} rows, {words.rounds} rounds")
        shown(found)
    held = {
        "no writer blocked over 1 s by our build": all(
            found["indexical apply"]["max_ms"] <= STOP_MS for found in versions.values()
        ),
        "our build stops writers less than a plain one": all(
            found["indexical apply"]["longest_stop_ms"] < found["CREATE INDEX"]["longest_stop_ms"]
            for found in versions.values()
        ),
    }
    publish({"name": "latency", "rows": words.rows, "writers": WRITERS, "found": versions, "held": held})


if __name__ == "__main__":
    main()
