"""What stands in the rows: values too wide for the index, values on which an expression fails, keys that repeat.

A B-tree entry has to fit a third of a page (https://www.postgresql.org/docs/18/btree.html); a longer one ends the build, and
once the index is there it ends the application's INSERT.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.apply.checks.task import Task
from indexical.apply.contents import BTREE_LIMIT
from indexical.apply.facts import Facts
from indexical.apply.findings import Finding
from indexical.model import Index

_NEAR = BTREE_LIMIT // 2
_TOO_WIDE = "54000"


def values(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        subject = f"{index.schema}.{name}"
        content = facts.content(name)
        if content.fails:
            yield Finding(
                "P28", "refuse", subject,
                f"its expression fails on a row that is there already (SQLSTATE {content.fails}), and would fail the "
                "application's writes of such rows",
                "correct those rows, or leave them out by a predicate",
            )  # fmt: skip
        for what in content.unfinished:
            yield Finding("P19", "warn", subject, f"could not be examined in time: {what}")
        if content.distrusted:
            yield Finding(
                "P19", "warn", subject,
                f"could not be examined: its rows, since {', '.join(content.distrusted)} belongs to another role and a superuser "
                "should not run it",
                "connect as the owner of the table",
            )  # fmt: skip


def widths(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        sample = facts.content(name).sample
        if index.method != "btree" or sample is None or sample.widest <= _NEAR:
            continue
        subject = f"{index.schema}.{name}"
        if sample.widest > BTREE_LIMIT and not _expressed(index):
            yield Finding(
                "P27", "refuse", subject,
                f"a row of {index.qualified_table} holds {sample.widest:,} bytes of what the index would, and a B-tree takes "
                f"{BTREE_LIMIT:,}",
                _narrower(index),
            )  # fmt: skip
        else:
            yield Finding(
                "P27", "warn", subject,
                f"a row of {index.qualified_table} holds {sample.widest:,} bytes of what the index would; from "
                f"{BTREE_LIMIT:,} on a B-tree refuses it, and the application's INSERT with it",
                _narrower(index),
            )  # fmt: skip


def _expressed(index: Index) -> bool:
    """The value of an expression is compressed only when it is stored, so that its width here is an upper one."""
    return any(key.expression for key in index.keys)


def _narrower(index: Index) -> str:
    return (
        "for equality use a hash index or md5(...), for beginnings of the value left(..., 100)"
        if len(index.keys) == 1
        else "put md5(...) or left(..., 100) of the wide column into the index instead"
    )


def repetitions(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        count = facts.content(name).repeated
        if count:
            more = "at least " if count >= 1000 else ""
            keys = ", ".join(key.column or f"({key.expression})" for key in index.keys)
            yield Finding(
                "P29", "refuse", f"{index.schema}.{name}",
                f"more than one row of {index.qualified_table} holds the same key, for {more}{count:,} of its keys",
                f"find them with GROUP BY {keys} HAVING count(*) > 1, and decide which rows stay",
            )  # fmt: skip
