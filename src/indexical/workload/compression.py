"""A workload of many thousand statements made small enough to plan, and what that leaves out.

First statements that read the same tables by the same conditions in the same order become one, whatever they select: an index
serves all or none of them. Where that is not enough, the ones that weigh least are left out. The idea, and that a share of the
weight is to be stated with it, is that of Chaudhuri, Gupta and Narasayya, "Compressing SQL Workloads" (SIGMOD 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexical.errors import StatementRefused
from indexical.model import Origin, Skipped, Statement, Workload
from indexical.workload.clauses import Clauses
from indexical.workload.gathering import MAX_ORIGINS
from indexical.workload.lexer import Token, tokens
from indexical.workload.masking import mask, masked_words
from indexical.workload.screening import relations


@dataclass(frozen=True, slots=True)
class Merged:
    """Statements that one of them now stands for."""

    kept: str
    others: tuple[str, ...]
    calls: float
    """Of the others."""


def compress(workload: Workload, limit: int) -> tuple[Workload, tuple[Merged, ...]]:
    """At most ``limit`` statements that stand for all, and which ones were merged; a small workload stays as it is.

    Calls and times of merged statements add up. What was merged and what was left out is among the result's ``skipped``,
    with the shares of time and calls. The same workload always gives the same answer.
    """
    if limit < 1 or len(workload.statements) <= limit:
        return workload, ()
    groups: dict[tuple[object, ...], list[Statement]] = {}
    for statement in workload.statements:
        groups.setdefault(_signature(statement), []).append(statement)
    weigh = _Scale(workload.statements)
    statements, merged = [], []
    for group in groups.values():
        kept = max(group, key=lambda statement: (weigh(statement), statement.id))
        statements.append(_merge(kept, group))
        if len(group) > 1:
            others = [statement for statement in group if statement is not kept]
            merged.append(
                Merged(
                    kept.id, tuple(sorted(other.id for other in others)), sum(other.calls for other in others)
                )
            )
    heaviest = sorted(statements, key=lambda statement: (-weigh(statement), statement.id))[:limit]
    chosen = {statement.id for statement in heaviest}
    notes = (*_merge_note(merged), *_left_out_note(workload, statements, chosen, limit))
    result = replace(
        workload,
        statements=tuple(statement for statement in statements if statement.id in chosen),
        skipped=(*workload.skipped, *notes),
    )
    return result, tuple(merged)


class _Scale:
    """The weight of a statement: its shares of the workload's time and of its calls, added.

    Time alone would leave out what a source without times tells; calls alone would leave out the slow and rare.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._time = sum(statement.total_ms for statement in statements) or 1.0
        self._calls = sum(statement.calls for statement in statements) or 1.0

    def __call__(self, statement: Statement) -> float:
        return statement.total_ms / self._time + statement.calls / self._calls


def _merge(kept: Statement, group: Sequence[Statement]) -> Statement:
    if len(group) == 1:
        return kept
    counted = [statement for statement in group if statement.rows >= 0]
    calls = sum(statement.calls for statement in counted)
    origins: dict[Origin, None] = dict.fromkeys(kept.origins)
    for statement in group:
        origins.update(dict.fromkeys(statement.origins))
    return replace(
        kept,
        calls=sum(statement.calls for statement in group),
        total_ms=sum(statement.total_ms for statement in group),
        rows=sum(statement.rows * statement.calls for statement in counted) / calls if calls else -1.0,
        origins=tuple(origins)[:MAX_ORIGINS],
    )


def _merge_note(merged: Sequence[Merged]) -> tuple[Skipped, ...]:
    if not merged:
        return ()
    count = sum(len(group.others) for group in merged)
    why = (
        f"merged into {len(merged)} that read the same tables by the same conditions in the same order; "
        "their calls count there"
    )
    return (Skipped(_several(count), why, sum(group.calls for group in merged)),)


def _left_out_note(
    workload: Workload, statements: Sequence[Statement], chosen: set[str], limit: int
) -> tuple[Skipped, ...]:
    out = [statement for statement in statements if statement.id not in chosen]
    if not out:
        return ()
    calls = sum(statement.calls for statement in out)
    time = sum(statement.total_ms for statement in workload.statements)
    shares = f"{calls / (workload.calls or 1.0):.2%} of the calls"
    if time > 0:
        shares += f" and {sum(statement.total_ms for statement in out) / time:.2%} of the time"
    why = f"left out to keep to {limit} statements; together {shares}, the rest is examined"
    return (Skipped(_several(len(out)), why, calls),)


def _several(count: int) -> str:
    return f"{count} statement{'s' if count != 1 else ''}"


def _signature(statement: Statement) -> tuple[object, ...]:
    """Equal for statements that the same indexes serve: all but what is selected and written."""
    try:
        found = tokens(statement.sql)
    except StatementRefused:
        return ("unread", statement.id)
    named = relations(found)
    signature = _Signature(drop_qualifiers=len(named) == 1)
    clauses = Clauses()
    words = _words(found)
    depth = 0
    for position, word in enumerate(words):
        clauses.advance(found, position)
        depth += (found[position].text == "(") - (found[position].text == ")")
        if clauses.in_ordinals:
            # A number here may be a position of the select list.
            word = mask(found[position])
        signature.take(found, position, word, clauses.clause, depth)
    return (statement.kind, named, *signature.parts())


def _words(found: Sequence[Token]) -> list[str]:
    """One word for each token, constants masked."""
    return [masked_words((token,))[0] for token in found]


class _Signature:
    def __init__(self, *, drop_qualifiers: bool) -> None:
        self._drop_qualifiers = drop_qualifiers
        self._clauses: dict[str, list[str]] = {}
        self._conditions: list[str] = []
        self._condition: list[str] = []
        self._between = False

    def take(self, found: Sequence[Token], position: int, word: str, clause: str, depth: int) -> None:
        if self._drop_qualifiers and self._is_qualifier(found, position):
            return
        if clause in ("", "values") or (clause == "select" and depth == 0 and word != "distinct"):
            self._end_condition()
            return
        if clause == "where" and depth == 0:
            self._take_condition(word)
            return
        if self._condition and depth > 0:
            self._condition.append(word)
            return
        self._end_condition()
        self._clauses.setdefault(clause, []).append(word)

    def parts(self) -> tuple[object, ...]:
        self._end_condition()
        rest = tuple((clause, " ".join(words)) for clause, words in sorted(self._clauses.items()))
        return (tuple(sorted(self._conditions)), rest)

    def _take_condition(self, word: str) -> None:
        if word == "and" and not self._between:
            self._end_condition()
            self._condition = ["where"]
            return
        self._between = (self._between and word != "and") or word == "between"
        self._condition.append(word)

    def _end_condition(self) -> None:
        if self._condition:
            self._conditions.append(" ".join(self._condition))
        self._condition, self._between = [], False

    def _is_qualifier(self, found: Sequence[Token], position: int) -> bool:
        token = found[position]
        following = found[position + 1].text if position + 1 < len(found) else ""
        return token.text == "." or (token.kind in ("word", "quoted") and following == ".")
