"""The advice as sections."""

from __future__ import annotations

from indexical.model import Advice, Drop, Recommendation, Refusal, StatementVerdict
from indexical.model.confirmation import Confirmation
from indexical.report.confirmation import (
    INDEX_COLUMNS,
    STATEMENT_COLUMNS,
    confirmed_lines,
    index_rows,
    statement_rows,
)
from indexical.report.sections import Column, Section, Table
from indexical.report.units import change, number, plural, share, shorten, size

__all__ = ["Column", "Section", "Table", "advice_sections", "printable_index"]

SMALL = "small-table"
"""Refusals of this reason are told in one line: they are about tables, not about ideas."""
SHOWN_SLACK = 0.0005
"""Share of the cost from which on the planner's contradictions are told."""
TEXT_ROWS = 12
"""Rows of a long table that a summary shows."""


def advice_sections(advice: Advice, *, full: bool = False) -> tuple[Section, ...]:
    """The whole advice. ``full`` shows every row of the long tables, otherwise :data:`TEXT_ROWS`."""
    sections = [
        _summary(advice),
        _create(advice),
        _drop(advice, full),
        _statements(advice, full),
        _refused(advice, full),
    ]
    if advice.confirmation is not None:
        sections[3:3] = _confirmation(advice.confirmation, full)
    if advice.frontier:
        sections.insert(2, _frontier(advice))
    if advice.not_examined:
        sections.append(
            Section(
                f"Not examined ({len(advice.not_examined)})",
                ("These are not part of any verdict above.",),
                _table(
                    ("what", "why"), [(shorten(n.what, 70), shorten(n.why, 90)) for n in advice.not_examined]
                ),
            )
        )
    return tuple(
        section for section in sections if section.table is not None or section.lines or section.notes
    )


def _summary(advice: Advice) -> Section:
    statements = f"{number(len(advice.statements))} of {plural(advice.workload_statements, 'statement')}"
    where = "by HypoPG" if advice.planner.kind == "hypopg" else f"on the {advice.planner.kind}"
    examined = f"{statements}, {number(advice.workload_calls)} calls, planned {where}"
    reads = f"{number(advice.cost_before)} → {number(advice.cost_after)} planner units"
    upkeep = f"{number(advice.maintenance_before)} → {number(advice.maintenance_after)}"
    added = f"{plural(len(advice.create), 'new index', 'new indexes')} of {size(advice.storage_added)}"
    verb = "frees" if len(advice.drop) == 1 else "free"
    freed = f"{plural(len(advice.drop), 'drop')} {verb} {size(advice.storage_freed)}"
    budget = f"; budget {size(advice.storage_budget)}" if advice.storage_budget is not None else ""
    server, planned = advice.planner.server_version, number(advice.planner.calls)
    least = (
        f"No choice among the candidates can cost less than {number(advice.bound)} in all, reads and upkeep"
    )
    lines = [
        f"{examined} (PostgreSQL {server}) in {planned} planner calls.",
        f"Reads: {reads} ({change(advice.cost_before, advice.cost_after)}), estimated. Index upkeep: {upkeep}.",
        f"{least}: {_distance(advice)}.",
        f"Storage: {added}; {freed}; existing {size(advice.storage_before)}{budget}.",
    ]
    age = f"Statistics read {advice.taken_at or 'at an unknown time'}"
    lines.append(f"{age}; counters since {advice.statistics_since or 'an unknown reset'}.")
    return Section("Advice" + (f" for {advice.database}" if advice.database else ""), tuple(lines))


def _distance(advice: Advice) -> str:
    """How good the set is beside the bound, and how sure the bound."""
    text = f"this one is at most {share(advice.gap, 1)} away"
    if advice.proved:
        text = f"{text}, and proved to be the best of those whose every index saves what is asked of one"
    if advice.total_after > 0 and advice.slack / advice.total_after >= SHOWN_SLACK:
        doubt = share(advice.slack / advice.total_after, 1)
        text = f"{text}, give or take the {doubt} by which the planner contradicted itself"
    return text


def _frontier(advice: Advice) -> Section:
    """What each storage budget brings."""
    before = advice.cost_before + advice.maintenance_before
    rows = tuple(
        (
            size(point.storage),
            str(point.indexes),
            number(point.cost),
            change(before, point.cost),
            share(1.0 - point.bound / point.cost if point.cost > 0 else 0.0, 1),
        )
        for point in advice.frontier
    )
    columns = (
        Column("storage", right=True),
        Column("new indexes", right=True),
        Column("reads and upkeep", right=True),
        Column("change", right=True),
        Column("at most from the best", right=True),
    )
    return Section("Benefit against budget", (), Table(columns, rows))


def _create(advice: Advice) -> Section:
    if not advice.create:
        return Section("Create", ("Nothing: no index pays for itself under this workload.",))
    rows = [
        (
            str(position),
            _where(item),
            size(item.size),
            share(item.benefit / advice.cost_before if advice.cost_before else 0.0, 1),
            number(item.maintenance),
            item.phase,
            _some(item.statements),
        )
        for position, item in enumerate(advice.create, start=1)
    ]
    notes = tuple(note for item in advice.create for note in _hot_notes(item))
    return Section(
        f"Create ({len(advice.create)})",
        (),
        Table(
            (
                Column("#", right=True),
                Column("index"),
                Column("size", right=True),
                Column("saves of reads", right=True),
                Column("upkeep", right=True),
                Column("phase"),
                Column("used by"),
            ),
            tuple(rows),
        ),
        notes,
    )


def _confirmation(found: Confirmation, full: bool) -> list[Section]:
    rows = statement_rows(found)
    shown = rows if full else rows[:TEXT_ROWS]
    rest = len(rows) - len(shown)
    more = (f"… and {plural(rest, 'more statement')}: see --format json or markdown.",) if rest else ()
    indexes = index_rows(found)
    return [
        Section("Confirmation", confirmed_lines(found), _table(INDEX_COLUMNS, indexes) if indexes else None),
        Section("Executed before and after", (), _table(STATEMENT_COLUMNS, shown) if shown else None, more),
    ]


def _some(ids: tuple[str, ...]) -> str:
    """The first statements, and how many more there are."""
    shown = ", ".join(shorten(id, 32) for id in ids[:2])
    return f"{shown} and {len(ids) - 2} more" if len(ids) > 2 else shown


def _where(item: Recommendation) -> str:
    text = printable_index(item)
    return f"{text}\n{item.name}"


def printable_index(item: Recommendation) -> str:
    """The index without its schema when that is public: what people call it."""
    return shorten(item.index.text.removeprefix("public."), 100)


def _hot_notes(item: Recommendation) -> list[str]:
    return [
        f"{item.name} ends heap-only updates of {', '.join(loss.columns)}: {number(loss.updates)} updates in the workload "
        f"cost {number(loss.cost)} more; the index saves its reads {number(item.benefit)}."
        for loss in item.hot_loss
    ]


def _drop(advice: Advice, full: bool) -> Section:
    if not advice.drop:
        return Section("Drop", ("Nothing.",))
    columns = [Column("index"), Column("reason"), Column("its work is done by"), Column("frees", right=True)]
    if full:
        columns.append(Column("evidence"))
    return Section(
        f"Drop ({len(advice.drop)})",
        (),
        Table(tuple(columns), tuple(_drop_row(drop)[: len(columns)] for drop in advice.drop)),
    )


def _drop_row(drop: Drop) -> tuple[str, ...]:
    return (
        f"{shorten(drop.existing.name, 63)}\n{shorten(drop.existing.index.text.removeprefix('public.'), 80)}",
        drop.reason,
        shorten(drop.covered_by, 63) or "no statement needs it",
        size(drop.existing.size),
        shorten(drop.evidence, 240),
    )


def _statements(advice: Advice, full: bool) -> Section:
    changed = sorted(
        (verdict for verdict in advice.statements if verdict.cost_after != verdict.cost_before),
        key=lambda verdict: (-_saving(verdict), verdict.id),
    )
    shown = changed if full else changed[:TEXT_ROWS]
    if not shown:
        return Section("Statements", ("No statement's plan changes.",))
    rest = len(changed) - len(shown)
    return Section(
        f"Statements that change ({len(changed)} of {len(advice.statements)})",
        (),
        Table(
            (
                Column("statement"),
                Column("calls", right=True),
                Column("cost before", right=True),
                Column("after", right=True),
                Column("indexes used"),
                Column("from"),
            ),
            tuple(_statement_row(verdict) for verdict in shown),
        ),
        (f"… and {plural(rest, 'more statement')}: see --format json or markdown.",) if rest else (),
    )


def _saving(verdict: StatementVerdict) -> float:
    return (verdict.cost_before - verdict.cost_after) * verdict.calls


def _statement_row(verdict: StatementVerdict) -> tuple[str, ...]:
    origin = next((o.location or o.view for o in verdict.origins if o.location or o.view), "—")
    return (
        shorten(verdict.id, 44),
        number(verdict.calls),
        number(verdict.cost_before),
        number(verdict.cost_after),
        shorten(", ".join(verdict.indexes_used), 60) or "—",
        shorten(origin, 44),
    )


def _refused(advice: Advice, full: bool) -> Section:
    small = [refusal for refusal in advice.refused if refusal.reason == SMALL]
    others = [refusal for refusal in advice.refused if full or refusal.reason != SMALL]
    shown = others if full else others[:TEXT_ROWS]
    notes = (
        [f"Too small for any index: {', '.join(_small(refusal) for refusal in small)}."]
        if small and not full
        else []
    )
    rest = len(others) - len(shown)
    if rest:
        notes.append(f"… and {plural(rest, 'more refusal')}: see --format json or markdown.")
    if not advice.refused:
        return Section("Refused")
    return Section(
        f"Considered and not advised ({len(advice.refused)})",
        (),
        _table(("what", "reason", "figures"), [_refusal_row(refusal) for refusal in shown])
        if shown
        else None,
        tuple(notes),
    )


def _small(refusal: Refusal) -> str:
    return shorten(f"{refusal.subject.removeprefix('public.')} ({refusal.detail.split(' (')[0]})", 90)


def _refusal_row(refusal: Refusal) -> tuple[str, ...]:
    return (shorten(refusal.subject.replace("public.", ""), 80), refusal.reason, shorten(refusal.detail, 140))


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    return Table(tuple(Column(title) for title in titles), tuple(rows))
