"""Advice, journal and measurements to one :class:`Story`. Nothing here asks a database, and nothing prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from indexical.errors import InputError
from indexical.model import Catalog, Outcome, RunRecord
from indexical.model.story import Pattern, Story, Totals
from indexical.report.measured import Run
from indexical.report.story import planned
from indexical.report.story.figures import figures
from indexical.report.story.inventory import apps_of, standing
from indexical.report.story.reading import AdviceFile, UsageFile, VerifiedFile
from indexical.report.story.steps import Proofs, six_steps

_SLOWER_SHARE = 1.1
_SLOWER_MS = 0.1


@dataclass(frozen=True, slots=True)
class Sources:
    """What there is about one change; only the advice has to be there."""

    advice: AdviceFile
    run: RunRecord | None = None
    catalog: Catalog | None = None
    """The snapshot from before the change."""
    verified: VerifiedFile | None = None
    before: Run | None = None
    after: Run | None = None
    usage: UsageFile | None = None
    apps: Mapping[str, str] = field(default_factory=dict)
    """App labels by table, where a project knows them; what the advice says of its own tables is known besides."""
    files: tuple[tuple[str, str], ...] = ()
    """(what it is, the file's name), for the reader."""


def build(sources: Sources) -> Story:
    """The story. Raises :class:`InputError` when the sources are not about one database."""
    _one_database(sources)
    advice, run = sources.advice, sources.run
    accepted = advice.accepted
    apps = dict(sources.apps) | apps_of(
        [(item.index.qualified_table, item.model) for item in accepted.create]
        + [(item.existing.index.qualified_table, item.model) for item in accepted.drop]
    )
    steps = planned.steps_of(run)
    outcomes: dict[str, Outcome] = (
        {each.id: each for each in sources.verified.outcomes} if sources.verified else {}
    )
    changes = tuple(
        planned.create(item, advice.cost_before, apps, steps, outcomes) for item in accepted.create
    ) + tuple(planned.drop(item, apps, steps) for item in accepted.drop)
    totals = _totals(sources)
    proofs = Proofs(run, sources.verified, sources.before, sources.after, sources.usage)
    return Story(
        database=accepted.database or (run.target.database if run else ""),
        server_version=advice.server_version,
        planner=advice.planner,
        taken_at=advice.taken_at,
        counters_since=advice.counters_since,
        sources=sources.files,
        inventory=None if sources.catalog is None else standing(sources.catalog, apps),
        patterns=_measured(advice.patterns, sources.before, sources.after),
        planned=changes,
        refused=advice.refused,
        not_examined=advice.not_examined,
        steps=six_steps(changes, totals, proofs),
        totals=totals,
        figures=figures(sources.before, sources.after),
        run=run.run if run else "",
        began=run.began if run else "",
        ended=run.ended if run else "",
    )


def _one_database(sources: Sources) -> None:
    """The names of the databases that the sources know, where they know them, are to be one."""
    known = {
        "the advice": sources.advice.accepted.database,
        "the run": sources.run.target.database if sources.run else "",
        "the snapshot": sources.catalog.database if sources.catalog else "",
        "the check after it": sources.verified.database if sources.verified else "",
        "the report of use": sources.usage.database if sources.usage else "",
    }
    named = {what: database for what, database in known.items() if database}
    # Advice of a staging database or of a snapshot may be carried out elsewhere; what proves a run must be about its database.
    proofs = {what: each for what, each in named.items() if what not in ("the advice", "the snapshot")}
    if len(set(proofs.values())) > 1:
        told = ", ".join(f"{what} about {database}" for what, database in proofs.items())
        raise InputError(f"these files are not about one database: {told}; give those that belong together")
    run, verified = sources.run, sources.verified
    if run and verified and verified.system and run.target.system_identifier not in ("", verified.system):
        raise InputError(
            "the check after the run was made on another server than the run; verify the database that the run changed"
        )
    if run and verified and verified.at and run.ended and verified.at[:19] < run.ended[:19]:
        raise InputError(
            f"the check is older ({verified.at}) than the end of the run ({run.ended}) and proves nothing of it; verify again"
        )


def _measured(patterns: Sequence[Pattern], before: Run | None, after: Run | None) -> tuple[Pattern, ...]:
    old = {read.id: read.median_ms for read in before.reads} if before else {}
    new = {read.id: read.median_ms for read in after.reads} if after else {}
    return tuple(replace(each, before_ms=old.get(each.id), after_ms=new.get(each.id)) for each in patterns)


def _totals(sources: Sources) -> Totals:
    """Over the statements that both runs measured, each weighed by its calls in the later one: the rest proves nothing."""
    estimated = Totals(cost_before=sources.advice.cost_before, cost_after=sources.advice.cost_after)
    if sources.before is None or sources.after is None:
        return estimated
    old = {read.id: read for read in sources.before.reads}
    both = [(old[read.id], read) for read in sources.after.reads if read.id in old]
    if not both:
        return estimated
    slower = (
        now.id
        for was, now in both
        if now.median_ms > was.median_ms * _SLOWER_SHARE and now.median_ms > was.median_ms + _SLOWER_MS
    )
    return replace(
        estimated,
        reads_before_ms=sum(now.calls * was.median_ms for was, now in both),
        reads_after_ms=sum(now.calls * now.median_ms for _, now in both),
        shared=len(both),
        slower=tuple(sorted(slower)),
    )
