"""Which indexes the real database's plans of captured statements use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from indexical.errors import PlanRefused
from indexical.model import Statement, Workload
from indexical.pg.explain import explain
from indexical.pg.session import Session

MAX_SAMPLES = 4
"""Parameter samples planned for each statement."""


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """The plans of one statement, one for each of its parameter samples."""

    id: str
    plans: int
    uses: tuple[tuple[str, int], ...] = ()
    """(index name, in how many of the plans), sorted."""
    refused: str = ""
    """Why the statement could not be planned; empty when it could."""

    def times(self, index_name: str) -> int:
        return dict(self.uses).get(index_name, 0)


def plan_statements(
    session: Session, workload: Workload, ids: Collection[str], *, max_samples: int = MAX_SAMPLES
) -> tuple[PlannedStatement, ...]:
    """Plans the named statements with the values they were captured with; nothing is executed.

    Where a value was left out of the capture the statement is planned for any value: with NULL in its place no row would
    match, and no index be used.

    Raises :class:`ConnectionFailed`; a statement that the server does not plan says so in its result.
    """
    return tuple(
        _planned(session, statement, max_samples) for statement in workload.statements if statement.id in ids
    )


def _planned(session: Session, statement: Statement, max_samples: int) -> PlannedStatement:
    counts: dict[str, int] = {}
    known = [() if None in sample else sample for sample in statement.samples]
    samples = list(dict.fromkeys(known))[:max_samples] or [()]
    try:
        for sample in samples:
            for name in explain(session, statement, sample).plan().index_names:
                counts[name] = counts.get(name, 0) + 1
    except PlanRefused as error:
        return PlannedStatement(statement.id, 0, refused=str(error))
    return PlannedStatement(statement.id, len(samples), tuple(sorted(counts.items())))
