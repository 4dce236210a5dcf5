"""Which existing indexes are not worth keeping, beside the chosen new ones.

Redundant ones must also pass the planner: no statement may get worse. Unused ones need three witnesses: the catalog's
counters, over a known window; the workload, none of whose plans gets dearer without the index (of several that serve a
statement equally well a plan names one by chance); and the schema, which must not need it for a foreign key, whose checks
no counter shows before a referenced row is deleted
(https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from indexical import ddl
from indexical.model import Catalog, Configuration, Drop, ExistingIndex, Index, Refusal, Table, Workload
from indexical.model.keeping import needed_by, surroundings
from indexical.selection.problem import Chosen, Problem
from indexical.selection.redundancy import Redundancy, redundancies

TOLERANCE = 0.05
"""Share by which one statement's estimate may rise when an index goes: a wider index that does its work has a few more pages.
What all statements lose together must be paid for besides, see :data:`NOISE`."""


NOISE = 0.001
"""Share by which all reads together may rise even if no saved upkeep is known to pay for it."""


@dataclass(frozen=True, slots=True)
class Dropping:
    drops: tuple[Drop, ...]
    configuration: Configuration
    """The chosen set with what goes taken away, except where an equal index stays."""
    refused: tuple[Refusal, ...]


def choose_drops(problem: Problem, workload: Workload, chosen: Chosen) -> Dropping:
    """Every index that may go, one after the other, each judged with the ones before it gone.

    First those that the search itself has left out of ``chosen``.
    """
    new = chosen - problem.optional
    window = scan_window(problem.catalog, workload)
    drops: list[Drop] = []
    refused: list[Refusal] = []
    configuration = Configuration(new)
    for existing in _left_out(problem, chosen):
        without = configuration.without(existing.index)
        why = _worse(problem, configuration, without, existing)
        if why:
            refused.append(Refusal(existing.name, "still-used", f"its upkeep is high, but {why}"))
            continue
        drops.append(
            _drop(existing, "superseded", "", _paid(problem, configuration, without, existing, window))
        )
        configuration = without
    chosen = new
    gone = {(drop.existing.index.qualified_table, drop.existing.name) for drop in drops}
    for redundancy in redundancies(problem.catalog, added=chosen):
        existing = redundancy.existing
        if (existing.index.qualified_table, existing.name) in gone:
            continue
        without = _without(problem, configuration, existing, drops)
        why = _worse(problem, configuration, without, existing)
        if why:
            refused.append(Refusal(existing.name, "still-used", f"{redundancy.evidence}, but {why}"))
            continue
        drops.append(_drop(existing, redundancy.reason, redundancy.covered_by, _evidence(redundancy)))
        configuration = without
    unseen = unseen_servers(problem.catalog)
    unused, needed = _unused(problem, configuration, drops)
    refused += needed
    for existing in unused:
        without = _without(problem, configuration, existing, drops)
        if _worse(problem, configuration, without, existing):
            continue
        if unseen:
            refused.append(Refusal(existing.name, "too-early", f"0 scans here, but {unseen}"))
            continue
        if window.seconds < problem.limits.unused_after:
            too_early = f"0 scans {window.text}: too short a time to call it unused"
            refused.append(Refusal(existing.name, "too-early", too_early))
            continue
        drops.append(
            _drop(existing, "unused", "", f"0 scans {window.text}, and no plan of the workload needs it")
        )
        configuration = without
    order = sorted(drops, key=lambda drop: (drop.existing.index.qualified_table, drop.existing.name))
    return Dropping(tuple(order), configuration, tuple(refused))


def _drop(existing: ExistingIndex, reason: str, covered_by: str, evidence: str) -> Drop:
    statement = ddl.drop_index(existing.index.schema, existing.name)
    return Drop(existing, reason, covered_by=covered_by, evidence=evidence, ddl=statement)


def _evidence(redundancy: Redundancy) -> str:
    return f"{redundancy.evidence}; without it no statement's estimate rises by more than {TOLERANCE:.0%}"


def _left_out(problem: Problem, chosen: Chosen) -> list[ExistingIndex]:
    """What the search would drop, the one first that costs the writes most."""
    left_out = problem.optional - chosen
    found = [existing for existing in problem.catalog.indexes() if existing.index in left_out]
    return sorted(found, key=lambda existing: (-problem.upkeep_of(existing.index), existing.name))


def _saved(problem: Problem, before: Configuration, after: Configuration) -> float:
    return problem.costs.upkeep(before) - problem.costs.upkeep(after)


def _paid(
    problem: Problem, before: Configuration, after: Configuration, existing: ExistingIndex, window: _Window
) -> str:
    reads = sum(
        s.calls * (problem.costs.cost(s, after) - problem.costs.cost(s, before)) for s in problem.statements
    )
    return (
        f"without it the writes cost {_saved(problem, before, after):,.1f} less and the reads {max(reads, 0.0):,.1f} more;"
        f" no statement's estimate rises by more than {TOLERANCE:.0%}; {existing.scans} scans {window.text}"
    )


def _without(
    problem: Problem, configuration: Configuration, existing: ExistingIndex, gone: Iterable[Drop]
) -> Configuration:
    """The configuration without the index; unchanged when one of the same structure stays."""
    names = {drop.existing.name for drop in gone if drop.existing.index.schema == existing.index.schema}
    table = problem.catalog.table(existing.index.schema, existing.index.table)
    twins = [
        other
        for other in (table.indexes if table is not None else ())
        if other.index == existing.index
        and other.name != existing.name
        and other.name not in names
        and other.valid
    ]
    return configuration if twins else configuration.without(existing.index)


def _worse(problem: Problem, before: Configuration, after: Configuration, existing: ExistingIndex) -> str:
    """What gets worse without the index; empty when nothing does."""
    rise = 0.0
    for statement in problem.reading(existing.index) if after != before else ():
        old, new = problem.costs.cost(statement, before), problem.costs.cost(statement, after)
        if new > old * (1 + TOLERANCE):
            return f"without it {statement.id} would cost {new:,.1f} instead of {old:,.1f} a call"
        rise += statement.calls * (new - old)
    saved = _saved(problem, before, after) if after != before else problem.costs.maintenance(existing.index)
    if rise > max(saved, NOISE * problem.reads_before):
        return f"without it the reads would cost {rise:,.1f} more and the writes only {saved:,.1f} less"
    return ""


def unseen_servers(catalog: Catalog) -> str:
    """Which servers' counters are missing, so that an index without scans may be in use there; empty when none is known of."""
    sampled = sum(node.standby for node in catalog.nodes)
    if catalog.standby and not any(not node.standby for node in catalog.nodes):
        return "this is a standby, and the primary was not looked at; take the snapshot there, with --replica for this one"
    if catalog.standbys > sampled:
        count = f"{catalog.standbys} standby{'s' * (catalog.standbys != 1)}"
        return f"it has {count}, {sampled} of which were looked at; name each with --replica"
    return ""


def _unused(
    problem: Problem, configuration: Configuration, gone: list[Drop]
) -> tuple[list[ExistingIndex], list[Refusal]]:
    """Indexes without scans that may go, and those that are needed all the same, with why."""
    if not any(existing.scans > 0 for existing in problem.catalog.indexes()):
        # Counters that are all zero have just been reset, or belong to a restored copy: they say nothing.
        return [], []
    dropped = {(drop.existing.index.qualified_table, drop.existing.name) for drop in gone}
    # Its own counter does not know yet of the scans that come to it from an index that goes.
    taking_over = {
        (drop.existing.index.qualified_table, drop.covered_by) for drop in gone if drop.existing.scans > 0
    }
    found: list[ExistingIndex] = []
    needed: list[Refusal] = []
    for table in problem.catalog.tables:
        if table.pages < problem.limits.min_table_pages:
            continue
        for existing in sorted(table.indexes):
            key = (table.qualified, existing.name)
            if key in dropped | taking_over or not _unscanned(table, existing):
                continue
            why = needed_by(existing, surroundings(table, _staying(table, existing, dropped, configuration)))
            if not why:
                dropped.add(key)
                found.append(existing)
            elif not existing.constraint:
                needed.append(Refusal(existing.name, "needed", f"0 scans counted, but {why}"))
    return found, needed


def _staying(
    table: Table, existing: ExistingIndex, dropped: set[tuple[str, str]], configuration: Configuration
) -> list[Index]:
    """What is there beside the index once those in ``dropped`` are gone and the chosen ones are built."""
    kept = [
        other.index
        for other in table.indexes
        if other.name != existing.name and (table.qualified, other.name) not in dropped and other.valid
    ]
    return [*kept, *sorted(configuration.added)]


def _unscanned(table: Table, existing: ExistingIndex) -> bool:
    return table.kind in ("r", "m") and existing.scans == 0 and existing.valid and existing.ready


@dataclass(frozen=True, slots=True)
class _Window:
    """How long the counters of scans have been counting."""

    seconds: float
    text: str


def scan_window(catalog: Catalog, workload: Workload) -> _Window:
    """How long the counters of scans have been counting; 0 seconds when nobody knows."""
    since, until = catalog.statistics_since, catalog.taken_at
    if since and until:
        seconds = (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()
        return _Window(seconds, f"in the {_span(seconds)} since {since}")
    if workload.seconds > 0:
        return _Window(workload.seconds, f"in the {_span(workload.seconds)} of the workload")
    return _Window(0.0, "counted since an unknown time")


def _span(seconds: float) -> str:
    for unit, length in (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0)):
        count = round(seconds / length)
        if count >= 2 or unit == "minute":
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("unreachable")
