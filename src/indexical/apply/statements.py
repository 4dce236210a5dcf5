"""Advice to DDL statements: what to run, what would undo it, under an id that stays the same from run to run."""

from __future__ import annotations

from indexical.ddl import create_index, drop_index
from indexical.model import Advice, DdlStatement, Drop, ExistingIndex, Index, MadeFor, Recommendation

_UNKNOWN = MadeFor()


def statements_for(advice: Advice) -> tuple[DdlStatement, ...]:
    """The concurrent DDL of an advice: every create before every drop, in the order of the advice."""
    creates = [_create(recommendation) for recommendation in advice.create]
    drops = [_drop(drop) for drop in advice.drop]
    return tuple(creates + drops)


def create_statement(name: str, index: Index, made_for: MadeFor = _UNKNOWN) -> DdlStatement:
    """Builds one index concurrently."""
    return DdlStatement(
        id=f"create:{index.schema}.{name}",
        sql=create_index(index, name, concurrently=True),
        undo=drop_index(index.schema, name, concurrently=True),
        summary=f"create index {name} on {index.text}",
        action="create",
        name=name,
        index=index,
        made_for=made_for,
    )


def drop_statement(existing: ExistingIndex, *, covered_by: str = "") -> DdlStatement:
    """Drops one existing index concurrently; the undo is the server's own definition of it, built concurrently."""
    index = existing.index
    reason = f"; {covered_by} does its work" if covered_by else ""
    return DdlStatement(
        id=f"drop:{index.schema}.{existing.name}",
        sql=drop_index(index.schema, existing.name, concurrently=True),
        undo=_again(existing),
        summary=f"drop index {existing.name} on {index.text}{reason}",
        action="drop",
        name=existing.name,
        index=index,
        oid=existing.oid,
    )


def _create(recommendation: Recommendation) -> DdlStatement:
    return create_statement(recommendation.name, recommendation.index, recommendation.made_for)


def _drop(drop: Drop) -> DdlStatement:
    return drop_statement(drop.existing, covered_by=drop.covered_by)


def _again(existing: ExistingIndex) -> str:
    """The server's definition keeps what a structure leaves out (fill factor, operator class parameters), so it goes first."""
    for start in ("CREATE INDEX ", "CREATE UNIQUE INDEX "):
        if existing.definition.startswith(start):
            return f"{start}CONCURRENTLY {existing.definition.removeprefix(start)}"
    return create_index(existing.index, existing.name, concurrently=True)
