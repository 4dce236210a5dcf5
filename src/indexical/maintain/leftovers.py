"""Invalid indexes: those that a run of ours has left, by its journal, and those of others, which are only told.

Every write pays for an invalid index and no read can use it. Yet one that is being built looks the same, and an index of
somebody else's is not ours to drop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexical.apply.earlier import Unfinished as Run
from indexical.apply.earlier import unfinished as runs_of
from indexical.apply.journal import difference, identity
from indexical.apply.resume import VERBS
from indexical.ddl import drop_index
from indexical.model.maintenance import Need, Noticed
from indexical.model.run import RunStep
from indexical.pg.queries import load
from indexical.pg.session import Session

_OPEN = frozenset({"begun", "interrupted", "pending"})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A step of a run of ours that something may be left of."""

    run: str
    step: RunStep


def unfinished(session: Session, folder: Path) -> tuple[Unfinished, ...]:
    """Such steps of this database, by the journals of a folder. Raises :class:`DatabaseError`."""
    if not folder.is_dir():
        return ()
    here = identity(session)
    able: tuple[Run, ...] = tuple(
        each
        for each in runs_of(folder)
        if each.record.verb in VERBS and not difference(each.record.target, here)
    )
    return tuple(
        Unfinished(each.record.run, step)
        for each in able
        for step in each.record.steps
        if step.state in _OPEN and step.backends and step.statement.index is not None
    )


def invalid(
    session: Session, ours: Sequence[Unfinished], means: Callable[[str, str], bool]
) -> tuple[list[Need], list[Noticed]]:
    """What is to be cleared, and what is only to be told. Raises :class:`DatabaseError`."""
    needs = [
        Need("leftovers", *_place(each.step), f"the run {each.run} did not end it: {each.step.statement.summary}", "")
        for each in ours
        if means(*_place(each.step))
    ]  # fmt: skip
    noticed = []
    for row in session.rows(load("maintain_invalid")):
        if means(row["schema"], row["table"]) and not _is_ours(row, ours):
            noticed.append(_strange(row))
    return needs, noticed


def _place(step: RunStep) -> tuple[str, str]:
    statement = step.statement
    if statement.index is not None:
        return statement.index.schema, statement.index.table
    return statement.schema, statement.table


def _is_ours(row: Mapping[str, Any], ours: Sequence[Unfinished]) -> bool:
    """Known by its oid, or perhaps the double of a rebuild; the clearing itself looks closer before it drops anything."""
    for each in ours:
        if row["oid"] in each.step.index_oids:
            return True
        if each.step.statement.action == "reindex" and _place(each.step) == (row["schema"], row["table"]):
            return True
    return False


def _strange(row: Mapping[str, Any]) -> Noticed:
    subject = f"{row['schema']}.{row['name']}"
    if row["busy"]:
        return Noticed(
            subject, f"is INVALID while somebody works on {row['schema']}.{row['table']}, perhaps its builder"
        )
    cost = "every write pays for it and no read can use it" if row["ready"] else "no read can use it"
    return Noticed(
        subject,
        f"is INVALID, and no journal here says that it is ours: {cost}; it is left alone",
        f"if nobody needs it: {drop_index(row['schema'], row['name'], concurrently=True)}",
    )
