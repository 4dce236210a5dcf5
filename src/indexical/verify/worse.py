"""Whether an index made something worse: two windows compared, statement by statement; pure but for the plans it is given.

A statement is slower when its mean rose by more than a stated share and by more than chance explains, over enough calls in both.
It speaks against an index when it writes the index's table, when its plan uses the index, or when it reads the table and that
index was scanned. What such statements gained is set against it, since an index that costs the writes something was chosen for
what it gives the reads; and when statements that have nothing to do with it got slower too, nothing is held against it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from indexical.model import ExistingIndex, Failed, NotMeasured, Outcome, Verified
from indexical.verify.observing import Times, Watched, Written

_LITERAL = re.compile(
    r"""--[^\n]* | /\*.*?(?:\*/|\Z) | [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | '(?:[^']|'')*(?:'|\Z) | \$(?!\d)\w*\$.*
    | (?<![\w$])\d[\w.]*""",
    re.DOTALL | re.VERBOSE,
)
"""Comments, text, numbers; what is not closed goes on to the end."""
_SHOWN = 60
_CONTROLS = 3
"""Statements that an index has nothing to do with, from which on they tell how busy the server was."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a difference counts."""

    share: float = 0.20
    """By how much the mean time of a statement must rise."""
    calls: float = 50.0
    """Calls that a statement needs in each of the windows."""
    errors: float = 3.0
    """Standard errors of the difference of the means that it must exceed."""
    milliseconds: float = 0.02
    """A rise smaller than this is below what the server measures well."""


@dataclass(frozen=True, slots=True)
class Concern:
    """What a statement has to do with indexes, by its plan."""

    uses: frozenset[str] = frozenset()
    """Bare names of the indexes that the plan uses."""
    writes: frozenset[str] = frozenset()
    """``schema.table`` that it inserts into, updates, deletes from or merges into."""
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One statement in both windows."""

    before: Times
    after: Times

    @property
    def milliseconds(self) -> float:
        """What all its calls of the second window took more; negative when they took less."""
        return self.after.calls * (self.after.mean_ms - self.before.mean_ms)

    def significant(self, threshold: Threshold) -> bool:
        """Whether the means differ by more than chance explains."""
        rise = abs(self.after.mean_ms - self.before.mean_ms)
        spread = math.sqrt(
            self.before.deviation_ms**2 / self.before.calls + self.after.deviation_ms**2 / self.after.calls
        )
        return rise > threshold.errors * spread and rise > threshold.milliseconds

    def slower(self, threshold: Threshold) -> bool:
        return self.after.mean_ms > self.before.mean_ms * (1 + threshold.share) and self.significant(
            threshold
        )


def changes(before: Watched, after: Watched, threshold: Threshold) -> tuple[Change, ...]:
    """Statements with enough calls in both windows."""
    known = {each.id: each for each in before.statements}
    return tuple(
        Change(known[each.id], each)
        for each in after.statements
        if each.id in known and min(known[each.id].calls, each.calls) >= threshold.calls
    )


def judge(
    existing: ExistingIndex,
    before: Watched,
    after: Watched,
    concerns: Mapping[str, Concern],
    threshold: Threshold,
    undo: str,
) -> Outcome:
    """The verdict on one index, by what its statements did.

    :class:`Failed` with ``WORSE`` or ``NO_GAIN`` and the undo as its remedy, :class:`Verified` with ``no-worse``, or
    :class:`NotMeasured` with the reason. ``concerns`` is by queryid.
    """
    index = existing.index
    id, what = f"{index.schema}.{existing.name}", f"{existing.name} on {index.text}"
    missing = after.missing or before.missing
    if missing:
        return NotMeasured(id, what, missing)
    scans = dict(after.scans).get(existing.oid, 0)
    compared = changes(before, after, threshold)
    concerned = [
        each for each in compared if _concerned(concerns.get(each.after.id, Concern()), existing, scans)
    ]
    slower = [each for each in concerned if each.slower(threshold)]
    told = [each for each in concerned if each.significant(threshold)]
    net = sum(each.milliseconds for each in told)
    hot = _hot(before.written, after.written, index.qualified_table)
    if slower and net > 0:
        busy = _all_slower([each for each in compared if each not in concerned], threshold)
        if busy:
            return NotMeasured(id, what, busy)
        text = f"{'; '.join(_said(each) for each in slower[:3])}; {net:,.1f} ms more in the window, all gains set off{hot}"
        return Failed(id, what, text, undo, "WORSE")
    reads = sum(
        each.calls
        for each in after.statements
        if index.qualified_table in concerns.get(each.id, Concern()).reads
    )
    if not scans and reads >= threshold.calls:
        return _no_scan(id, what, reads, after, undo)
    if not concerned:
        text = f"no statement that uses it or writes its table was called {threshold.calls:.0f} times before and after"
        return NotMeasured(id, what, text)
    evidence = f"{len(concerned)} statements compared, {len(slower)} slower; {_net(net)} in the window; {scans:,} scans{hot}"
    return Verified(id, what, "no-worse", evidence=evidence, size=existing.size)


def _no_scan(id: str, what: str, reads: float, after: Watched, undo: str) -> Outcome:
    text = f"nothing scanned it, although {reads:,.0f} statements read its table in the window"
    if after.standbys:
        return NotMeasured(id, what, f"{text}; a standby may, and was not watched")
    return Failed(id, what, text, undo, "NO_GAIN")


def _concerned(concern: Concern, existing: ExistingIndex, scans: int) -> bool:
    table = existing.index.qualified_table
    return existing.name in concern.uses or table in concern.writes or (scans > 0 and table in concern.reads)


def _all_slower(others: Sequence[Change], threshold: Threshold) -> str:
    """Said when statements that the index has nothing to do with got slower as well."""
    ratios = [each.after.mean_ms / each.before.mean_ms for each in others if each.before.mean_ms > 0]
    if len(ratios) < _CONTROLS or median(ratios) <= 1 + threshold.share / 2:
        return ""
    return (
        f"{len(ratios)} statements that have nothing to do with it got slower as well, by {median(ratios) - 1:.0%}: the "
        "server was busier than before"
    )


def _net(milliseconds: float) -> str:
    return f"{abs(milliseconds):,.1f} ms {'more' if milliseconds > 0 else 'less'}"


def _said(change: Change) -> str:
    return (
        f"statement {change.after.id} ({shown(change.after.text)}) takes {change.after.mean_ms:,.3f} ms instead of "
        f"{change.before.mean_ms:,.3f} over {change.after.calls:,.0f} calls"
    )


def _hot(before: Sequence[Written], after: Sequence[Written], table: str) -> str:
    was = next((each for each in before if each.table == table), None)
    now = next((each for each in after if each.table == table), None)
    if was is None or now is None or not was.updates or not now.updates:
        return ""
    return f"; heap-only updates {now.hot_share:.0%}, before {was.hot_share:.0%}"


def shown(text: str) -> str:
    """The beginning of a statement for people: on one line, without any literal."""
    line = " ".join(_LITERAL.sub("?", text).split())
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
