"""Each index of the advice with its reason, its cost, and what the journal and the check after it say became of it."""

from __future__ import annotations

from collections.abc import Mapping

from indexical.ddl import drop_index
from indexical.model import (
    Applied,
    Drop,
    Failed,
    Index,
    Outcome,
    Recommendation,
    RunRecord,
    RunStep,
    Skipping,
    Verified,
)
from indexical.model.fulfilled import fulfilled
from indexical.model.shape import shape
from indexical.model.story import Evidence, Planned, State
from indexical.report.story.inventory import app_of
from indexical.report.units import milliseconds, plural

Place = tuple[str, Index, str]
Steps = Mapping[Place, RunStep]
Outcomes = Mapping[str, Outcome]


def steps_of(run: RunRecord | None) -> Steps:
    """The run's steps by what they do and to which index: its structure, with the name only where words may differ."""
    if run is None:
        return {}
    found: dict[Place, RunStep] = {}
    for step in run.steps:
        statement = step.statement
        if statement.index is not None:
            found[_place(statement.action, statement.index, statement.name)] = step
    return found


def _place(action: str, index: Index, name: str) -> Place:
    """Where a step is found again: a migration words a predicate otherwise than the advice, but names the index alike."""
    alike = shape(index)
    return action, alike, "" if alike == index else name


def create(
    item: Recommendation, reads: float, apps: Mapping[str, str], steps: Steps, verified: Outcomes
) -> Planned:
    """An index to build. ``reads`` is what the workload's reads cost before; ``verified`` are outcomes by their id."""
    index = item.index
    outcome = verified.get(f"{index.schema}.{item.name}")
    state, evidence = _became(steps.get(_place("create", index, item.name)))
    checked = _checked(outcome)
    if isinstance(outcome, Failed) and state == "done":
        state = "failed"
    return Planned(
        action="create",
        app=app_of(index.qualified_table, apps),
        table=index.qualified_table,
        name=item.name,
        text=index.text.removeprefix("UNIQUE ").removeprefix(f"{index.qualified_table} "),
        reason=_reason(item, reads),
        columns=len(index.keys),
        descending=any(key.descending for key in index.keys),
        phase=item.phase,
        size=item.size,
        benefit=item.benefit / reads if reads > 0 else 0.0,
        upkeep=item.maintenance,
        ddl=item.ddl,
        undo=drop_index(index.schema, item.name, concurrently=True),
        model=item.model,
        declaration=item.declaration,
        heap_only=tuple(dict.fromkeys(column for loss in item.hot_loss for column in loss.columns)),
        statements=item.statements,
        partial=bool(index.predicate),
        covering=bool(index.include),
        state=state,
        evidence=evidence + checked,
        built_size=outcome.size if isinstance(outcome, Verified) and outcome.size else None,
        use=outcome.verdict if isinstance(outcome, Verified) else "",
    )


def drop(item: Drop, apps: Mapping[str, str], steps: Steps) -> Planned:
    """An index to drop."""
    existing = item.existing
    index = existing.index
    state, evidence = _became(steps.get(_place("drop", index, existing.name)))
    work = f"{item.covered_by} does its work" if item.covered_by else "no statement needs it"
    return Planned(
        action="drop",
        app=app_of(index.qualified_table, apps),
        table=index.qualified_table,
        name=existing.name,
        text=index.text.removeprefix("UNIQUE ").removeprefix(f"{index.qualified_table} "),
        reason="; ".join(filter(None, (work, item.evidence))),
        columns=len(index.keys),
        descending=any(key.descending for key in index.keys),
        phase=item.reason,
        size=existing.size,
        benefit=0.0,
        upkeep=0.0,
        ddl=item.ddl,
        undo=existing.definition,
        model=item.model,
        state=state,
        evidence=evidence,
    )


def _reason(item: Recommendation, reads: float) -> str:
    served = plural(len(item.statements), "statement")
    share = f", {item.benefit / reads:.1%} of the reads" if reads > 0 else ""
    return f"for {served}{share}" if item.statements else f"no statement's plan uses it{share}"


def _became(step: RunStep | None) -> tuple[State, tuple[Evidence, ...]]:
    """What the journal says. An index that the run did not plan, or has not come to, is open."""
    if step is None or step.outcome is None:
        return "open", ()
    if fulfilled(step):
        return "done", (Evidence(_told(step), step.ended),)
    state: State = "failed" if isinstance(step.outcome, Failed) else "open"
    return state, (Evidence(_told(step), step.ended),)


def _told(step: RunStep) -> str:
    match step.outcome:
        case Applied() as done:
            oid = f", oid {step.index_oid}" if step.index_oid else ""
            took = f" in {milliseconds(done.milliseconds)}" if done.milliseconds else ""
            word = "built" if step.statement.action == "create" else "dropped"
            return f"{word}{took}{oid}" + (f"; {done.note}" if done.note else "")
        case Skipping() as skipped:
            return skipped.reason
        case Failed() as failed:
            return f"{failed.code}: {failed.error}"
        case _:
            return step.state


def _checked(outcome: Outcome | None) -> tuple[Evidence, ...]:
    match outcome:
        case Verified():
            return (Evidence(f"valid and as defined, {outcome.verdict}: {outcome.evidence}"),)
        case Failed():
            return (Evidence(f"the check after it failed: {outcome.error}"),)
        case _:
            return ()
