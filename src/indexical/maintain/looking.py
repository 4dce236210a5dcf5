"""What is due in a database now, with the figure behind each piece of work. Reads only.

A rebuild is asked for by a measurement, which reads the whole index; an estimate only tells where to measure. What cannot be
done, or is not ours to do, is told beside it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexical.apply.tending import sql_of
from indexical.ddl import qualified
from indexical.errors import InputError
from indexical.maintain.leftovers import Unfinished, invalid
from indexical.maintain.thresholds import SETTINGS, Due, due
from indexical.model.maintenance import KINDS, Bloat, Kind, Need, Noticed, Upkeep
from indexical.pg.bloat import can_measure, estimate, measured
from indexical.pg.queries import load
from indexical.pg.session import Session

_BYTES_PER_SECOND = 100e6
_ROWS_PER_SECOND = 600_000
_SAMPLE_BYTES = 30_000 * 8192
"""ANALYZE reads at most three hundred pages for each unit of the statistics target, which is a hundred."""
_OLD_S = 300
_MOST_HOLDERS = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for, and from where on it counts."""

    only: frozenset[Kind] = frozenset(KINDS)
    tables: tuple[str, ...] = ()
    """``schema.table``, or a bare name in any schema; none means all."""
    bloat: float = 0.4
    """Share of an index that has to be wasted. A B-tree that is filled in random order rests at about a quarter."""
    waste: int = 10 * 1024**2
    """Bytes that a rebuild has to give back."""
    trust_estimates: bool = False
    due_at: float = 1.0
    """Share of autovacuum's thresholds at which rows count as due."""
    measure_within_s: float = 600.0
    """After this no further index is read."""

    def means(self, schema: str, table: str) -> bool:
        return not self.tables or table in self.tables or f"{schema}.{table}" in self.tables


def look(session: Session, wish: Wish, unfinished: Sequence[Unfinished] = ()) -> Upkeep:
    """What is due. ``unfinished`` are runs of ours on this database that something is left of.

    Raises :class:`InputError` for a table that is not there, and :class:`DatabaseError`.
    """
    session.close_path()
    settings = {
        row["name"]: row["setting"]
        for row in session.rows(load("maintain_settings"), {"names": list(SETTINGS)})
    }
    everything = session.rows(load("maintain_tables"))
    tables = [row for row in everything if wish.means(row["schema"], row["name"])]
    _known(wish, everything)
    needs: list[Need] = []
    noticed: list[Noticed] = []
    if "leftovers" in wish.only:
        cleared, seen = invalid(session, unfinished, wish.means)
        needs += cleared
        noticed += seen
    tended = _tended(tables, settings, wish)
    needs += [need for need, may in tended if may]
    noticed += [_not_ours(need) for need, may in tended if not may]
    if any(need.kind == "vacuum" for need in needs):
        noticed += _horizon(session)
    found, counted = _Rebuilds(), 0
    if "reindex" in wish.only:
        rows = [
            row
            for row in session.rows(load("maintain_indexes"), {"least": max(1, wish.waste)})
            if wish.means(row["schema"], row["table"])
        ]
        counted = len(rows)
        found = _rebuilds(session, rows, wish)
    database = session.rows("SELECT pg_catalog.current_database()::text AS name")[0]["name"]
    needs += found.needs
    return Upkeep(
        database,
        tuple(needs),
        (*noticed, *found.noticed, *_switched_off(settings)),
        len(tables),
        counted,
        found.measured,
    )


def _known(wish: Wish, rows: Collection[Mapping[str, Any]]) -> None:
    there = {row["name"] for row in rows} | {f"{row['schema']}.{row['name']}" for row in rows}
    missing = [name for name in wish.tables if name not in there]
    if missing:
        raise InputError(
            f"there is no table {missing[0]} in this database that could be maintained; write it as SCHEMA.TABLE"
        )


def _tended(
    rows: Sequence[Mapping[str, Any]], settings: Mapping[str, str], wish: Wish
) -> list[tuple[Need, bool]]:
    """What the tables ask for, the most pressing age first, and whether our role may do it."""
    found: list[tuple[Need, bool]] = []
    for row in sorted(rows, key=lambda row: -(row["age"] or 0)):
        need = _table_need(row, due(row, settings, wish.due_at), wish)
        if need is not None:
            found.append((need, bool(row["may"])))
    order = {"vacuum": 0, "analyze": 1}
    return sorted(found, key=lambda pair: order[pair[0].kind])


def _table_need(row: Mapping[str, Any], why: Due, wish: Wish) -> Need | None:
    vacuum = why.vacuum if "vacuum" in wish.only else ""
    analyze = why.analyze if "analyze" in wish.only else ""
    if not vacuum and not analyze:
        return None
    action = "vacuum-analyze" if vacuum and analyze else "vacuum" if vacuum else "analyze"
    kind: Kind = "vacuum" if vacuum else "analyze"
    size = row["bytes"] + row["index_bytes"] if vacuum else min(row["heap_bytes"], _SAMPLE_BYTES)
    reason = "; ".join(text for text in (vacuum, analyze) if text)
    if row["options"].get("autovacuum_enabled") in ("false", "off", "0", "no"):
        reason += "; autovacuum is switched off for it"
    return Need(
        kind,
        row["schema"],
        row["name"],
        reason,
        sql_of(action, row["schema"], row["name"]),
        oid=row["oid"],
        bytes=size,
        seconds=size / _BYTES_PER_SECOND,
    )


def _not_ours(need: Need) -> Noticed:
    return Noticed(
        need.subject,
        f"{need.kind} is due ({need.reason}), and our role may not do it",
        "run this as the owner of the table, or grant MAINTAIN (PostgreSQL 17)",
    )


def _switched_off(settings: Mapping[str, str]) -> list[Noticed]:
    """What should look after the tables by itself, and does not."""
    found = []
    if settings["track_counts"] == "off":
        what = "is off: dead and changed rows are not counted, so nothing can be found due by them"
        found.append(Noticed("track_counts", what, "set it on, for the whole server"))
    if settings["autovacuum"] == "off":
        what = "is off for the whole server: tables bloat and statistics age from one upkeep to the next"
        found.append(Noticed("autovacuum", what, "ALTER SYSTEM SET autovacuum = on, and reload"))
    return found


def _horizon(session: Session) -> list[Noticed]:
    rows = session.rows(load("maintain_horizon"))[:_MOST_HOLDERS]
    return [
        Noticed(
            row["who"] + (f" (role {row['role']})" if row["role"] else ""),
            f"keeps VACUUM from removing what died in the last {row['transactions']:,} transactions",
            "end it, or nothing of that becomes free; nobody else's work is ended for you",
        )
        for row in rows
    ]


@dataclass(slots=True)
class _Rebuilds:
    needs: tuple[Need, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    measured: int = 0


def _rebuilds(session: Session, rows: Sequence[Mapping[str, Any]], wish: Wish) -> _Rebuilds:
    able = can_measure(session)
    needs: list[Need] = []
    noticed: list[Noticed] = []
    count = 0
    deadline = time.monotonic() + wish.measure_within_s
    estimates = estimate(session, [row["oid"] for row in rows])
    for row in rows:
        guess = estimates.get(row["oid"], Bloat(row["oid"], "not-measured", reason="the index is gone"))
        bloat = guess
        if able and _worth_reading(row, guess, wish):
            if time.monotonic() < deadline:
                bloat = measured(session, row["oid"])
                count += bloat.how == "measured"
            else:
                guess = Bloat(guess.oid, "not-measured", guess.size, reason="the time for measuring was up")
                bloat = guess
        told = _judged(row, bloat, guess, wish, able.reason)
        if isinstance(told, Need):
            needs.append(told)
        elif told is not None:
            noticed.append(told)
    return _Rebuilds(tuple(needs), tuple(noticed), count)


def _worth_reading(row: Mapping[str, Any], guess: Bloat, wish: Wish) -> bool:
    """Repeated keys take less room than the estimate allows for, so of those it says nothing; of unique ones it does."""
    return not row["is_unique"] or guess.how != "estimate" or guess.share >= wish.bloat / 2


def _judged(
    row: Mapping[str, Any], bloat: Bloat, guess: Bloat, wish: Wish, unable: str
) -> Need | Noticed | None:
    subject = f"{row['schema']}.{row['name']}"
    if bloat.how == "not-measured":
        if guess.how == "estimate" and _bloated(guess, wish):
            return Noticed(subject, f"{_amount(guess)} may be wasted, as estimated; {bloat.reason}")
        return Noticed(subject, f"its bloat is not known: {bloat.reason}") if not unable else None
    if not _bloated(bloat, wish):
        return None
    if bloat.how == "estimate" and not wish.trust_estimates:
        return Noticed(
            subject,
            f"{_amount(bloat)} may be wasted, as estimated; not enough to rebuild it: {unable or 'it was not measured'}",
            "or accept the estimate with --trust-estimates",
        )
    if not row["may"]:
        return Noticed(
            subject,
            f"{_amount(bloat)} is wasted, and our role may not rebuild it",
            "run this as its owner, or grant MAINTAIN on the table (PostgreSQL 17)",
        )
    density = f", pages {bloat.density:.0%} full" if bloat.how == "measured" else ""
    word = "measured" if bloat.how == "measured" else "estimated, not measured"
    return Need(
        "reindex",
        row["schema"],
        row["table"],
        f"{_amount(bloat)} wasted ({word}{density}), threshold {wish.bloat:.0%}",
        f"REINDEX INDEX CONCURRENTLY {qualified(row['schema'], row['name'])}",
        index=row["name"],
        oid=row["oid"],
        bytes=row["size"],
        seconds=2 * row["table_bytes"] / _BYTES_PER_SECOND + row["rows"] / _ROWS_PER_SECOND,
        bloat=bloat,
    )


def _bloated(bloat: Bloat, wish: Wish) -> bool:
    return bloat.share >= wish.bloat and bloat.wasted >= wish.waste


def _amount(bloat: Bloat) -> str:
    size = bloat.size / 1024
    return f"{bloat.share:.0%} of " + (f"{size / 1024:,.1f} MB" if size >= 1000 else f"{size:,.0f} kB")
