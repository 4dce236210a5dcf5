"""When autovacuum would vacuum or analyse a table, from the catalog's figures; pure.

The formulas are those of "The Autovacuum Daemon"
(https://www.postgresql.org/docs/18/routine-vacuuming.html#AUTOVACUUM); a table's own storage parameters come before the
server's settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SETTINGS = (
    "autovacuum",
    "autovacuum_analyze_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_freeze_max_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_threshold",
    "track_counts",
    "vacuum_freeze_table_age",
    "vacuum_multixact_freeze_table_age",
)
_LEAST_PAGES = 128
"""Smaller tables are read whole as quickly as their visibility map is asked."""
_VISIBLE = 0.5
_AGED = 0.95
"""Of the age at which PostgreSQL vacuums by force: from there a plain VACUUM freezes the whole table."""


@dataclass(frozen=True, slots=True)
class Due:
    """Why a table is due; an empty text is: not due."""

    vacuum: str = ""
    analyze: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The rows from which work is due, for one table."""

    vacuum: float
    toast: float
    insert: float
    """Infinite where insertions alone are no reason."""
    analyze: float
    age: float
    multixact_age: float


def thresholds(table: Mapping[str, Any], settings: Mapping[str, str], due_at: float = 1.0) -> Thresholds:
    """The thresholds of a row of ``maintain_tables``; ``due_at`` is the share of autovacuum's at which work counts as due."""
    options = table["options"]

    def value(name: str, default: str = "0") -> float:
        return float(options.get(name, settings.get(name, default)))

    def age(own: str, forced: str, whole: str) -> float:
        limit = min(value(forced), float(settings[forced]))
        return min(float(options.get(own, settings[whole])), _AGED * limit)

    rows = max(0.0, table["tuples"])
    most = value("autovacuum_vacuum_max_threshold", "-1")
    base, scale = value("autovacuum_vacuum_threshold"), value("autovacuum_vacuum_scale_factor")

    def dead(count: float) -> float:
        passed = base + scale * count
        return min(passed, most) if most >= 0 else passed

    unfrozen = 1.0
    if table["pages"] > 0 and table["all_frozen"] > 0:
        unfrozen = 1.0 - min(1.0, table["all_frozen"] / table["pages"])
    insert = value("autovacuum_vacuum_insert_threshold")
    inserted = insert + value("autovacuum_vacuum_insert_scale_factor") * rows * unfrozen
    analyze = value("autovacuum_analyze_threshold") + value("autovacuum_analyze_scale_factor") * rows
    return Thresholds(
        vacuum=dead(rows) * due_at,
        toast=dead(max(0.0, table["toast_tuples"])) * due_at,
        insert=inserted * due_at if insert >= 0 else float("inf"),
        analyze=analyze * due_at,
        age=age("autovacuum_freeze_table_age", "autovacuum_freeze_max_age", "vacuum_freeze_table_age"),
        multixact_age=age(
            "autovacuum_multixact_freeze_table_age",
            "autovacuum_multixact_freeze_max_age",
            "vacuum_multixact_freeze_table_age",
        ),
    )


def due(table: Mapping[str, Any], settings: Mapping[str, str], due_at: float = 1.0) -> Due:
    """What a row of ``maintain_tables`` asks for, with the figures that say so."""
    at = thresholds(table, settings, due_at)
    if table["kind"] == "p":
        # A partitioned table has no rows of its own to vacuum, and autovacuum never analyses it.
        behind = table["parent_behind"]
        why = (
            "statistics over all partitions are missing or older than theirs, and autovacuum never makes them"
        )
        return Due(analyze=why if behind else "")
    return Due("; ".join(_vacuum(table, at)), "; ".join(_analyze(table, at)))


def _vacuum(table: Mapping[str, Any], at: Thresholds) -> Iterator[str]:
    if table["dead"] > at.vacuum:
        yield f"{table['dead']:,} dead rows, threshold {at.vacuum:,.0f}"
    if table["toast_dead"] > at.toast:
        yield f"{table['toast_dead']:,} dead rows in its TOAST table, threshold {at.toast:,.0f}"
    if table["inserted"] > at.insert:
        yield f"{table['inserted']:,} rows inserted since it was last vacuumed, threshold {at.insert:,.0f}"
    if (table["age"] or 0) > at.age:
        yield f"its oldest row is {table['age']:,} transactions old, threshold {at.age:,.0f}"
    if (table["multixact_age"] or 0) > at.multixact_age:
        yield f"its oldest multixact is {table['multixact_age']:,} old, threshold {at.multixact_age:,.0f}"
    pages, written = table["pages"], table["inserted"] + table["dead"]
    if pages >= _LEAST_PAGES and written > 0 and table["index_scans"] > 0:
        seen = min(1.0, table["all_visible"] / pages)
        if seen < _VISIBLE:
            yield f"only {seen:.0%} of its pages are known to be all-visible, so index-only scans visit the table"


def _analyze(table: Mapping[str, Any], at: Thresholds) -> Iterator[str]:
    if table["tuples"] < 0 and table["heap_bytes"] > 0:
        yield "it was never vacuumed or analysed"
    elif table["changed"] > at.analyze:
        yield f"{table['changed']:,} rows changed since it was last analysed, threshold {at.analyze:,.0f}"
