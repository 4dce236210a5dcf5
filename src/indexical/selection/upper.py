"""The program of plans that are known to be there: which allowed set is the best if no better plan exists.

The atomic configurations of Papadomanolakis, Dash and Ailamaki (2007) and the program of "CoPhy" (Dash, Polyzotis, Ailamaki,
VLDB 2011), over the plans that the planner has really made. An index of a plan may be replaced by one that does all of its work
for the statement, at the same cost as far as this program knows; where the planner has shown that it is not so, it may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType

from indexical.model import Index
from indexical.selection.answers import Answers
from indexical.selection.plans import Plans
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Program


def best_known(
    highs: ModuleType,
    problem: Problem,
    answers: Answers,
    complete: Mapping[str, Plans],
    unlike: Mapping[str, Chosen],
    banned: Chosen,
) -> Program:
    """The program whose solution is the best set by the known plans, ready to be prepared and solved.

    ``unlike`` names, per statement, what must not stand in for another index.
    """
    program = Program(highs, problem)
    program.ban(banned)
    for statement in problem.statements:
        factor = program.scale * statement.calls
        whole = complete.get(statement.id)
        if whole is not None:
            program.offer(whole.plans, factor, whole.alike.__getitem__)
        elif plans := answers.plans(statement):
            program.offer(plans, factor, _standing(problem, statement.id, unlike))
    program.charge(problem.threshold, problem.hot_threshold)
    return program


def _standing(problem: Problem, id: str, unlike: Mapping[str, Chosen]) -> Callable[[Index], Iterable[Index]]:
    """Who can stand in for an index in the statement's plans, as far as is known."""
    never = unlike.get(id, frozenset())

    def able(index: Index) -> Iterable[Index]:
        return sorted(problem.able(id, index) - never | {index}, key=problem.rank.__getitem__)

    return able
