"""What a role may not see, and what that costs: every missing right by the name it is granted by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sight:
    """What was hidden from the role that took a snapshot."""

    reads_statistics: bool = True
    """It has ``pg_read_all_stats``."""
    statements: bool = False
    """``pg_stat_statements`` is installed."""
    tables: int = 0
    """Tables it may not SELECT from."""
    guarded: int = 0
    """Tables whose row-level security applies to it."""
    expressions: int = 0
    """Expression keys whose statistics are hidden."""
    objects: int = 0
    """Statistics objects whose contents are hidden."""
    ends: int = 0
    """Columns whose true ends were not read."""


def missing_rights(sight: Sight) -> tuple[tuple[str, str], ...]:
    """Right and cost, for every right that is missing and costs something."""
    found = []
    if sight.tables:
        found.append(
            (
                "SELECT on every table (GRANT pg_read_all_data TO role)",
                f"{sight.tables} tables cannot be examined: their statistics are hidden",
            )
        )
    if sight.guarded:
        found.append(
            (
                "BYPASSRLS",
                f"row-level security hides the statistics of {sight.guarded} tables: they cannot be examined",
            )
        )
    if not sight.reads_statistics and sight.statements:
        found.append(
            (
                "pg_read_all_stats",
                "pg_stat_statements hides the texts of other roles' statements: they are missing",
            )
        )
    if sight.expressions:
        found.append(
            (
                "SELECT on indexes (GRANT pg_read_all_data TO role, or make it a member of the tables' owner)",
                f"statistics of {sight.expressions} index expressions are hidden: their selectivity is a guess",
            )
        )
    if sight.objects:
        found.append(
            (
                "membership in the owner of the tables",
                f"contents of {sight.objects} statistics objects are hidden: columns they connect count as independent",
            )
        )
    if sight.ends:
        why = "looking would have counted as use of an index that has none"
        found.append(
            (
                "SET on track_counts (GRANT SET ON PARAMETER track_counts TO role; PostgreSQL 15 and newer)",
                f"true ends of {sight.ends} columns were not read ({why}): rows newer than the last ANALYZE may be misjudged",
            )
        )
    return tuple(found)
