"""Causes that lie in what the query asks: no index can serve it as it is put."""

from __future__ import annotations

import re
from dataclasses import replace

from indexical.diagnose import rewriting
from indexical.diagnose.case import Case
from indexical.diagnose.steps import create
from indexical.model import Index, Key
from indexical.model.diagnosis import Cause, Proof, Step
from indexical.model.sqltext import without_literals

_TEXT = frozenset({"text", "character varying", "varchar", "character", "bpchar"})
_PATTERNS = frozenset({"like", "ilike", "regex", "iregex", "starts"})
_NOT_EQUAL = re.compile(r"<>|\bNOT\b|!~|\bIS DISTINCT FROM\b|\bIS NOT (?:TRUE|FALSE)\b")


def generic_plan(case: Case) -> Cause | None:
    """With values PostgreSQL would use the index; the plan that serves every value does not."""
    if case.target is None or not case.parameters:
        return None
    generic = case.planned(parameters=())
    if generic is None or case.uses(generic) or not case.uses(case.plan):
        return None
    steps = [
        Step(
            "setting",
            "plan each execution with its values: for the role or the transaction that runs this statement",
            "SET plan_cache_mode = force_custom_plan",
            case.plan,
        )
    ]
    if case.target.index.predicate:
        steps.append(
            Step(
                "nothing",
                "or write the value that the predicate names into the statement instead of passing it",
            )
        )
    evidence = [f"the plan without values reads {_relation(case)} otherwise"]
    if case.target.index.predicate:
        evidence.append(
            f"{case.target.name} holds only rows WHERE {case.target.index.predicate}: no parameter implies that"
        )
    return Cause("generic-plan", tuple(evidence), Proof("with the values known", case.plan), tuple(steps))


def partial(case: Case) -> Cause | None:
    """The planner uses a partial index only when it can prove that every row asked for is in it."""
    if case.target is None or not case.target.index.predicate or case.asked is None:
        return None
    predicate = case.target.index.predicate
    sql = rewriting.with_condition(case.statement.sql, case.target.index.table, predicate)
    plan = case.planned(sql=sql) if sql else None
    if plan is None or not case.uses(plan):
        return None
    steps = [Step("rewrite", "if only those rows are wanted, say so in the query", sql, plan)]
    whole = case.best_idea(lambda index, rule: index.table == _table_name(case) and not index.predicate)
    if whole is not None:
        steps.append(create(case, whole[0], "if all rows are wanted, an index over all of them", whole[1]))
    evidence = (f"{case.target.name} holds only rows WHERE {predicate}", f"the query asks: {case.shown}")
    return Cause(
        "partial-not-implied",
        evidence,
        Proof(f"with AND {without_literals(predicate)} in the query", plan),
        tuple(steps),
    )


def _table_name(case: Case) -> str:
    return case.target.index.table if case.target is not None else ""


def leading_wildcard(case: Case) -> Cause | None:
    """``LIKE '%x'``: a B-tree finds only what begins alike; trigrams find what contains."""
    found = _pattern(case)
    if found is None or (found[0][:1] == "=" and found[0][1:2] not in ("", "%", "_")):
        return None
    column = _pattern_column(case)
    idea = case.best_idea(lambda index, rule: rule == "trigram")
    if idea is not None:
        return Cause(
            "leading-wildcard",
            (f"the query asks: {case.shown}",),
            Proof(f"with {idea[0].text}", idea[1]),
            (create(case, idea[0], "an index of trigrams", idea[1]),),
        )
    sql = rewriting.with_plain_pattern(case.statement.sql, column)
    index = _pattern_index(case, column)
    plan = case.planned((index,), sql=sql) if sql and index is not None else None
    if plan is None or index is None or not case.uses(plan, index):
        return None
    step = Step(
        "nothing", "install the extension pg_trgm and ask again: an index of trigrams serves such a pattern"
    )
    return Cause(
        "leading-wildcard",
        (f"the query asks: {case.shown}",),
        Proof("without the wildcard in front", plan),
        (step,),
    )


def pattern_operators(case: Case) -> Cause | None:
    """``LIKE 'x%'`` compares byte by byte; an index in a language's order cannot be searched so."""
    found = _pattern(case)
    if found is None or found[0][:1] != "=" or found[0][1:2] in ("", "%", "_") or case.searchable:
        return None
    idea = case.best_idea(lambda index, rule: index.keys[0].opclass.endswith("pattern_ops"))
    if idea is None:
        return None
    evidence = [f"the query asks: {case.shown}"]
    if case.column is not None and case.target is not None:
        order = case.target.index.keys[0].collation or case.column.collation or "the database's own"
        evidence.append(f"{case.target.name} is ordered by collation {order}")
    return Cause(
        "like-needs-pattern-ops",
        tuple(evidence),
        Proof(f"with {idea[0].text}", idea[1]),
        (create(case, idea[0], "an index with the operator class for patterns", idea[1]),),
    )


def collation(case: Case) -> Cause | None:
    """An index is ordered by one collation, and serves comparisons and sorting in that one."""
    if case.target is None or case.servable:
        return None
    text = " ".join(node.condition for node in case.plan.nodes)
    for match in re.finditer(r'COLLATE "?(?:pg_catalog"?\."?)?([\w.@-]+)"?', text):
        name = match.group(1)
        first, *rest = case.target.index.keys
        if first.collation.rpartition(".")[2].strip('"') == name:
            continue
        index = replace(
            case.target.index,
            unique=False,
            keys=(replace(first, collation=name), *rest),
        )
        plan = case.planned((index,))
        if plan is not None and case.uses(plan, index):
            evidence = (
                f"the query compares in collation {name}",
                f"{case.target.name} is on {case.target.index.text}",
            )
            step = create(case, index, f"an index in the order of {name}", plan)
            return Cause("collation", evidence, Proof(f"with {index.text}", plan), (step,))
    return None


def type_mismatch(case: Case) -> Cause | None:
    """A value of a wider type makes PostgreSQL cast the column, and the index holds the column as it is."""
    column = case.column
    if column is None or case.searchable or rewriting.has_cast(case.statement.sql, column.name):
        return None
    cast = re.search(rf'\(?(?:\w+\.)?"?{re.escape(column.name)}"?\)?::([a-z][a-z ]*[a-z])', case.condition)
    if cast is None or {cast.group(1), column.type.partition("(")[0].strip()} <= _TEXT:
        return None
    sql = rewriting.with_value_cast(case.statement.sql, column.name, column.type)
    plan = case.planned(sql=sql) if sql else None
    if plan is None or not case.uses(plan):
        return None
    evidence = (f"{column.name} is {column.type}, and the plan compares it as {cast.group(1)}: {case.shown}",)
    step = Step("rewrite", f"give the value the column's type, {column.type}", sql, plan)
    return Cause("type-mismatch", evidence, Proof("with the value cast instead of the column", plan), (step,))


def function_on_column(case: Case) -> Cause | None:
    """``lower(email) = ...``: the index knows emails, not what ``lower`` makes of them."""
    if case.target is None or case.asked is None or case.searchable or not case.leading:
        return None
    searched = [
        search for search in case.asked.searches if case.leading in search.columns and search.key.expression
    ]
    if not searched:
        return None
    steps: list[Step] = []
    proofs: list[Proof] = []
    sql = rewriting.with_day_range(case.statement.sql, case.leading)
    plan = case.planned(sql=sql) if sql else None
    if plan is not None and case.uses(plan):
        proofs.append(Proof("with the day as a range of the column itself", plan))
        steps.append(
            Step("rewrite", "ask for the day as a range: the index in question serves that", sql, plan)
        )
    idea = case.best_idea(
        lambda index, rule: index.table == _table_name(case) and any(k.expression for k in index.keys)
    )
    if idea is not None:
        proofs.append(Proof(f"with {idea[0].text}", idea[1]))
        steps.append(create(case, idea[0], "an index on what the query compares", idea[1]))
    if not proofs:
        return None
    evidence = (
        f"the query compares {searched[0].key.expression}, and {case.target.name} begins with {case.leading}",
    )
    return Cause("function-on-column", evidence, proofs[0], tuple(steps))


def or_across_columns(case: Case) -> Cause | None:
    """An OR is served by an index for every arm, or by none."""
    arms = case.asked.alternatives if case.asked is not None else ()
    if len({term.column for arm in arms for term in arm}) < 2:
        return None
    ideas = tuple(index for index, _ in case.ideas if index.table == _table_name(case))
    plan = case.planned(ideas)
    if plan is None or not any(node.type == "BitmapOr" for node in plan.nodes):
        return None
    new = tuple(sorted(plan.indexes - {existing.index for existing in case.catalog.indexes()}))
    if not new or plan.cost > 0.9 * case.plan.cost:
        return None
    evidence = (
        f"the query asks: {case.shown}",
        f"without an index: {', '.join(index.text for index in new)}",
    )
    steps = tuple(create(case, index, "an index for the arm that has none", plan) for index in new)
    return Cause("or-across-columns", evidence, Proof("with an index for every arm", plan), steps)


def operator(case: Case) -> Cause | None:
    """What is not equal is everywhere in an index; a partial index holds nothing else."""
    if case.target is None or case.table is None or not _NOT_EQUAL.search(case.condition):
        return None
    condition = case.condition.partition("Filter: ")[2]
    if not condition:
        return None
    alias = case.node.alias if case.node is not None else ""
    predicate = (
        re.sub(rf'(?<![\w."])(?:{re.escape(alias)}|"{re.escape(alias)}")\.', "", condition)
        if alias
        else condition
    )
    index = Index(case.table.schema, case.table.name, case.target.index.keys, predicate=predicate.strip())
    plan = case.planned((index,))
    if plan is None or not case.uses(plan, index) or plan.cost > 0.9 * case.plan.cost:
        return None
    step = create(case, index, "an index that holds only those rows", plan)
    return Cause("operator", (f"the query asks: {case.shown}",), Proof(f"with {index.text}", plan), (step,))


def column_order(case: Case) -> Cause | None:
    """An index is searched from its first column on."""
    if (
        case.target is None
        or case.asked is None
        or len(case.target.index.keys) < 2
        or not case.leading
        or case.searchable
    ):
        return None
    used = set(case.asked.used)
    later = [key.column for key in case.target.index.keys[1:] if key.column in used]
    if case.leading in used or not later:
        return None
    idea = case.best_idea(
        lambda index, rule: index.table == _table_name(case) and index.keys[0].column in used
    )
    if idea is None:
        return None
    evidence = (
        f"{case.target.name} begins with {case.leading}, and the query asks only for {', '.join(later)}: {case.shown}",
    )
    step = create(case, idea[0], "an index that begins with what the query asks for", idea[1])
    return Cause("column-order", evidence, Proof(f"with {idea[0].text}", idea[1]), (step,))


def not_asked(case: Case) -> Cause | None:
    """The filter is on another table, or on other columns."""
    if not case.named or case.target is None or case.table is None or not case.leading:
        return None
    used = set(case.asked.used) if case.asked is not None else set()
    if used & set(case.target.index.columns):
        return None
    plan = None
    if case.asked is not None:
        sql = rewriting.with_condition(
            case.statement.sql, case.target.index.table, f'"{case.leading}" IS NULL'
        )
        plan = case.planned(sql=sql) if sql else None
    asks = sorted(f"{facts.table.name}.{column}" for facts in case.facts for column in facts.used)
    evidence = (
        f"{case.target.name} is on {', '.join(case.target.index.columns)}; the query asks for {', '.join(asks) or 'nothing'}",
    )
    idea = case.best_idea(lambda index, rule: True)
    steps = (
        (create(case, idea[0], "an index on what the query does ask for", idea[1]),)
        if idea is not None
        else ()
    )
    after = plan if plan is not None and case.uses(plan) else idea[1] if idea is not None else case.plan
    what = (
        f"with a condition on {case.leading}" if plan is not None and case.uses(plan)
        else f"with {idea[0].text}" if idea is not None else "as it is: nothing to plan differently"
    )  # fmt: skip
    return Cause("not-asked", evidence, Proof(what, after), steps)


def no_index(case: Case) -> Cause | None:
    """Nothing there serves it, and something would."""
    idea = case.best_idea(lambda index, rule: True)
    if idea is None:
        return None
    table = case.catalog.table(idea[0].schema, idea[0].table)
    node = next((n for n in case.plan.nodes if table is not None and n.relation == table.qualified), None)
    shown = without_literals(node.condition) if node is not None and node.condition else "its order"
    evidence = (f"{idea[0].qualified_table} is read for: {shown}", "none of its indexes begins with that")
    return Cause(
        "no-index",
        evidence,
        Proof(f"with {idea[0].text}", idea[1]),
        (create(case, idea[0], "an index for it", idea[1]),),
    )


def _pattern(case: Case) -> tuple[str, ...] | None:
    """The pattern's pieces when the query looks for one in a column of the table."""
    if case.asked is None:
        return None
    found = [
        s
        for s in case.asked.searches
        if s.kind in _PATTERNS and (not case.leading or case.leading in s.columns)
    ]
    return found[0].pattern or ("?",) if found else None


def _pattern_column(case: Case) -> str:
    searches = case.asked.searches if case.asked is not None else ()
    return next(s.columns[0] for s in searches if s.kind in _PATTERNS and s.columns)


def _pattern_index(case: Case, column: str) -> Index | None:
    found = case.table.column(column) if case.table is not None else None
    if case.table is None or found is None:
        return None
    opclass = "varchar_pattern_ops" if found.type.startswith("character varying") else "text_pattern_ops"
    return Index(case.table.schema, case.table.name, (Key(column=column, opclass=opclass),))


def _relation(case: Case) -> str:
    return case.table.qualified if case.table is not None else "the table"
