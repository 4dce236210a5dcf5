"""A served project, measured: its endpoints one by one, and the whole under load; compared with an earlier run.

Two medians differ when the intervals in which they lie with 95 % confidence do not touch and the change is more than the
share that a machine drifts by from one hour to the next; anything less is noise and is called so.
"""

from __future__ import annotations

from collections.abc import Mapping

from indexical.measure.served.throughput import at_target, sound
from indexical.model import NotMeasured
from indexical.model.served import AtTarget, DatabaseLoad, EndpointLatency, LoadRun, LoadStep, ServedRun
from indexical.report.sections import Chart, Column, Fact, Point, Section, Table
from indexical.report.served_json import from_json, to_json
from indexical.report.units import change, milliseconds, number, plural, share, shorten, size
from indexical.verify.worse import Threshold

__all__ = ["compared", "from_json", "sections", "target_text", "to_json"]

_DRAWN = 15
_BUSY = 0.9
_ABSENT = "—"


def sections(now: ServedRun, before: ServedRun | None = None) -> tuple[Section, ...]:
    """The run, or the comparison with an earlier one."""
    result: list[Section] = []
    if now.endpoints or now.not_measured:
        result.append(_endpoints(now, before))
    if now.not_measured:
        result.append(_missed(f"Endpoints not measured ({len(now.not_measured)})", now.not_measured))
    if now.load is not None:
        earlier = before.load if before is not None else None
        result.append(_load(now.load, earlier))
        result += _database(now.load, earlier)
        if now.load.not_measured:
            result.append(_missed("Not measured under load", now.load.not_measured))
    return tuple(result)


def compared(before: EndpointLatency, now: EndpointLatency) -> str:
    """``faster``, ``slower`` or ``within noise``."""
    threshold = Threshold()
    difference = now.median_ms - before.median_ms
    apart = now.high_ms < before.low_ms or now.low_ms > before.high_ms
    least = max(threshold.milliseconds, threshold.share * min(before.median_ms, now.median_ms))
    if not apart or abs(difference) <= least:
        return "within noise"
    return "slower" if difference > 0 else "faster"


def _endpoints(now: ServedRun, before: ServedRun | None) -> Section:
    earlier = {each.id: each for each in before.endpoints} if before is not None else {}
    lines = [f"{now.title or 'The requests file'}: one request at a time over HTTP, warm-up not counted."]
    if before is not None:
        lines.append(_comparison(now, earlier))
    columns = [
        Column("endpoint"),
        Column("sent", True),
        Column("average", True),
        Column("median", True),
        Column("p95", True),
        Column("answer", True),
    ]
    if before is not None:
        columns += [Column("median before", True), Column("change", True), Column("verdict")]
    ordered = _dearest(now.endpoints)
    rows = tuple(_endpoint(each, earlier, before is not None) for each in ordered)
    return Section(
        f"Endpoints ({len(now.endpoints)})",
        tuple(lines),
        Table(tuple(columns), rows),
        notes=now.notes,
        charts=_bars(ordered, earlier),
    )


def _dearest(endpoints: tuple[EndpointLatency, ...]) -> list[EndpointLatency]:
    return sorted(endpoints, key=lambda each: (-each.weight * each.median_ms, each.id))


def _endpoint(
    each: EndpointLatency, earlier: Mapping[str, EndpointLatency], comparing: bool
) -> tuple[str, ...]:
    row = [
        shorten(each.id, 52),
        number(each.sent),
        milliseconds(each.mean_ms),
        milliseconds(each.median_ms),
        milliseconds(each.p95_ms),
        size(each.bytes),
    ]
    if comparing:
        old = earlier.get(each.id)
        row += (
            [milliseconds(old.median_ms), change(old.median_ms, each.median_ms), compared(old, each)]
            if old
            else ["not measured", "n/a", _ABSENT]
        )
    return tuple(row)


def _comparison(now: ServedRun, earlier: Mapping[str, EndpointLatency]) -> str:
    both = [each for each in now.endpoints if each.id in earlier]
    if not both:
        return "No endpoint was measured in both runs: there is nothing to compare."
    weights = sum(each.weight for each in both)
    old = sum(each.weight * earlier[each.id].median_ms for each in both) / weights
    new = sum(each.weight * each.median_ms for each in both) / weights
    verdicts = [compared(earlier[each.id], each) for each in both]
    gone = sorted(earlier.keys() - {each.id for each in now.endpoints})
    text = (
        f"Measured in both runs: {plural(len(both), 'endpoint')}; a request of the mix took {milliseconds(old)} before and takes "
        f"{milliseconds(new)} now ({change(old, new)}). {verdicts.count('faster')} faster, {verdicts.count('slower')} slower, "
        f"{verdicts.count('within noise')} within noise."
    )
    return f"{text} Only measured before: {', '.join(gone)}." if gone else text


def _bars(ordered: list[EndpointLatency], earlier: Mapping[str, EndpointLatency]) -> tuple[Chart, ...]:
    drawn = [each for each in ordered if not earlier or each.id in earlier][:_DRAWN]
    if not drawn:
        return ()
    points = tuple(
        Point(each.id, (earlier[each.id].median_ms, each.median_ms) if earlier else (each.median_ms,))
        for each in drawn
    )
    caption = (
        f"The median of one request to the {plural(len(points), 'endpoint')} that the mix spends most on; "
        "the figures are in the table."
    )
    series = ("before", "now") if earlier else ("now",)
    return (Chart("bars", "One request", caption, "milliseconds", "", series, points),)


def _missed(title: str, items: tuple[NotMeasured, ...]) -> Section:
    rows = tuple((shorten(item.what, 60), shorten(item.reason, 120)) for item in items)
    return Section(title, (), Table((Column("what"), Column("why")), rows))


def _load(now: LoadRun, before: LoadRun | None) -> Section:
    same = before is not None and before.mix == now.mix
    earlier = {step.users: step for step in before.steps} if before is not None and same else {}
    columns = [
        Column("users", True),
        Column("requests/s", True),
        Column("p50", True),
        Column("p95", True),
        Column("p99", True),
        Column("failures", True),
        Column("machine busy", True),
    ]
    if earlier:
        columns += [Column("requests/s before", True), Column("p95 before", True), Column("throughput", True)]
    rows = tuple(_step(step, earlier) for step in now.steps)
    return Section(
        "Under load",
        _load_lines(now, before, same),
        Table(tuple(columns), rows),
        notes=_load_notes(now),
        facts=_load_facts(now),
        charts=_curve(now),
    )


def _load_lines(now: LoadRun, before: LoadRun | None, same: bool) -> tuple[str, ...]:
    seconds = max((step.seconds for step in now.steps), default=0.0)
    played = (
        f"{now.title or 'The requests file'}, played by {now.generator} for {number(round(seconds))} s a step after "
        f"{number(now.warm_up_s)} s of warm-up: each user sends its next request when the last one is answered."
    )
    lines = [played]
    if now.target_p95_ms is not None:
        lines.append(f"{target_text(now, now.target_p95_ms)}.")
        if before is not None and same:
            lines.append(f"Before: {target_text(before, now.target_p95_ms)}.")
    if before is not None and not same:
        lines.append("The earlier run played another mix, so its throughput is not compared.")
    if now.left_out:
        lines.append(
            f"{plural(len(now.left_out), 'endpoint')} with {share(now.left_out_share)} of the mix left out, because they write: "
            f"{shorten(', '.join(now.left_out), 200)}."
        )
    return tuple(lines)


def target_text(run: LoadRun, target_ms: float) -> str:
    """One sentence, without its full stop, on the highest throughput at a 95th percentile."""
    found = at_target(run.steps, target_ms)
    head = f"Throughput with p95 within {milliseconds(target_ms)}"
    if found.verdict == "not-measured":
        return f"{head}: not measured, too many requests failed in every step"
    if found.verdict == "not-reached":
        return f"{head}: not reached, p95 is above it from {_first(run)} on"
    rate = f"{number(found.per_second)} requests/s"
    if found.verdict == "not-exceeded":
        return (
            f"{head}: at least {rate}; the largest step, {plural(found.users, 'user')}, still kept within it"
        )
    if found.interpolated:
        low, high = found.between
        return f"{head}: {rate}, interpolated between the steps of {low} and {high} users"
    return f"{head}: {rate}, as measured; {plural(found.users, 'user')} kept within it, the next step did not"


def _first(run: LoadRun) -> str:
    return plural(min((step.users for step in run.steps if sound(step)), default=0), "user")


def _step(step: LoadStep, earlier: Mapping[int, LoadStep]) -> tuple[str, ...]:
    error = f" ± {number(2 * step.error_per_second)}" if step.error_per_second else ""
    row = [
        number(step.users),
        number(step.per_second) + error,
        *(milliseconds(value) for value in (step.p50_ms, step.p95_ms, step.p99_ms)),
        number(step.failures) if sound(step) else f"{number(step.failures)} (too many)",
        share(step.machine_busy) if step.machine_busy is not None else "not measured",
    ]
    if earlier:
        old = earlier.get(step.users)
        row += (
            [number(old.per_second), milliseconds(old.p95_ms), _throughput(old, step)]
            if old
            else ["not measured", "not measured", "n/a"]
        )
    return tuple(row)


def _throughput(before: LoadStep, now: LoadStep) -> str:
    """The change of a step's rate, and whether it is more than chance and drift explain."""
    difference = abs(now.per_second - before.per_second)
    error = 2 * (before.error_per_second**2 + now.error_per_second**2) ** 0.5
    least = Threshold().share * min(before.per_second, now.per_second)
    if not sound(before) or not sound(now):
        return "n/a"
    text = change(before.per_second, now.per_second)
    return text if difference > max(error, least) else f"{text}, within noise"


def _load_notes(now: LoadRun) -> tuple[str, ...]:
    notes = [
        f"{plural(step.users, 'user')}: {', '.join(f'{reason} ({count:,})' for reason, count in step.reasons[:5])}."
        for step in now.steps
        if step.reasons
    ]
    busiest = max((step.machine_busy or 0.0 for step in now.steps), default=0.0)
    if busiest > _BUSY:
        notes.append(
            f"The machine that sent the load ({plural(now.cores, 'core')}) was up to {share(busiest)} busy: from there on its "
            "own limit is measured, with the load generator's part in it."
        )
    if any(step.error_per_second for step in now.steps):
        notes.append("± is two standard errors of the rate, from the step's single seconds.")
    return tuple(notes)


def _load_facts(now: LoadRun) -> tuple[Fact, ...]:
    held = [step for step in now.steps if sound(step)]
    if not held:
        return ()
    best = max(held, key=lambda step: step.per_second)
    facts = [Fact("Highest throughput", f"{number(best.per_second)}/s", f"at {plural(best.users, 'user')}")]
    if now.target_p95_ms is not None:
        found = at_target(now.steps, now.target_p95_ms)
        facts.append(
            Fact(
                f"With p95 within {milliseconds(now.target_p95_ms)}",
                _rate(found),
                found.verdict.replace("-", " "),
            )
        )
    return tuple(facts)


def _rate(found: AtTarget) -> str:
    if found.verdict == "not-measured":
        return "not measured"
    if found.verdict == "not-reached":
        return "none"
    return f"{'≥ ' if found.verdict == 'not-exceeded' else ''}{number(found.per_second)}/s"


def _curve(now: LoadRun) -> tuple[Chart, ...]:
    held = sorted((step for step in now.steps if sound(step)), key=lambda step: step.users)
    if len(held) < 2:
        return ()
    points = tuple(Point("", (float(step.users), step.p50_ms, step.p95_ms)) for step in held)
    caption = (
        f"Median and 95th percentile of a request from {held[0].users} to {held[-1].users} users at once; "
        "the figures are in the table."
    )
    return (Chart("curve", "Latency under load", caption, "users", "milliseconds", ("p50", "p95"), points),)


def _database(now: LoadRun, before: LoadRun | None) -> list[Section]:
    if not any(step.database for step in now.steps):
        return []
    same = before is not None and before.mix == now.mix
    earlier = (
        {step.users: step for step in before.steps if step.database} if before is not None and same else {}
    )
    rows: list[tuple[str, ...]] = []
    for step in now.steps:
        if step.database is None:
            continue
        rows.append(_did(step, step.database, "now" if earlier else ""))
        old = earlier.get(step.users)
        if old is not None and old.database is not None:
            rows.append(_did(old, old.database, "before"))
    columns = (
        Column("users"),
        Column("CPU", True),
        Column("blocks hit", True),
        Column("blocks read", True),
        Column("seq rows", True),
        Column("entries", True),
        Column("temp", True),
        Column("files read", True),
        Column("WAL", True),
        Column("transactions", True),
    )
    lines = (
        "For each request of the mix, by the server's own counters and its processes' CPU time; the saved run has the totals.",
        "Seq rows were read by sequential scans, entries came from indexes.",
    )
    return [Section("The database under load, per request", lines, Table(columns, tuple(rows)))]


def _did(step: LoadStep, did: DatabaseLoad, when: str) -> tuple[str, ...]:
    requests = max(1, step.requests + step.failures)
    return (
        f"{step.users} {when}".strip(),
        milliseconds(did.cpu_s * 1000 / requests) if did.cpu_s is not None else "not measured",
        *(number(value / requests) for value in (did.hit, did.read, did.seq_rows, did.index_entries)),
        size(did.temp_bytes / requests),
        *(
            size(value / requests) if value is not None else "not measured"
            for value in (did.read_bytes, did.wal_bytes)
        ),
        number((did.commits + did.rollbacks) / requests),
    )
