"""Times of a query run many times, as the invitation guide reports them, and indexes that are gone for a moment."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction


def timed(run: Callable[[], Any], times: int = 100) -> dict[str, float]:
    """Milliseconds: the quickest run, average, median and 95th percentile by nearest rank."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        found.append((time.perf_counter() - begun) * 1000)
    found.sort()
    return {
        "fastest_ms": round(found[0], 4),
        "runs": times,
        "average_ms": round(statistics.fmean(found), 4),
        "median_ms": round(statistics.median(found), 4),
        "p95_ms": round(found[max(0, -(-times * 95 // 100) - 1)], 4),
    }


def record(name: str, figures: dict[str, Any]) -> None:
    """One line in the file that the test which started us reads."""
    with Path(os.environ["GUIDE_FIGURES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, **figures}) + "\n")


@contextmanager
def dropped(*names: str) -> Iterator[None]:
    """Inside, the indexes are not there; constraints that are backed by one go with it. Afterwards everything is as it was."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows of this transaction are checked now, or their tables could not be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(
                "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s AND contype IN ('u', 'x')",
                [name],
            )
            row = cursor.fetchone()
            quoted = connection.ops.quote_name(name)
            cursor.execute(
                f"ALTER TABLE {row[0]} DROP CONSTRAINT {quoted}" if row else f"DROP INDEX {quoted}"
            )
        yield
        transaction.set_rollback(True)
