"""The few seams of the house: what one room needs of another without knowing it. Each has a fake in ``indexical.testing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from indexical.model import Advice, Change, Configuration, Index, Parameters, Plan, Statement, Workload

Answer = TypeVar("Answer")


class Connection(Protocol):
    """A database that answers questions."""

    def rows(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[dict[str, Any]]:
        """Rows of one statement, as dictionaries by column name."""


class WorkloadSource(Protocol):
    def read(self) -> Workload: ...


class Planner(Protocol):
    """Answers "what if": plans a statement as if the configuration were true."""

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        """The plan for one set of parameter values.

        Raises :class:`indexical.errors.PlanRefused` when the statement cannot be planned.
        """

    def size(self, index: Index) -> int:
        """Bytes of an existing or hypothetical index."""


class Costs(Protocol):
    """The cost model that selection asks; costs are planner units."""

    def cost(self, statement: Statement, configuration: Configuration) -> float:
        """One call of the statement, averaged over its parameter samples."""

    def plan(self, statement: Statement, configuration: Configuration) -> Plan:
        """The plan of the statement's most telling sample."""

    def used(self, statement: Statement, configuration: Configuration) -> frozenset[Index]:
        """Indexes that any of the statement's samples uses under the configuration."""

    def spread(self, work: Callable[[Statement], Answer], statements: Sequence[Statement]) -> list[Answer]:
        """Does the work for each statement, perhaps several at a time; the answers in the statements' order."""

    def size(self, index: Index) -> int: ...

    def maintenance(self, index: Index) -> float:
        """What keeping the index costs the workload's writes, HOT loss left out."""

    def hot_groups(self, index: Index) -> tuple[tuple[str, float, float, tuple[str, ...]], ...]:
        """Groups of heap-only updates that the index ends: (group id, updates, cost, columns).

        A group is paid for once, however many of the chosen indexes end it. The cost is that of the table and of its other
        existing indexes; what other new indexes pay is in :meth:`after_hot`.
        """

    def after_hot(self, index: Index) -> tuple[tuple[str, float], ...]:
        """What the index costs more for each group, by id, that it does not end itself, once another one has ended it."""

    def upkeep(self, configuration: Configuration) -> float:
        """What all indexes together, existing ones too, cost the writes: the exact sum of the parts above."""

    def reads(self, statement: Statement) -> frozenset[tuple[str, str]]:
        """Schema and name of every table whose indexes can matter to the statement's plan."""


class Emitter(Protocol):
    def changes(self, advice: Advice) -> tuple[Change, ...]: ...
