"""Why a statement does not use an index, proven by planning it with one thing different.

Nothing is guessed from the text alone: every cause comes with the plan that PostgreSQL makes when only that cause is taken
away, and a step is advised only after it was planned. The statement is planned on the planner twin; with a session to the
database, fresh statistics are estimated from a sample and its own plan is looked at. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from indexical.candidates import generate
from indexical.candidates.analysis import analyse
from indexical.candidates.facts import TableFacts
from indexical.diagnose import rewriting
from indexical.diagnose.case import Case
from indexical.diagnose.causes import ALTHOUGH_USED, QUESTIONS, WITHOUT
from indexical.diagnose.probing import Probe
from indexical.diagnose.repeated import repeated
from indexical.errors import InputError
from indexical.model import (
    Catalog,
    Configuration,
    ExistingIndex,
    Index,
    Limits,
    NotExamined,
    Parameters,
    Plan,
    Statement,
    Table,
    Workload,
)
from indexical.model.diagnosis import Cause, Diagnosis, Hint
from indexical.pg.session import Session
from indexical.twin.engine import Engine
from indexical.twin.twin import OnEvent, Twin, open_twin
from indexical.whatif.parameters import choose_samples

__all__ = ["diagnose"]

_MOST_INDEXES = 6
_DEEP = 1000
_LIMITS = Limits(min_benefit=0.0)
_WITHOUT_DATABASE = (
    "the database itself",
    "no connection was given: stale statistics, columns that depend on each other and new indexes were not looked for",
)


def diagnose(
    statement: Statement,
    catalog: Catalog,
    *,
    index: str = "",
    session: Session | None = None,
    others: Sequence[tuple[str, Catalog]] = (),
    workload: Workload | None = None,
    engine: Engine | None = None,
    on_event: OnEvent | None = None,
) -> Diagnosis:
    """The causes for which a statement does not use an index.

    Args:
        statement: with its values in the text, or with ``$n`` and samples of values.
        catalog: of the database that would run it.
        index: name of the index the question is about, with or without its schema; left out: any that comes near.
        session: to that database, to read samples and its own plan; without one what needs it is named as not examined.
        others: catalogs of other nodes, by name.
        workload: what else runs, to tell a statement that is asked once for each row of another.

    Raises:
        InputError: there is no such index.
        PlanRefused: the statement cannot be planned.
        EngineFailed: the planner twin does not start.
    """
    facts = analyse(statement.sql, catalog).tables
    parameters = choose_samples(statement, catalog, 1)[0].parameters
    target = _named(catalog, index) if index else None
    with _Bench(catalog, engine, on_event) as bench:
        plan = bench.plan(statement, parameters, Configuration(), {})
        probe = Probe(session, []) if session is not None else None
        case = Case(
            catalog=catalog,
            bench=bench,
            statement=statement,
            parameters=parameters,
            plan=plan,
            facts=facts,
            ideas=_ideas(statement, catalog),
            target=target,
            named=bool(index),
            probe=probe,
            others=tuple(others),
        )
        near = [target] if target is not None else _near(catalog, facts, plan)
        causes, used, about = _asked(case, near)
        silent = probe.silent if probe is not None else [_WITHOUT_DATABASE]
        return Diagnosis(
            statement=statement,
            plan=plan,
            index=about.name if about is not None else "",
            used=used,
            causes=causes,
            hints=(*_repetition(statement, workload), *_hints(case)),
            not_examined=tuple(NotExamined(what, why) for what, why in dict.fromkeys(silent))
            + bench.not_examined,
            statistics_age=_age(catalog, facts),
        )


def _asked(case: Case, near: Sequence[ExistingIndex]) -> tuple[tuple[Cause, ...], bool, ExistingIndex | None]:
    """The proven causes, whether all is well, and the index they are about."""
    found: list[tuple[int, Cause, ExistingIndex | None]] = []
    for target in near:
        here = case.about(target)
        well = here.uses(case.plan)
        proven = [(QUESTIONS.index(question), cause) for question in (ALTHOUGH_USED if well else QUESTIONS)
                  if (cause := question(here)) is not None]  # fmt: skip
        found += [(number, cause, target) for number, cause in proven]
        if well and not proven and (case.named or not _reads_whole(case.plan)):
            return (), True, target
    if not found and (case.named or _reads_whole(case.plan) or _filters(case.plan) or _sorts(case.plan)):
        for number, question in enumerate(WITHOUT, len(QUESTIONS)):
            cause = question(case)
            if cause is not None:
                found.append((number, cause, None))
    if not found:
        return (), not _reads_whole(case.plan), near[0] if near else None
    found.sort(key=lambda each: each[0])
    distinct: dict[str, tuple[Cause, ExistingIndex | None]] = {}
    for _, cause, about in found:
        distinct.setdefault(cause.name, (cause, about))
    causes = list(distinct.values())
    return tuple(cause for cause, _ in causes), False, causes[0][1]


def _reads_whole(plan: Plan) -> bool:
    return any("Seq Scan" in node.type for node in plan.nodes)


def _filters(plan: Plan) -> bool:
    return any("Filter:" in node.condition for node in plan.nodes)


def _sorts(plan: Plan) -> bool:
    return any("Sort" in node.type for node in plan.nodes)


def _named(catalog: Catalog, name: str) -> ExistingIndex:
    found = [e for e in catalog.indexes() if name in (e.name, f"{e.index.schema}.{e.name}")]
    if not found:
        raise InputError(
            f"there is no index {name!r} in database {catalog.database}; see its name with \\di, or leave --index out"
        )
    if len(found) > 1:
        places = ", ".join(f"{e.index.schema}.{e.name}" for e in found)
        raise InputError(f"{name!r} is the name of several indexes; say which: {places}")
    return found[0]


def _near(catalog: Catalog, facts: Iterable[TableFacts], plan: Plan) -> list[ExistingIndex]:
    """Indexes of the tables that are read whole or filtered, those that share most with the question first."""
    sorts = _sorts(plan)
    whole = {
        node.relation
        for node in plan.nodes
        if sorts or "Seq Scan" in node.type or "Filter:" in node.condition
    }
    scored = []
    for each in facts:
        if each.table.qualified not in whole:
            continue
        used = set(each.used) | {column for search in each.searches for column in search.columns}
        for existing in each.table.indexes:
            mentioned = {*existing.index.columns} | _words(existing)
            score = 3 * (existing.index.keys[0].column in used) + len(mentioned & used)
            if score:
                scored.append((-score, len(existing.index.keys), existing.index, existing.name, existing))
    unique = {(index, name): existing for _, _, index, name, existing in sorted(scored, key=lambda s: s[:4])}
    return list(unique.values())[:_MOST_INDEXES]


def _words(existing: ExistingIndex) -> set[str]:
    texts = [key.expression for key in existing.index.keys if key.expression]
    return {
        word for text in texts for word in text.replace("(", " ").replace(")", " ").replace(":", " ").split()
    }


def _ideas(statement: Statement, catalog: Catalog) -> tuple[tuple[Index, str], ...]:
    found = generate(Workload((statement,)), catalog, _LIMITS)
    return tuple((candidate.index, candidate.rule) for candidate in found.candidates)


def _repetition(statement: Statement, workload: Workload | None) -> Iterable[Hint]:
    view, times = repeated(statement, workload) if workload is not None else ("", 0.0)
    if view:
        yield Hint(
            "n-plus-one",
            f"{view} runs it about {times:,.0f} times a request: ask once instead (select_related or prefetch_related in "
            "Django); no index makes many questions one",
        )


def _hints(case: Case) -> Iterable[Hint]:
    offset = rewriting.offset_of(case.statement.sql)
    if offset >= _DEEP:
        sql = rewriting.without_offset(case.statement.sql)
        plan = case.planned(sql=sql) if sql else None
        if plan is not None and plan.cost < 0.8 * case.plan.cost:
            yield Hint(
                "deep-offset",
                f"OFFSET {offset:,} reads and throws away {offset:,} rows, index or not: without it the statement costs "
                f"{plan.cost:,.0f} instead of {case.plan.cost:,.0f}; page by the last row's sort key (keyset pagination)",
            )
    if rewriting.reads_everything(case.statement.sql) and any(node.index for node in case.plan.nodes):
        yield Hint("select-star", "SELECT * has every row fetched from the table: name the columns that are needed "
                   "(.only() or .values() in Django), and an index that holds them may be enough")  # fmt: skip
    for facts in {f.table.qualified: f for f in case.facts}.values():
        if facts.table.rows < 0 or (
            not facts.table.last_analyzed and facts.table.pages > 0 and not _known(facts.table)
        ):
            yield Hint(
                "never-analysed",
                f"{facts.table.qualified} was never analysed: run ANALYZE {facts.table.qualified} first",
            )


def _known(table: Table) -> bool:
    return any(column.statistics is not None for column in table.columns)


def _age(catalog: Catalog, facts: Iterable[TableFacts]) -> str:
    tables = {f.table.qualified: f.table.last_analyzed or "never" for f in facts}
    ages = "; ".join(f"{name} analysed {when}" for name, when in sorted(tables.items()))
    return f"{ages}; read {catalog.taken_at or 'at an unknown time'}" if ages else ""


class _Bench:
    """The twin of the statement's database, and others of the same tables with other statistics."""

    def __init__(self, catalog: Catalog, engine: Engine | None, on_event: OnEvent | None) -> None:
        self._stack = ExitStack()
        self._engine = engine
        self._twin: Twin = self._stack.enter_context(open_twin(catalog, engine=engine, on_event=on_event))
        self.not_examined = self._twin.not_examined

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def plan(
        self,
        statement: Statement,
        parameters: Parameters,
        configuration: Configuration,
        settings: Mapping[str, str],
    ) -> Plan:
        with self._twin.under(settings):
            return self._twin.plan(statement, parameters, configuration)

    def elsewhere(self, catalog: Catalog, statement: Statement, parameters: Parameters) -> Plan:
        with open_twin(catalog, engine=self._engine) as twin:
            return twin.plan(statement, parameters, Configuration())


def reduced(catalog: Catalog, statement: Statement) -> Catalog:
    """The catalog with the statement's tables alone, which is quicker to make a twin of."""
    names = {facts.table.qualified for facts in analyse(statement.sql, catalog).tables}
    tables = {table.qualified: table for table in catalog.tables}
    wanted = set(names)
    for name in names:
        wanted |= {f"{schema}.{parent}" for schema, parent in tables[name].parents}
        wanted |= {t.qualified for t in catalog.tables if tuple(name.split(".", 1)) in t.parents}
    kept = tuple(
        replace(
            t,
            foreign_keys=tuple(k for k in t.foreign_keys if f"{k.target_schema}.{k.target_table}" in wanted),
        )
        for t in catalog.tables
        if t.qualified in wanted
    )
    return replace(catalog, tables=kept) if names else catalog
