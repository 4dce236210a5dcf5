"""Workload and catalog to candidates: read every statement once, ask every rule, screen, merge, and put the answers together.

Pure and deterministic: the order of the statements and of Python's sets does not show in the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from indexical.candidates import screening
from indexical.candidates.analysis import Analysis, Reader
from indexical.candidates.changes import Changes, changes
from indexical.candidates.facts import StatementFacts
from indexical.candidates.merging import merges
from indexical.candidates.proposal import Proposal
from indexical.candidates.rarity import found_rows
from indexical.candidates.relevance import Relevance
from indexical.candidates.rules import RULES, name_of
from indexical.candidates.rules.covering import can_pay
from indexical.model import (
    Candidate,
    Candidates,
    Catalog,
    Index,
    Limits,
    NotExamined,
    Refusal,
    Statement,
    Table,
    Workload,
)
from indexical.model.covers import serves_same_scans
from indexical.model.sqltext import normalised

MERGED = "merging"
"""The rule's name of candidates that were put together from others."""

FEW_ROWS = 20.0
"""Where a statement finds fewer rows than this, looking them up in the table costs next to nothing: nothing to cover."""

_WITHOUT_INDEXES = {"f": "a foreign table", "v": "a view"}
_LATE = frozenset({"covering", "brin", "hash", MERGED})


def generate(workload: Workload, catalog: Catalog, limits: Limits) -> Candidates:
    """Every index worth asking the planner about, and every idea that is not, with its reason."""
    read = _read(workload, catalog)
    shared = _shared(read)
    gathered = _Gathered()
    for statement, analysis in read:
        facts = tuple(replace(t, shared=shared[t.table.qualified]) for t in analysis.tables)
        _ask(StatementFacts(statement, facts), catalog, limits, gathered)
    ideas = _alike(_fitting(gathered, read, catalog))
    ideas.update(_merged(ideas, read, limits))
    candidates = tuple(
        Candidate(index, idea.rule, tuple(sorted(idea.statements)), stage(index, idea.rule, idea.statements))
        for index, idea in sorted(ideas.items())
    )
    relevance = Relevance(ideas)
    return Candidates(
        candidates,
        relevant=tuple((s.id, relevance.relevant(s, a.tables)) for s, a in read if a.tables),
        refused=tuple(sorted(gathered.refused, key=lambda each: (each.subject, each.reason, each.detail))),
        not_examined=_not_examined(read),
        searched=tuple((s.id, _searched(a)) for s, a in read if a.tables),
    )


def _searched(analysis: Analysis) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """By table, what all mentions of it search by."""
    used: dict[str, set[str]] = defaultdict(set)
    for facts in analysis.tables:
        used[facts.table.qualified].update(facts.used)
    return tuple((table, tuple(sorted(columns))) for table, columns in sorted(used.items()))


def stage(index: Index, rule: str, statements: Iterable[str]) -> int:
    """When the search lets a candidate in: see :attr:`Candidate.stage`."""
    if rule in _LATE or index.include:
        return 2
    shared = len(index.keys) == 2 and len(frozenset(statements)) > 1
    return 0 if shared or len(index.keys) == 1 else 1


@dataclass(slots=True)
class _Idea:
    rule: str
    number: int
    """The rule's place among the rules: the first that has the idea names it."""
    bound: int
    """Of all statements that ask: the fewest leading keys whose direction cannot be told."""
    statements: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Gathered:
    ideas: dict[Index, _Idea] = field(default_factory=dict)
    refused: set[Refusal] = field(default_factory=set)
    judged: dict[Proposal, Refusal | None] = field(default_factory=dict)


Read = Sequence[tuple[Statement, Analysis]]


def _read(workload: Workload, catalog: Catalog) -> Read:
    reader = Reader(catalog)
    known: dict[str, Analysis] = {}
    read = []
    for statement in sorted(workload.statements, key=lambda each: each.id):
        if statement.sql not in known:
            known[statement.sql] = reader.analyse(statement.sql)
        read.append((statement, known[statement.sql]))
    return read


def _shared(read: Read) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """How many calls of the workload compare each column, by table."""
    calls: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for statement, analysis in read:
        for facts in analysis.tables:
            weights = calls[facts.table.qualified]
            for column in {*facts.equal, *facts.listed, *facts.joins}:
                weights[column] += statement.calls
    return {table: tuple(sorted(weights.items())) for table, weights in calls.items()}


def _ask(facts: StatementFacts, catalog: Catalog, limits: Limits, gathered: _Gathered) -> None:
    few = found_rows(facts) < FEW_ROWS
    for table in facts.tables:
        if table.table.kind in _WITHOUT_INDEXES:
            continue
        examined = StatementFacts(facts.statement, (table,))
        general = screening.small_table(table, limits) or screening.one_row(table)
        for number, proposal in _proposals(examined, catalog, limits, gathered):
            if general is not None:
                gathered.refused.add(general)
                break
            if few and proposal.index.include:
                continue
            if proposal not in gathered.judged:
                gathered.judged[proposal] = screening.refusal(proposal, table, catalog)
            refused = gathered.judged[proposal]
            if refused is not None:
                gathered.refused.add(refused)
            else:
                _gather(proposal, number, facts.statement.id, gathered)


def _proposals(
    facts: StatementFacts, catalog: Catalog, limits: Limits, gathered: _Gathered
) -> Iterator[tuple[int, Proposal]]:
    for number, rule in enumerate(RULES):
        for answer in rule(facts, catalog, limits):
            if isinstance(answer, Refusal):
                gathered.refused.add(answer)
            elif answer.index.method in limits.kinds:
                yield number, answer


def _gather(proposal: Proposal, number: int, statement: str, gathered: _Gathered) -> None:
    idea = gathered.ideas.get(proposal.index)
    if idea is None:
        idea = gathered.ideas[proposal.index] = _Idea(name_of(RULES[number]), number, proposal.bound)
    if number < idea.number:
        idea.rule, idea.number = name_of(RULES[number]), number
    idea.bound = min(idea.bound, proposal.bound)
    idea.statements.add(statement)


def _fitting(gathered: _Gathered, read: Read, catalog: Catalog) -> dict[Index, _Idea]:
    """The ideas that the rest of the workload has nothing against: how it writes, and what else it asks of the columns."""
    known: Changes | None = None
    otherwise = screening.searched_otherwise(t for _, analysis in read for t in analysis.tables)
    calls = {statement.id: statement.calls for statement, _ in read}
    tables = {table.qualified: table for table in catalog.tables}
    kept = {}
    for index, idea in gathered.ideas.items():
        refused: Refusal | None = None
        if index.include:
            known = changes(statement for statement, _ in read) if known is None else known
            asked = sum(calls[id] for id in sorted(idea.statements))
            refused = screening.changing(index, tables[index.qualified_table], known, asked)
        elif index.method == "hash":
            refused = screening.needs_order(index, otherwise)
        if refused is None:
            kept[index] = idea
        else:
            gathered.refused.add(refused)
    return kept


def _alike(ideas: Mapping[Index, _Idea]) -> dict[Index, _Idea]:
    """Of ideas that differ only in directions nobody can tell, the one that serves the others too."""
    alike: dict[tuple[object, ...], list[Index]] = defaultdict(list)
    for index in ideas:
        names = tuple((key.column, key.expression, key.opclass, key.collation) for key in index.keys)
        predicate = normalised(index.predicate)
        alike[index.schema, index.table, index.method, names, index.include, predicate].append(index)
    kept_of_all: dict[Index, _Idea] = {}
    for group in alike.values():
        if len(group) == 1:
            kept_of_all[group[0]] = ideas[group[0]]
            continue
        kept: list[Index] = []
        for index in sorted(group, key=lambda each: (ideas[each].bound, each)):
            server = next((k for k in kept if serves_same_scans(k, index, ideas[index].bound)), None)
            if server is None:
                kept.append(index)
                kept_of_all[index] = replace(ideas[index], statements=set(ideas[index].statements))
            else:
                kept_of_all[server].statements |= ideas[index].statements
    return kept_of_all


FEW_TO_FOLLOW = 12
"""Distinct values up to which a column may follow one of another index that it has nothing to do with."""


def _merged(ideas: Mapping[Index, _Idea], read: Read, limits: Limits) -> dict[Index, _Idea]:
    tables: dict[str, Table] = {t.table.qualified: t.table for _, a in read for t in a.tables}
    asked = {index: frozenset(idea.statements) for index, idea in ideas.items()}
    calls = {statement.id: statement.calls for statement, _ in read}

    def fits(index: Index) -> bool:
        table = tables[index.qualified_table]
        if screening.covered(Proposal(index, 0), table):
            return False
        return not index.include or can_pay(table, (*index.columns, *index.include))

    def few(index: Index) -> bool:
        column = tables[index.qualified_table].column(index.keys[0].column)
        statistics = column.statistics if column is not None else None
        return statistics is not None and 0 < statistics.distinct <= FEW_TO_FOLLOW

    made = merges(asked, calls, limits, fits, few)
    return {index: _Idea(MERGED, len(RULES), 0, set(ids)) for index, ids in made.items()}


def _not_examined(read: Read) -> tuple[NotExamined, ...]:
    return tuple(dict.fromkeys(_gaps(read)))


def _gaps(read: Read) -> Iterator[NotExamined]:
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
