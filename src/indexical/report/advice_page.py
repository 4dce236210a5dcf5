"""The advice as a page to read from the top: what to do first, every index with its statements and plans, pictures.

The tables are those of the text report (:mod:`indexical.report.view`), all rows of them.
"""

from __future__ import annotations

from dataclasses import replace

from indexical.model import Advice, Recommendation, StatementVerdict
from indexical.report.sections import Chart, Detail, Fact, Point, Section, Trees
from indexical.report.trees import tree
from indexical.report.units import change, number, plural, share, shorten, size
from indexical.report.view import advice_sections, printable_index

_MEGABYTE = 1024 * 1024
_TREES = 3
"""Statements of an index whose plans are shown: those it saves the most."""
_FIRST = 5


def advice_page(advice: Advice) -> tuple[Section, ...]:
    """Everything the advice knows, in the order in which it is needed."""
    summary, *rest = advice_sections(advice, full=True)
    sections = [replace(summary, facts=_facts(advice)), _first(advice)]
    for section in rest:
        if section.title.startswith("Create (") and advice.create:
            section = replace(section, charts=(_cost_against_benefit(advice),), details=_indexes(advice))
        elif section.title == "Benefit against budget":
            section = replace(section, charts=(_frontier(advice),))
        sections.append(section)
    return tuple(sections)


def _facts(advice: Advice) -> tuple[Fact, ...]:
    created, dropped = len(advice.create), len(advice.drop)
    facts = [
        Fact("Reads", change(advice.cost_before, advice.cost_after), "planner's estimate, weighted by calls"),
        Fact("New indexes", str(created), f"{size(advice.storage_added)}, estimated"),
        Fact("Drops", str(dropped), f"free {size(advice.storage_freed)}"),
        Fact(
            "Index upkeep",
            change(advice.maintenance_before, advice.maintenance_after),
            "of the workload's writes, estimated",
        ),
        Fact("From the best possible", f"≤ {share(advice.gap, 1)}", "against a bound on every choice"),
        Fact("Not examined", str(len(advice.not_examined)), "part of no verdict"),
    ]
    return tuple(facts)


def _first(advice: Advice) -> Section:
    """The steps that bring most for least, each with its figure."""
    if not advice.create and not advice.drop:
        return Section("What to do first", ("Nothing: no index pays for itself under this workload.",))
    best = sorted(advice.create, key=lambda item: (-(item.benefit - item.maintenance), item.name))
    steps = [
        f"Create {item.name} on {printable_index(item)}: it saves {_of_reads(advice, item)} of all reads "
        f"for {size(item.size)} ({item.phase})."
        for item in best[:_FIRST]
    ]
    if len(best) > _FIRST:
        steps.append(f"Then the other {plural(len(best) - _FIRST, 'index', 'indexes')} under Create.")
    if advice.drop:
        steps.append(
            f"After that, drop {plural(len(advice.drop), 'index', 'indexes')} that no statement needs: "
            f"{size(advice.storage_freed)} and their upkeep come back."
        )
    if advice.not_examined:
        steps.append(
            f"See what was not examined ({len(advice.not_examined)}) before relying on what is not here."
        )
    return Section("What to do first", steps=tuple(steps))


def _of_reads(advice: Advice, item: Recommendation) -> str:
    return share(item.benefit / advice.cost_before if advice.cost_before else 0.0, 1)


def _cost_against_benefit(advice: Advice) -> Chart:
    items = sorted(advice.create, key=lambda item: (-item.benefit, item.name))
    return Chart(
        "bars",
        "What each index saves and costs",
        f"Saved by {plural(len(items), 'index', 'indexes')} and paid for their upkeep, in thousands of planner units over the "
        f"workload's {number(advice.workload_calls)} calls; estimated. The figures are in the table below.",
        "thousand planner units",
        "",
        ("saves of reads", "upkeep"),
        tuple(Point(item.name, (item.benefit / 1000, item.maintenance / 1000)) for item in items),
    )


def _frontier(advice: Advice) -> Chart:
    points = tuple(
        Point("", (point.storage / _MEGABYTE, point.cost, point.bound)) for point in advice.frontier
    )
    return Chart(
        "curve",
        "Benefit against budget",
        "What reads and upkeep cost with the best set found for each storage budget, and the bound under which no set can be; "
        "planner units, estimated.",
        "storage of new indexes, MB",
        "reads and upkeep",
        ("best set found", "no set can cost less"),
        points,
    )


def _indexes(advice: Advice) -> tuple[Detail, ...]:
    verdicts = {verdict.id: verdict for verdict in advice.statements}
    return tuple(_index(advice, item, verdicts) for item in advice.create)


def _index(advice: Advice, item: Recommendation, verdicts: dict[str, StatementVerdict]) -> Detail:
    served = sorted(
        (verdicts[id] for id in item.statements if id in verdicts),
        key=lambda verdict: (-(verdict.cost_before - verdict.cost_after) * verdict.calls, verdict.id),
    )
    code = [("SQL", f"{item.ddl};")]
    if item.declaration:
        code.insert(0, (f"In {item.model or 'the model'}'s Meta.indexes", item.declaration))
    hot = tuple(
        f"It ends heap-only updates of {', '.join(loss.columns)}: {number(loss.updates)} updates of the workload cost "
        f"{number(loss.cost)} more."
        for loss in item.hot_loss
    )
    origins = dict.fromkeys(origin.location or origin.view for origin in item.origins)
    places = ", ".join(place for place in origins if place)
    lines = [printable_index(item)]
    if places:
        lines.append(f"Asked for by {shorten(places, 300)}.")
    return Detail(
        item.name,
        (*lines, *hot),
        (
            Fact("Saves", _of_reads(advice, item), "of all reads"),
            Fact("Size", size(item.size), "estimated"),
            Fact("Upkeep", number(item.maintenance), "planner units"),
            Fact("Phase", item.phase),
        ),
        tuple(code),
        trees=tuple(_trees(verdict) for verdict in served[:_TREES]),
    )


def _trees(verdict: StatementVerdict) -> Trees:
    return Trees(
        f"{shorten(verdict.id, 80)}: {number(verdict.cost_before)} → {number(verdict.cost_after)} planner units a call, "
        f"{number(verdict.calls)} calls",
        tree(verdict.plan_before),
        tree(verdict.plan_after),
        code=verdict.sql,
    )
