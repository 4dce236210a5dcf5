"""A partial index's predicate as Django's ``Q``, for the conditions whose meaning survives the way there and back.

Grammar: AND, OR and NOT over ``column = literal``, ``column IN (literals)``, comparisons with constants and with other
columns, ``LIKE`` with one fixed part, a boolean column, and ``IS [NOT] NULL``. See https://docs.djangoproject.com/en/5.2/ref/models/indexes/#condition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import models
from sqlglot import exp

from indexical.django.compiled import conjuncts, parse_condition
from indexical.django.tables import MappedTable

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "",
    exp.GT: "__gt",
    exp.GTE: "__gte",
    exp.LT: "__lt",
    exp.LTE: "__lte",
}
_MIRRORED = {"": "", "__gt": "__lt", "__gte": "__lte", "__lt": "__gt", "__lte": "__gte"}
_OFFSET = re.compile(r"[+-]\d\d:\d\d$")
"""At the end of a point in time that means the same whatever the session's time zone is."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[%_]")
_PLAIN_VALUES = (
    models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DecimalField,
    models.UUIDField, models.DateField, models.GenericIPAddressField, models.FloatField,
)  # fmt: skip


class Inexpressible(ValueError):
    """A structure that no declaration of ours says; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One keyword of a ``Q``, or its negation."""

    lookup: str
    value: Any
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, each of them conditions that hold together; or none of these, when it is negated."""

    alternatives: tuple[tuple[Part, ...], ...]
    negated: bool = False


Part: TypeAlias = "Condition | Either"


def read_conditions(predicate: str, table: MappedTable) -> tuple[Part, ...]:
    """The predicate's conjuncts in their own order; raises :class:`Inexpressible`."""
    if not predicate:
        return ()
    tree = parse_condition(predicate)
    if tree is None:
        raise Inexpressible(f"its predicate cannot be read: {predicate}")
    return tuple(_condition(part, table) for part in conjuncts(tree))


def build_q(parts: Sequence[Part]) -> models.Q | None:
    """The ``Q`` object; None when there is nothing to say."""
    plain = [part for part in parts if isinstance(part, Condition) and not part.negated]
    if _repeats(plain):
        pieces = [models.Q(**{part.lookup: part.value}) for part in plain]
    else:
        pieces = [models.Q(**{part.lookup: part.value for part in plain})] if plain else []
    pieces.extend(_other_q(part) for part in parts if part not in plain)
    if not pieces:
        return None
    return reduce(and_, pieces)


def _other_q(part: Part) -> models.Q:
    if isinstance(part, Condition):
        return ~models.Q(**{part.lookup: part.value})
    alternatives = [q for each in part.alternatives if (q := build_q(each)) is not None]
    whole = reduce(or_, alternatives)
    return ~whole if part.negated else whole


def q_text(parts: Sequence[Part], models_name: str) -> str:
    """The same as source text: ``models.Q(is_paid=True, status="NEW")``."""
    plain = sorted(
        (part for part in parts if isinstance(part, Condition) and not part.negated), key=lambda c: c.lookup
    )
    if _repeats(plain):
        pieces = [f"{models_name}.Q({_keyword(part, models_name)})" for part in plain]
    else:
        words = ", ".join(_keyword(part, models_name) for part in plain)
        pieces = [f"{models_name}.Q({words})"] if plain else []
    pieces.extend(_other_text(part, models_name, len(parts) == 1) for part in parts if part not in plain)
    return " & ".join(pieces)


def _other_text(part: Part, models_name: str, alone: bool) -> str:
    if isinstance(part, Condition):
        return f"~{models_name}.Q({_keyword(part, models_name)})"
    text = " | ".join(
        f"({one})" if " & " in one else one
        for one in (q_text(each, models_name) for each in part.alternatives)
    )
    if part.negated:
        return f"~{text}" if re.fullmatch(r"[\w.{}]+\([^()]*\)", text) else f"~({text})"
    return text if alone else f"({text})"


def literal_text(value: object) -> str:
    """A value as Python source, with double quotes as Django's own style has them."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal_text(item) for item in value)}]"
    return repr(value)


def _quoted(text: str) -> str:
    plain = repr(text)
    if plain.startswith("'") and '"' not in plain:
        return f'"{plain[1:-1]}"'.replace("\\'", "'")
    return plain


def _keyword(condition: Condition, models_name: str) -> str:
    value = condition.value
    text = (
        f"{models_name}.F({literal_text(value.name)})" if isinstance(value, models.F) else literal_text(value)  # type: ignore[attr-defined]
    )
    return f"{condition.lookup}={text}"


def _repeats(conditions: Sequence[Condition]) -> bool:
    return len({c.lookup for c in conditions}) < len(conditions)


def _condition(node: exp.Expr, table: MappedTable) -> Part:
    if isinstance(node, exp.Column):
        return Condition(_boolean(node, table), True)
    if isinstance(node, exp.Not):
        return _negation(node.this, table)
    if isinstance(node, exp.Or):
        sides = (_alternatives(node.left, table), _alternatives(node.right, table))
        return Either((*sides[0], *sides[1]))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return Condition(f"{_field(node.this, table).name}__isnull", True)
    if isinstance(node, exp.In) and node.expressions:
        field = _field(node.this, table)
        return Condition(f"{field.name}__in", [_value(item, field) for item in node.expressions])
    if isinstance(node, exp.NEQ):
        return _unequal(node.left, node.right, table)
    if isinstance(node, exp.Like):
        return _like(node, table)
    for kind, suffix in _COMPARISONS.items():
        if isinstance(node, kind) and isinstance(node, exp.Binary):
            return _comparison(node, suffix, table)
    raise _unsaid(node)


def _unsaid(node: exp.Expr) -> Inexpressible:
    return Inexpressible(
        f"its predicate has a condition that Q() does not say: {node.sql(dialect='postgres')}"
    )


def _alternatives(node: exp.Expr, table: MappedTable) -> tuple[tuple[Part, ...], ...]:
    if isinstance(node, exp.Or):
        return (*_alternatives(node.left, table), *_alternatives(node.right, table))
    return (tuple(_condition(part, table) for part in conjuncts(node)),)


def _negation(inner: exp.Expr, table: MappedTable) -> Part:
    if isinstance(inner, exp.Column):
        return Condition(_boolean(inner, table), False)
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return Condition(f"{_field(inner.this, table).name}__isnull", False)
    if isinstance(inner, exp.EQ):
        return _unequal(inner.left, inner.right, table)
    parts = [_condition(part, table) for part in conjuncts(inner)]
    guarded = _without_guard(parts)
    if guarded is not None:
        return guarded
    if len(parts) == 1 and isinstance(parts[0], Either):
        return Either(parts[0].alternatives, not parts[0].negated)
    if len(parts) == 1 and isinstance(parts[0], Condition) and not parts[0].negated:
        return Condition(parts[0].lookup, parts[0].value, negated=True)
    return Either((tuple(parts),), negated=True)


def _without_guard(parts: Sequence[Part]) -> Condition | None:
    """``NOT (x = 1 AND x IS NOT NULL)``, which is how Django writes ``~Q(x=1)`` for a column that may be null."""
    if len(parts) != 2:
        return None
    first, guard = parts
    if not isinstance(first, Condition) or not isinstance(guard, Condition) or first.negated:
        return None
    name = first.lookup.partition("__")[0]
    if guard.lookup == f"{name}__isnull" and guard.value is False and not guard.negated:
        return Condition(first.lookup, first.value, negated=True)
    return None


def _unequal(left: exp.Expr, right: exp.Expr, table: MappedTable) -> Condition:
    field = _field(left, table)
    if field.null:
        raise Inexpressible(
            f"its predicate compares the nullable column {field.column} with <>, "
            "for which Django adds IS NOT NULL"
        )
    return Condition(field.name, _value(right, field), negated=True)


def _comparison(node: exp.Binary, suffix: str, table: MappedTable) -> Condition:
    left, right = node.left, node.right
    if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
        left, right, suffix = right, left, _MIRRORED[suffix]
    field = _field(left, table)
    if isinstance(right, exp.Column):
        return Condition(f"{field.name}{suffix or '__exact'}", models.F(_field(right, table).name))
    return Condition(f"{field.name}{suffix}", _value(right, field))


def _like(node: exp.Like, table: MappedTable) -> Condition:
    """``LIKE`` with one fixed part: what ``startswith``, ``endswith`` and ``contains`` write."""
    field = _field(node.this, table)
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or not isinstance(field, models.CharField | models.TextField):
        raise _unsaid(node)
    text = pattern.name
    before, after = text.startswith("%"), text.endswith("%") and not text.endswith("\\%")
    fixed = text[before : len(text) - after]
    if not fixed or not (before or after) or _WILD.search(fixed):
        raise _unsaid(node)
    lookup = "contains" if before and after else "endswith" if before else "startswith"
    return Condition(f"{field.name}__{lookup}", _ESCAPED.sub(r"\1", fixed))


def _boolean(node: exp.Expr, table: MappedTable) -> str:
    field = _field(node, table)
    if not isinstance(field, models.BooleanField):
        raise Inexpressible(f"its predicate uses {field.column} as a condition, which is no BooleanField")
    return field.name


def _field(node: exp.Expr, table: MappedTable) -> models.Field[Any, Any]:
    field = table.field(node.name) if isinstance(node, exp.Column) else None
    if field is None:
        raise Inexpressible(
            f"its predicate is about {node.sql(dialect='postgres')}, which is no field of {table.label}"
        )
    return field


def _value(node: exp.Expr, field: models.Field[Any, Any]) -> Any:
    """The literal as a Python value of the field that source text can repeat."""
    kind = field
    while kind.is_relation and kind.remote_field is not None:
        kind = kind.target_field  # type: ignore[attr-defined]
    raw = _raw(node)
    by_session = isinstance(kind, models.DateTimeField) and not _OFFSET.search(str(raw))
    if not isinstance(kind, _PLAIN_VALUES) or by_session:
        raise Inexpressible(
            f"its predicate compares {field.column}, a {type(field).__name__}, with a constant: write the condition by hand"
        )
    if isinstance(kind, models.BooleanField | models.IntegerField | models.FloatField):
        try:
            return kind.to_python(raw)
        except ValidationError:
            raise Inexpressible(
                f"its predicate's value for {field.column} is no {type(kind).__name__}"
            ) from None
    return str(raw)


def _raw(node: exp.Expr) -> str | bool:
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    sign = ""
    if isinstance(node, exp.Neg):
        sign, node = "-", node.this
    if not isinstance(node, exp.Literal):
        raise Inexpressible(f"its predicate has {node.sql(dialect='postgres')} where a constant is needed")
    return f"{sign}{node.this}"
