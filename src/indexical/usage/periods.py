"""What a period changed, from the samples at both its ends; pure.

A server whose counters began anew within the period counts from there on, and the cut is named: nothing is guessed across it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from indexical.model.usage import IndexUse, Sample, StatementUse
from indexical.model.using import Growth, Review, StatementChange, Usage
from indexical.usage.statements import MOST
from indexical.usage.windows import node_window, state_broken

PERIODS = {"weekly": 7 * 86_400.0, "monthly": 30 * 86_400.0, "quarterly": 91 * 86_400.0}
"""Seconds."""


def review(period: str, samples: Mapping[str, Sequence[Sample]], usage: Usage) -> Review:
    """The review of the period that ends with the last sample."""
    wanted = PERIODS[period]
    within = {node: _within(found, wanted) for node, found in sorted(samples.items()) if found}
    first = [found[0].taken_at for found in within.values()]
    until = max((found[-1].taken_at for found in within.values()), default=usage.taken_at)
    since = max(first, default=until)
    main = next((found for found in within.values() if not found[-1].state.standby), None)
    main = main or next(iter(within.values()), [])
    statements, missing = _statements(main)
    return Review(
        period,
        wanted,
        (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds(),
        since,
        until,
        sum(len(found) for found in within.values()),
        _scans(within),
        tuple((node, why) for node, found in within.items() if (why := _cut(found))),
        _growth(main),
        statements,
        missing,
        usage,
    )


def _within(samples: Sequence[Sample], wanted: float) -> list[Sample]:
    """Those of the period, and the last one before it, which is where it begins."""
    ordered = sorted(samples, key=lambda each: each.taken_at)
    begins = datetime.fromisoformat(ordered[-1].taken_at) - timedelta(seconds=wanted)
    inside = [each for each in ordered if datetime.fromisoformat(each.taken_at) > begins]
    before = ordered[: len(ordered) - len(inside)]
    return [*before[-1:], *inside]


def _cut(samples: Sequence[Sample]) -> str:
    """Why the counters of a server do not span the samples; empty when they do."""
    for earlier, later in zip(samples[-2::-1], samples[:0:-1], strict=True):
        why = state_broken(earlier.state, later.state)
        if why:
            return f"{why} between {earlier.taken_at} and {later.taken_at}"
    return ""


def _scans(within: Mapping[str, Sequence[Sample]]) -> tuple[tuple[str, int], ...]:
    totals: dict[str, int] = {}
    for samples in within.values():
        narrow = [Narrow(sample) for sample in samples]
        for each in samples[-1].indexes:
            window = node_window(
                [sample.to(each.schema, each.name) for sample in narrow], each.schema, each.name
            )
            if window is not None:
                name = f"{each.schema}.{each.name}"
                totals[name] = totals.get(name, 0) + window.scans
    return tuple(sorted(totals.items(), key=lambda item: (-item[1], item[0])))


class Narrow:
    """A sample as one index sees it: judging one out of many is then quick."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._indexes: dict[tuple[str, str], IndexUse] = {(e.schema, e.name): e for e in sample.indexes}
        self._tables = {(each.schema, each.name): each for each in sample.tables}

    def to(self, schema: str, name: str) -> Sample:
        index = self._indexes.get((schema, name))
        table = self._tables.get((schema, index.table)) if index is not None else None
        return Sample(
            self._sample.node,
            self._sample.taken_at,
            self._sample.state,
            (index,) if index is not None else (),
            (table,) if table is not None else (),
        )


def _growth(samples: Sequence[Sample]) -> tuple[Growth, ...]:
    """Sizes of what is there now, at both ends; something new began with nothing. Largest change first."""
    if len(samples) < 2:
        return ()
    first, last = samples[0], samples[-1]
    tables = {(each.schema, each.name): each.size for each in first.tables}
    indexes = {(each.schema, each.name): each.size for each in first.indexes}
    found = [
        Growth("table", f"{each.schema}.{each.name}", tables.get((each.schema, each.name), 0), each.size)
        for each in last.tables
    ]
    found += [
        Growth("index", f"{each.schema}.{each.name}", indexes.get((each.schema, each.name), 0), each.size)
        for each in last.indexes
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.after - each.before), each.kind, each.name)))


def _statements(samples: Sequence[Sample]) -> tuple[tuple[StatementChange, ...], str]:
    """Statements by the time they took in the period, or why that is not known.

    Where more ran than are kept, one that was not among the kept ones before is left out: how often it had run is not known.
    """
    if not samples:
        return (), "no server was sampled"
    last = samples[-1]
    if not last.statements:
        return (), last.statements_missing or "the last sample was taken without statements"
    same = [
        each
        for each in samples
        if each.statements
        and each.statements_since == last.statements_since
        and (each.state.system, each.state.database_oid) == (last.state.system, last.state.database_oid)
    ]
    if len(same) < 2:
        return (), "pg_stat_statements was reset after every earlier sample"
    first = {each.id: each for each in same[0].statements}
    whole = len(first) < MOST
    found = [_changed(each, first.get(each.id)) for each in last.statements if whole or each.id in first]
    ordered = sorted((each for each in found if each is not None), key=lambda each: (-each.total_ms, each.id))
    return tuple(ordered), "" if ordered else "no statement that is kept ran in the period"


def _changed(now: StatementUse, then: StatementUse | None) -> StatementChange | None:
    """What was counted in between; ``None`` when nothing was, or when it was forgotten and counted anew."""
    calls, total = (then.calls, then.total_ms) if then is not None else (0, 0.0)
    if now.calls <= calls or now.total_ms < total:
        return None
    return StatementChange(now.id, now.text, now.calls - calls, now.total_ms - total)
