"""The story of one change: what was found, what is to be done, what was done and what proves it.

A :class:`Story` is built once, from the advice, the run's journal and what was measured. The three documents only print it, so
every count stands in :class:`Counts` and is counted in one place, :func:`counted`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["done", "failed", "open"]
"""``open``: not done, or nothing proves that it was."""
Served = Literal["new", "existing", "none"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a claim: where it stands and when it was seen."""

    text: str
    at: str = ""
    """ISO 8601; empty when the evidence does not say."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An index that was there before."""

    app: str
    table: str
    """``schema.table``"""
    name: str
    kind: str
    """primary key | unique constraint | exclusion constraint | unique | pattern | partial | expression | foreign key | plain"""
    text: str
    """Its keys, as people write them."""
    size: int
    scans: int
    reason: str = ""
    """duplicate | redundant; empty when no other index does its work."""
    covered_by: str = ""

    @property
    def shown(self) -> str:
        return shown(self.table, self.name)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One statement of the workload, and what serves it."""

    id: str
    sql: str
    calls: float
    served: Served
    """``new`` by an index of this advice; ``existing`` by what was there; ``none``: its plan uses no index."""
    indexes: tuple[str, ...]
    cost_before: float
    cost_after: float
    origin: str = ""
    before_ms: float | None = None
    """Median of one execution; None when it was not measured."""
    after_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One index to build, or one to drop, and what became of it."""

    action: Literal["create", "drop"]
    app: str
    table: str
    name: str
    text: str
    reason: str
    columns: int
    descending: bool
    phase: str
    """Of a create; of a drop its reason in one word."""
    size: int
    """Bytes: estimated of a create, taken of a drop."""
    benefit: float
    """Share of the workload's reads, 0 to 1; 0 of a drop."""
    upkeep: float
    ddl: str
    undo: str
    model: str = ""
    declaration: str = ""
    heap_only: tuple[str, ...] = ()
    """Columns whose updates are no longer heap-only."""
    statements: tuple[str, ...] = ()
    partial: bool = False
    covering: bool = False
    state: State = "open"
    evidence: tuple[Evidence, ...] = ()
    """Empty exactly while the state is ``open`` and nothing was tried."""
    built_size: int | None = None
    """Bytes, as the check after the build saw them."""
    use: str = ""
    """used | not-used; empty when no plan was looked at"""

    @property
    def shown(self) -> str:
        return shown(self.table, self.name)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the six steps."""

    name: str
    state: State
    at: str
    outcome: str
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""
    """How an open one is done."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Something considered and not advised, or not examined."""

    what: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What was measured over the whole workload; None is "not measured"."""

    reads_before_ms: float | None = None
    reads_after_ms: float | None = None
    shared: int = 0
    """Statements measured both before and after."""
    slower: tuple[str, ...] = ()
    """Of those, the ones whose median grew by more than a tenth and a tenth of a millisecond."""
    cost_before: float = 0.0
    cost_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured before and after, in words; None is "not measured"."""

    kind: str
    name: str
    before: str | None
    after: str | None
    change: str


Count = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """Every number of things that a document names."""

    created: int
    created_by_app: tuple[Count, ...]
    created_by_table: tuple[tuple[str, tuple[Count, ...]], ...]
    """(app, ((table, indexes), ...))"""
    created_by_phase: tuple[Count, ...]
    apps: int
    tables: int
    composite: int
    single: int
    descending: int
    partial: int
    covering: int
    dropped: int
    dropped_by_reason: tuple[Count, ...]
    built: int
    taken_away: int
    existing: int | None
    existing_by_app: tuple[Count, ...]
    existing_by_kind: tuple[Count, ...]
    redundant: int
    statements: int
    served: tuple[Count, ...]
    refused: int
    refused_by_reason: tuple[Count, ...]
    not_examined: int
    steps: int
    steps_done: int
    items: int
    items_done: int


@dataclass(frozen=True, slots=True)
class Story:
    """One change, from what was found to what is proven."""

    database: str
    server_version: str
    planner: str
    taken_at: str
    """When the statistics were read that the advice rests on."""
    counters_since: str
    sources: tuple[tuple[str, str], ...]
    """(what it is, the file's name) of everything that this was made from."""
    inventory: tuple[Standing, ...] | None
    """None when no snapshot was given: it is then not known, which is not the same as none."""
    patterns: tuple[Pattern, ...]
    planned: tuple[Planned, ...]
    refused: tuple[Declined, ...]
    not_examined: tuple[Declined, ...]
    steps: tuple[Step, ...]
    totals: Totals
    figures: tuple[Figure, ...] = ()
    run: str = ""
    began: str = ""
    ended: str = ""

    @property
    def creates(self) -> tuple[Planned, ...]:
        return tuple(each for each in self.planned if each.action == "create")

    @property
    def drops(self) -> tuple[Planned, ...]:
        return tuple(each for each in self.planned if each.action == "drop")

    @property
    def counts(self) -> Counts:
        return counted(self)


PHASES = ("critical", "performance", "analytics", "review")
_SERVED: tuple[Served, ...] = ("new", "existing", "none")


def shown(table: str, name: str) -> str:
    """An index's name for people, with its schema unless that is public: two schemas may have one name each."""
    schema = table.partition(".")[0]
    return name if schema == "public" else f"{schema}.{name}"


def counted(story: Story) -> Counts:
    """Every count of the story's documents; nothing else counts."""
    creates, drops = story.creates, story.drops
    apps = sorted({each.app for each in creates})
    found = story.inventory
    served = Counter(each.served for each in story.patterns)
    phases = Counter(each.phase for each in creates)
    return Counts(
        created=len(creates),
        created_by_app=_by(each.app for each in creates),
        created_by_table=tuple((app, _by(each.table for each in creates if each.app == app)) for app in apps),
        created_by_phase=tuple(
            (phase, phases[phase])
            for phase in (*PHASES, *sorted(phases.keys() - set(PHASES)))
            if phases[phase]
        ),
        apps=len(apps),
        tables=len({each.table for each in creates}),
        composite=sum(each.columns > 1 for each in creates),
        single=sum(each.columns == 1 for each in creates),
        descending=sum(each.descending for each in creates),
        partial=sum(each.partial for each in creates),
        covering=sum(each.covering for each in creates),
        dropped=len(drops),
        dropped_by_reason=_by(each.phase for each in drops),
        built=_done(creates),
        taken_away=_done(drops),
        existing=None if found is None else len(found),
        existing_by_app=_by(each.app for each in found or ()),
        existing_by_kind=_by(each.kind for each in found or ()),
        redundant=sum(bool(each.reason) for each in found or ()),
        statements=len(story.patterns),
        served=tuple((word, served[word]) for word in _SERVED if served[word]),
        refused=len(story.refused),
        refused_by_reason=_by(each.reason for each in story.refused),
        not_examined=len(story.not_examined),
        steps=len(story.steps),
        steps_done=sum(each.state == "done" for each in story.steps),
        items=len(story.steps) + len(story.planned),
        items_done=sum(each.state == "done" for each in story.steps) + _done(story.planned),
    )


def _by(words: Iterable[str]) -> tuple[Count, ...]:
    return tuple(sorted(Counter(words).items()))


def _done(planned: Sequence[Planned]) -> int:
    return sum(each.state == "done" for each in planned)
