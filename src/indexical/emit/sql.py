"""Advice as an SQL file that can be read, edited and run with psql.

``CREATE INDEX CONCURRENTLY`` (https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY) does not
block writers but waits for transactions. A short ``lock_timeout``, good advice for other DDL, ends one of those waits half-way
and leaves an INVALID index behind; so the file lifts the timeouts for concurrent builds and sets a short one only where a
statement is one transaction. Creates come before drops, so that no moment has neither the old nor the new index.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from indexical import ddl
from indexical.model import Advice, Drop, Recommendation

_WIDEST_COMMENT = 2000
LOCK_TIMEOUT = "5s"
"""For plain CREATE and DROP INDEX: one that cannot get its lock leaves nothing behind and can be repeated."""


def script(advice: Advice, *, concurrently: bool = True) -> str:
    """The whole advice as one SQL file, its figures in the header."""
    saved = 1.0 - advice.cost_after / advice.cost_before if advice.cost_before > 0 else 0.0
    calls = sum(statement.calls for statement in advice.statements)
    header = [
        f"Index advice{f' for {advice.database}' if advice.database else ''}, estimated by the planner",
        f"reads: {advice.cost_before:,.0f} -> {advice.cost_after:,.0f} planner units ({saved:.1%} less)",
        f"workload: {len(advice.statements):,} statements, {calls:,.0f} calls",
        f"index upkeep: {advice.maintenance_before:,.0f} -> {advice.maintenance_after:,.0f} planner units",
        f"storage: {advice.storage_added:,} bytes added, {advice.storage_freed:,} freed",
    ]
    return _file(header, advice.create, advice.drop, concurrently)


def changes_script(
    create: Iterable[Recommendation], drop: Iterable[Drop], *, concurrently: bool = True
) -> str:
    """The same for a part of the advice."""
    return _file(["Index changes"], tuple(create), tuple(drop), concurrently)


def _file(
    header: list[str], create: tuple[Recommendation, ...], drop: tuple[Drop, ...], concurrently: bool
) -> str:
    lines = [_comment(line) for line in header]
    if not create and not drop:
        return "\n".join([*lines, _comment("nothing to create, nothing to drop"), ""])
    lines += ["", *_settings(concurrently), ""]
    for each in create:
        lines += [_comment(line) for line in _reasons(each)]
        lines += [f"{ddl.create_index(each.index, each.name, concurrently=concurrently)};", ""]
    for gone in drop:
        existing = gone.existing
        covered = f" by {gone.covered_by}" if gone.covered_by else ""
        lines.append(_comment(f"{existing.name}: {gone.reason}{covered}; {existing.size:,} bytes"))
        if gone.evidence:
            lines.append(_comment(gone.evidence))
        if existing.definition:
            lines.append(_comment(f"undo: {existing.definition}"))
        statement = ddl.drop_index(existing.index.schema, existing.name, concurrently=concurrently)
        lines += [f"{statement};", ""]
    return "\n".join(lines)


def _settings(concurrently: bool) -> list[str]:
    if concurrently:
        return [
            _comment(
                "Run with psql -v ON_ERROR_STOP=1 -f, and without -1: no concurrent build works inside a transaction."
            ),
            _comment(
                "A concurrent build that is cut off by a timeout leaves an INVALID index; hence no timeouts here."
            ),
            _comment("If one fails all the same: DROP INDEX CONCURRENTLY its name, then run its line again."),
            "SET statement_timeout = 0;",
            "SET lock_timeout = 0;",
        ]
    return [
        _comment("A plain build blocks writers of its table until it is done."),
        "SET statement_timeout = 0;",
        f"SET lock_timeout = '{LOCK_TIMEOUT}';",
    ]


def _reasons(each: Recommendation) -> list[str]:
    figures = (
        f"saves {each.benefit:,.0f}, upkeep {each.maintenance:,.0f} planner units; about {each.size:,} bytes"
    )
    lines = [f"{each.name} ({each.phase}): {figures}"]
    if each.statements:
        lines.append("for " + ", ".join(each.statements))
    lines += [
        f"ends heap-only updates of {', '.join(loss.columns)}: {loss.updates:,.0f} updates, {loss.cost:,.0f} planner units"
        for loss in each.hot_loss
    ]
    return lines


def _comment(text: str) -> str:
    """One line that stays a comment whatever names are in it: no line breaks, no control or direction characters."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text)
    plain = plain.replace("*/", "* /").replace("/*", "/ *")
    return f"-- {plain if len(plain) <= _WIDEST_COMMENT else plain[: _WIDEST_COMMENT - 1] + '…'}"
