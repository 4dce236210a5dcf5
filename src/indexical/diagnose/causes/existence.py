"""Causes that lie in the index itself: invalid, not to be used yet, or on another node."""

from __future__ import annotations

from indexical.ddl import create_index, drop_index
from indexical.diagnose.case import Case
from indexical.model.diagnosis import Cause, Proof, Step


def invalid(case: Case) -> Cause | None:
    """PostgreSQL keeps an INVALID index up to date and reads by it never."""
    target = case.target
    if target is None or (target.valid and target.ready):
        return None
    plan = case.planned((target.index,))
    if not case.uses(plan) or plan is None:
        return None
    steps = (
        Step(
            "rebuild",
            f"drop {target.name} and build it again, if no build of it is running: indexical apply does both with care",
            f"{drop_index(target.index.schema, target.name, concurrently=True)}; "
            f"{create_index(target.index, target.name, concurrently=True)}",
            plan,
        ),
    )
    state = "not valid" if target.ready else "not even ready"
    return Cause(
        "invalid", (f"pg_index says that {target.name} is {state}",), Proof("were it valid", plan), steps
    )


def not_visible_yet(case: Case) -> Cause | None:
    """``indcheckxmin``: rows had changed under a build, and older transactions must not trust the index."""
    if case.probe is None or case.target is None or not case.target.oid or not case.uses(case.plan):
        return None
    if not case.probe.hidden(case.target.oid) or case.uses(case.real):
        return None
    text = "wait until the transactions that ran during the build have ended, then plan again"
    return Cause(
        "not-visible-yet",
        (f"{case.target.name} is marked indcheckxmin, and the database's own plan leaves it out",),
        Proof("were it visible to every transaction", case.plan),
        (Step("wait", text),),
    )


def other_node(case: Case) -> Cause | None:
    """The same query on another node has an index that this one lacks."""
    here = {existing.index for existing in case.catalog.indexes()}
    for name, catalog in case.others:
        for existing in catalog.indexes():
            index = existing.index
            if index in here or case.catalog.table(index.schema, index.table) is None:
                continue
            plan = case.planned((index,))
            if plan is None or not case.uses(plan, index):
                continue
            evidence = (f"{name} has {existing.name} on {index.text}; {case.catalog.database} here has not",)
            step = Step(
                "create", "build it here too", create_index(index, existing.name, concurrently=True), plan
            )
            return Cause("other-node", evidence, Proof(f"with {existing.name} here", plan), (step,))
    return None
