"""Findings that need counters: unused indexes, over the window in which the counters can be trusted, and bloated ones."""

from __future__ import annotations

from collections.abc import Iterator

from indexical.check.structure import subject
from indexical.ddl import drop_index
from indexical.model import NotExamined
from indexical.model.check import CheckFinding
from indexical.model.using import IndexUsage, Usage


def of_usage(usage: Usage) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
    """Findings, and what could not be said of which indexes."""
    found = tuple(finding for each in usage.indexes for finding in _of(each))
    silent = [NotExamined(what, why) for what, why in usage.missing]
    for standing, words in (
        ("too-early", "counted for too short a time"),
        ("not-measured", "no counters that can be trusted"),
    ):
        open_ = [each for each in usage.indexes if each.standing == standing]
        if open_:
            first = open_[0]
            silent.append(
                NotExamined(
                    f"use of {len(open_)} of {len(usage.indexes)} indexes",
                    f"{words}: {subject(first.existing)}, for one: {first.reason}",
                )
            )
    return found, tuple(silent)


def _of(each: IndexUsage) -> Iterator[CheckFinding]:
    existing = each.existing
    if each.standing == "unused":
        yield CheckFinding(
            "unused",
            subject(existing),
            f"{existing.index.text}, {existing.size:,} bytes: {each.reason}",
            f"drop it where its reads would not be missed: {drop_index(existing.index.schema, existing.name)}",
        )
    if each.bloated and each.bloat is not None:
        yield CheckFinding(
            "bloated",
            subject(existing),
            f"{each.bloat.share:.0%} of its {existing.size:,} bytes is air",
            "rebuild it without blocking: maintain --yes",
        )
