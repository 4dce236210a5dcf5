"""Measures the three index sets on the same rows and the same workload."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from indexical.catalog import snapshot
from indexical.measure.hot import measure_hot
from indexical.measure.reads import common, measure, p95_ms, total_ms
from indexical.measure.storage import measure_storage
from indexical.measure.writes import WritePath, measure_writes
from indexical.model import (
    ExistingIndex,
    HotMeasurement,
    Index,
    Measurement,
    NotMeasured,
    Origin,
    ThreeWays,
    Way,
    WriteMeasurement,
)
from indexical.model.storage import Storage
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.report.three_ways import slower_than_guide
from indexical.report.units import number
from indexical.selection.redundancy import redundancies
from indexical.workload.sources import open_sources

if TYPE_CHECKING:
    from indexical.demo.story import Stage

RUNS = {"small": 3, "guide": 7}
"""Executions of each sample."""
SAMPLES = {"small": 4, "guide": 6}
"""Samples of each statement."""
WRITE_SHARE = {"small": 5, "guide": 1}
BUDGET_MS = 300.0
"""For one statement on one database ..."""
TOTAL_MS = 45_000.0
"""... and for all of them together, so that the whole measuring stays within a minute or two."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    rows: float
    bytes: int
    indexes: int


def python() -> list[str]:
    """The interpreter to run the example's scripts with."""
    return [sys.executable]


def database_facts(session: Session) -> DatabaseFacts:
    """Rows, bytes and user indexes of a database."""
    row = session.rows(load("database_facts"))[0]
    return DatabaseFacts(float(row["rows"]), int(row["bytes"]), int(row["indexes"]))


def three_ways(stage: Stage, advice: Mapping[str, Any], started: float) -> ThreeWays:
    """Vacuums, measures in turn, and puts the three ways side by side."""
    workload = open_sources([str(stage.file("capture.jsonl")), str(stage.file("documented.sql"))])
    with ExitStack() as stack:
        sessions = {
            way: stack.enter_context(connect(stage.url(name), read_only=False, statement_timeout_ms=120_000))
            for way, name in stage.databases.items()
        }
        with stage.narrator.step("VACUUM ANALYZE in all three"):
            for session in sessions.values():
                session.execute("VACUUM ANALYZE")
        indexes = {
            way: {index.name: index for index in existing_indexes(session)}
            for way, session in sessions.items()
        }
        storage = {way: measure_storage(session) for way, session in sessions.items()}
        with stage.narrator.step("every reading statement is executed in all three, in turn") as step:
            results = measure(
                sessions,
                workload,
                runs=RUNS[stage.scale],
                samples=SAMPLES[stage.scale],
                budget_ms_per_statement=min(BUDGET_MS, TOTAL_MS / max(1, len(workload.statements))),
                on_event=step.event,
            )
            reads = common(results)
            step.result = f"{number(len(reads['prior']))} statements"
        with stage.narrator.step("every write path, in all three, in turn"):
            # Before the write paths: the rows that they roll back would fill the room that a heap-only update needs.
            hot = measure_hot(sessions, stage.manifest.hot, disposable=set(sessions))
            writes = measure_writes(sessions, _write_paths(stage))
    prior, guide, ours = (
        _way(
            name,
            reads[name],
            tuple(item for item in writes[name] if isinstance(item, WriteMeasurement)),
            tuple(item for item in hot[name] if isinstance(item, HotMeasurement)),
            indexes["prior"],
            indexes[name],
            storage[name],
            stage.manifest.apps,
        )
        for name in stage.databases
    )
    missed = [item for found in (results, writes, hot) for items in found.values() for item in items]
    labels = {statement.id: _label(statement.origins) for statement in workload.statements}
    result = ThreeWays(
        example=stage.manifest.name,
        scale=stage.scale,
        prior=prior,
        guide=guide,
        indexical=ours,
        milliseconds=(time.monotonic() - started) * 1000,
        server_version=stage.server.engine.version,
        not_measured=tuple(
            dict.fromkeys(
                item for item in missed if isinstance(item, NotMeasured) and not _is_write(item.reason)
            )
        ),
        labels=tuple(sorted((id, label) for id, label in labels.items() if label)),
    )
    mine = {found.index for found in indexes["indexical"].values()}
    lacking = {name: found.index for name, found in indexes["guide"].items() if found.index not in mine}
    theirs = {found.index for found in indexes["guide"].values()}
    own = {name for name, found in indexes["indexical"].items() if found.index not in theirs}
    return _explained(result, advice, lacking, own)


def _write_paths(stage: Stage) -> list[WritePath]:
    """The manifest's write paths, with fewer rows where the tables are smaller."""
    return [
        replace(path, rows=max(1, path.rows // WRITE_SHARE[stage.scale])) for path in stage.manifest.writes
    ]


def _way(
    name: str,
    reads: tuple[Measurement, ...],
    writes: tuple[WriteMeasurement, ...],
    hot: tuple[HotMeasurement, ...],
    before: Mapping[str, ExistingIndex],
    now: Mapping[str, ExistingIndex],
    storage: Storage,
    apps: Sequence[str],
) -> Way:
    added = [index for key, index in now.items() if key not in before]
    dropped = [index for key, index in before.items() if key not in now]
    return Way(
        name=name,
        reads=reads,
        writes=writes,
        hot=hot,
        added=len(added),
        dropped=len(dropped),
        bytes=sum(index.size for index in added),
        freed=sum(index.size for index in dropped),
        read_ms=total_ms(reads),
        p95_ms=p95_ms(reads),
        storage=storage,
        descending=sum(key.descending for index in added for key in index.index.keys),
        per_app=per_app(added, apps),
    )


def per_app(added: Sequence[ExistingIndex], apps: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """How many of the indexes stand on tables of each app, by Django's names of tables: ``label_model``."""
    owners = [
        max((app for app in apps if index.index.table.startswith(f"{app}_")), key=len, default="")
        for index in added
    ]
    return tuple((app, owners.count(app)) for app in apps)


def _label(origins: tuple[Origin, ...]) -> str:
    return next((origin.location or origin.view for origin in origins if origin.location or origin.view), "")


def _is_write(reason: str) -> bool:
    """Writing statements are measured as write paths, so their absence from the reads is no finding."""
    return reason.startswith("it writes")


def _explained(
    result: ThreeWays, advice: Mapping[str, Any], guide: Mapping[str, Index], own: Collection[str]
) -> ThreeWays:
    """Says of each statement that is slower than with the guide's set which index it lacks, and why that was not chosen.

    Args:
        guide: the guide's indexes that have no equal in Indexical's set, by name.
        own: the names of those that have no equal in the guide's.
    """
    used = {read.id: read.indexes for read in result.guide.reads}
    ours = {read.id: read.indexes for read in result.indexical.reads}
    found = {
        id: _reason([name for name in used[id] if name in guide], advice, guide)
        or misjudged([name for name in ours.get(id, ()) if name in own])
        for id in slower_than_guide(result)
        if id in used
    }
    return replace(result, explanations=tuple((id, reason) for id, reason in found.items() if reason))


def _reason(lacking: list[str], advice: Mapping[str, Any], guide: Mapping[str, Index]) -> str:
    """Empty when the guide's plan uses no index that is lacking here: then there is nothing to explain."""
    if not lacking:
        return ""
    dropped = [drop for drop in advice["drop"] if drop["name"] in lacking]
    if dropped:
        named = ", ".join(
            f"{drop['name']} ({drop['reason']}: {drop['covered_by'] or drop['evidence']})" for drop in dropped
        )
        return f"its plan with the guide's set uses what was dropped as not needed: {named}"
    texts = {guide[name].text for name in lacking}
    refusals = sorted(advice["refused"], key=lambda refusal: refusal["index"] not in texts)
    for refusal in refusals:
        # The index itself, or one that has its keys and more.
        if any(refusal["index"].startswith((text, text.removesuffix(")") + ",")) for text in texts):
            return f"the guide's {', '.join(lacking)}: {refusal['reason']}, {refusal['detail']}"
    return f"the guide uses {', '.join(lacking)}, which no statement of this workload gave reason enough to build"


def misjudged(own: Sequence[str]) -> str:
    """The reason where the slower plan takes an index that only Indexical's set has; empty when it takes none."""
    if not own:
        return ""
    names = ", ".join(own)
    return f"the planner takes {names}, which only Indexical's set has, and estimates it to be quicker; executed, it is not"


def audit_lines(prior: Session, guide: Session) -> tuple[str, ...]:
    """What Indexical makes of the guide's own set: duplicates and left prefixes among the added indexes."""
    before = {index.name for index in existing_indexes(prior)}
    catalog = snapshot(guide)
    added = {index.name for index in catalog.indexes()} - before
    found = [item for item in redundancies(catalog.tables) if item.existing.name in added]
    duplicates = [item for item in found if item.reason == "duplicate"]
    prefixes = [item for item in found if item.reason == "redundant" and item.covered_by in added]
    same = _listed(f"{item.existing.name} (= {item.covered_by})" for item in duplicates)
    leading = _listed(f"{item.existing.name} (< {item.covered_by})" for item in prefixes)
    number_same = _counted(len(duplicates), "an exact duplicate", "exact duplicates")
    number_leading = _counted(len(prefixes), "a left prefix", "left prefixes")
    return (
        f"Of the guide's {len(added)} indexes, {number_same} of what was there{same}",
        f"and {number_leading} of others among them{leading}",
    )


def _counted(count: int, one: str, many: str) -> str:
    if count == 0:
        return f"none is {one}"
    return f"1 is {one}" if count == 1 else f"{count} are {many}"


def _listed(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f": {text}" if text else ""
