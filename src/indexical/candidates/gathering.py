"""Workload and catalog to candidates: read every statement once, ask every rule, screen, and put the answers together.

Pure and deterministic: the order of the statements and of Python's sets does not show in the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from indexical.candidates import screening
from indexical.candidates.analysis import Analysis, analyse
from indexical.candidates.facts import StatementFacts, TableFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.rules import RULES, name_of
from indexical.model import (
    Candidate,
    Candidates,
    Catalog,
    Index,
    Limits,
    NotExamined,
    Refusal,
    Statement,
    Workload,
)
from indexical.model.covers import canonical, serves_same_scans

_WITHOUT_INDEXES = {"f": "a foreign table", "v": "a view"}


def generate(workload: Workload, catalog: Catalog, limits: Limits) -> Candidates:
    """Every index worth asking the planner about, and every idea that is not, with its reason."""
    read = _read(workload, catalog)
    shared = _shared(read)
    gathered = _Gathered()
    for statement, analysis in read:
        facts = tuple(replace(t, shared=shared[t.table.qualified]) for t in analysis.tables)
        _ask(StatementFacts(statement, facts), catalog, limits, gathered)
    merged = _merge(gathered.ideas)
    candidates = tuple(
        Candidate(index, idea.rule, tuple(sorted(idea.statements))) for index, idea in sorted(merged.items())
    )
    of_table: dict[str, list[Index]] = defaultdict(list)
    for index in merged:
        of_table[index.qualified_table].append(index)
    return Candidates(
        candidates,
        relevant=tuple((s.id, _relevant(a.tables, of_table)) for s, a in read if a.tables),
        refused=tuple(sorted(gathered.refused, key=lambda each: (each.subject, each.reason, each.detail))),
        not_examined=_not_examined(read),
    )


@dataclass(slots=True)
class _Idea:
    rule: str
    bound: int
    """Of all statements that ask: the fewest leading keys whose direction cannot be told."""
    statements: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Gathered:
    ideas: dict[Index, _Idea] = field(default_factory=dict)
    refused: set[Refusal] = field(default_factory=set)


def _read(workload: Workload, catalog: Catalog) -> list[tuple[Statement, Analysis]]:
    known: dict[str, Analysis] = {}
    read = []
    for statement in sorted(workload.statements, key=lambda each: each.id):
        if statement.sql not in known:
            known[statement.sql] = analyse(statement.sql, catalog)
        read.append((statement, known[statement.sql]))
    return read


def _shared(read: Iterable[tuple[Statement, Analysis]]) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """How many calls of the workload compare each column, by table."""
    calls: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for statement, analysis in read:
        for facts in analysis.tables:
            weights = calls[facts.table.qualified]
            for column in {*facts.equal, *facts.listed, *facts.joins}:
                weights[column] += statement.calls
    return {table: tuple(sorted(weights.items())) for table, weights in calls.items()}


def _ask(facts: StatementFacts, catalog: Catalog, limits: Limits, gathered: _Gathered) -> None:
    for table in facts.tables:
        if table.table.kind in _WITHOUT_INDEXES:
            continue
        examined = StatementFacts(facts.statement, (table,))
        general = screening.small_table(table, limits) or screening.one_row(table)
        for number, rule in enumerate(RULES):
            for proposal in rule(examined, catalog, limits):
                refused = general or screening.refusal(proposal, table, catalog)
                if refused is not None:
                    gathered.refused.add(refused)
                else:
                    _gather(proposal, name_of(rule), number, facts.statement.id, gathered)


def _gather(proposal: Proposal, rule: str, number: int, statement: str, gathered: _Gathered) -> None:
    idea = gathered.ideas.get(proposal.index)
    if idea is None:
        idea = gathered.ideas[proposal.index] = _Idea(rule, proposal.bound)
    order = [name_of(each) for each in RULES]
    if number < order.index(idea.rule):
        idea.rule = rule
    idea.bound = min(idea.bound, proposal.bound)
    idea.statements.add(statement)


def _merge(ideas: Mapping[Index, _Idea]) -> dict[Index, _Idea]:
    """Of ideas that differ only in directions nobody can tell, the one that serves the others too."""
    alike: dict[tuple[object, ...], list[Index]] = defaultdict(list)
    for index in sorted(ideas):
        alike[index.schema, index.table, index.columns, canonical(index).predicate].append(index)
    merged: dict[Index, _Idea] = {}
    for group in alike.values():
        kept: list[Index] = []
        for index in sorted(group, key=lambda each: (ideas[each].bound, each)):
            server = next((k for k in kept if serves_same_scans(k, index, ideas[index].bound)), None)
            if server is None:
                kept.append(index)
                merged[index] = replace(ideas[index], statements=set(ideas[index].statements))
            else:
                merged[server].statements |= ideas[index].statements
    return merged


def _relevant(tables: Iterable[TableFacts], of_table: Mapping[str, Sequence[Index]]) -> tuple[Index, ...]:
    """Candidates a plan of the statement could use: any key column searched or sorted by, or all columns it reads."""
    found = set()
    for facts in tables:
        for index in of_table.get(facts.table.qualified, ()):
            reads_only = not facts.reads_all and set(facts.read) <= {*index.columns, *index.include}
            if (
                reads_only
                or set(index.columns) & set(facts.used)
                or (index.predicate and _searches_predicate(index, facts))
            ):
                found.add(index)
    return tuple(sorted(found))


def _searches_predicate(index: Index, facts: TableFacts) -> bool:
    """Whether the statement searches by a column of a partial index's predicate: its rows are then read through any key."""
    words = set(canonical(index).predicate.split())
    return any(name in words or f'"{name}"' in words for name in facts.used)


def _not_examined(read: Iterable[tuple[Statement, Analysis]]) -> tuple[NotExamined, ...]:
    return tuple(dict.fromkeys(_gaps(read)))


def _gaps(read: Iterable[tuple[Statement, Analysis]]) -> Iterator[NotExamined]:
    for statement, analysis in read:
        if analysis.refusal:
            yield NotExamined(statement.id, analysis.refusal)
        for name in analysis.missing:
            yield NotExamined(
                statement.id, f"the catalog has no table {name}: it may be a view, a temporary or a new table"
            )
        for name in analysis.renamed:
            yield NotExamined(
                statement.id, f"it gives the columns of {name} other names, which are not followed"
            )
        for kind in sorted({t.table.kind for t in analysis.tables} & set(_WITHOUT_INDEXES)):
            yield NotExamined(statement.id, f"it reads {_WITHOUT_INDEXES[kind]}, which can have no index")
