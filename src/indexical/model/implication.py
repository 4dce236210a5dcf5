"""When the rows of one predicate are proven to be rows of another: ``implies(p, q)``.

What PostgreSQL's own prover does for partial indexes (https://www.postgresql.org/docs/18/indexes-partial.html), on texts and
without a server. ``p`` is written as alternatives, each a conjunction; for each term of a conjunction (a column or an
expression) what is known of its value is put together: whether it is NULL, a list of values it is in, values it is not, bounds.
``q`` follows when each alternative makes it true or contradicts itself. Anything that is not understood is a condition that
only follows from itself: the answer True is a proof, False says nothing.

Predicates hold when they are true; NULL is as bad as false, which is why ``x <> 5`` also says that ``x`` is not NULL. Taken
for granted: comparison operators are strict and total orders as those of PostgreSQL's own types are, columns are of no
composite type, and a literal without a type has the type that the same literal is given elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from indexical.model.literals import FALSE, TRUE, Value, differ, is_less, literal, literals, same
from indexical.model.sqltext import normalised, spelling, split, tree

MOST_ALTERNATIVES = 64
"""A predicate with more is given up."""

_COMPLEMENT = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MATCHES = frozenset({"like", "ilike", "similar", "overlaps", "isnull", "notnull"})


@dataclass(frozen=True, slots=True)
class Atom:
    """One condition on one term."""

    term: str
    test: str
    """``in``, ``not in``, ``<``, ``<=``, ``>``, ``>=``, ``null`` or ``not null``."""
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Formula, ...]


Formula = Atom | All | Any


@lru_cache(maxsize=65536)
def implies(p: str, q: str) -> bool:
    """Whether every row for which ``p`` is true is proven to be one for which ``q`` is; an empty predicate is true of all."""
    if not q.strip() or same_text(p, q):
        return True
    wanted, alternatives = _formula_of(q), _alternatives_of(p)
    if wanted is None or alternatives is None:
        return False
    return all(state is None or _follows(wanted, state) for state in map(_known, alternatives))


@lru_cache(maxsize=16384)
def fixed_terms(p: str) -> frozenset[str]:
    """Terms, in the spelling of :mod:`indexical.model.sqltext`, that have one and the same value in all rows of the predicate."""
    alternatives = _alternatives_of(p) if p.strip() else None
    states = [state for state in map(_known, alternatives or ()) if state is not None]
    if not states:
        return frozenset()
    return frozenset(
        term
        for term, known in states[0].items()
        if known.points and all(_is_always(state.get(term), known.points[0]) for state in states)
    )


def _is_always(known: _Knowledge | None, value: Value) -> bool:
    return known is not None and bool(known.points) and all(same(p, value) for p in known.points or ())


def same_text(p: str, q: str) -> bool:
    """Whether two predicates are one but for the spelling."""
    if p == q:
        return True
    if normalised(p) != normalised(q):
        return False
    # `(x)::text = 'a'::text` compares another way than `x = 'a'::citext`, and both are spelled `x = 'a'`.
    return ("citext" in p) == ("citext" in q) or "::" not in p or "::" not in q


@lru_cache(maxsize=16384)
def _formula_of(text: str) -> Formula | None:
    items = tree(text) if text.strip() else []
    if items is None:
        return None
    try:
        return _formula(items, False) if items else All(())
    except RecursionError:
        return None


@lru_cache(maxsize=16384)
def _alternatives_of(text: str) -> tuple[tuple[Atom, ...], ...] | None:
    formula = _formula_of(text)
    return None if formula is None else _alternatives(formula)


def _formula(items: list[object], negated: bool) -> Formula:
    while len(items) == 1 and isinstance(items[0], list):
        items = items[0]
    for word in ("or", "and"):
        parts = split(items, word)
        if len(parts) > 1:
            made = tuple(_formula(part, negated) for part in parts)
            return All(made) if (word == "and") != negated else _any(made)
    if items[:1] == ["not"] and len(items) > 1:
        return _formula(items[1:], not negated)
    return _condition(items, negated)


def _any(parts: Iterable[Formula]) -> Formula:
    """Alternatives, with those that list values of one term made one list."""
    lists: dict[str, tuple[Value, ...]] = {}
    others: list[Formula] = []
    for part in parts:
        for each in part.parts if isinstance(part, Any) else (part,):
            if isinstance(each, Atom) and each.test == "in":
                lists[each.term] = (*lists.get(each.term, ()), *each.values)
            else:
                others.append(each)
    return Any((*(Atom(term, "in", values) for term, values in lists.items()), *others))


def _condition(items: list[object], negated: bool) -> Formula:
    if "is" in items:
        return _is_test(items, negated)
    if _MATCHES & set(map(_word, items)) or "case" in items:
        return _boolean(items, negated)
    for word, read in (("between", _between), ("in", _in_list)):
        if word in items:
            return read(items, items.index(word), negated) or _boolean(items, negated)
    marks = [n for n, item in enumerate(items) if _word(item) in _COMPLEMENT or item == "!="]
    if len(marks) == 1:
        return _comparison(items, marks[0], negated) or _boolean(items, negated)
    return _boolean(items, negated)


def _word(item: object) -> str:
    return item if isinstance(item, str) else ""


def _boolean(items: list[object], negated: bool) -> Formula:
    """A condition by itself: true, or with NOT before it false."""
    text = spelling(items)
    if text in ("true", "false"):
        return All(()) if (text == "true") != negated else Any(())
    return Atom(text, "in", (FALSE if negated else TRUE,))


def _is_test(items: list[object], negated: bool) -> Formula:
    """``IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM``, which are never NULL themselves."""
    at = items.index("is")
    left, rest = items[:at], [_word(item) for item in items[at + 1 :]]
    denied = rest[:1] == ["not"]
    rest, holds = rest[denied:], denied == negated
    if not left or "is" in rest:
        return _boolean(items, negated)
    if rest in (["null"], ["unknown"]):
        return Atom(spelling(left), "null" if holds else "not null")
    if rest in (["true"], ["false"]):
        if holds:
            return _formula(left, rest == ["false"])
        other = _formula(left, rest == ["true"])
        if isinstance(other, Atom) and other.values in ((TRUE,), (FALSE,)):
            return Any((other, Atom(other.term, "null")))
    if rest[:2] == ["distinct", "from"]:
        value = literal(items[at + 3 + denied :])
        if value is not None:
            term = spelling(left)
            return (
                Any((Atom(term, "not in", (value,)), Atom(term, "null")))
                if holds
                else Atom(term, "in", (value,))
            )
    return _boolean(items, negated)


def _between(items: list[object], at: int, negated: bool) -> Formula | None:
    denied = items[at - 1] == "not" if at else False
    left, rest = items[: at - denied], items[at + 1 :]
    if "and" not in rest:
        return None
    cut = rest.index("and")
    low, high = literal(rest[:cut]), literal(rest[cut + 1 :])
    if low is None or high is None or not left:
        return None
    term = spelling(left)
    if denied != negated:
        return Any((Atom(term, "<", (low,)), Atom(term, ">", (high,))))
    return All((Atom(term, ">=", (low,)), Atom(term, "<=", (high,))))


def _in_list(items: list[object], at: int, negated: bool) -> Formula | None:
    denied = items[at - 1] == "not" if at else False
    left, rest = items[: at - denied], items[at + 1 :]
    if not left or len(rest) != 1 or not isinstance(rest[0], list):
        return None
    values = literals(rest[0])
    return None if values is None else _listed(left, values, denied != negated)


def _listed(left: list[object], values: tuple[Value, ...], negated: bool) -> Formula:
    term = spelling(left)
    if all(value.kind == "boolean" for value in values) and negated:
        rest = tuple(each for each in (TRUE, FALSE) if each not in values)
        return Atom(term, "in", rest) if rest else Any(())
    return Atom(term, "not in" if negated else "in", values)


def _comparison(items: list[object], at: int, negated: bool) -> Formula | None:
    left, mark, right = items[:at], _word(items[at]), items[at + 1 :]
    mark = "<>" if mark == "!=" else mark
    if not left or not right or len(split(left, ",")) > 1 or _is_row(left):
        return None
    if right[0] in ("any", "some", "all"):
        every = right[0] == "all"
        if (mark, every) not in (("=", False), ("<>", True)) or len(right) != 2:
            return None
        values = literals(right[1]) if isinstance(right[1], list) else None
        return None if values is None else _listed(left, values, every != negated)
    value = literal(right)
    if value is None:
        turned = literal(left)
        if turned is None:
            other = spelling(right)
            if other.startswith("'("):
                return None
            value = Value("term", other)
        else:
            left, value, mark = right, turned, _MIRRORED[mark]
    if negated:
        mark = _COMPLEMENT[mark]
    if mark in ("=", "<>"):
        return _listed(left, (value,), mark == "<>")
    return Atom(spelling(left), mark, (value,))


def _is_row(items: list[object]) -> bool:
    """Whether it is a row: ``(a, b) < (1, 2)`` may be true although ``b`` is NULL."""
    return "row" in items or (
        len(items) == 1 and isinstance(items[0], list) and len(split(items[0], ",")) > 1
    )


def _alternatives(formula: Formula) -> tuple[tuple[Atom, ...], ...] | None:
    """The formula as alternatives of conjunctions; None when there would be too many."""
    if isinstance(formula, Atom):
        return ((formula,),)
    if isinstance(formula, Any):
        found: list[tuple[Atom, ...]] = []
        for part in formula.parts:
            inner = _alternatives(part)
            if inner is None or len(found) + len(inner) > MOST_ALTERNATIVES:
                return None
            found += inner
        return tuple(found)
    product: list[tuple[Atom, ...]] = [()]
    for part in formula.parts:
        inner = _alternatives(part)
        if inner is None or len(product) * len(inner) > MOST_ALTERNATIVES:
            return None
        product = [(*known, *more) for known in product for more in inner]
    return tuple(product)


@dataclass(slots=True)
class _Knowledge:
    """What a conjunction says of one term."""

    null: bool = False
    not_null: bool = False
    points: tuple[Value, ...] | None = None
    """It is one of these; None when any value may be."""
    excluded: list[Value] = field(default_factory=list)
    low: list[tuple[Value, bool]] = field(default_factory=list)
    """Bounds and whether they are excluded themselves."""
    high: list[tuple[Value, bool]] = field(default_factory=list)

    def add(self, atom: Atom) -> None:
        if atom.test == "null":
            self.null = True
            return
        self.not_null = True
        if atom.test == "in":
            known = self.points
            self.points = (
                atom.values
                if known is None
                else tuple(one for one in known if not all(differ(one, other) for other in atom.values))
            )
        elif atom.test == "not in":
            self.excluded += atom.values
        elif atom.test in ("<", "<="):
            self.high.append((atom.values[0], atom.test == "<"))
        elif atom.test in (">", ">="):
            self.low.append((atom.values[0], atom.test == ">"))

    def possible(self) -> bool:
        """Whether a value is left, as far as can be told; points that cannot be are taken out."""
        if self.null and self.not_null:
            return False
        for low, open_low in self.low:
            for high, open_high in self.high:
                if is_less(high, low) or (same(high, low) and (open_low or open_high)):
                    return False
                if same(high, low) and self.points is None:
                    self.points = (high,)
        if self.points is not None:
            self.points = tuple(point for point in self.points if self._allows(point))
            return bool(self.points)
        return True

    def _allows(self, point: Value) -> bool:
        if any(same(point, other) for other in self.excluded):
            return False
        if any(is_less(point, low) or (open_ and same(point, low)) for low, open_ in self.low):
            return False
        return not any(is_less(high, point) or (open_ and same(point, high)) for high, open_ in self.high)

    def entails(self, atom: Atom) -> bool:
        if atom.test in ("null", "not null"):
            return self.null if atom.test == "null" else self.not_null
        if not self.not_null:
            return False
        if atom.test == "in":
            return self.points is not None and all(
                any(same(point, value) for value in atom.values) for point in self.points
            )
        if atom.test == "not in":
            return all(self._is_never(value) for value in atom.values)
        return self._bounded(atom.values[0], atom.test)

    def _is_never(self, value: Value) -> bool:
        if self.points is not None and all(differ(point, value) for point in self.points):
            return True
        if any(same(value, other) for other in self.excluded):
            return True
        return self._bounded(value, "<") or self._bounded(value, ">")

    def _bounded(self, value: Value, test: str) -> bool:
        """Whether whatever the term is, it is on that side of the value."""
        below, closed = test[0] == "<", len(test) == 2

        def beyond(one: Value) -> bool:
            return is_less(one, value) if below else is_less(value, one)

        if self.points is not None and all(beyond(p) or (closed and same(p, value)) for p in self.points):
            return True
        bounds = self.high if below else self.low
        return any(beyond(bound) or (same(bound, value) and (open_ or closed)) for bound, open_ in bounds)


def _known(alternative: tuple[Atom, ...]) -> dict[str, _Knowledge] | None:
    """What the conjunction says of each term; None when nothing can satisfy it."""
    known: dict[str, _Knowledge] = {}
    for atom in alternative:
        known.setdefault(atom.term, _Knowledge()).add(atom)
    return known if all(each.possible() for each in known.values()) else None


def _follows(wanted: Formula, known: dict[str, _Knowledge]) -> bool:
    if isinstance(wanted, All):
        return all(_follows(part, known) for part in wanted.parts)
    if isinstance(wanted, Any):
        return any(_follows(part, known) for part in wanted.parts)
    return wanted.term in known and known[wanted.term].entails(wanted)
