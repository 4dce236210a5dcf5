"""The straight line, read from top to bottom: a workload and a catalog go in, complete advice comes out.

No other module knows the order of the stages. :func:`advise` needs a planner and nothing else of the outside world;
:func:`advise_catalog` opens the planner twin for it, :func:`advise_url` reads the catalog first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from indexical import ddl
from indexical.candidates import generate, overlooked
from indexical.emit.names import index_name
from indexical.errors import WorkloadEmpty
from indexical.model import (
    Advice,
    Candidate,
    Candidates,
    Catalog,
    Configuration,
    Drop,
    ExistingIndex,
    HotLoss,
    Index,
    Limits,
    MadeFor,
    NotExamined,
    PlannerUse,
    Recommendation,
    Refusal,
    Statement,
    StatementVerdict,
    Workload,
)
from indexical.model.columns import columns_of
from indexical.protocols import Planner
from indexical.selection import Selection, phases, select
from indexical.whatif import CostModel
from indexical.workload.compression import compress
from indexical.workload.writes import table_writes

OnEvent = Callable[[str, float, str], None]

WORKERS = min(2, os.cpu_count() or 1)
"""Engines that the planner twin plans on at once; the advice is the same for any number of them."""
MADE_WORSE = 1.02
"""A statement whose estimate rises above this multiple is reported."""


def advise_url(
    url: str, workload: Workload, limits: Limits | None = None, *, on_event: OnEvent | None = None
) -> Advice:
    """Advice for the database behind a connection URL, which is only read.

    Raises :class:`indexical.errors.DatabaseError` when it refuses, and what :func:`advise` raises.
    """
    from indexical.catalog import snapshot
    from indexical.pg.session import connect

    with connect(url) as session:
        catalog = snapshot(session, on_event=on_event)
    return advise_catalog(workload, catalog, limits, on_event=on_event)


def advise_catalog(
    workload: Workload,
    catalog: Catalog,
    limits: Limits | None = None,
    *,
    engine: str | None = None,
    on_event: OnEvent | None = None,
) -> Advice:
    """Advice from a snapshot: the planner twin answers what the database would.

    ``engine`` names the folder of a PostgreSQL's programs for the twin to run on; without one it is found.
    Raises :class:`indexical.errors.EngineFailed` when no engine can be started, and what :func:`advise` raises.
    """
    from indexical.twin.engine import choose
    from indexical.twin.twin import open_twin

    chosen = choose(catalog.server_version, engine)
    with open_twin(catalog, engine=chosen, workers=WORKERS, on_event=on_event) as twin:
        return advise(workload, catalog, limits or Limits(), twin, on_event=on_event)


def advise_hypopg(
    url: str,
    workload: Workload,
    catalog: Catalog,
    limits: Limits | None = None,
    *,
    on_event: OnEvent | None = None,
) -> Advice:
    """Advice planned by HypoPG in the database behind ``url``, which the catalog describes; nothing is built or executed.

    Raises :class:`indexical.errors.DatabaseError` when HypoPG is not there, and what :func:`advise` raises.
    """
    from indexical.hypopg import open_hypopg

    with open_hypopg(url, catalog, on_event=on_event) as planner:
        return advise(workload, catalog, limits or Limits(), planner, on_event=on_event)


def advise(
    workload: Workload,
    catalog: Catalog,
    limits: Limits,
    planner: Planner,
    *,
    on_event: OnEvent | None = None,
) -> Advice:
    """The best index set for the workload within the limits, with every reason and what was not examined.

    Raises :class:`indexical.errors.WorkloadEmpty` when no statement can be examined.
    """
    started = time.monotonic()
    tell = on_event or (lambda stage, share, detail: None)
    if not workload.statements:
        raise WorkloadEmpty("the workload holds no statement; check its source, or capture more traffic")
    tell("candidates", 0.0, f"{len(workload.statements)} statements")
    writes = table_writes(workload, catalog)
    # What is written counts in full; only what has to be planned is made less.
    whole = workload
    workload, _ = compress(whole, limits.max_statements)
    candidates = generate(workload, catalog, limits)
    costs = CostModel(
        workload,
        catalog,
        planner,
        candidates,
        writes,
        on_event=on_event,
        deadline=limits.deadline,
        max_planner_calls=limits.max_planner_calls,
    )
    examined = replace(workload, statements=costs.examine())
    if not examined.statements:
        raise WorkloadEmpty(_nothing_planned(workload, costs))
    tell("selection", -1.0, f"{len(candidates.candidates)} candidates")
    selection = select(examined, catalog, candidates, costs, limits)
    tell("justify", -1.0, f"{len(selection.chosen)} to create, {len(selection.drops)} to drop")
    advice = justify(examined, catalog, candidates, costs, limits, selection)
    use = PlannerUse(
        kind=str(getattr(planner, "kind", "") or type(planner).__name__.lower()),
        server_version=str(getattr(planner, "server_version", "") or catalog.server_version_text),
        calls=costs.planner_calls,
        milliseconds=round(costs.planner_seconds * 1000, 1),
    )
    unseen = (*_not_examined(workload, catalog, candidates, costs), *getattr(planner, "not_examined", ()))
    return replace(
        advice,
        planner=use,
        not_examined=tuple(dict.fromkeys(unseen)),
        workload_statements=len(whole.statements),
        workload_calls=whole.calls,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )


def justify(
    workload: Workload,
    catalog: Catalog,
    candidates: Candidates,
    costs: CostModel,
    limits: Limits,
    selection: Selection,
) -> Advice:
    """Turn the choice into advice: names, benefits, plans before and after, and what gets worse."""
    names = name_all(selection.chosen, catalog)
    create = tuple(_recommend(c, names, workload, costs, selection) for c in selection.chosen)
    create = tuple(replace(each, made_for=_made_for(each.index, catalog)) for each in create)
    phase = phases(create, workload)
    create = tuple(replace(each, phase=phase[each.name]) for each in create)
    by_structure = _by_structure(catalog)
    statements = tuple(_verdict(s, names, by_structure, costs, selection) for s in workload.statements)
    worse = tuple(_made_worse(v) for v in statements if v.cost_after > MADE_WORSE * v.cost_before)
    tables = {node.relation for v in statements if v.plan_before for node in v.plan_before.nodes}
    tables.update(c.index.qualified_table for c in candidates.candidates)
    return Advice(
        create=tuple(sorted(create, key=lambda each: (-each.benefit, each.name))),
        drop=tuple(_with_names(drop, names) for drop in selection.drops),
        refused=(*worse, *_refusals_with_names(selection.refused, names), *candidates.refused),
        statements=statements,
        not_examined=(),
        planner=PlannerUse("", "", 0, 0.0),
        cost_before=selection.reads_before,
        cost_after=selection.reads_after,
        bound=selection.bound,
        maintenance_before=selection.maintenance_before,
        maintenance_after=selection.maintenance_after,
        storage_before=sum(e.size for e in catalog.indexes() if e.index.qualified_table in tables),
        storage_budget=limits.storage_budget,
        database=catalog.database,
        statistics_since=catalog.statistics_since,
        taken_at=catalog.taken_at,
        settings=catalog.settings,
        proved=selection.proved,
        frontier=selection.frontier,
        slack=selection.slack,
    )


def name_all(chosen: Iterable[Candidate], catalog: Catalog) -> Mapping[Index, str]:
    """A name for each index, none of them taken by a table or an index of the catalog."""
    taken = {table.name for table in catalog.tables} | {existing.name for existing in catalog.indexes()}
    names: dict[Index, str] = {}
    for candidate in chosen:
        name = index_name(candidate.index, taken)
        taken.add(name)
        names[candidate.index] = name
    return names


def _recommend(
    candidate: Candidate,
    names: Mapping[Index, str],
    workload: Workload,
    costs: CostModel,
    selection: Selection,
) -> Recommendation:
    index = candidate.index
    # Drops are left out: an index that replaces another would be credited with what the other one does today.
    with_ = Configuration(selection.configuration.added)
    without = Configuration(with_.added - {index})
    benefit = sum(s.calls * (costs.cost(s, without) - costs.cost(s, with_)) for s in workload.statements)
    users = tuple(s for s in workload.statements if index in costs.used(s, selection.configuration))
    name = names[index]
    return Recommendation(
        index=index,
        name=name,
        ddl=ddl.create_index(index, name),
        size=costs.size(index),
        benefit=benefit,
        maintenance=costs.maintenance(index),
        hot_loss=tuple(
            HotLoss(columns, updates, cost) for _, updates, cost, columns in costs.hot_groups(index)
        ),
        statements=tuple(s.id for s in users),
        rule=candidate.rule,
        origins=tuple(sorted({origin for s in users for origin in s.origins})),
    )


def _made_for(index: Index, catalog: Catalog) -> MadeFor:
    table = catalog.table(index.schema, index.table)
    if table is None:
        return MadeFor()
    used = columns_of(index)
    return MadeFor(table.oid, tuple(sorted((c.name, c.type) for c in table.columns if c.name in used)))


def _by_structure(catalog: Catalog) -> Mapping[Index, list[ExistingIndex]]:
    found: dict[Index, list[ExistingIndex]] = {}
    for existing in catalog.indexes():
        found.setdefault(existing.index, []).append(existing)
    return found


def _verdict(
    statement: Statement,
    names: Mapping[Index, str],
    by_structure: Mapping[Index, list[ExistingIndex]],
    costs: CostModel,
    selection: Selection,
) -> StatementVerdict:
    after = costs.plan(statement, selection.configuration)
    dropped = {(drop.existing.index.qualified_table, drop.existing.name) for drop in selection.drops}
    twins_gone = {drop.existing.index for drop in selection.drops}
    used = costs.used(statement, selection.configuration)
    found = {names[index] for index in used if index in names}
    for existing in (each for index in used for each in by_structure.get(index, ())):
        index = existing.index
        if (index.qualified_table, existing.name) in dropped:
            continue
        # The planner names one of several equal indexes; when that one is to go, another takes its part.
        if existing.name in after.index_names or index not in after.indexes or index in twins_gone:
            found.add(existing.name)
    return StatementVerdict(
        id=statement.id,
        sql=statement.sql,
        calls=statement.calls,
        cost_before=costs.cost(statement, Configuration()),
        cost_after=costs.cost(statement, selection.configuration),
        indexes_used=tuple(sorted(found)),
        origins=statement.origins,
        plan_before=costs.plan(statement, Configuration()),
        plan_after=after,
    )


def _made_worse(verdict: StatementVerdict) -> Refusal:
    detail = f"costs {verdict.cost_after:,.1f} a call under this advice, {verdict.cost_before:,.1f} today"
    return Refusal(verdict.id, "made-worse", detail)


def _with_names(drop: Drop, names: Mapping[Index, str]) -> Drop:
    """Redundancy against a new index speaks of its structure until it has a name."""
    by = next((index for index in names if index.text == drop.covered_by), None)
    if by is None:
        return drop
    evidence = drop.evidence.replace(by.text, names[by])
    return replace(drop, covered_by=names[by], evidence=evidence)


def _refusals_with_names(refused: Iterable[Refusal], names: Mapping[Index, str]) -> Iterable[Refusal]:
    for refusal in refused:
        by = next((index for index in sorted(names) if refusal.detail.startswith(f"{index.text} ")), None)
        if by is None:
            yield refusal
        else:
            yield replace(refusal, detail=names[by] + refusal.detail[len(by.text) :])


def _not_examined(
    workload: Workload, catalog: Catalog, candidates: Candidates, costs: CostModel
) -> Iterable[NotExamined]:
    yield from costs.not_examined
    yield from candidates.not_examined
    refused = {each.what for each in costs.not_examined}
    planned = (s for s in workload.statements if s.id not in refused)
    yield from overlooked(((s, costs.plan(s, Configuration())) for s in planned), candidates, catalog)
    yield from (NotExamined(skipped.what, skipped.why) for skipped in workload.skipped)
    yield from (NotExamined(what, why) for what, why in (*catalog.not_examined, *catalog.missing_rights))
    if costs.exhausted:
        yield NotExamined(
            "the search",
            "the deadline or the planner calls ran out; the answer may be improved with more time",
        )


def _nothing_planned(workload: Workload, costs: CostModel) -> str:
    first = costs.not_examined[0]
    return (
        f"none of the {len(workload.statements)} statements of the workload can be planned; the first, {first.what}: {first.why}."
        " Check that the workload belongs to this database"
    )
