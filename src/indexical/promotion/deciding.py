"""Every decision about a promotion, as functions of values: no clock is read here, no file and no database.

Order in the record counts, not the time that a line gives: a gate is fresh when it stands after the line that says that the
window has ended. How long the window was is the smallest of what three clocks say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexical.model import DdlStatement, Failed, NotMeasured, Outcome, RunRecord, Verified
from indexical.model.fulfilled import fulfilled
from indexical.model.index import Index
from indexical.model.promotion import (
    APPLIED,
    WINDOW,
    Clocks,
    GateResult,
    GateStanding,
    Observed,
    Promotion,
    Verdict,
)
from indexical.model.run import TargetIdentity
from indexical.model.shape import shape

Decision = tuple[Verdict, str]
_SHOWN = 5
_CHANGES = ("create", "drop")


@dataclass(frozen=True, slots=True)
class Compared:
    """One statement, measured before and after the change on staging. Milliseconds, medians."""

    id: str
    before: float
    after: float


def standings(promotion: Promotion) -> tuple[GateStanding, ...]:
    """Where each required gate stands, in the record's order."""
    ended = window_end(promotion)
    return tuple(_standing(promotion, gate, ended) for gate in promotion.gates)


def holds(promotion: Promotion) -> bool:
    """Whether every gate is passed. An empty record of gates holds nothing."""
    found = standings(promotion)
    return bool(found) and not promotion.torn and all(each.state == "passed" for each in found)


def window_end(promotion: Promotion) -> GateResult | None:
    """The line from which on the window has been over, if it is: the first that passed since one that did not."""
    found: GateResult | None = None
    for result in _counting(promotion):
        if result.gate == WINDOW:
            found = None if result.verdict != "passed" else found or result
    return found


def elapsed(begin: Clocks, now: Clocks) -> float:
    """Seconds between two moments: the least that any clock says that was read at both."""
    spans = [now.wall - begin.wall]
    if begin.server and now.server:
        spans.append(now.server - begin.server)
    if begin.boot and begin.boot == now.boot:
        spans.append(now.running - begin.running)
    return min(spans)


def judge_applied(run: RunRecord) -> Decision:
    """The run on staging came to its end and left everything as planned."""
    steps = [step for step in run.steps if step.statement.action in _CHANGES]
    if not steps:
        return "not-examined", f"run {run.run} built and dropped nothing"
    if not run.finished:
        return "failed", f"run {run.run} has not ended; go on with: apply --resume"
    left = [step.statement.name for step in steps if not fulfilled(step)]
    if left or run.result != "done":
        return "failed", f"run {run.run} left undone: {_some(left) or run.result}"
    return "passed", f"run {run.run}: {len(steps)} of {len(steps)} done"


def judge_window(promotion: Promotion, observed: Observed) -> Decision:
    """The window is over, by every clock, and staging is then as the run has left it."""
    where = differs(promotion.staging, observed.target)
    if where:
        return "failed", f"this is not the staging database of the record: {where}"
    gone = elapsed(promotion.clocks, observed.clocks)
    if gone < 0:
        return "not-examined", "a clock was set back since the record began; wait until it has caught up"
    if gone < promotion.window_s:
        left = promotion.window_s - gone
        return (
            "not-examined",
            f"the window is open for another {duration(left)} of {duration(promotion.window_s)}",
        )
    if observed.wrong:
        return "failed", f"not as it was left: {_some(observed.wrong)}"
    return "passed", f"{duration(gone)} and {_of(len(promotion.changes), 'change')} seen as they were left"


def judge_verified(promotion: Promotion, outcomes: Sequence[Outcome], observed: Observed) -> Decision:
    """Every index is there, valid, as defined, and used; what was dropped is gone. Unknown use is not examined."""
    if differs(promotion.staging, observed.target):
        return "failed", "this is not the staging database of the record"
    bad = [each.what for each in outcomes if isinstance(each, Failed) or _unused(each)]
    if bad or observed.wrong:
        return "failed", _some([*observed.wrong, *bad])
    unknown = [each for each in outcomes if isinstance(each, NotMeasured)]
    if unknown:
        return "not-examined", f"{unknown[0].what}: {unknown[0].reason}"
    creates = sum(each.action == "create" for each in promotion.changes)
    if len(outcomes) != creates or not promotion.changes:
        return "not-examined", f"{len(outcomes)} of {creates} indexes were looked at"
    dropped = len(promotion.changes) - creates
    return "passed", f"{creates} there, valid, as defined and used; {dropped} gone"


def judge_watched(outcomes: Sequence[Outcome]) -> Decision:
    """What watching staging for a while has said."""
    bad = [f"{each.what}: {each.error}" for each in outcomes if isinstance(each, Failed)]
    if bad:
        return "failed", _some(bad)
    unknown = [each for each in outcomes if not isinstance(each, Verified)]
    if unknown or not outcomes:
        why = unknown[0].reason if unknown and isinstance(unknown[0], NotMeasured) else "nothing was watched"
        return "not-examined", why
    return "passed", f"no worse: {_of(len(outcomes), 'index', 'indexes')} watched"


def judge_compared(
    compared: Sequence[Compared], gone: Sequence[str], *, tolerance: float, least_ms: float
) -> Decision:
    """No statement got slower by more than ``tolerance``, a share, and ``least_ms`` milliseconds.

    ``gone`` are statements that were measured before and not after: of them nothing is known.
    """
    slower = [
        f"{each.id}: {each.before:.3g} to {each.after:.3g} ms"
        for each in compared
        if each.after > each.before * (1 + tolerance) and each.after > each.before + least_ms
    ]
    if slower:
        return "failed", f"slower: {_some(slower)}"
    if not compared:
        return "not-examined", "no statement was measured in both runs"
    if gone:
        return "not-examined", f"measured before and not after: {_some(gone)}"
    return "passed", f"{_of(len(compared), 'statement')} no slower than before"


def judge_invalid(promotion: Promotion, observed: Observed) -> Decision:
    """No index of the database is invalid."""
    if differs(promotion.staging, observed.target):
        return "failed", "this is not the staging database of the record"
    if observed.invalid:
        return "failed", f"invalid: {_some(observed.invalid)}"
    return "passed", "no index of the database is invalid"


def differs(staging: TargetIdentity, here: TargetIdentity) -> str:
    """In what another database is not staging; empty when it is. What one side does not know does not count."""
    if staging.system_identifier and here.system_identifier:
        if staging.system_identifier != here.system_identifier:
            return f"cluster {here.system_identifier}"
    elif staging.address != here.address:
        return f"server {here.address or 'unknown'}"
    if (staging.database_oid, staging.database) != (here.database_oid, here.database):
        return f"database {here.database}"
    return ""


def other_changes(promotion: Promotion, statements: Iterable[DdlStatement]) -> tuple[str, ...]:
    """In what the changes that are to be made differ from those that were promoted, by structure; nothing for none."""
    promoted: Counter[tuple[str, Index | None]] = Counter(
        (each.action, each.index) for each in promotion.changes
    )
    wanted: Counter[tuple[str, Index | None]] = Counter(
        (each.action, each.index) for each in statements if each.action in _CHANGES
    )
    told = [f"{_change(*each)} was not tried on staging" for each in sorted(wanted - promoted, key=repr)]
    told += [
        f"{_change(*each)} was tried on staging and is not to be applied"
        for each in sorted(promoted - wanted, key=repr)
    ]
    return tuple(told)


def not_advised(promotion: Promotion, statements: Iterable[DdlStatement]) -> tuple[str, ...]:
    """What was tried on staging and is not in an advice, which has changed since then; nothing for none.

    Expressions and predicates only have to be there: an advice words them otherwise than the migrations that came of it. More in
    the advice is no change: a part of it may have been accepted, and what no migration can do was left to a person.
    """
    advised = {(each.action, shape(each.index)) for each in statements if each.index is not None}
    return tuple(
        f"{_change(each.action, each.index)} is not in it"
        for each in promotion.changes
        if (each.action, shape(each.index)) not in advised
    )


def is_promoted(promotion: Promotion, index: Index) -> bool:
    """Whether an index of an advice is among those that were built on staging, by its shape."""
    return any(each.action == "create" and shape(each.index) == shape(index) for each in promotion.changes)


def duration(seconds: float) -> str:
    """``36 h``, ``90 min``, ``20 s``."""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _standing(promotion: Promotion, gate: str, ended: GateResult | None) -> GateStanding:
    results = [each for each in promotion.results if each.gate == gate]
    if promotion.torn:
        return GateStanding(gate, "stale", "the record's last line was cut; run the gate again")
    if not results:
        return GateStanding(gate, "open", "never run")
    last = results[-1]
    if last.verdict != "passed":
        return GateStanding(gate, last.verdict, last.detail, last.at)
    if last.line < promotion.cut_at:
        return GateStanding(gate, "stale", "older than a cut of the record; run it again", last.at)
    if gate not in (APPLIED, WINDOW) and (ended is None or last.line < ended.line):
        return GateStanding(
            gate, "stale", "older than the end of the window; run it again after that", last.at
        )
    return GateStanding(gate, "passed", last.detail, last.at)


def _counting(promotion: Promotion) -> list[GateResult]:
    return [each for each in promotion.results if each.line >= promotion.cut_at]


def _unused(outcome: Outcome) -> bool:
    return isinstance(outcome, Verified) and outcome.verdict != "used"


def _change(action: str, index: Index | None) -> str:
    return f"{action} {index.text if index is not None else 'of something that is no index'}"


def _some(words: Sequence[str]) -> str:
    rest = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _of(count: int, noun: str, several: str = "") -> str:
    return f"{count} {noun if count == 1 else several or noun + 's'}"
