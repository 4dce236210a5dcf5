"""Over which time counters can be trusted, and whether an index was used in it; pure.

Counters are sums, so two samples are enough for the time between them, unless something set them back in between: a reset, a
crash (which ``pg_stat_database`` does not tell of, but ``pg_stat_bgwriter`` and its like do), a promotion, an index that was
built anew. Whatever speaks for such a break begins the window again; nothing ever lengthens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from indexical.model.usage import IndexUse, NodeState, NodeWindow, Sample, TableUse, UseVerdict

_DAY = 86_400.0


def judge(
    samples: Mapping[str, Sequence[Sample]], schema: str, name: str, *, at_least: float = 7 * _DAY
) -> UseVerdict:
    """Whether the index was used, by the samples of every server that answers queries (by the name it is sampled under).

    ``unused`` needs a window of ``at_least`` seconds that all servers have in common, and as many standbys sampled as the
    primary knows of. A scan on any server is ``used``, however short the window. Where the samples do not reach back that
    far, and nothing set the counters back since the first of them, the counters' own age stands in.
    """
    nodes = tuple(sorted(samples))
    windows: list[NodeWindow] = []
    for node in nodes:
        window = node_window(samples[node], schema, name)
        if window is None:
            why = (
                f"server {node} has no sample"
                if not samples[node]
                else f"the last sample of {node} does not have it"
            )
            return UseVerdict("not-measured", schema, name, f"{why}; sample every server", nodes=nodes)
        windows.append(_own_age(window, samples[node], at_least))
    if not windows:
        return UseVerdict("not-measured", schema, name, "no server was sampled; sample every server")
    scans = sum(window.scans for window in windows)
    since, until = max(w.since for w in windows), min(w.until for w in windows)
    seconds = max(0.0, _seconds(since, until))
    if scans:
        used = [window for window in windows if window.scans]
        where = ", ".join(f"{window.scans:,} on {window.node} since {window.since}" for window in used)
        return UseVerdict("used", schema, name, f"scanned: {where}", since, seconds, scans, nodes)
    missing = _unsampled(windows)
    if missing:
        return UseVerdict("not-measured", schema, name, missing, since, seconds, 0, nodes)
    span = _span(seconds)
    if seconds < at_least:
        restarted = next((w for w in windows if w.since == since and w.restarted), None)
        because = f" ({restarted.node}: {restarted.restarted})" if restarted else ""
        text = f"no scan in {span} since {since}{because}, and {_span(at_least)} are needed"
        return UseVerdict("too-early", schema, name, text, since, seconds, 0, nodes)
    return UseVerdict(
        "unused",
        schema,
        name,
        f"no scan since {since}, over {span}, on {_all(nodes)}",
        since,
        seconds,
        0,
        nodes,
    )


def node_window(samples: Sequence[Sample], schema: str, name: str) -> NodeWindow | None:
    """The window of one server's samples; ``None`` when the last of them does not have the index."""
    ordered = sorted(samples, key=lambda each: each.taken_at)
    if not ordered:
        return None
    last = ordered[-1]
    now = _index(last, schema, name)
    if now is None:
        return None
    first, restarted = len(ordered) - 1, ""
    while first > 0 and not restarted:
        restarted = broken(ordered[first - 1], ordered[first], schema, name)
        first -= not restarted
    begin = ordered[first]
    then = _index(begin, schema, name) or now
    scans = now.scans - then.scans
    if not scans and now.last_scan and now.last_scan > then.last_scan:
        scans = 1
    return NodeWindow(
        last.node,
        schema,
        name,
        begin.taken_at,
        last.taken_at,
        _seconds(begin.taken_at, last.taken_at),
        scans,
        now.last_scan,
        restarted,
        last.state.standby,
        last.state.standbys,
    )


def _own_age(window: NodeWindow, samples: Sequence[Sample], at_least: float) -> NodeWindow:
    """The window, or where it is too short the one since the counters were last reset, with all that they count."""
    last = max(samples, key=lambda each: each.taken_at)
    since, now = last.state.counted_since, _index(last, window.schema, window.name)
    if window.seconds >= at_least or window.restarted or now is None or not since or since >= window.since:
        return window
    return replace(window, since=since, seconds=_seconds(since, window.until), scans=now.scans)


def broken(earlier: Sample, later: Sample, schema: str, name: str) -> str:
    """Why the counters of the later sample do not go on from those of the earlier one; empty when they do."""
    state = state_broken(earlier.state, later.state)
    if state:
        return state
    before, after = _index(earlier, schema, name), _index(later, schema, name)
    if after is None or before is None:
        return "the index was not there before"
    if before.oid != after.oid:
        return "the index was built anew"
    # Empty where somebody had locked it just then.
    if before.definition and after.definition and before.definition != after.definition:
        return "the index was changed or renamed"
    if _fewer(before, after):
        return "its counters were set back"
    tables = _table(earlier, schema, after.table), _table(later, schema, after.table)
    if tables[0] is not None and tables[1] is not None and _written_fewer(tables[0], tables[1]):
        return "its table's counters were set back"
    return ""


def state_broken(before: NodeState, after: NodeState) -> str:
    """Why nothing that a server counts goes on from one state to the next; empty when it does."""
    if (before.system, before.database_oid) != (after.system, after.database_oid):
        return "another database answered"
    if before.standby and not after.standby:
        return "the standby was promoted"
    if before.standby != after.standby:
        return "the primary became a standby"
    if before.timeline != after.timeline:
        return "the server is on another timeline"
    was, now = dict(before.resets), dict(after.resets)
    if was.get("database", "") != now.get("database", ""):
        return "the statistics were reset"
    if any(was.get(what, "") != now.get(what, "") for what in sorted({*was, *now})):
        return "the server crashed, or its statistics were reset"
    if before.server_version // 10000 != after.server_version // 10000:
        return "the server was upgraded"
    return ""


def _fewer(before: IndexUse, after: IndexUse) -> bool:
    return (
        after.scans < before.scans
        or after.tuples_read < before.tuples_read
        or after.tuples_fetched < before.tuples_fetched
        or bool(before.last_scan and not after.last_scan)
    )


def _written_fewer(before: TableUse, after: TableUse) -> bool:
    return before.oid == after.oid and (
        after.inserts < before.inserts or after.updates < before.updates or after.deletes < before.deletes
    )


def _index(sample: Sample, schema: str, name: str) -> IndexUse | None:
    return next((each for each in sample.indexes if (each.schema, each.name) == (schema, name)), None)


def _table(sample: Sample, schema: str, name: str) -> TableUse | None:
    return next((each for each in sample.tables if (each.schema, each.name) == (schema, name)), None)


def _unsampled(windows: Sequence[NodeWindow]) -> str:
    """What is missing when a server knows of standbys that nobody sampled."""
    sampled = sum(window.standby for window in windows)
    if sampled == len(windows):
        return "only standbys were sampled; sample the primary as well"
    known = max(window.standbys for window in windows if not window.standby)
    if known > sampled:
        return f"the primary has {known} standby{'s' * (known != 1)} and {sampled} were sampled; sample every server"
    return ""


def _all(nodes: Sequence[str]) -> str:
    return nodes[0] if len(nodes) == 1 else f"all of {', '.join(nodes)}"


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


def _span(seconds: float) -> str:
    for unit, length in (("day", _DAY), ("hour", 3600.0), ("minute", 60.0)):
        count = int(seconds / length)
        if count >= 2:
            return f"{count:,} {unit}s"
    return f"{seconds:.0f} s"
