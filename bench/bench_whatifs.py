"""How many what-if questions the planner twin answers a second, on one connection and on two.

Each question changes the configuration and plans a statement over two tables; ``--workers`` engines answer them from as many
threads. A second connection needs a second processor: what share of the machine was idle just before each round is told, too.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from pathlib import Path

from result import publish

from indexical.catalog import snapshot
from indexical.model import Configuration, Index, Key, Statement
from indexical.pg.session import connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
from indexical.twin.twin import Twin, open_twin

TARGET = 800
TARGET_GAIN = 1.7
ROUNDS = 6
SCHEMA = (
    "CREATE TABLE users (id serial PRIMARY KEY, email text, city text, age int, created timestamptz)",
    (
        "CREATE TABLE orders (id bigserial PRIMARY KEY, user_id int REFERENCES users, status text, total numeric,"
        " created timestamptz)"
    ),
    (
        "INSERT INTO users (email, city, age, created) SELECT 'u' || i, 'c' || i % 100, i % 70, timestamptz '2025-01-01Z' + i *"
        " interval '1 minute' FROM generate_series(1, 20000) i"
    ),
    (
        "INSERT INTO orders (user_id, status, total, created) SELECT 1 + i % 20000, 's' || i % 7, i % 999, timestamptz"
        " '2025-01-01Z' + i * interval '1 minute' FROM generate_series(1, 100000) i"
    ),
    "VACUUM ANALYZE",
)
SQL = (
    "SELECT o.id, u.email FROM orders o JOIN users u ON u.id = o.user_id"
    " WHERE u.city = $1 AND o.status = $2 ORDER BY o.created DESC LIMIT 20"
)


def on(table: str, *columns: str) -> Index:
    return Index("public", table, tuple(Key.asc(column) for column in columns))


INDEXES = (
    on("orders", "user_id"), on("orders", "status", "created"), on("orders", "created"), on("orders", "user_id", "status"),
    on("users", "city"), on("users", "city", "age"), on("users", "email"), on("orders", "total"),
)  # fmt: skip


def questions(twin: Twin, statement: Statement, start: int, count: int) -> None:
    for number in range(start, start + count):
        chosen = Configuration(frozenset((INDEXES[number % 8], INDEXES[(number + 3) % 8])))
        twin.plan(statement, (f"c{number % 100}", f"s{number % 7}"), chosen)


def rate(twin: Twin, threads: int, count: int) -> float:
    """Questions a second."""
    statement = Statement(id="join", sql=SQL)
    questions(twin, statement, 0, 100)
    begun = time.perf_counter()
    workers = [
        threading.Thread(target=questions, args=(twin, statement, number * 1000, count // threads))
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.perf_counter() - begun)


def idle_share(seconds: float = 0.5) -> float:
    """Share of all processors' time that nobody uses; -1 where the system does not say."""

    def ticks() -> tuple[int, int]:
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return fields[3] + fields[4], sum(fields)

    try:
        idle, total = ticks()
        time.sleep(seconds)
        idle_then, total_then = ticks()
    except OSError:
        return -1.0
    return (idle_then - idle) / max(1, total_then - total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    with (
        PrivateServer(find(), settings={"autovacuum": "off"}) as server,
        connect(server.url(), read_only=False) as session,
    ):
        for sql in SCHEMA:
            session.execute(sql)
        catalog = snapshot(session)
    rates = dict.fromkeys((1, options.workers), 0.0)
    begun = time.perf_counter()
    with open_twin(catalog, workers=options.workers) as twin:
        print(f"opened in {time.perf_counter() - begun:.2f} s")
        twin.add(INDEXES)
        # In turn, so that whatever else the machine does meets both; what is gained is the median of the pairs.
        gains = []
        idle = []
        for _ in range(ROUNDS):
            idle.append(round(idle_share(), 2))
            pair = {workers: rate(twin, workers, options.count) for workers in rates}
            gains.append(pair[options.workers] / pair[1])
            print(
                f"{idle[-1]:5.0%} idle before: {pair[1]:7.0f} and {pair[options.workers]:7.0f}, gain {gains[-1]:.2f}"
            )
            rates = {workers: max(best, pair[workers]) for workers, best in rates.items()}
    for workers, best in rates.items():
        print(f"{workers} connection(s): {best:7.0f} what-ifs a second")
    gain = statistics.median(gains)
    result = {
        "name": "whatifs",
        "one": round(rates[1]),
        "many": round(rates[options.workers]),
        "workers": options.workers,
        "gain": round(gain, 2),
        "gains": [round(each, 2) for each in gains],
        "idle_before": idle,
        "held": rates[1] >= TARGET and gain >= TARGET_GAIN,
    }
    publish(result)


if __name__ == "__main__":
    main()
