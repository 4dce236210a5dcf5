"""From what was planned and executed to verdicts, and from verdicts to the advice without what does not pay. Pure.

An index is confirmed when the statements whose real plans use it take less time in all, by more than the clock's noise and
more than its upkeep. The upkeep is the advice's estimate, at the milliseconds that a planner unit took in the executed
statements; it is only held against an index all of whose statements were executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from indexical.confirm.trials import Trial
from indexical.model import (
    Advice,
    Drop,
    Recommendation,
    Refusal,
    StatementVerdict,
)
from indexical.model.confirmation import (
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_MEASURED,
    IndexConfirmation,
    StatementConfirmation,
)

NOISE = 0.03
"""Share of their time by which statements must get faster for an index to count; less may be chance."""
SLOWER = 0.10
"""Share by which one statement must get slower for a drop to be taken back."""
EXPECTED = 0.10
"""Share by which the estimate has to fall for a statement to be expected to get faster."""
LEAST_MS = 0.05
"""A difference of less than this, for one call, is none."""


def faster(before: float, after: float) -> bool:
    return before - after > max(NOISE * before, min(LEAST_MS, 0.2 * before))


def slower(before: float, after: float) -> bool:
    return after - before > max(SLOWER * before, LEAST_MS)


def judge_statement(verdict: StatementVerdict, trial: Trial) -> StatementConfirmation:
    base = StatementConfirmation(
        verdict.id, verdict.calls, verdict.cost_before, verdict.cost_after, NOT_MEASURED, trial.reason
    )
    if trial.before is None or trial.after is None:
        return base
    before, after = trial.before.milliseconds, trial.after.milliseconds
    word, reason = CONFIRMED, ""
    if slower(before, after):
        word = NOT_CONFIRMED
        reason = "it got slower" if trial.cut != "after" else "it runs into the statement timeout"
    elif verdict.cost_after < (1 - EXPECTED) * verdict.cost_before and not faster(before, after):
        word, reason = NOT_CONFIRMED, "it is no faster"
    return replace(
        base,
        verdict=word,
        reason=reason,
        cost_before=trial.before.cost,
        cost_after=trial.after.cost,
        ms_before=before,
        ms_after=after,
        indexes_used=trial.after.indexes,
        runs=trial.after.rounds if trial.cut != "after" else trial.before.rounds,
        cut=trial.cut,
    )


def saved_ms(statements: Iterable[StatementConfirmation]) -> tuple[float, float]:
    """What executed statements take less, and what they took before, in all calls."""
    saved = before = 0.0
    for each in statements:
        if each.ms_before is not None and each.ms_after is not None:
            saved += each.calls * (each.ms_before - each.ms_after)
            before += each.calls * each.ms_before
    return saved, before


def ms_per_unit(statements: Iterable[StatementConfirmation]) -> float:
    """Milliseconds that a planner unit took, in the executions that came to their end; 0 when there were none."""
    time = units = 0.0
    for each in statements:
        if each.ms_after is not None and each.cost_after is not None and each.cut != "after":
            time += each.calls * each.ms_after
            units += each.calls * each.cost_after
    return time / units if units > 0 else 0.0


def judge_index(
    base: IndexConfirmation,
    wanted: Recommendation,
    executed: Mapping[str, StatementConfirmation],
    using: Sequence[StatementConfirmation],
    rate: float,
) -> IndexConfirmation:
    """The verdict on an index that was built.

    ``executed`` holds every statement that was, ``using`` those whose real plans use the index, with what they take without
    it and with it; ``rate`` is milliseconds a planner unit.
    """
    missing = [id for id in wanted.statements if id not in executed]
    ids = tuple(sorted(each.id for each in using))
    if not using:
        if missing or not wanted.statements:
            return replace(base, verdict=NOT_MEASURED, reason=_unexecuted(missing))
        return replace(
            base,
            verdict=NOT_CONFIRMED,
            reason=f"no real plan uses it, of {_statements(wanted.statements)}",
            saved_ms=0.0,
        )
    saved, before = saved_ms(using)
    found = replace(base, statements=ids, saved_ms=round(saved, 4))
    cut = {each.cut for each in using}
    figures = (
        f"the statements that use it take {_least(before - saved, 'after' in cut)} with it"
        f" and {_least(before, 'before' in cut)} without it"
    )
    # A few statements of many were executed: what they do not save the others may.
    if saved <= NOISE * before:
        if missing:
            return replace(found, verdict=NOT_MEASURED, reason=f"{figures}; {_unexecuted(missing)}")
        return replace(found, verdict=NOT_CONFIRMED, reason=figures)
    upkeep = rate * (wanted.maintenance + sum(loss.cost for loss in wanted.hot_loss))
    if not missing and upkeep > saved:
        reason = f"{figures}, and its upkeep is estimated at {_ms(upkeep)}"
        return replace(found, verdict=NOT_CONFIRMED, reason=reason)
    return replace(found, verdict=CONFIRMED)


def take_back(
    advice: Advice,
    rejected: Mapping[str, str],
    disliked: Mapping[str, str],
) -> Advice:
    """The advice without the indexes that are not confirmed and the drops that would hurt, both by name with the reason.

    A drop whose work one of those indexes was to do, or whose index the same statements used before, is taken back as well.
    """
    if not rejected and not disliked:
        return advice
    out = [item for item in advice.create if item.name in rejected]
    back: dict[str, str] = dict(disliked)
    for drop in advice.drop:
        reason = _needed_again(drop, advice, set(rejected))
        if reason:
            back.setdefault(drop.existing.name, reason)
    refused = [Refusal(item.index.text, NOT_CONFIRMED, rejected[item.name]) for item in out]
    refused += [
        Refusal(drop.existing.name, NOT_CONFIRMED, back[drop.existing.name])
        for drop in advice.drop
        if drop.existing.name in back
    ]
    statements = tuple(_without(each, set(rejected), advice) for each in advice.statements)
    return replace(
        advice,
        create=tuple(item for item in advice.create if item.name not in rejected),
        drop=tuple(drop for drop in advice.drop if drop.existing.name not in back),
        refused=(*refused, *advice.refused),
        statements=statements,
        cost_after=sum(each.calls * each.cost_after for each in statements),
        maintenance_after=max(
            0.0,
            advice.maintenance_after
            - sum(i.maintenance + sum(loss.cost for loss in i.hot_loss) for i in out),
        ),
        proved=False,
    )


def _needed_again(drop: Drop, advice: Advice, rejected: set[str]) -> str:
    if drop.covered_by in rejected:
        return f"{drop.covered_by}, which was to do its work, is not confirmed"
    for each in advice.statements:
        if each.plan_before is None or drop.existing.name not in each.plan_before.index_names:
            continue
        lost = sorted(rejected & set(each.indexes_used))
        if lost:
            return f"{each.id} uses it today, and {lost[0]}, which was to serve that, is not confirmed"
    return ""


def _without(verdict: StatementVerdict, rejected: set[str], advice: Advice) -> StatementVerdict:
    """The statement without the indexes that go. With none of the new ones left it costs what it cost; else about what it did."""
    if not rejected & set(verdict.indexes_used):
        return verdict
    left = tuple(name for name in verdict.indexes_used if name not in rejected)
    new = {item.name for item in advice.create} - rejected
    if set(left) & new:
        return replace(verdict, indexes_used=left)
    before = verdict.plan_before.index_names if verdict.plan_before is not None else ()
    return replace(
        verdict, indexes_used=before, cost_after=verdict.cost_before, plan_after=verdict.plan_before
    )


def _statements(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:3])
    return f"{shown} and {len(ids) - 3} more" if len(ids) > 3 else shown


def _unexecuted(missing: Sequence[str]) -> str:
    if not missing:
        return "no statement of the advice uses it"
    return f"not executed: {_statements(missing)}"


def _least(value: float, cut: bool) -> str:
    """With the word for what a statement timeout cut off."""
    return f"at least {_ms(value)}" if cut else _ms(value)


def _ms(value: float) -> str:
    return f"{value:,.3g} ms" if abs(value) < 1000 else f"{value:,.0f} ms"
