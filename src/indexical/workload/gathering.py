"""Observations of statements, from whatever source, made into the statements of a workload.

Statements that differ only in values are one statement: calls add up, samples collect, the text seen most often stands for
all. A name the user gave keeps its statement apart from others of the same shape, because the user did.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexical.model import Origin, Parameters, Skipped, Statement, Workload
from indexical.workload.fingerprint import Normalised, normalise

MAX_SAMPLES = 32
MAX_ORIGINS = 16
_NOT_READABLE = re.compile(r"[^a-z0-9_]+")
_SHORT_HASH = 4
_WIDTH = {"": 0, "int4": 1, "int8": 2, "numeric": 3}


@dataclass(frozen=True, slots=True)
class Observation:
    """A statement as one place of one source saw it."""

    normalised: Normalised
    id: str = ""
    """Only where the user gave one."""
    calls: float = 1.0
    total_ms: float = 0.0
    types: tuple[str, ...] = ()
    samples: tuple[Parameters, ...] = ()
    weights: tuple[float, ...] = ()
    origin: Origin | None = None
    rows: float = -1.0
    """Rows over all the calls; -1 when unknown."""
    probed: float = 0.0
    """Calls of an update whose changed columns were looked at."""
    changed: tuple[tuple[str, float], ...] = ()
    """For each column the number of probed calls that changed it."""


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a source saw."""

    observations: tuple[Observation, ...]
    skipped: tuple[Skipped, ...] = ()
    seconds: float = 0.0


def workload_of(observed: Sequence[Observed]) -> Workload:
    """What the sources saw together; the window is the longest of theirs."""
    groups = _Groups()
    for source in observed:
        for observation in source.observations:
            groups.add(observation)
    groups.fold()
    return Workload(
        statements=groups.statements(),
        skipped=tuple(skipped for source in observed for skipped in source.skipped),
        seconds=max((source.seconds for source in observed), default=0.0),
    )


def arrange(normalised: Normalised, sample: Sequence[str | None]) -> Parameters:
    """A sample given in the numbering of the text that was read, in the numbering of the normal form."""
    return tuple(
        sample[number - 1] if number else value
        for number, value in zip(normalised.numbers, normalised.values, strict=True)
    )


def arrange_types(normalised: Normalised, types: Sequence[str]) -> tuple[str, ...]:
    """Types given in the numbering of the text that was read, in the numbering of the normal form."""
    return tuple(
        types[number - 1] if 0 < number <= len(types) else own
        for number, own in zip(normalised.numbers, normalised.types, strict=True)
    )


def widest(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """For each placeholder one type that both observations' values fit."""
    if len(first) != len(second):
        return tuple(first if len(first) > len(second) else second)
    return tuple(_wider(a, b) for a, b in zip(first, second, strict=True))


def _wider(first: str, second: str) -> str:
    if first == second:
        return first
    if first in _WIDTH and second in _WIDTH:
        return max(first, second, key=_WIDTH.__getitem__)
    if not first or not second:
        return first or second
    return ""


@dataclass(slots=True)
class _Variant:
    """Observations whose values fit one another's text."""

    normalised: Normalised
    types: tuple[str, ...]
    calls: float = 0.0
    samples: dict[Parameters, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    id: str
    fingerprint: str
    exact: str = ""
    calls: float = 0.0
    total_ms: float = 0.0
    rows: float = 0.0
    rows_calls: float = 0.0
    probed: float = 0.0
    changed: dict[str, float] = field(default_factory=dict)
    variants: dict[str, _Variant] = field(default_factory=dict)
    origins: dict[Origin, float] = field(default_factory=dict)

    def add(self, seen: Observation) -> None:
        self.calls += seen.calls
        self.total_ms += seen.total_ms
        if seen.rows >= 0:
            self.rows += seen.rows
            self.rows_calls += seen.calls
        self.probed += seen.probed
        for column, count in seen.changed:
            self.changed[column] = self.changed.get(column, 0.0) + count
        if seen.origin is not None:
            self.origins[seen.origin] = self.origins.get(seen.origin, 0.0) + seen.calls
        variant = self.variants.get(seen.normalised.shape)
        if variant is None:
            variant = self.variants[seen.normalised.shape] = _Variant(seen.normalised, seen.types)
        variant.types = widest(variant.types, seen.types)
        variant.calls += seen.calls
        for sample, weight in zip(seen.samples, seen.weights or (1.0,) * len(seen.samples), strict=True):
            variant.samples[sample] = variant.samples.get(sample, 0.0) + weight

    @property
    def has_values(self) -> bool:
        return any(variant.samples for variant in self.variants.values())

    def is_emptier_than(self, other: _Group) -> bool:
        """Whether it has placeholders, and no values for them, where the other shows what stood there."""
        if self.id or self.has_values:
            return False
        mine, theirs = self.most_called.normalised, other.most_called.normalised
        return self.exact == self.fingerprint or len(mine.numbers) > len(theirs.numbers)

    def absorb(self, other: _Group) -> None:
        """Adds what another group counted, not its text."""
        self.calls += other.calls
        self.total_ms += other.total_ms
        self.rows += other.rows
        self.rows_calls += other.rows_calls
        for origin, calls in other.origins.items():
            self.origins[origin] = self.origins.get(origin, 0.0) + calls

    @property
    def most_called(self) -> _Variant:
        """The variant that stands for all: values that were really used tell more than calls without any."""
        return max(self.variants.values(), key=lambda variant: (bool(variant.samples), variant.calls))

    def statement(self, id: str) -> Statement:
        variant = self.most_called
        kept = set(sorted(variant.samples, key=lambda sample: -variant.samples[sample])[:MAX_SAMPLES])
        samples = tuple(sample for sample in variant.samples if sample in kept)
        origins = sorted(self.origins, key=lambda origin: (-self.origins[origin], origin))[:MAX_ORIGINS]
        return Statement(
            id=id,
            sql=variant.normalised.sql,
            kind=variant.normalised.kind,
            calls=self.calls,
            total_ms=self.total_ms,
            types=variant.types,
            samples=samples,
            sample_weights=tuple(variant.samples[sample] for sample in samples),
            origins=tuple(origins),
            fingerprint=self.fingerprint,
            rows=self.rows / self.rows_calls if self.rows_calls > 0 else -1.0,
            changed_columns=self._shares(),
        )

    def _shares(self) -> tuple[tuple[str, float], ...]:
        if self.probed <= 0:
            return ()
        return tuple(
            (column, min(1.0, count / self.probed)) for column, count in sorted(self.changed.items())
        )


@dataclass(slots=True)
class _Groups:
    _groups: list[_Group] = field(default_factory=list)
    _by_id: dict[tuple[str, str], _Group] = field(default_factory=dict)
    _by_exact: dict[str, _Group] = field(default_factory=dict)

    def add(self, seen: Observation) -> None:
        self._group_for(seen).add(seen)

    def _group_for(self, seen: Observation) -> _Group:
        exact, fingerprint = seen.normalised.exact, seen.normalised.fingerprint
        if not seen.id:
            group = self._by_exact.get(exact)
            return group if group is not None else self._new("", fingerprint, exact)
        # Under one name only statements of one shape may meet; what merely differs in a constant of the select list does.
        shape = normalise(seen.normalised.sql, everywhere=True).fingerprint
        group = self._by_id.get((seen.id, shape))
        if group is None:
            unnamed = self._by_exact.get(exact)
            if unnamed is not None and not unnamed.id:
                unnamed.id = seen.id
                group = unnamed
            else:
                group = self._new(seen.id, fingerprint, exact)
            self._by_id[seen.id, shape] = group
        return group

    def _new(self, id: str, fingerprint: str, exact: str) -> _Group:
        group = _Group(id, fingerprint, exact)
        self._groups.append(group)
        self._by_exact.setdefault(exact, group)
        return group

    def fold(self) -> None:
        """Statements that show fewer of their constants go to the one that shows them, where there is one.

        The text that ``pg_stat_statements`` keeps has placeholders also where other sources show what stood there, and
        with some of them it cannot be planned.
        """
        fuller: dict[str, _Group] = {}
        for group in self._groups:
            if group.exact != group.fingerprint:
                best = fuller.get(group.fingerprint)
                if best is None or group.calls > best.calls:
                    fuller[group.fingerprint] = group
        kept = []
        for group in self._groups:
            other = fuller.get(group.fingerprint)
            if other is not None and other is not group and group.is_emptier_than(other):
                other.absorb(group)
            else:
                kept.append(group)
        self._groups = kept

    def statements(self) -> tuple[Statement, ...]:
        taken: dict[str, None] = {}
        ids: dict[int, str] = {}
        for group in (group for group in self._groups if group.id):
            ids[id(group)] = _free(group.id, group.fingerprint, taken)
        for group in (group for group in self._groups if not group.id):
            normalised = group.most_called.normalised
            table = _NOT_READABLE.sub("_", normalised.table.lower())[:30].strip("_")
            stem = f"{normalised.kind}-{table}" if table else normalised.kind
            ids[id(group)] = _free("", group.fingerprint, taken, stem=stem)
        return tuple(group.statement(ids[id(group)]) for group in self._groups)


def _free(wanted: str, fingerprint: str, taken: dict[str, None], *, stem: str = "") -> str:
    """The wanted id, or the stem with as much of the fingerprint as makes it unique."""
    if wanted and wanted not in taken:
        taken[wanted] = None
        return wanted
    start = stem or wanted
    for length in (_SHORT_HASH, 8, len(fingerprint)):
        candidate = f"{start}-{fingerprint[:length]}"
        if candidate not in taken:
            taken[candidate] = None
            return candidate
    number = 2
    while f"{start}-{fingerprint}-{number}" in taken:
        number += 1
    taken[f"{start}-{fingerprint}-{number}"] = None
    return f"{start}-{fingerprint}-{number}"


def summarise(skips: Mapping[str, Sequence[tuple[int, float]]], name: str) -> tuple[Skipped, ...]:
    """Skipped lines of one file, one entry for each reason: where it was met first and how often."""
    result = []
    for why, places in skips.items():
        line = places[0][0]
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        result.append(Skipped(f"{name}:{line}{more}", why, sum(calls for _, calls in places)))
    return tuple(result)


def printable(text: str, limit: int = 300) -> str:
    """Text from outside made safe to show: control and direction characters replaced, length bounded."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:limit])
