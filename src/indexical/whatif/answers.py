"""What the planner has said about one statement with one set of values, and what follows from it without asking again.

A plan chosen among many indexes is also the plan among fewer as long as every index it uses is still there; and where a plan
that works costs no more than the best of all that could be visible, nothing in between can be better. Both hold as far as the
planner is monotone: PostgreSQL keeps one of two paths within 1 % of each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from indexical.model import Index, Plan

Indexes = frozenset[Index]
EQUAL = 1e-9
"""Relative difference below which two costs are one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One planner call: what was visible, and the plan."""

    added: Indexes
    removed: Indexes
    plan: Plan

    def holds_for(self, added: Indexes, removed: Indexes) -> bool:
        """Whether this very plan can be executed under another configuration."""
        used = self.plan.indexes
        return used.isdisjoint(removed) and used.isdisjoint(self.added - added)

    def bounds(self, added: Indexes, removed: Indexes) -> bool:
        """Whether nothing is visible there that was not visible here, so that no plan there can be cheaper."""
        return added <= self.added and self.removed <= removed


class Answers:
    """All answers for one statement and one sample, in the order in which they came."""

    __slots__ = ("_list",)

    def __init__(self) -> None:
        self._list: list[Answer] = []

    def __bool__(self) -> bool:
        return bool(self._list)

    def add(self, answer: Answer) -> None:
        self._list.append(answer)

    def derived(self, added: Indexes, removed: Indexes) -> Plan | None:
        """The plan under a configuration that was not asked for, where what is known decides it."""
        floor = -math.inf
        best: Plan | None = None
        for answer in self._list:
            if not answer.holds_for(added, removed):
                if answer.bounds(added, removed):
                    floor = max(floor, answer.plan.cost)
            elif answer.bounds(added, removed):
                return answer.plan
            elif best is None or answer.plan.cost < best.cost:
                best = answer.plan
        return best if best is not None and best.cost <= floor * (1 + EQUAL) else None

    def cheapest(self, added: Indexes, removed: Indexes) -> Plan:
        """The best plan known to work: never too low, and infinitely dear when none is known."""
        works = [answer.plan for answer in self._list if answer.holds_for(added, removed)]
        return min(works, key=lambda plan: plan.cost) if works else Plan(math.inf)
