"""The six steps of a change (back-up, apply, verify, performance, plans, usage), each done only with evidence.

A step without evidence is open, whatever anybody says of it; one whose evidence contradicts it has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexical.model import Failed, NotMeasured, RunRecord, Verified
from indexical.model.story import Evidence, Planned, State, Step, Totals
from indexical.report.measured import Run
from indexical.report.story.reading import UsageFile, VerifiedFile
from indexical.report.units import change, milliseconds, plural, size


@dataclass(frozen=True, slots=True)
class Proofs:
    """What there is to prove a step with."""

    run: RunRecord | None
    verified: VerifiedFile | None
    before: Run | None
    after: Run | None
    usage: UsageFile | None


def six_steps(planned: Sequence[Planned], totals: Totals, proofs: Proofs) -> tuple[Step, ...]:
    """In their order."""
    return (
        _back_up(proofs.run),
        _apply(planned, proofs.run),
        _verify(planned, proofs.verified),
        _performance(totals, proofs),
        _plans(planned, proofs.verified),
        _usage(planned, proofs.usage),
    )


def _back_up(run: RunRecord | None) -> Step:
    remedy = "apply with --backup, or with --backup-evidence TEXT"
    if run is None:
        return Step("back-up", "open", "", "no run is recorded", remedy=remedy)
    backup = run.backup
    if backup.kind == "none":
        return Step("back-up", "open", "", f"none was made{_because(backup.detail)}", remedy=remedy)
    parts = [backup.detail, backup.path, size(backup.bytes) if backup.bytes else ""]
    if backup.listing:
        parts.append(plural(backup.listing, "entry", "entries") + " listed in it")
    what = "the schema, without rows" if backup.schema_only else "the whole database"
    outcome = f"a dump of {what}" if backup.kind == "dump" else "another back-up was named"
    return Step(
        "back-up", "done", backup.made, outcome, (Evidence(", ".join(filter(None, parts)), backup.made),)
    )


def _because(detail: str) -> str:
    return f": {detail}" if detail else ""


def _apply(planned: Sequence[Planned], run: RunRecord | None) -> Step:
    remedy = "apply --advice FILE"
    if run is None:
        return Step("apply", "open", "", "no run is recorded", remedy=remedy)
    done = sum(each.state == "done" for each in planned)
    tried = [each for each in planned if each.evidence]
    outcome = f"{done} of {plural(len(planned), 'change')} done"
    evidence = (Evidence(f"run {run.run}, journalled, {run.result or 'not ended'}", run.ended or run.began),)
    if not run.finished:
        return Step(
            "apply", "open", run.began, f"{outcome}; the run has not ended", evidence, "apply --resume"
        )
    if run.result != "done" or any(each.state == "failed" for each in tried):
        return Step("apply", "failed", run.ended, outcome, evidence, remedy)
    state: State = "done" if planned and done == len(planned) else "open"
    return Step("apply", state, run.ended, outcome, evidence, "" if state == "done" else remedy)


def _verify(planned: Sequence[Planned], verified: VerifiedFile | None) -> Step:
    remedy = "verify --advice FILE --format json -o FILE"
    creates = [each for each in planned if each.action == "create"]
    if verified is None:
        return Step("verify", "open", "", "not verified", remedy=remedy)
    by_id = {outcome.id: outcome for outcome in verified.outcomes}
    asked = [by_id.get(_id(each)) for each in creates]
    failed = [outcome for outcome in asked if isinstance(outcome, Failed)]
    held = sum(isinstance(outcome, Verified | NotMeasured) for outcome in asked)
    outcome = f"{held} of {plural(len(creates), 'new index', 'new indexes')} there, valid and as defined"
    evidence = tuple(Evidence(f"{each.what}: {each.error}", verified.at) for each in failed)
    if failed:
        return Step("verify", "failed", verified.at, outcome, evidence, remedy)
    state: State = "done" if creates and held == len(creates) else "open"
    return Step(
        "verify",
        state,
        verified.at,
        outcome,
        (Evidence(outcome, verified.at),),
        "" if state == "done" else remedy,
    )


def _performance(totals: Totals, proofs: Proofs) -> Step:
    remedy = "measure -o before.json, apply, measure -o after.json"
    before, after = totals.reads_before_ms, totals.reads_after_ms
    if before is None or after is None or proofs.before is None or proofs.after is None:
        return Step("performance", "open", "", "not measured", remedy=remedy)
    at = proofs.after.made_at
    outcome = (
        f"the workload's reads once: {milliseconds(before)} before, {milliseconds(after)} after "
        f"({change(before, after)}), over {plural(totals.shared, 'statement')} measured in both runs"
    )
    evidence = [
        Evidence(f"measured before, PostgreSQL {proofs.before.server_version}", proofs.before.made_at)
    ]
    evidence.append(Evidence(f"measured after, PostgreSQL {proofs.after.server_version}", at))
    evidence += [Evidence(f"slower than before: {id}", at) for id in totals.slower]
    state: State = "failed" if after > before else "done"
    return Step("performance", state, at, outcome, tuple(evidence))


def _plans(planned: Sequence[Planned], verified: VerifiedFile | None) -> Step:
    remedy = "verify --advice FILE --workload FILE --format json -o FILE"
    creates = [each for each in planned if each.action == "create"]
    if verified is None:
        return Step("plans", "open", "", "no plan was looked at", remedy=remedy)
    used = [each for each in creates if each.use == "used"]
    unused = [each for each in creates if each.use == "not-used"]
    outcome = f"{len(used)} of {plural(len(creates), 'new index', 'new indexes')} used by the plans of their statements"
    evidence = [Evidence(outcome, verified.at)]
    evidence += [Evidence(f"not used: {each.name}", verified.at) for each in unused]
    if unused:
        return Step("plans", "failed", verified.at, outcome, tuple(evidence), "why SOURCE QUERY --index NAME")
    state: State = "done" if creates and len(used) == len(creates) else "open"
    return Step("plans", state, verified.at, outcome, tuple(evidence), "" if state == "done" else remedy)


def _usage(planned: Sequence[Planned], usage: UsageFile | None) -> Step:
    remedy = "let the application run for a while, then: usage --format json -o usage.json"
    creates = [each for each in planned if each.action == "create"]
    if usage is None:
        return Step("usage", "open", "", "not looked at", remedy=remedy)
    found = {each.name: usage.scans.get((each.table.partition(".")[0], each.name)) for each in creates}
    scanned = {name: one for name, one in found.items() if one is not None and one[0] > 0}
    outcome = (
        f"{len(scanned)} of {plural(len(creates), 'new index', 'new indexes')} scanned since they were built"
    )
    evidence = tuple(
        Evidence(f"{name}: {plural(one[0], 'scan')}" + (f" since {one[1]}" if one[1] else ""), usage.at)
        for name, one in scanned.items()
    )
    state: State = "done" if creates and len(scanned) == len(creates) else "open"
    return Step("usage", state, usage.at, outcome, evidence, "" if state == "done" else remedy)


def _id(planned: Planned) -> str:
    return f"{planned.table.partition('.')[0]}.{planned.name}"
