"""Counts executions by statement: millions of them in bounded time and memory.

Reading a statement takes a hundred times as long as noticing that it looks like the one before, so texts are first compared
with their literals blanked. Only the first executions of a look, and ever fewer of the later ones, are read for their values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from indexical.errors import StatementRefused
from indexical.model import Origin, Parameters
from indexical.workload.fingerprint import Normalised, normalise
from indexical.workload.gathering import MAX_SAMPLES, Observation, arrange
from indexical.workload.logs.messages import Execution
from indexical.workload.redaction import hidden_parameters, visible
from indexical.workload.screening import Screen, unwrapped
from indexical.workload.splitting import split

MAX_STATEMENTS = 50_000
"""Distinct statements of one source; later ones are counted and left out."""
MAX_SHAPES = 16
"""Lengths of lists and the like of one statement that are told apart."""
MAX_KEY = 20_000
_LOOKS_BYTES = 48 * 1024 * 1024
_TEXT_BYTES = 192 * 1024 * 1024
_READ_FULLY = 8
TOO_MANY = f"more than {MAX_STATEMENTS} distinct statements; the first ones met are examined"
_LITERAL = re.compile(r"""'(?:[^']|'')*'|(?<![\w$.])[0-9]+(?:\.[0-9]+)?(?![\w.])""")
_STRING = re.compile(r"'(?:[^']|'')*'")
_DOLLAR = re.compile(r"\$(?![0-9])")
_SHAPING_NUMBERS = (
    re.compile(r"by\s+(?:[^()]*?,\s*)?[0-9]+\s*(?:,|\)|\Z|[a-z])"),
    re.compile(r"::\s*[a-z_][\w ]*\("),
    re.compile(r"as\s+[a-z_][\w ]*\(\s*[0-9]"),
)
"""Positions in ORDER BY and GROUP BY, and modifiers of types; each begins with plain letters, so that the search is quick."""
_PARAMETER = re.compile(r"\$([0-9]{1,5}) = (?:(NULL)|'((?:[^']|'')*)')(?:, |\Z)")


@dataclass(slots=True)
class _Counted:
    normalised: Normalised
    hidden: frozenset[int]
    calls: float = 0.0
    total_ms: float = 0.0
    samples: dict[Parameters, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Look:
    """What texts that differ only in simple literals have come to."""

    counted: _Counted | None
    why: str = ""
    seen: int = 0


@dataclass(slots=True)
class Tally:
    """Adds executions up; ``source`` is the name to show."""

    source: str
    screen: Screen = field(default_factory=Screen)
    skips: dict[str, list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))
    """For each reason the first place and the number of calls."""
    _counted: dict[tuple[str, str], _Counted] = field(default_factory=dict)
    _shapes: dict[str, int] = field(default_factory=dict)
    _first_shape: dict[str, _Counted] = field(default_factory=dict)
    _looks: dict[str, _Look] = field(default_factory=dict)
    _looks_size: int = 0
    _text_size: int = 0

    def add(self, run: Execution, place: str) -> None:
        text = run.text.strip()
        if ";" not in text[:-1]:
            self._one(run, text, place, run.calls, run.milliseconds)
            return
        pieces = [piece for piece in split(text) if piece.text]
        if len(pieces) < 2:
            self._one(run, text, place, run.calls, run.milliseconds)
            return
        # One message for several statements: each ran once, and how they share the time is unknown.
        for piece in pieces:
            self._one(run, piece.text, place, run.calls, run.milliseconds / len(pieces))

    def skip(self, why: str, place: str, calls: float = 0.0) -> None:
        found = self.skips[why]
        if found:
            found[0] = (found[0][0], found[0][1] + calls)
            found[1:] = [("", (found[1][1] if len(found) > 1 else 0) + 1)]
        else:
            found.append((place, calls))

    def observations(self) -> tuple[Observation, ...]:
        return tuple(
            Observation(
                normalised=counted.normalised,
                calls=counted.calls,
                total_ms=counted.total_ms,
                types=counted.normalised.types,
                samples=tuple(counted.samples),
                weights=tuple(counted.samples.values()),
                origin=Origin(source=self.source),
            )
            for counted in self._counted.values()
        )

    def _one(self, run: Execution, text: str, place: str, calls: float, milliseconds: float) -> None:
        # A text without literals is its own look.
        key, look = text, self._looks.get(text)
        if look is None:
            key = _look(text)
            look = self._looks.get(key) if key else None
        normalised = None
        if look is None:
            look, normalised = self._first(run, text)
            if key:
                self._remember(key, look)
        look.seen += 1
        if look.counted is None:
            self.skip(look.why, place, calls)
            return
        look.counted.calls += calls
        look.counted.total_ms += milliseconds
        stride = _stride(look.seen)
        if stride:
            self._sample(look.counted, run, normalised or text, stride)

    def _first(self, run: Execution, text: str) -> tuple[_Look, Normalised | None]:
        try:
            normalised = self.screen.normalise(text)
        except StatementRefused as error:
            return _Look(None, str(error)), None
        key = (normalised.exact, normalised.shape)
        counted = self._counted.get(key)
        if counted is None:
            shapes = self._shapes.get(normalised.exact, 0)
            if shapes >= MAX_SHAPES:
                return _Look(self._first_shape[normalised.exact]), normalised
            if len(self._counted) >= MAX_STATEMENTS or self._text_size > _TEXT_BYTES:
                return _Look(None, TOO_MANY), None
            hidden = hidden_parameters(
                normalised.sql, normalised.kind, len(normalised.values), everything=self.screen.redact
            )
            counted = self._counted[key] = _Counted(normalised, hidden)
            self._shapes[normalised.exact] = shapes + 1
            self._first_shape.setdefault(normalised.exact, counted)
            self._text_size += len(normalised.sql) * 4
        return _Look(counted), normalised

    def _remember(self, key: str, look: _Look) -> None:
        if self._looks_size > _LOOKS_BYTES:
            self._looks.clear()
            self._looks_size = 0
        self._looks[key] = look
        self._looks_size += len(key) + 200

    def _sample(self, counted: _Counted, run: Execution, seen: Normalised | str, weight: float) -> None:
        if not counted.normalised.values or len(counted.hidden) == len(counted.normalised.values):
            return
        if isinstance(seen, str):
            try:
                # The screen passed the first of this look; what is personal in a value is not kept whatever the text.
                seen = normalise(unwrapped(seen), everywhere=self.screen.redact)
            except StatementRefused:
                return
        if seen.shape == counted.normalised.shape:
            _keep(counted, seen, run, weight)


def _keep(counted: _Counted, normalised: Normalised, run: Execution, weight: float) -> None:
    if not normalised.values:
        return
    given = parameters(run.parameters, max(normalised.numbers, default=0))
    sample = visible(arrange(normalised, given), counted.hidden)
    if all(value is None for value in sample):
        return
    if sample in counted.samples:
        counted.samples[sample] += weight
    elif len(counted.samples) < 4 * MAX_SAMPLES:
        counted.samples[sample] = weight


def _look(text: str) -> str:
    """The text with its literals blanked; empty when that is not certain to keep apart what has to be kept apart."""
    if len(text) > MAX_KEY or "\\" in text or "--" in text or "/*" in text or "&" in text:
        return ""
    if "$" in text and _DOLLAR.search(text):
        return ""
    if '"' in text and not all(name.isidentifier() for name in text.split('"')[1::2]):
        # A name with a quote or a number of its own, or a string with a double quote.
        return ""
    lower = text.lower()
    shaping = any(pattern.search(lower) for pattern in _SHAPING_NUMBERS)
    pattern = _STRING if shaping else _LITERAL
    # Constants of a select list are part of the statement.
    end = lower.find("from") if lower[:1] in "sw(" and len(lower) == len(text) else -1
    if end < 0:
        return pattern.sub("?", text)
    return text[:end] + pattern.sub("?", text[end:])


def _stride(seen: int) -> int:
    """For how many executions this one stands: the first each for themselves, then four of every doubling; 0 is not read."""
    if seen <= _READ_FULLY:
        return 1
    step = 1 << (seen.bit_length() - 3)
    return step if seen % step == 0 else 0


def parameters(text: str, needed: int) -> Parameters:
    """Values from ``$1 = '5', $2 = NULL``, padded with None to the number needed; what was cut off counts as unknown."""
    values: list[str | None] = [None] * needed
    if text:
        for found in _PARAMETER.finditer(text):
            number, value = int(found[1]), found[3]
            if number <= needed and value is not None and not value.endswith("..."):
                values[number - 1] = value.replace("''", "'")
    return tuple(values)
