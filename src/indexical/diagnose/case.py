"""One question put to the planner in many ways: the statement, the index it is about, and every "what if" about the two."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from indexical.candidates.facts import TableFacts
from indexical.diagnose.probing import Probe
from indexical.errors import PlanRefused
from indexical.model import (
    Catalog,
    Column,
    Configuration,
    ExistingIndex,
    Index,
    Parameters,
    Plan,
    PlanNode,
    Statement,
    Table,
)
from indexical.model.sqltext import without_literals

_MOST_IDEAS = 24
_WORTH = 0.9
"""An index is the answer when the plan with it costs at most this share of the plan without."""


class Workbench(Protocol):
    """Plans the statement as things are not."""

    def plan(
        self,
        statement: Statement,
        parameters: Parameters,
        configuration: Configuration,
        settings: Mapping[str, str],
    ) -> Plan:
        """With other indexes and settings. Raises :class:`PlanRefused`."""

    def elsewhere(self, catalog: Catalog, statement: Statement, parameters: Parameters) -> Plan:
        """In a database with other statistics. Raises :class:`PlanRefused`."""


@dataclass
class Case:
    """Not frozen: answers are worked out when they are first asked for, and kept."""

    catalog: Catalog
    bench: Workbench
    statement: Statement
    parameters: Parameters
    plan: Plan
    facts: tuple[TableFacts, ...]
    ideas: tuple[tuple[Index, str], ...]
    """Indexes worth asking about for this statement, and the rule each comes from."""
    target: ExistingIndex | None = None
    named: bool = False
    """Somebody asked about this very index."""
    probe: Probe | None = None
    others: tuple[tuple[str, Catalog], ...] = ()
    """Other nodes by name."""
    _plans: dict[object, Plan | None] = field(default_factory=dict)

    def about(self, target: ExistingIndex | None) -> Case:
        """The same case with another index in question; answers about the statement itself are shared."""
        return replace(self, target=target)

    # What is known of the index in question.

    @cached_property
    def table(self) -> Table | None:
        if self.target is None:
            return None
        return self.catalog.table(self.target.index.schema, self.target.index.table)

    @cached_property
    def asked(self) -> TableFacts | None:
        """What the statement asks of the table, at its first mention."""
        return next((facts for facts in self.facts if facts.table == self.table), None)

    @property
    def leading(self) -> str:
        """The leading key's column; empty for an expression."""
        return self.target.index.keys[0].column if self.target is not None else ""

    @property
    def column(self) -> Column | None:
        return self.table.column(self.leading) if self.table is not None and self.leading else None

    @cached_property
    def node(self) -> PlanNode | None:
        """The plan's node that reads the table, the dearest where there are several."""
        if self.table is None:
            return None
        found = [node for node in self.plan.nodes if node.relation == self.table.qualified]
        return max(found, key=lambda node: node.cost, default=None)

    @property
    def condition(self) -> str:
        """The condition under which the table is read now, as the planner prints it."""
        return self.node.condition if self.node is not None else ""

    @property
    def shown(self) -> str:
        return without_literals(self.condition) or "no condition"

    @property
    def share(self) -> float:
        """The share of the table's rows that the planner expects."""
        if self.node is None or self.table is None or self.table.rows <= 0:
            return 0.0
        return min(1.0, self.node.rows / self.table.rows)

    # What if.

    def planned(
        self,
        added: tuple[Index, ...] = (),
        removed: tuple[Index, ...] = (),
        *,
        sql: str = "",
        settings: Mapping[str, str] | None = None,
        parameters: Parameters | None = None,
    ) -> Plan | None:
        """The plan with indexes more or fewer, other settings, or said differently; None when it cannot be planned."""
        values = self.parameters if parameters is None else parameters
        key = (added, removed, sql, tuple(sorted((settings or {}).items())), values)
        if key not in self._plans:
            statement = replace(self.statement, id="what-if", sql=sql) if sql else self.statement
            configuration = Configuration(frozenset(added), frozenset(removed))
            try:
                self._plans[key] = self.bench.plan(statement, values, configuration, settings or {})
            except PlanRefused:
                self._plans[key] = None
        return self._plans[key]

    def elsewhere(self, changed: Callable[[Table], Table], *settings: tuple[str, str]) -> Plan | None:
        """The plan in a database whose table of the question differs, or whose settings do."""
        tables = tuple(changed(table) if table == self.table else table for table in self.catalog.tables)
        names = {name for name, _ in settings}
        kept = tuple(pair for pair in self.catalog.settings if pair[0] not in names)
        catalog = replace(self.catalog, tables=tables, settings=tuple(sorted((*kept, *settings))))
        try:
            return self.bench.elsewhere(catalog, self.statement, self.parameters)
        except PlanRefused:
            return None

    def uses(self, plan: Plan | None, index: Index | None = None) -> bool:
        """Whether the plan uses the index, by default the one in question, by what it is ordered by."""
        wanted = index or (self.target.index if self.target is not None else None)
        return plan is not None and wanted is not None and wanted in plan.indexes

    @cached_property
    def forced(self) -> Plan | None:
        """The plan when nothing else can be had: no scan of whole tables, none of the table's other indexes."""
        if self.target is None:
            return None
        mine = self.target.index
        others = (
            tuple(e.index for e in self.table.indexes if e.index != mine and e.valid) if self.table else ()
        )
        return self.planned((), tuple(dict.fromkeys(others)), settings={"enable_seqscan": "off"})

    @cached_property
    def searchable(self) -> bool:
        """Whether the index can be searched for what the statement asks: by its leading key."""
        if self.target is None or not self.uses(self.forced):
            return False
        key = self.target.index.keys[0]
        word = re.escape(key.column) if key.column else re.escape(key.expression.split("(")[0].strip() or "(")
        if any(re.search(rf"Index Cond:[^;]*(?<!\w){word}", node.condition) for node in self._forced_nodes):
            return True
        if self.target.index.method != "btree":
            return any("Index Cond" in n.condition or "Order By" in n.condition for n in self._forced_nodes)
        # A partial index may serve by its predicate alone.
        return bool(self.target.index.predicate) and any(
            "Index Cond" in n.condition for n in self._forced_nodes
        )

    @cached_property
    def servable(self) -> bool:
        """Whether the index can serve the statement at all: by its leading key, or by its order."""
        if self.searchable or self.target is None or not self.uses(self.forced):
            return self.searchable
        nodes = self.forced.nodes if self.forced is not None else ()
        sorts = self.asked.order if self.asked is not None else ()
        leads = bool(sorts) and sorts[0].column == self.target.index.keys[0].column
        return leads and not any("Sort" in node.type for node in nodes)

    @property
    def _forced_nodes(self) -> tuple[PlanNode, ...]:
        """The nodes of the forced plan that read by the index in question."""
        nodes = self.forced.nodes if self.forced is not None else ()
        name = self.target.name if self.target is not None else ""
        return tuple(node for node in nodes if node.index.rpartition(".")[2] == name)

    @cached_property
    def real(self) -> Plan | None:
        """The plan that the database itself makes; None without a session to it."""
        return (
            self.probe.explain(self.statement, self.parameters, self.catalog)
            if self.probe is not None
            else None
        )

    def best_idea(self, wanted: Callable[[Index, str], bool]) -> tuple[Index, Plan] | None:
        """The index among those worth asking about with which the statement costs least, when it is worth it."""
        found: list[tuple[float, Index, Plan]] = []
        for index, _ in [idea for idea in self.ideas if wanted(*idea)][:_MOST_IDEAS]:
            plan = self.planned((index,))
            if plan is not None and index in plan.indexes and plan.cost <= _WORTH * self.plan.cost:
                found.append((plan.cost, index, plan))
        if not found:
            return None
        # Of those that are as good as the best, the narrowest.
        best = min(cost for cost, _, _ in found)
        good = [each for each in found if each[0] <= best * 1.05]
        _, index, plan = min(
            good, key=lambda each: (len(each[1].keys) + len(each[1].include), each[0], each[1])
        )
        return index, plan
