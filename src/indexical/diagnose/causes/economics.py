"""Causes that lie in what things cost: the index can serve the query, and the planner prefers not to."""

from __future__ import annotations

from dataclasses import replace

from indexical.ddl import qualified, quote
from indexical.diagnose import rewriting
from indexical.diagnose.case import Case
from indexical.diagnose.steps import create
from indexical.model import Column, Plan, Table
from indexical.model.diagnosis import Cause, Proof, Step
from indexical.twin.arrays import elements

_SCANS = ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan")
_MANY = 0.05
"""Share of a table's rows from which on reading all of it is often quicker."""
_SMALL_PAGES = 64
_LARGE_PAGES = 20_000
_FEW_PAGES = 2
_STALE_RATIO = 2.0
_TOGETHER_RATIO = 5.0
_SINGLE_PAGE_COST = "1.1"
_SCATTERED = 0.7
_DISK = 4.0
_SOLID_STATE = 1.5
"""Ratios of random_page_cost to seq_page_cost."""


def setting_off(case: Case) -> Cause | None:
    off = {name: "on" for name, value in case.catalog.settings if name in _SCANS and value == "off"}
    if not off or case.target is None:
        return None
    plan = case.planned(settings=off)
    if plan is None or not case.uses(plan):
        return None
    names = ", ".join(sorted(off))
    steps = tuple(
        Step(
            "setting", f"{name} is off for this role, database or server: set it on", f"SET {name} = on", plan
        )
        for name in sorted(off)
    )
    return Cause("setting-off", (f"{names} is off",), Proof(f"with {names} on", plan), steps)


def stale_statistics(case: Case) -> Cause | None:
    """The planner believes in statistics of another time; what it would do with those of now is planned."""
    if not case.servable or case.table is None or case.probe is None or case.asked is None:
        return None
    fresh = case.probe.fresh(case.table, tuple(sorted(set(case.asked.used))))
    plan = case.elsewhere(lambda table: fresh) if fresh is not None else None
    if fresh is None or plan is None or not case.uses(plan) or not _otherwise(case, fresh, plan):
        return None
    known = f"last analysed {case.table.last_analyzed}" if case.table.last_analyzed else "never analysed"
    evidence = (
        f"{case.table.qualified} was {known}",
        f"the planner counts on {max(case.table.rows, 0):,.0f} rows, a sample of now says {fresh.rows:,.0f}",
        f"of these it expects to need {_expected(case, case.plan):,.0f}, with fresh statistics {_expected(case, plan):,.0f}",
    )
    step = Step(
        "analyze", "have the statistics made anew", f"ANALYZE {qualified(fresh.schema, fresh.name)}", plan
    )
    return Cause("stale-statistics", evidence, Proof("with statistics of now", plan), (step,))


def _otherwise(case: Case, fresh: Table, plan: Plan) -> bool:
    """Whether the statistics say something else, not merely the noise of a sample."""
    rows = max(case.table.rows, 0.0) if case.table is not None else 0.0
    pairs = ((rows, fresh.rows), (_expected(case, case.plan), _expected(case, plan)))
    return any(max(pair) + 1 > _STALE_RATIO * (min(pair) + 1) for pair in pairs)


def _expected(case: Case, plan: Plan) -> float:
    """Rows that the plan expects of the table in question."""
    mine = case.table.qualified if case.table is not None else ""
    return max((node.rows for node in plan.nodes if node.relation == mine), default=0.0)


def limit(case: Case) -> Cause | None:
    """Following the ORDER BY and filtering looks cheap when few rows are wanted, if they come soon."""
    if not case.servable or case.table is None or case.asked is None or not case.asked.limited:
        return None
    sql = rewriting.without_limit(case.statement.sql)
    plan = case.planned(sql=sql) if sql else None
    if plan is None or not case.uses(plan):
        return None
    mine = case.table.qualified
    idea = case.best_idea(lambda index, rule: index.qualified_table == mine and len(index.keys) > 1)
    steps = (
        (create(case, idea[0], "an index by the condition and then by the order: it needs no bet", idea[1]),)
        if idea
        else ()
    )
    evidence = (
        f"with LIMIT the plan follows {', '.join(case.plan.index_names) or 'the table'} and filters: {case.shown}",
    )
    return Cause("limit", evidence, Proof("without LIMIT", plan), steps)


def better_index(case: Case) -> Cause | None:
    if not case.servable or case.table is None or case.target is None:
        return None
    mine = case.target.index
    here = [e for e in case.table.indexes if e.index != mine and e.valid and e.index in case.plan.indexes]
    if not here or not any(n.relation == case.table.qualified or n.index for n in case.plan.nodes):
        return None
    plan = case.planned((), tuple(sorted({existing.index for existing in here})))
    if plan is None or not case.uses(plan) or plan.cost < case.plan.cost * 0.99:
        return None
    names = ", ".join(existing.name for existing in here)
    evidence = (
        f"by {names} the statement costs {case.plan.cost:,.1f}, by {case.target.name} {plan.cost:,.1f}",
    )
    return Cause(
        "better-index",
        evidence,
        Proof(f"without {names}", plan),
        (Step("nothing", "nothing: the planner is right"),),
    )


def small_table(case: Case) -> Cause | None:
    if not case.servable or case.table is None or case.table.pages > _SMALL_PAGES:
        return None
    rows, pages = case.table.rows, case.table.pages
    factor = _LARGE_PAGES / max(1, pages)
    plan = case.elsewhere(lambda table: _larger(table, factor))
    if plan is not None and case.uses(plan):
        proof = Proof(f"were the table {factor:,.0f} times as large", plan)
    elif pages <= _FEW_PAGES and case.forced is not None and case.forced.cost > case.plan.cost:
        # Whatever is asked of so few pages: an index is read in addition to them.
        proof = Proof("when nothing else is allowed", case.forced)
    else:
        return None
    evidence = (f"{case.table.qualified} has {rows:,.0f} rows on {pages} page{'' if pages == 1 else 's'}",)
    step = Step("nothing", "nothing: on a table of this size an index gains nothing")
    return Cause("small-table", evidence, proof, (step,))


def _larger(table: Table, factor: float) -> Table:
    indexes = tuple(
        replace(e, size=int(e.size * factor), tuples=e.tuples * factor, height=max(e.height, 2))
        for e in table.indexes
    )
    pages = int(table.pages * factor)
    return replace(
        table, rows=max(table.rows, 1.0) * factor, pages=pages, analysed_pages=pages, indexes=indexes,
        visible_pages=int(table.visible_pages * factor), columns=tuple(_kept_distinct(c, table) for c in table.columns),
    )  # fmt: skip


def _kept_distinct(column: Column, table: Table) -> Column:
    """A key stays a key when the table grows: counts that are nearly the rows become shares of them."""
    known = column.statistics
    if known is None or known.distinct <= 0 or known.distinct < 0.5 * table.rows:
        return column
    return replace(
        column, statistics=replace(known, distinct=-known.distinct / max(table.rows, known.distinct))
    )


def correlated_columns(case: Case) -> Cause | None:
    """Shares are multiplied as though columns knew nothing of each other."""
    if not case.servable or case.table is None or case.asked is None or case.probe is None:
        return None
    columns = tuple(term for term in case.asked.equal if case.table.column(term) is not None)
    if len(columns) < 2:
        return None
    known = case.probe.together(case.table, columns)
    if known is None:
        return None
    plan = case.elsewhere(
        lambda table: replace(table, extended_statistics=(*table.extended_statistics, known))
    )
    if plan is None or not case.uses(plan):
        return None
    node = next((n for n in plan.nodes if n.relation == case.table.qualified), None)
    before = case.node.rows if case.node is not None else 0.0
    after = node.rows if node is not None else 0.0
    if max(before, after) < _TOGETHER_RATIO * max(1.0, min(before, after)):
        return None
    place = qualified(case.table.schema, case.table.name)
    name = f"{case.table.name}_{'_'.join(columns)}_stats"[:63]
    steps = (
        Step(
            "statistics",
            "have PostgreSQL learn how the columns go together",
            f"CREATE STATISTICS {qualified(case.table.schema, name)} (mcv) ON {', '.join(map(quote, columns))} FROM {place}",
            plan,
        ),
        Step("analyze", "and fill it", f"ANALYZE {place}", plan),
    )
    evidence = (
        f"for {', '.join(columns)} together the planner expects {before:,.0f} rows; a sample says {after:,.0f}",
    )
    return Cause(
        "correlated-columns", evidence, Proof("with statistics of the columns together", plan), steps
    )


def dear_pages(case: Case) -> Cause | None:
    """Single pages set to cost more than even a spinning disk's."""
    return _cheaper_pages(case) if _page_ratio(case) > _DISK else None


def cost_settings(case: Case) -> Cause | None:
    """``random_page_cost = 4`` is a spinning disk's; on solid state and in memory 1.1 is nearer the truth."""
    return _cheaper_pages(case) if _page_ratio(case) > _SOLID_STATE else None


def _page_ratio(case: Case) -> float:
    settings = dict(case.catalog.settings)
    return _number(settings.get("random_page_cost", "4")) / max(
        _number(settings.get("seq_page_cost", "1")), 1e-9
    )


def _cheaper_pages(case: Case) -> Cause | None:
    if not case.servable:
        return None
    settings = dict(case.catalog.settings)
    plan = case.planned(settings={"random_page_cost": _SINGLE_PAGE_COST, "seq_page_cost": "1"})
    if plan is None or not case.uses(plan):
        return None
    steps = (
        Step(
            "setting",
            "if the data lies on solid state or mostly in memory, say so; try it in a session first",
            f"SET random_page_cost = {_SINGLE_PAGE_COST}",
            plan,
        ),
    )
    evidence = (
        f"random_page_cost is {settings.get('random_page_cost', '4')}",
        f"the query asks: {case.shown}",
    )
    return Cause("cost-settings", evidence, Proof(f"with random_page_cost {_SINGLE_PAGE_COST}", plan), steps)


def scattered_rows(case: Case) -> Cause | None:
    """Neighbours in the index are strangers in the table."""
    column = case.column
    if not case.servable or column is None or case.table is None or column.statistics is None:
        return None
    correlation = column.statistics.correlation
    if correlation is None or abs(correlation) >= _SCATTERED:
        return None

    def in_order(table: Table) -> Table:
        columns = tuple(
            replace(c, statistics=replace(c.statistics, correlation=1.0))
            if c == column and c.statistics
            else c
            for c in table.columns
        )
        return replace(table, columns=columns)

    plan = case.elsewhere(in_order)
    if plan is None or not case.uses(plan):
        return None
    mine = case.table.qualified
    idea = case.best_idea(
        lambda index, rule: index.qualified_table == mine and bool(index.include or len(index.keys) > 1)
    )
    steps = (
        [
            create(
                case,
                idea[0],
                "an index that holds all the query reads, so that the table need not be read",
                idea[1],
            )
        ]
        if idea
        else []
    )
    steps.append(
        Step(
            "nothing", "or store the table in this order (CLUSTER, which locks it), if most queries ask by it"
        )
    )
    evidence = (
        f"the correlation of {column.name} with the order on disk is {correlation:.2f}",
        f"the planner expects {case.share:.1%} of the rows",
    )
    return Cause(
        "scattered-rows", evidence, Proof("were the rows stored in the index's order", plan), tuple(steps)
    )


def low_selectivity(case: Case) -> Cause | None:
    """Reading most of a table by an index is dearer than reading it."""
    if case.table is None or case.target is None or case.share < _MANY or case.forced is None:
        return None
    if not case.servable or case.forced.cost <= case.plan.cost:
        return None
    evidence = [
        f"the planner expects {case.share:.0%} of the rows of {case.table.qualified}: {case.shown}",
        f"by {case.target.name} the statement would cost {case.forced.cost:,.0f} instead of {case.plan.cost:,.0f}",
    ]
    proof = Proof("when nothing else is allowed", case.forced)
    rare = _rare_value(case)
    if rare:
        sql = rewriting.with_equal_value(case.statement.sql, case.leading, rare)
        plan = case.planned(sql=sql) if sql else None
        if plan is not None and case.uses(plan):
            proof = Proof("for a rare value of the same column", plan)
    mine = case.table.qualified
    idea = case.best_idea(lambda index, rule: index.qualified_table == mine)
    step = (
        create(case, idea[0], "an index that the query can be answered from alone", idea[1])
        if idea is not None
        else Step("nothing", "nothing: the planner is right; ask for fewer rows if fewer are needed")
    )
    return Cause("low-selectivity", tuple(evidence), proof, (step,))


def _rare_value(case: Case) -> str:
    """A value of the leading column that few rows have, as far as the statistics know one."""
    known = case.column.statistics if case.column is not None else None
    if known is None or not known.common_values:
        return ""
    pairs = list(zip(known.common_frequencies, elements(known.common_values), strict=False))
    share, value = min(pairs, default=(1.0, ""))
    return value if share < _MANY else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 4.0
