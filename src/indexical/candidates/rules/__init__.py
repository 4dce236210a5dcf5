"""The rules, in the order in which they are asked. One idea per file; the file's name is the rule's name."""

from __future__ import annotations

from indexical.candidates.proposal import Rule
from indexical.candidates.rules import (
    brin,
    covering,
    document,
    elements,
    equality,
    equality_order,
    equality_range,
    expression,
    group,
    hash,
    join,
    nearest,
    order,
    overlap,
    partial,
    pattern,
    trigram,
    words,
)

RULES: tuple[Rule, ...] = (
    equality.candidates,
    equality_range.candidates,
    equality_order.candidates,
    join.candidates,
    order.candidates,
    group.candidates,
    partial.candidates,
    covering.candidates,
    brin.candidates,
    hash.candidates,
    expression.candidates,
    pattern.candidates,
    trigram.candidates,
    document.candidates,
    elements.candidates,
    words.candidates,
    overlap.candidates,
    nearest.candidates,
)


def name_of(rule: Rule) -> str:
    """The name of the rule's file."""
    return rule.__module__.rpartition(".")[2]
