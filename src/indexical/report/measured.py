"""A measured run of a workload: shown, and compared with an earlier one."""

from __future__ import annotations

from indexical.model import Measurement
from indexical.report import claims, html, measured_paths, served, stored
from indexical.report.measured_file import FORMAT, VERSION, Run, load, render_json
from indexical.report.sections import Chart, Column, Detail, Fact, Point, Section, Table, Trees
from indexical.report.trees import tree
from indexical.report.units import change, milliseconds, number, plural, shorten

__all__ = ["FORMAT", "VERSION", "Run", "load", "page", "render_json", "sections"]

_DRAWN = 15


def page(run: Run, before: Run | None = None) -> str:
    """The run as an HTML page."""
    earlier = f", compared with a run of {before.made_at or 'an unknown time'}" if before is not None else ""
    return html.render_sections(
        sections(run, before, plans=True),
        title="Measured run",
        subtitle=f"PostgreSQL {run.server_version}{earlier}",
        made_at=run.made_at,
    )


def sections(run: Run, before: Run | None = None, *, plans: bool = False) -> tuple[Section, ...]:
    """The run, or the comparison with an earlier one, dearest statements first; with the ``plans`` of the dearest."""
    total = f"The workload's reads once: {milliseconds(run.read_ms)} on PostgreSQL {run.server_version}."
    lines = (total,) if before is None else (total, _comparison(run, before))
    title = f"Measured ({plural(len(run.reads), 'statement')})"
    result = [
        Section(title, lines, _table(run, before), facts=_facts(run, before), charts=_charts(run, before))
    ]
    if plans and any(read.plan for read in run.reads):
        result.append(_plans(run, before))
    result += measured_paths.sections(run, before)
    if run.served is not None:
        result += served.sections(run.served, before.served if before is not None else None)
    if run.storage is not None:
        result.append(stored.section(run.storage, before.storage if before is not None else None))
    if run.judged:
        result.append(claims.section(run.judged))
    if run.not_measured:
        result.append(
            Section(
                f"Not measured ({len(run.not_measured)})",
                (),
                Table(
                    (Column("statement"), Column("why")),
                    tuple((shorten(item.what, 60), shorten(item.reason, 100)) for item in run.not_measured),
                ),
            )
        )
    return tuple(result)


def _facts(run: Run, before: Run | None) -> tuple[Fact, ...]:
    facts = [
        Fact("The workload's reads once", milliseconds(run.read_ms), "medians, weighted by calls"),
        Fact("Statements measured", str(len(run.reads)), f"{len(run.not_measured)} not measured"),
    ]
    shared = _shared(run, before)
    if shared is not None:
        facts.append(
            Fact("Change", change(*shared), f"from {milliseconds(shared[0])}, over what both runs measured")
        )
    return tuple(facts)


def _charts(run: Run, before: Run | None) -> tuple[Chart, ...]:
    """The dearest statements, now and before."""
    earlier = {read.id: read for read in before.reads} if before else {}
    dearest = sorted(run.reads, key=lambda read: (-read.calls * read.median_ms, read.id))[:_DRAWN]
    if before is not None:
        dearest = [read for read in dearest if read.id in earlier]
    series = ("before", "now") if before is not None else ("now",)
    points = tuple(
        Point(read.id, (earlier[read.id].median_ms, read.median_ms) if before else (read.median_ms,))
        for read in dearest
    )
    caption = (
        f"The median of one execution of the {plural(len(points), 'statement')} that cost the workload most; the figures are in "
        "the table."
    )
    return (Chart("bars", "One execution", caption, "milliseconds", "", series, points),) if points else ()


def _shared(run: Run, before: Run | None) -> tuple[float, float] | None:
    """Milliseconds before and now over what both runs measured, each statement weighed by its calls now."""
    earlier = {read.id: read for read in before.reads} if before else {}
    both = [read for read in run.reads if read.id in earlier]
    if not both:
        return None
    old = sum(read.calls * earlier[read.id].median_ms for read in both)
    return old, sum(read.calls * read.median_ms for read in both)


def _comparison(run: Run, before: Run) -> str:
    """Both totals over what both runs measured, each statement weighed by its calls now: the rest proves nothing."""
    earlier = {read.id: read for read in before.reads}
    shared = [read for read in run.reads if read.id in earlier]
    if not shared:
        return "No statement was measured in both runs: there is nothing to compare."
    old, new = _shared(run, before) or (0.0, 0.0)
    text = (
        f"Measured in both runs: {plural(len(shared), 'statement')}, before {milliseconds(old)}, now {milliseconds(new)} "
        f"({change(old, new)})."
    )
    gone = sorted(earlier.keys() - {read.id for read in run.reads})
    return f"{text} Only measured before: {', '.join(gone)}." if gone else text


def _table(run: Run, before: Run | None) -> Table:
    earlier = {read.id: read for read in before.reads} if before else {}
    columns = [
        Column("statement"),
        Column("calls", True),
        Column("average", True),
        Column("median", True),
        Column("p95", True),
        Column("buffers", True),
    ]
    if before is not None:
        columns += [Column("median before", True), Column("change", True)]
    columns.append(Column("plan"))
    rows = []
    for read in sorted(run.reads, key=lambda read: (-read.calls * read.median_ms, read.id)):
        row = [
            shorten(read.id, 48),
            number(read.calls),
            milliseconds(read.mean_ms),
            milliseconds(read.median_ms),
            milliseconds(read.p95_ms),
            number(read.buffers),
        ]
        if before is not None:
            old = earlier.get(read.id)
            row += (
                [milliseconds(old.median_ms), change(old.median_ms, read.median_ms)]
                if old
                else ["not measured", "n/a"]
            )
        row.append(shorten(plan_in_short(read), 80))
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def plan_in_short(read: Measurement) -> str:
    """How the statement reaches its rows: the indexes it uses, and the tables it reads from end to end."""
    nodes = read.plan.nodes if read.plan is not None else ()
    scans = [f"scan of {node.relation.removeprefix('public.')}" for node in nodes if "Seq Scan" in node.type]
    return ", ".join((*read.indexes, *dict.fromkeys(scans))) or "—"


def _plans(run: Run, before: Run | None) -> Section:
    """The plans of the dearest statements, beside those of the earlier run where it kept them."""
    earlier = {read.id: read for read in before.reads} if before else {}
    dearest = sorted(run.reads, key=lambda read: (-read.calls * read.median_ms, read.id))[:_DRAWN]
    details = []
    for read in dearest:
        old = earlier.get(read.id)
        was = tree(old.plan) if old is not None else ()
        titles = ("before" if was else "before: no plan was kept", "now")
        details.append(
            Detail(
                shorten(read.id, 80),
                facts=(Fact("Median", milliseconds(read.median_ms)), Fact("Buffers", number(read.buffers))),
                trees=(Trees("Plan", was, tree(read.plan), *titles),),
            )
        )
    return Section(f"Plans of the dearest statements ({len(details)})", details=tuple(details))
