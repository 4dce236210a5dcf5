"""How fast server logs are read, and in how much memory: MB a processor second and peak memory, on made-up traffic.

``make bench-logs`` reads 64 MB of each format; ``bench/bench_logs.py --megabytes 1024`` shows that memory does not grow.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from result import publish

TARGET_MB_S = 5.0
TARGET_MB = 256.0
COLUMNS = 'o."id", o."user_id", o."status", o."total", o."note", o."created_at", o."updated_at"'
READER = """
import json, resource, sys, time
from indexical.workload.sources import open_sources
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time(), time.perf_counter()
workload = open_sources([sys.argv[1]])
seconds = time.process_time() - begun[0]
wall = time.perf_counter() - begun[1]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([seconds, wall, before / 1024, peak / 1024, len(workload.statements), workload.calls]))
"""


def traffic(seed: int) -> Iterator[tuple[str, str]]:
    """Statements with their literals, and those of the extended protocol with their parameters; a few thousand shapes."""
    chance = random.Random(seed)
    while True:
        number = chance.randrange(10**6)
        kind = chance.random()
        if kind < 0.5:
            where = f"""o."user_id" = {number} AND o."status" = 'open'"""
            page = f'ORDER BY o."created_at" DESC LIMIT {chance.choice((10, 20, 21, 50))}'
            yield f'SELECT {COLUMNS} FROM "shop_order" o WHERE {where} {page}', ""
        elif kind < 0.75:
            yield (
                f'SELECT {COLUMNS} FROM "shop_order" o WHERE o."id" = $1',
                f"Parameters: $1 = '{number}'",
            )
        elif kind < 0.9:
            members = ", ".join(str(chance.randrange(10**5)) for _ in range(chance.randrange(1, 40)))
            yield f'SELECT "id", "name" FROM "shop_product" WHERE "id" IN ({members})', ""
        elif kind < 0.97:
            yield (
                f'UPDATE "shop_order" SET "status" = \'paid\', "note" = \'it\'\'s {number}\' WHERE "id" = {number}',
                "",
            )
        else:
            shape = number % 3000
            yield f"SELECT c{shape} FROM t{shape % 50}\nWHERE d = '{number}' AND c{shape} > 5", ""


def write(path: Path, form: str, megabytes: int) -> float:
    """Writes a log of the size and returns its calls."""
    opener = gzip.open if path.suffix == ".gz" else open
    statements = traffic(7)
    size, count = 0, 0
    with opener(path, "wt", encoding="utf-8") as file:
        while size < megabytes << 20:
            text = "".join(message(form, count + number, *next(statements)) for number in range(500))
            size += len(text)
            count += 500
            file.write(text)
    return count


def message(form: str, number: int, sql: str, detail: str) -> str:
    clock = f"{number // 360000 % 24:02}:{number // 6000 % 60:02}:{number // 100 % 60:02}.{number % 100:02}0"
    stamp = f"2026-03-{1 + number // 8640000:02} {clock} UTC"
    told = (
        f"duration: {0.1 + number % 90 / 10:.3f} ms  {'execute <unnamed>' if detail else 'statement'}: {sql}"
    )
    if form == "json":
        entry = {"timestamp": stamp, "user": "shop", "dbname": "shop", "pid": 4242 + number % 20, "remote_host": "[local]",
                 "session_id": f"65e0.{4242 + number % 20:x}", "line_num": number, "ps": "SELECT", "error_severity": "LOG",
                 "message": told, "application_name": "web", "backend_type": "client backend", "query_id": 0}  # fmt: skip
        if detail:
            entry["detail"] = detail
        return json.dumps(entry, separators=(",", ":")) + "\n"
    if form == "csv":
        # The server quotes texts and leaves time stamps bare.
        row = ["shop", "shop", 4242 + number % 20, "[local]", f"65e0.{4242 + number % 20:x}", number, "SELECT", stamp, "1/1",
               0, "LOG", "00000", told, detail, "", "", "", "", "", "", "", "web", "client backend", "", 0]  # fmt: skip
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerow(row)
        return f"{stamp},{buffer.getvalue()}"
    head = f"{stamp} [{4242 + number % 20}] shop@shop "
    lines = f"{head}LOG:  {told}".replace("\n", "\n\t") + "\n"
    return lines + (f"{head}DETAIL:  {detail}\n" if detail else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=64, help="of each log, unpacked")
    megabytes = parser.parse_args().megabytes
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for form, name in (("stderr", "a.log"), ("csv", "b.csv"), ("json", "c.json"), ("stderr", "d.log.gz")):
            path = Path(folder) / name
            calls = write(path, form, megabytes)
            done = subprocess.run(
                [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=True
            )
            seconds, wall, before, peak, statements, seen = json.loads(done.stdout)
            label = f"{form}{'.gz' if path.suffix == '.gz' else ''}"
            figures[label] = {
                "mb_s": round(megabytes / seconds, 1),
                "peak_mb": round(peak, 1),
                "wall_mb_s": round(megabytes / wall, 1),
                "own_mb": round(peak - before, 1),
                "statements": statements,
                "messages_s": round(calls / seconds),
            }
            assert seen == calls, (label, seen, calls)
            print(
                f"{label:10} {megabytes:6} MB  {megabytes / seconds:7.1f} MB/s  {calls / seconds:9,.0f} messages/s  "
                f"peak {peak:6.1f} MB  {statements} statements ({wall:.1f} s on the clock)"
            )
            path.unlink()
    slowest = min(figure["mb_s"] for figure in figures.values())
    largest = max(figure["peak_mb"] for figure in figures.values())
    result = {
        "name": "logs",
        "megabytes": megabytes,
        "formats": figures,
        "slowest_mb_s": slowest,
        "peak_mb": largest,
        "held": slowest >= TARGET_MB_S and largest <= TARGET_MB,
    }
    publish(result)


if __name__ == "__main__":
    main()
