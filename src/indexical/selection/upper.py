"""The program of plans that are known to be there: which allowed set is the best if no better plan exists.

The atomic configurations of Papadomanolakis, Dash and Ailamaki (2007) and the program of "CoPhy" (Dash, Polyzotis, Ailamaki,
VLDB 2011), over the plans that the planner has really made. An index of a plan may be replaced by one that does all of its work
for the statement, at the same cost as far as this program knows; where the planner has shown that it is not so, it may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from indexical.model import Index
from indexical.selection.answers import Answers
from indexical.selection.problem import Chosen, Problem
from indexical.selection.program import Program, Solution


def propose(
    highs: ModuleType,
    problem: Problem,
    answers: Answers,
    unlike: Mapping[str, Chosen],
    banned: Chosen,
    start: Chosen,
    seconds: float | None,
    gap: float,
) -> Solution | None:
    """The best set by the known plans; ``unlike`` names, per statement, what must not stand in for another index."""
    program = Program(highs, problem)
    program.ban(banned)
    for statement in problem.statements:
        factor = program.scale * statement.calls
        shares: dict[int, float] = {}
        serving: dict[Index, dict[int, float]] = {}
        for used, cost in answers.plans(statement):
            share = program.column(cost * factor, 1.0)
            shares[share] = 1.0
            for index in used:
                serving.setdefault(index, {})[share] = 1.0
        if not shares:
            continue
        program.row(shares, 1.0, 1.0)
        for index in sorted(serving, key=problem.rank.__getitem__):
            _serve(
                program, problem, statement.id, index, serving[index], unlike.get(statement.id, frozenset())
            )
    return program.run(problem.threshold, problem.hot_threshold, seconds, gap, start)


def _serve(
    program: Program, problem: Problem, id: str, index: Index, shares: dict[int, float], unlike: Chosen
) -> None:
    """No more of the plans that use the index than there is of it, or of what can stand in for it."""
    able = problem.able(id, index) - unlike | {index}
    columns = [program.index(other) for other in sorted(able, key=problem.rank.__getitem__)]
    program.row({**shares, **dict.fromkeys(columns, -1.0)}, -program.infinity, 0.0)
