"""The same statements at several sizes of the data, with and without an index set.

What an index saves depends on how much there is to search: a figure without its size says nothing. So each statement is
measured on databases of growing size, under every index set side by side, and the sizes stand under one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from indexical.measure.reads import OnEvent, measure
from indexical.model import Measurement, NotMeasured, Workload
from indexical.model.scaling import ScalePoint
from indexical.pg.queries import load
from indexical.pg.session import Session


def measure_size(
    scale: str,
    databases: Mapping[str, Session],
    workload: Workload,
    statements: Sequence[str] = (),
    *,
    runs: int = 7,
    samples: int = 4,
    budget_ms_per_statement: float = 1500.0,
    on_event: OnEvent | None = None,
) -> ScalePoint:
    """One size: the statements of the workload on every database, which hold the same rows and differ in their indexes.

    Args:
        scale: what the size is called.
        statements: ids to measure, of ``workload``; none for all that it has. One that the workload does not have at this
            size is not measured, and said so.

    Raises:
        ConnectionFailed: a database was lost.
    """
    wanted = tuple(each for each in workload.statements if not statements or each.id in statements)
    absent = [id for id in statements if id not in {each.id for each in wanted}]
    found = measure(
        databases,
        replace(workload, statements=wanted),
        runs=runs,
        samples=samples,
        budget_ms_per_statement=budget_ms_per_statement,
        on_event=on_event,
    )
    missed = [item for results in found.values() for item in results if isinstance(item, NotMeasured)]
    missed += [NotMeasured(id, id, "there is no such statement at this size") for id in absent]
    return ScalePoint(
        scale,
        _rows(next(iter(databases.values()))),
        tuple(
            (name, tuple(item for item in results if isinstance(item, Measurement)))
            for name, results in found.items()
        ),
        tuple(dict.fromkeys(missed)),
    )


def _rows(session: Session) -> float:
    """Rows by the statistics."""
    return float(session.rows(load("database_facts"))[0]["rows"])
