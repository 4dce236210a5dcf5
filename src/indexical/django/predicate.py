"""A partial index's predicate as Django's ``Q``, for the conditions whose meaning survives the way there and back.

Grammar: an AND of ``column = literal``, ``column IN (literals)``, comparisons, a boolean column alone or under NOT, and
``IS [NOT] NULL``. See https://docs.djangoproject.com/en/5.2/ref/models/indexes/#condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
_PLAIN_VALUES = (
    models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DecimalField,
    models.UUIDField, models.DateField, models.GenericIPAddressField,
)  # fmt: skip


class Inexpressible(ValueError):
    """A structure that no declaration of ours says; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One keyword of a ``Q``, or its negation."""

    lookup: str
    value: Any
    negated: bool = False


def read_conditions(predicate: str, table: MappedTable) -> tuple[Condition, ...]:
    """The predicate's conjuncts in their own order; raises :class:`Inexpressible`."""
    if not predicate:
        return ()
    tree = parse_condition(predicate)
    if tree is None:
        raise Inexpressible(f"its predicate cannot be read: {predicate}")
    return tuple(_condition(part, table) for part in conjuncts(tree))


def build_q(conditions: tuple[Condition, ...]) -> models.Q | None:
    """The ``Q`` object; None when there is nothing to say."""
    plain = [c for c in conditions if not c.negated]
    pieces = [~models.Q(**{c.lookup: c.value}) for c in conditions if c.negated]
    if not _repeats(plain):
        pieces = [models.Q(**{c.lookup: c.value for c in plain}), *pieces] if plain else pieces
    else:
        pieces = [*(models.Q(**{c.lookup: c.value}) for c in plain), *pieces]
    if not pieces:
        return None
    whole = pieces[0]
    for piece in pieces[1:]:
        whole &= piece
    return whole


def q_text(conditions: tuple[Condition, ...], models_name: str) -> str:
    """The same as source text: ``models.Q(is_paid=True, status="NEW")``."""
    plain = sorted((c for c in conditions if not c.negated), key=lambda c: c.lookup)
    negated = [f"~{models_name}.Q({_keyword(c)})" for c in conditions if c.negated]
    if _repeats(plain):
        positive = [f"{models_name}.Q({_keyword(c)})" for c in plain]
    else:
        positive = [f"{models_name}.Q({', '.join(_keyword(c) for c in plain)})"] if plain else []
    return " & ".join([*positive, *negated])


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


def _keyword(condition: Condition) -> str:
    return f"{condition.lookup}={literal_text(condition.value)}"


def _repeats(conditions: list[Condition]) -> bool:
    return len({c.lookup for c in conditions}) < len(conditions)


def _condition(node: exp.Expr, table: MappedTable) -> Condition:
    if isinstance(node, exp.Column):
        return Condition(_boolean(node, table), True)
    if isinstance(node, exp.Not):
        return _negation(node, table)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return Condition(f"{_field(node.this, table).name}__isnull", True)
    if isinstance(node, exp.In) and node.expressions:
        field = _field(node.this, table)
        return Condition(f"{field.name}__in", [_value(item, field) for item in node.expressions])
    if isinstance(node, exp.NEQ):
        return _unequal(node.left, node.right, table)
    for kind, suffix in _COMPARISONS.items():
        if isinstance(node, kind) and isinstance(node, exp.Binary):
            return _comparison(node, suffix, table)
    raise Inexpressible(
        f"its predicate has a condition that Q() does not say: {node.sql(dialect='postgres')}"
    )


def _negation(node: exp.Not, table: MappedTable) -> Condition:
    inner = node.this
    if isinstance(inner, exp.Column):
        return Condition(_boolean(inner, table), False)
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return Condition(f"{_field(inner.this, table).name}__isnull", False)
    if isinstance(inner, exp.EQ):
        return _unequal(inner.left, inner.right, table)
    raise Inexpressible(
        f"its predicate has a condition that Q() does not say: {node.sql(dialect='postgres')}"
    )


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
    return Condition(f"{field.name}{suffix}", _value(right, field))


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
    if not isinstance(kind, _PLAIN_VALUES) or isinstance(kind, models.DateTimeField):
        raise Inexpressible(
            f"its predicate compares {field.column}, a {type(field).__name__}, with a constant: write the condition by hand"
        )
    if isinstance(kind, models.BooleanField | models.IntegerField):
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
