"""Rounds of chaos, one after the other, as a table; the last line is JSON.

python -m tests.faults.chaos --seed 1 --rounds 200 --minutes 15       on every version that is installed, in turn
python -m tests.faults.chaos --seed 1 --only 17                       one round again
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from indexical.errors import EngineFailed
from tests.faults.chaos.arena import Arena, arena
from tests.faults.chaos.plan import draw
from tests.faults.chaos.round import Round, play

sys.path.insert(0, str(Path(__file__).parents[3] / "bench"))
from result import publish

ROWS = 500_000


def line(found: Round) -> str:
    state = "BROKEN" if found.broken else "held"
    hit = "" if found.hit else " (missed)"
    return (
        f"{found.plan.number:4} {state:6} {found.plan.text}{hit}: ended with {found.code}, {found.attempts} to the end, "
        f"{found.seconds:.1f} s, behind us {found.blocked_s * 1000:.0f} ms, slowest write {found.slowest_ms:.0f} ms"
    )


def rounds(arenas: list[Arena], seed: int, numbers: list[int], deadline: float) -> list[Round]:
    """Plays until the numbers or the time are used up; versions take turns."""
    played = []
    for number in numbers:
        if time.monotonic() > deadline:
            break
        found = play(arenas[number % len(arenas)], draw(seed, number))
        played.append(found)
        print(line(found), flush=True)
        for text in found.broken:
            print(f"       {text}", flush=True)
        if found.broken:
            print(f"       again: python -m tests.faults.chaos --seed {seed} --only {number}", flush=True)
    return played


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--majors", type=int, nargs="+", default=[15, 18])
    parser.add_argument("--only", type=int, nargs="+", help="these rounds of the seed, alone")
    words = parser.parse_args()
    begun = time.monotonic()
    with ExitStack() as stack:
        arenas = []
        for major in words.majors:
            try:
                arenas.append(stack.enter_context(arena(major, words.rows)))
            except EngineFailed as error:
                print(f"PostgreSQL {major} takes no part: {error}")
        numbers = words.only or list(range(words.rounds))
        played = rounds(arenas, words.seed, numbers, begun + words.minutes * 60)
        versions = [one.cluster.major for one in arenas]
    return report(words, played, len(numbers), versions, time.monotonic() - begun)


def report(
    words: argparse.Namespace, played: list[Round], wanted: int, versions: list[int], seconds: float
) -> int:
    broken = [found for found in played if found.broken]
    print(
        f"\n{'fault':18} {'rounds':>6} {'held':>5} {'cut off':>7} {'behind us ms':>12} {'slowest ms':>10} {'attempts':>8}"
    )
    for kill in sorted({found.plan.kill for found in played}):
        those = [found for found in played if found.plan.kill == kill]
        print(
            f"{kill:18} {len(those):6} {sum(not found.broken for found in those):5} {sum(found.unfinished for found in those):7} "
            f"{max(found.blocked_s for found in those) * 1000:12.0f} {max(found.slowest_ms for found in those):10.0f} "
            f"{max(found.attempts for found in those):8}"
        )
    print(
        f"{len(played) - len(broken)} of {len(played)} rounds held, {wanted - len(played)} not played; {seconds:.0f} s"
    )
    publish(
        {
            "name": "chaos", "seed": words.seed, "rows": words.rows, "majors": versions, "rounds": len(played), "wanted": wanted,
            "held_rounds": len(played) - len(broken), "broken": [found.plan.number for found in broken],
            "cut_off": sum(found.unfinished for found in played),
            "kinds": dict(sorted(Counter(found.plan.kill for found in played).items())),
            "verbs": dict(sorted(Counter(found.plan.verb for found in played).items())),
            "behind_us_ms": round(max((found.blocked_s for found in played), default=0.0) * 1000),
            "slowest_write_ms": round(max((found.slowest_ms for found in played), default=0.0)),
            "seconds": round(seconds),
            "held": {"every round held": not broken and bool(played), "every round was played": len(played) == wanted},
        }
    )  # fmt: skip
    return 1 if broken or not played else 0


if __name__ == "__main__":
    raise SystemExit(main())
