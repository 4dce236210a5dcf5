"""Existing indexes that a set may leave out because what they bring is not worth their upkeep.

Each becomes a choice of the search, beside the new ones. The witnesses are those of an unused index (see :mod:`.drops`): the
catalog's counters over a known window, the workload, and the schema. An index that was scanned must be used by a statement of
the workload today: scans that no statement explains belong to something that the workload does not show.
"""

from __future__ import annotations

from indexical.model import Catalog, Configuration, Index, Limits, Workload
from indexical.model.keeping import needed_by, surroundings
from indexical.protocols import Costs
from indexical.selection.drops import scan_window, unseen_servers
from indexical.selection.problem import Chosen

MOST = 60
"""Indexes that become choices, the dearest to keep first: each makes the search longer."""


def optional(workload: Workload, catalog: Catalog, costs: Costs, limits: Limits) -> Chosen:
    """Those worth asking about: the upkeep saved could matter beside the reads."""
    if limits.only == "create" or scan_window(catalog, workload).seconds < limits.unused_after:
        return frozenset()
    if unseen_servers(catalog) or not any(existing.scans > 0 for existing in catalog.indexes()):
        return frozenset()
    reads = sum(s.calls * costs.cost(s, Configuration()) for s in workload.statements)
    asked = frozenset(index for s in workload.statements for index in costs.used(s, Configuration()))
    today = costs.upkeep(Configuration())
    saved: dict[Index, float] = {}
    for table in catalog.tables:
        if table.kind not in ("r", "m") or table.pages < limits.min_table_pages:
            continue
        for existing in table.indexes:
            index = existing.index
            if needed_by(existing, surroundings(table, ())) or not (existing.valid and existing.ready):
                continue
            if index not in asked or existing.scans <= 0:
                continue
            if sum(other.index == index for other in table.indexes) == 1:
                saved[index] = costs.maintenance(index)
    dear = {
        index: today - costs.upkeep(Configuration().without(index))
        for index, upkeep in saved.items()
        if upkeep > 0
    }
    worth_it = [index for index in dear if dear[index] > max(limits.min_benefit * reads, 0.0)]
    return frozenset(sorted(worth_it, key=lambda index: (-dear[index], index))[:MOST])
