"""Candidates, configurations, plans, and the advice that comes of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from indexical.model.confirmation import Confirmation
from indexical.model.index import ExistingIndex, Index, MadeFor
from indexical.model.workload import Origin


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index worth asking the planner about: unproven until it is chosen."""

    index: Index
    rule: str
    """The rule that made it, by the name of its file."""
    statements: tuple[str, ...]
    """Ids of the statements that asked for it, sorted."""
    stage: int = 0
    """When a search that widens step by step lets it in, since each further index makes the planner slower:
    0, single keys, and two keys that several statements ask for; 1, wider keys; 2, what reads less rather than finds better
    (covering), what serves several at once (merged), BRIN and hash."""


@dataclass(frozen=True, slots=True)
class Candidates:
    candidates: tuple[Candidate, ...]
    relevant: tuple[tuple[str, tuple[Index, ...]], ...] = ()
    """For each statement id: the candidates its plan could use. Sorted by id."""
    refused: tuple[Refusal, ...] = ()
    """Ideas that were dropped before any planning, with the reason."""
    not_examined: tuple[NotExamined, ...] = ()
    searched: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = ()
    """For each statement id, by table: the columns that its SQL was seen to search, join, sort or group by. Sorted by id."""

    def relevant_to(self, statement_id: str) -> tuple[Index, ...]:
        return next((indexes for id, indexes in self.relevant if id == statement_id), ())


@dataclass(frozen=True, slots=True)
class Configuration:
    """A what-if: hypothetical indexes that exist, existing ones that do not. Hashable: the memo key."""

    added: frozenset[Index] = frozenset()
    removed: frozenset[Index] = frozenset()

    def with_added(self, *indexes: Index) -> Configuration:
        return Configuration(self.added | frozenset(indexes), self.removed)

    def without(self, *indexes: Index) -> Configuration:
        """This configuration with existing indexes taken away."""
        return Configuration(self.added, self.removed | frozenset(indexes))


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node of a plan, flattened in the order EXPLAIN prints them."""

    type: str
    """``Index Scan``, ``Seq Scan``, ``Sort`` ..."""
    depth: int = 0
    relation: str = ""
    """``schema.table`` or empty."""
    alias: str = ""
    index: str = ""
    """The index's name in the database that planned it; hypothetical ones print their structure."""
    cost: float = 0.0
    rows: float = 0.0
    condition: str = ""
    """Index condition, filter and sort key, as EXPLAIN words them; literals redacted where asked."""


@dataclass(frozen=True, slots=True)
class Plan:
    cost: float
    """Total cost in planner units."""
    rows: float = 0.0
    nodes: tuple[PlanNode, ...] = ()
    indexes: frozenset[Index] = frozenset()
    """Structures of the indexes the plan uses, existing and hypothetical."""
    index_names: tuple[str, ...] = ()
    """Names of the indexes the plan uses, sorted; hypothetical ones have none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the advice has to keep to. Units are parsed at the edge."""

    storage_budget: int | None = None
    """Bytes that added indexes may take; None is no limit."""
    max_write_overhead: float | None = None
    """Largest allowed growth of maintenance cost, as a share of what the workload's writes cost now (0.2 is 20 %)."""
    max_indexes: int | None = None
    max_table_indexes: int | None = None
    """New indexes on any one table; None is no limit."""
    max_width: int = 4
    """Key columns of a new index at most."""
    max_include: int = 6
    """Columns that a covering index may INCLUDE at most; 0 for no covering indexes."""
    kinds: tuple[str, ...] = ("btree", "hash", "gin", "gist", "brin")
    """Access methods that new indexes may have."""
    min_benefit: float = 0.002
    """An index must save at least this share of the workload's cost, net of its maintenance."""
    min_hot_benefit: float = 0.01
    """An index that ends heap-only updates must save at least this share: bloat and vacuum come on top of what is priced."""
    min_statement_gain: float = 0.10
    """Or rather: no index is chosen unless some statement gets cheaper by at least this share."""
    min_table_pages: int = 16
    """Tables smaller than this many 8 KiB pages are left alone: a scan reads them in no time."""
    unused_after: float = 7 * 86_400.0
    """Seconds that counters must have been counting before an index without scans is called unused."""
    only: str = ""
    """``create``, ``drop`` or empty for both."""
    frontier: bool = False
    """Whether to say as well what smaller and larger storage budgets would bring."""
    deadline: float | None = 60.0
    """Seconds for the whole advice."""
    max_planner_calls: int = 20_000
    max_statements: int = 2_000
    """Statements that are examined; a larger workload is compressed to this many, and the advice says how."""


@dataclass(frozen=True, slots=True)
class HotLoss:
    """Heap-only updates that an index ends, because it covers a column they change.

    See PostgreSQL's "Heap-Only Tuples" (https://www.postgresql.org/docs/18/storage-hot.html).
    """

    columns: tuple[str, ...]
    updates: float
    """Updates in the workload's window that are no longer heap-only."""
    cost: float
    """What that costs, planner units."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An index to create."""

    index: Index
    name: str
    ddl: str
    """Plain executable SQL: schema-qualified, quoted where needed, no CONCURRENTLY."""
    size: int
    """Estimated bytes."""
    benefit: float
    """Planner units weighted by calls: what the workload's reads would cost more without this one index."""
    maintenance: float
    """Planner units weighted by rows written."""
    hot_loss: tuple[HotLoss, ...] = ()
    statements: tuple[str, ...] = ()
    """Ids of the statements whose plan uses it."""
    phase: str = "performance"
    """critical | performance | analytics | review"""
    rule: str = ""
    origins: tuple[Origin, ...] = ()
    model: str = ""
    """``app.Model`` once the Django door has mapped the table."""
    declaration: str = ""
    """``models.Index(...)`` as it belongs into ``Meta.indexes``."""
    made_for: MadeFor = field(default_factory=MadeFor)
    """The table as it was when this was advised."""


@dataclass(frozen=True, slots=True)
class Drop:
    """An existing index that is not worth keeping."""

    existing: ExistingIndex
    reason: str
    """duplicate | redundant | unused | superseded"""
    covered_by: str = ""
    """The name of the index that does its work."""
    evidence: str = ""
    ddl: str = ""
    model: str = ""
    declared_by: str = ""
    """What in the Django project declares it: ``Meta.indexes``, ``db_index``, ``ForeignKey``, ``ManyToManyField``;
    empty when unknown."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was considered and not advised."""

    subject: str
    """The index, table or statement it is about, as people write it."""
    reason: str
    """A stable word: below-min-benefit, small-table, covered, over-budget, keeps-hot, not-used, constraint ..."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotExamined:
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class StatementVerdict:
    """One statement under the advice: costs in planner units per call."""

    id: str
    sql: str
    calls: float
    cost_before: float
    cost_after: float
    indexes_used: tuple[str, ...] = ()
    """Names; of recommended indexes the name they are to get."""
    origins: tuple[Origin, ...] = ()
    plan_before: Plan | None = None
    plan_after: Plan | None = None


@dataclass(frozen=True, slots=True)
class PlannerUse:
    kind: str
    """twin | hypopg | fake"""
    server_version: str
    calls: int
    milliseconds: float


@dataclass(frozen=True, slots=True, order=True)
class FrontierPoint:
    """What the best set found for one storage budget brings."""

    storage: int
    """Bytes that its new indexes take."""
    cost: float
    """Reads and maintenance of the whole workload under it, planner units weighted by calls."""
    bound: float
    """No allowed set within ``storage`` bytes can cost less."""
    indexes: int
    """How many new indexes it has."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The whole answer: a report never asks the database again."""

    create: tuple[Recommendation, ...]
    drop: tuple[Drop, ...]
    refused: tuple[Refusal, ...]
    statements: tuple[StatementVerdict, ...]
    not_examined: tuple[NotExamined, ...]
    planner: PlannerUse
    cost_before: float
    """Reads of the whole workload, planner units weighted by calls."""
    cost_after: float
    bound: float
    """No configuration of the candidates can cost less than this, reads and maintenance together."""
    maintenance_before: float = 0.0
    maintenance_after: float = 0.0
    storage_before: int = 0
    """Bytes of the existing indexes on the examined tables."""
    storage_budget: int | None = None
    milliseconds: float = 0.0
    database: str = ""
    statistics_since: str = ""
    taken_at: str = ""
    settings: tuple[tuple[str, str], ...] = field(default=())
    workload_statements: int = 0
    """Statements of the workload, examined or not."""
    workload_calls: float = 0.0
    proved: bool = False
    """Whether the solver proved that no set of the candidates is better, each index charged the least benefit asked of it."""
    frontier: tuple[FrontierPoint, ...] = ()
    """From the smallest budget to the largest; empty unless it was asked for."""
    slack: float = 0.0
    """Planner units by which the planner was seen to contradict itself, an index more making a plan dearer: the bound, which
    trusts it not to, is no surer than that."""
    confirmation: Confirmation | None = None
    """What building and executing it on a disposable database said; None unless that was asked for."""

    @property
    def storage_added(self) -> int:
        return sum(recommendation.size for recommendation in self.create)

    @property
    def storage_freed(self) -> int:
        return sum(drop.existing.size for drop in self.drop)

    @property
    def total_after(self) -> float:
        return self.cost_after + self.maintenance_after

    @property
    def gap(self) -> float:
        """How far from the bound the chosen set can be at most, as a share of its cost."""
        return 0.0 if self.total_after <= 0 else max(0.0, 1.0 - self.bound / self.total_after)
