"""Why a candidate was not chosen, with figures; one line for each idea."""

from __future__ import annotations

from indexical.model import Index, Refusal
from indexical.selection.polish import Worth, verdict, worth
from indexical.selection.problem import Chosen, Problem

_ORDER = (
    "keeps-hot",
    "over-budget",
    "unsettled",
    "inside-noise",
    "below-min-benefit",
    "served-by",
    "covered",
    "not-used",
)
"""The most interesting reason first."""
EXAMPLES = 2
"""Candidates judged for each idea."""


def explain(problem: Problem, chosen: Chosen, seen_in_plans: frozenset[Index]) -> tuple[Refusal, ...]:
    """One refusal for each table and idea that a statement asked for; an idea is a leading key and a predicate."""
    judged: list[tuple[tuple[int, float, Index], Refusal]] = []
    for index in _telling(problem, chosen, seen_in_plans):
        weight, refusal = _refusal(problem, chosen, index, index in seen_in_plans)
        judged.append(((_ORDER.index(refusal.reason), -weight, index), refusal))
    for candidate, name in problem.covered:
        index = candidate.index
        detail = f"{name} already does its work"
        judged.append(((_ORDER.index("covered"), 0.0, index), Refusal(index.text, "covered", detail)))
    listed: dict[tuple[str, str, str, str], Refusal] = {}
    for (_, _, index), refusal in sorted(judged, key=lambda each: each[0]):
        listed.setdefault(_idea(index), refusal)
    return tuple(listed.values())


def _idea(index: Index) -> tuple[str, str, str, str]:
    return index.qualified_table, index.keys[0].text, index.predicate, index.method


def _telling(problem: Problem, chosen: Chosen, seen: frozenset[Index]) -> list[Index]:
    """Of each idea the candidates that stand for it, those that a plan used before others: each costs planner calls."""
    found: dict[tuple[str, str, str, str], list[Index]] = {}
    narrowest_first = sorted(
        set(problem.candidates) - chosen,
        key=lambda index: (index not in seen, problem.widths.of(index), index),
    )
    for index in narrowest_first:
        some = found.setdefault(_idea(index), [])
        if len(some) < EXAMPLES:
            some.append(index)
    return sorted(index for some in found.values() for index in some)


def _refusal(problem: Problem, chosen: Chosen, index: Index, seen: bool) -> tuple[float, Refusal]:
    """The refusal, and how much there was to gain."""
    if not seen:
        return 0.0, Refusal(
            index.text, "not-used", "the planner did not use it in any plan, whatever else there was"
        )
    judged = worth(problem, chosen, index)
    reason = verdict(problem, judged)
    if reason in ("not-used", "below-min-benefit"):
        server = _server(problem, chosen, index)
        if server is not None:
            detail = f"{server.text} serves its statements; this one would save {judged.saved:,.1f} beside it"
            return judged.saved, Refusal(index.text, "served-by", detail)
    if not reason:
        limit = problem.broken_limit(chosen | {index})
        if limit:
            return judged.net, Refusal(index.text, "over-budget", f"{_figures(judged)}, but {limit}")
        if problem.clock.over:
            more = "the time was over before it was settled; allow more with --deadline"
            return judged.net, Refusal(index.text, "unsettled", f"{_figures(judged)}; {more}")
        reason = "below-min-benefit"
    return judged.saved, Refusal(index.text, reason, _detail(problem, judged, reason))


def _server(problem: Problem, chosen: Chosen, index: Index) -> Index | None:
    """The chosen index on the same table that most of the statements use which could use this one."""
    votes: dict[Index, float] = {}
    for statement in problem.asking.get(index, ()):
        for used in problem.used(statement, chosen):
            if (used.schema, used.table) == (index.schema, index.table):
                votes[used] = votes.get(used, 0.0) + statement.calls * problem.today[statement.id]
    return min(votes, key=lambda used: (-votes[used], used)) if votes else None


def _figures(judged: Worth) -> str:
    text = f"would save {judged.saved:,.1f} and cost {judged.upkeep:,.1f} in upkeep"
    return f"{text} and {judged.hot:,.1f} in lost heap-only updates" if judged.hot > 0 else text


def _detail(problem: Problem, judged: Worth, reason: str) -> str:
    if reason == "not-used":
        return "beside the chosen indexes no plan gets cheaper by it"
    if reason == "keeps-hot":
        asked = problem.threshold + problem.hot_threshold
        return f"{_figures(judged)}; to end heap-only updates it would have to save {asked:,.1f} net"
    if reason == "inside-noise":
        share = f"{judged.best_gain:.1%} for {judged.best_statement}"
        return f"{_figures(judged)}, but at most {share}, which an estimate cannot tell from nothing"
    return f"{_figures(judged)}; at least {problem.threshold:,.1f} net are asked for"
