"""What statements have to do with indexes and tables, by the plans that the database makes of them; nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from indexical.errors import PlanRefused
from indexical.model import Plan, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session
from indexical.verify.observing import Times
from indexical.verify.worse import Concern

_WRITES = frozenset({"ModifyTable", "Insert", "Update", "Delete", "Merge"})
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_TARGET = re.compile(
    rf"\s*(?:/\*.*?\*/\s*)*(?:insert\s+into|update|delete\s+from|merge\s+into)\s+(?:only\s+)?"
    rf"(?:(?P<schema>{_NAME})\s*\.\s*)?(?P<name>{_NAME})",
    re.IGNORECASE | re.DOTALL,
)
MOST = 500
"""Statements that are planned, those first that took the most time."""


def concerns_of(session: Session, statements: Sequence[Times], tables: Collection[str]) -> dict[str, Concern]:
    """By queryid, those that read or write one of the ``tables`` (``schema.table``).

    Of a statement that the server does not plan, as it does none whose ``-$1`` may be of any type, only the names in its text
    are known. Raises :class:`indexical.errors.ConnectionFailed`.
    """
    names = {table.partition(".")[2].lower() for table in tables}
    near = [each for each in statements if any(name in each.text.lower() for name in names)]
    heaviest = sorted(near, key=lambda each: (-each.calls * each.mean_ms, each.id))[:MOST]
    found: dict[str, Concern] = {}
    for each in heaviest:
        try:
            plan = explain(session, Statement(each.id, each.text), ()).plan()
        except PlanRefused:
            found[each.id] = _by_text(each.text, tables)
        else:
            found[each.id] = _concern(plan)
    return found


def _by_text(text: str, tables: Collection[str]) -> Concern:
    """What the text names. A table of the same name in another schema is taken for it, unless the text says which."""
    writes: set[str] = set()
    reads: set[str] = set()
    target = _TARGET.match(text)
    for table in sorted(tables):
        schema, _, name = table.partition(".")
        if (
            target is not None
            and _bare(target["name"]) == name
            and _bare(target["schema"] or schema) == schema
        ):
            writes.add(table)
        elif re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            reads.add(table)
    return Concern(frozenset(), frozenset(writes), frozenset(reads))


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _concern(plan: Plan) -> Concern:
    writes = frozenset(node.relation for node in plan.nodes if node.type in _WRITES)
    reads = frozenset(node.relation for node in plan.nodes if node.relation and node.type not in _WRITES)
    return Concern(frozenset(plan.index_names), writes, reads)
