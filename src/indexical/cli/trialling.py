"""The trial of drops on the command line: its options, the use over time, and the planner twin for the what-if part."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from indexical.apply.findings import Finding
from indexical.apply.journal import identity
from indexical.apply.trial import Workbench, trial
from indexical.catalog import snapshot
from indexical.cli import units
from indexical.cli.progress import OnEvent
from indexical.errors import DatabaseError
from indexical.model import Candidate, Candidates, DdlStatement, Limits, Workload
from indexical.model.usage import NodeState, Reverted, Sample, UseVerdict
from indexical.pg.session import Session, connect
from indexical.twin.engine import choose
from indexical.twin.twin import open_twin
from indexical.usage import Store, judge, sample
from indexical.whatif import CostModel
from indexical.workload.writes import table_writes

SAMPLES = "usage.sqlite"
"""Name of the file of samples in the folder of records."""
PRIMARY = "primary"
_LOCKED = "55P03"


def add_trial(parser: argparse.ArgumentParser) -> None:
    """What a drop may be tried with."""
    parser.add_argument(
        "--replica",
        metavar="URL",
        action="append",
        default=[],
        help="a standby whose use of an index counts as well; repeat it for each",
    )
    parser.add_argument(
        "--unused-after",
        metavar="TIME",
        type=units.seconds,
        default=Limits().unused_after,
        help="how long an index must have gone without scans on every server before it is dropped (default 7d)",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="build even what was taken back before because it made something worse",
    )


def try_drops(
    session: Session,
    statements: Sequence[DdlStatement],
    *,
    workload: Workload | None = None,
    replicas: Sequence[str] = (),
    samples: Path | None = None,
    unused_after: float = Limits().unused_after,
    decided: Mapping[str, str] | None = None,
    restore: Mapping[str, str] | None = None,
    again: bool = False,
    on_event: OnEvent | None = None,
) -> tuple[Finding, ...]:
    """The findings of :func:`indexical.apply.trial.trial`, everything it asks for looked up.

    ``replicas`` are connection URLs of standbys, ``samples`` the file of samples; it is added to where it is there already.
    The workload, when there is one and something is to be dropped, is planned on the planner twin. Raises what reading a
    database and a file of samples may raise.
    """
    drops = [each for each in statements if each.action == "drop" and each.index is not None]
    use = _use(session, drops, replicas, samples, unused_after)
    reverted = () if again else _taken_back(session, samples)
    with ExitStack() as stack:
        workbench = None
        if workload is not None and drops:
            workbench = _workbench(stack, session, statements, workload, on_event)
        return trial(
            session,
            statements,
            use=use,
            workbench=workbench,
            decided=decided,
            reverted=reverted,
            restore=restore,
        )


def take_samples(session: Session, replicas: Sequence[str]) -> dict[str, Sample]:
    """One sample of each server, by the name that it is kept under."""
    found = {PRIMARY: sample(session, PRIMARY)}
    for number, url in enumerate(replicas, 1):
        with connect(url) as replica:
            found[f"replica {number}"] = sample(replica, f"replica {number}")
    return found


def _use(
    session: Session,
    drops: Sequence[DdlStatement],
    replicas: Sequence[str],
    path: Path | None,
    unused_after: float,
) -> dict[tuple[str, str], UseVerdict]:
    names = sorted((each.index.schema, each.name) for each in drops if each.index is not None)
    if not names:
        return {}
    try:
        now = take_samples(session, replicas)
    except DatabaseError as error:
        if error.code != _LOCKED:
            raise
        # Somebody changes a table just now, on one of the servers: that says nothing about the use of an index.
        why = "the use of the indexes was not sampled, because somebody has locked a table for itself"
        return {
            (schema, name): UseVerdict("not-measured", schema, name, f"{why}; run this again later")
            for schema, name in names
        }
    state = now[PRIMARY].state
    kept: dict[str, tuple[Sample, ...]] = {}
    if path is not None and path.exists():
        with Store(path) as store:
            kept = {node: store.samples(state, node) for node in store.nodes(state)}
    for node, each in now.items():
        kept[node] = (*kept.get(node, ()), each)
    return {(schema, name): judge(kept, schema, name, at_least=unused_after) for schema, name in names}


def _taken_back(session: Session, path: Path | None) -> tuple[Reverted, ...]:
    """What was built on this database before and taken back, as far as the file of samples knows."""
    if path is None or not path.exists():
        return ()
    here = identity(session)
    with Store(path) as store:
        return store.reverted(NodeState(system=here.system_identifier, database_oid=here.database_oid))


def _workbench(
    stack: ExitStack,
    session: Session,
    statements: Sequence[DdlStatement],
    workload: Workload,
    on_event: OnEvent | None,
) -> Workbench:
    catalog = snapshot(session, on_event=on_event)
    twin = stack.enter_context(
        open_twin(catalog, engine=choose(catalog.server_version, None), on_event=on_event)
    )
    costs = CostModel(
        workload,
        catalog,
        twin,
        _built(statements, workload),
        table_writes(workload, catalog),
        on_event=on_event,
    )
    planned = costs.examine()
    return Workbench(costs, planned, len(workload.statements) - len(planned))


def _built(statements: Sequence[DdlStatement], workload: Workload) -> Candidates:
    """The indexes that the same run builds, any of which a statement's plan may use."""
    built = tuple(
        sorted({each.index for each in statements if each.action == "create" and each.index is not None})
    )
    ids = tuple(sorted(statement.id for statement in workload.statements))
    return Candidates(
        tuple(Candidate(index, "built", ids) for index in built), tuple((id, built) for id in ids)
    )
