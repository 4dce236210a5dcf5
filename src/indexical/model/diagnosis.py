"""Why a statement does not use an index: the causes, each with the plan that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from indexical.model.advice import NotExamined, Plan
from indexical.model.workload import Statement

CAUSES: dict[str, str] = {
    "setting-off": "a planner setting forbids this kind of scan",
    "invalid": "the index is INVALID: an interrupted build left it behind",
    "not-visible-yet": "the index was built while older transactions ran, and this one must not use it yet",
    "generic-plan": "the plan is made before the values are known",
    "partial-not-implied": "the query does not imply the partial index's predicate",
    "function-on-column": "the query compares an expression, and the index holds the column",
    "type-mismatch": "the value has a type that makes PostgreSQL cast the column",
    "like-needs-pattern-ops": "LIKE follows characters, and the index follows the language's order",
    "leading-wildcard": "the pattern begins with a wildcard: nothing says where to begin in the index",
    "collation": "the query compares in another collation than the index is ordered by",
    "or-across-columns": "one arm of an OR has no index, so all rows are read anyway",
    "operator": "the operator asks for what is not equal, which no index is ordered by",
    "column-order": "the index begins with a column that the query says nothing about",
    "not-asked": "the query asks nothing of the index's columns",
    "other-node": "another node has the index, this one does not",
    "no-index": "no index serves this condition",
    "stale-statistics": "the statistics are out of date",
    "limit": "the planner bets on finding the first rows soon by following the ORDER BY",
    "better-index": "another index does the same for less",
    "small-table": "the table is so small that reading it whole is quicker",
    "correlated-columns": "the columns depend on each other, and the planner multiplies their shares",
    "scattered-rows": "the rows lie all over the table, so that each costs a page of its own",
    "cost-settings": "the cost settings make reading single pages look dear",
    "low-selectivity": "the condition is true of so many rows that reading all is quicker",
}
"""Every cause and what it means; the order is that in which they are asked."""

StepKind = Literal["create", "rewrite", "analyze", "setting", "statistics", "rebuild", "wait", "nothing"]


@dataclass(frozen=True, slots=True)
class Proof:
    """The same statement planned with one thing different."""

    what: str
    """``with fresh statistics``"""
    after: Plan


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do about it, which was planned before it was advised."""

    kind: StepKind
    text: str
    sql: str = ""
    """A statement to run, or for ``rewrite`` the query as it should be; empty for what is no statement."""
    after: Plan | None = None
    """What the statement's plan becomes by it; None where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Cause:
    name: str
    """One of :data:`CAUSES`."""
    evidence: tuple[str, ...]
    proof: Proof
    steps: tuple[Step, ...] = ()

    @property
    def meaning(self) -> str:
        return CAUSES[self.name]


@dataclass(frozen=True, slots=True)
class Hint:
    """The index may be the wrong tool altogether."""

    name: str
    """``deep-offset`` | ``select-star`` | ``n-plus-one`` | ``never-analysed``"""
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    statement: Statement
    plan: Plan
    """As things are."""
    index: str = ""
    """Name of the existing index that the question is about; empty when there is none that comes near."""
    used: bool = False
    """The plan uses it, or needs no index."""
    causes: tuple[Cause, ...] = ()
    """Proven ones, the first to act upon first."""
    hints: tuple[Hint, ...] = ()
    not_examined: tuple[NotExamined, ...] = ()
    statistics_age: str = ""
    """How old the statistics of the statement's tables are."""
