"""An expression key as the Django expression that compiles to it, with its source text.

What comes out is only a proposal: :mod:`indexical.django.declaration` compiles it and compares. So nothing here has to know
what Django makes of a function, only which one to try. See
https://docs.djangoproject.com/en/5.2/ref/models/database-functions/ and
https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/search/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import functions
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.timezone import get_current_timezone_name
from sqlglot import exp

from indexical.django.compiled import TEXTS, expression_tree, parse_condition, plain_form
from indexical.django.predicate import Inexpressible, literal_text
from indexical.django.tables import MappedTable

Type = exp.DataType.Type
_FUNCTIONS = "django.db.models.functions"
_JSON = "django.db.models.fields.json"

_SIMPLE: dict[type[exp.Expr], type[models.Func]] = {
    exp.Upper: functions.Upper,
    exp.Lower: functions.Lower,
    exp.Length: functions.Length,
    exp.Abs: functions.Abs,
    exp.Ceil: functions.Ceil,
    exp.Floor: functions.Floor,
    exp.Round: functions.Round,
    exp.Sqrt: functions.Sqrt,
    exp.Ln: functions.Ln,
    exp.Exp: functions.Exp,
    exp.Sign: functions.Sign,
    exp.Reverse: functions.Reverse,
    exp.MD5: functions.MD5,
    exp.Coalesce: functions.Coalesce,
    exp.Nullif: functions.NullIf,
    exp.Greatest: functions.Greatest,
    exp.Least: functions.Least,
    exp.Left: functions.Left,
    exp.Right: functions.Right,
    exp.Substring: functions.Substr,
    exp.Replace: functions.Replace,
}
"""Functions whose arguments Django takes in SQL's own order."""
_BARE_ARGUMENTS = frozenset({functions.Substr, functions.Left, functions.Right})
"""Those that take plain numbers where others want ``Value``."""
_TRUNCATIONS: dict[str, type[models.Func]] = {
    "YEAR": functions.TruncYear,
    "QUARTER": functions.TruncQuarter,
    "MONTH": functions.TruncMonth,
    "WEEK": functions.TruncWeek,
    "DAY": functions.TruncDay,
    "HOUR": functions.TruncHour,
    "MINUTE": functions.TruncMinute,
    "SECOND": functions.TruncSecond,
}
_PARTS: dict[str, type[models.Func]] = {
    "YEAR": functions.ExtractYear,
    "QUARTER": functions.ExtractQuarter,
    "MONTH": functions.ExtractMonth,
    "WEEK": functions.ExtractWeek,
    "DAY": functions.ExtractDay,
    "ISOYEAR": functions.ExtractIsoYear,
    "ISODOW": functions.ExtractIsoWeekDay,
    "HOUR": functions.ExtractHour,
    "MINUTE": functions.ExtractMinute,
    "SECOND": functions.ExtractSecond,
}
_OPERATORS: dict[type[exp.Expr], tuple[str, Callable[[Any, Any], Any]]] = {
    exp.Add: ("+", lambda left, right: left + right),
    exp.Sub: ("-", lambda left, right: left - right),
    exp.Mul: ("*", lambda left, right: left * right),
    exp.Div: ("/", lambda left, right: left / right),
    exp.Mod: ("%", lambda left, right: left % right),
    exp.Pow: ("**", lambda left, right: left**right),
}
_CASTS: dict[Any, Any] = {
    Type.TEXT: models.TextField,
    Type.INT: models.IntegerField,
    Type.BIGINT: models.BigIntegerField,
    Type.SMALLINT: models.SmallIntegerField,
    Type.DOUBLE: models.FloatField,
    Type.BOOLEAN: models.BooleanField,
    Type.UUID: models.UUIDField,
    Type.DATE: models.DateField,
    Type.TIME: models.TimeField,
    Type.VARCHAR: models.CharField,
    Type.DECIMAL: models.DecimalField,
}


@dataclass(frozen=True, slots=True)
class Made:
    """An expression and the source text that makes it."""

    expression: Any
    text: str
    """With ``{models}`` where the file's name for ``django.db.models`` belongs."""
    name: str = ""
    """The field's name, when the expression is nothing but a field."""

    @property
    def argument(self) -> str:
        """The text as a function's argument, where a string is a field's name."""
        return literal_text(self.name) if self.name else self.text


@dataclass(slots=True)
class Translation:
    """One key's translation: the table it is about, and what its text has to import."""

    table: MappedTable
    imports: set[tuple[str, str]] = field(default_factory=set)

    def of(self, sql: str) -> Made:
        """The expression of a key; raises :class:`Inexpressible`."""
        tree = expression_tree(sql)
        if tree is None:
            raise Inexpressible(f"the key ({sql}) cannot be read")
        return self._node(self._typed(tree, sql))

    def column(self, column: str) -> Made:
        found = self.table.field(column)
        if found is None:
            raise Inexpressible(f"{self.table.label} has no field for the column {column}")
        return Made(models.F(found.name), f"{{models}}.F({literal_text(found.name)})", found.name)

    def _typed(self, tree: exp.Expr, sql: str) -> exp.Expr:
        """The tree with the casts to text that say something: those of columns that are no text already."""
        raw = parse_condition(sql)
        dropped = [
            cast
            for cast in (raw.find_all(exp.Cast) if raw is not None else ())
            if cast.to.this in TEXTS and isinstance(cast.this.unnest(), exp.Column)
        ]
        others = {one.this.unnest().name for one in dropped} - self._texts()
        if not others:
            return tree
        return tree.transform(
            lambda node: (
                exp.cast(node.copy(), "text")
                if isinstance(node, exp.Column)
                and node.name in others
                and not isinstance(node.parent, exp.Cast)
                else node
            )
        )

    def _texts(self) -> set[str]:
        kinds = (models.CharField, models.TextField)
        return {str(f.column) for f in self.table.model._meta.local_concrete_fields if isinstance(f, kinds)}

    def _node(self, node: exp.Expr) -> Made:
        if isinstance(node, exp.Column):
            return self.column(node.name)
        if isinstance(node, exp.Literal | exp.Neg | exp.Boolean):
            value = literal(node)
            return Made(models.Value(value), f"{{models}}.Value({literal_text(value)})")
        if isinstance(node, exp.Paren):
            return self._node(node.this)
        special = self._search(node) or self._date(node) or self._json(node) or self._text_function(node)
        if special is not None:
            return special
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if type(node) in _OPERATORS and isinstance(node, exp.Binary):
            return self._arithmetic(node)
        function = _SIMPLE.get(type(node))
        if function is not None:
            return self._call(function, _arguments(node))
        if isinstance(node, exp.Anonymous):
            return self._unknown_function(node)
        raise Inexpressible(f"Django has no certain expression for the key ({node.sql(dialect='postgres')})")

    def _call(self, function: type[Any], arguments: list[exp.Expr]) -> Made:
        made, texts = [], []
        for at, argument in enumerate(arguments):
            if at and function in _BARE_ARGUMENTS and isinstance(argument, exp.Literal | exp.Neg):
                value = literal(argument)
                made.append(value)
                texts.append(literal_text(value))
                continue
            one = self._node(argument)
            made.append(one.name or one.expression)
            texts.append(one.argument)
        self._import(function)
        return Made(function(*made), f"{function.__name__}({', '.join(texts)})")

    def _import(self, kind: type[Any], module: str = _FUNCTIONS) -> None:
        self.imports.add((module, kind.__name__))

    def _unknown_function(self, node: exp.Anonymous) -> Made:
        name = str(node.this)
        parts = [self._node(argument) for argument in node.expressions]
        made = models.Func(*(one.name or one.expression for one in parts), function=name)
        words = [*(one.argument for one in parts), f"function={literal_text(name)}"]
        return Made(made, f"{{models}}.Func({', '.join(words)})")

    def _arithmetic(self, node: exp.Binary) -> Made:
        if isinstance(node, exp.Add) and (weekday := self._weekday(node)) is not None:
            return weekday
        symbol, combine = _OPERATORS[type(node)]
        left, right = self._operand(node.left), self._operand(node.right)
        return Made(combine(left[0], right[0]), f"{left[1]} {symbol} {right[1]}")

    def _operand(self, node: exp.Expr) -> tuple[Any, str]:
        if isinstance(node, exp.Literal | exp.Neg) and not (isinstance(node, exp.Literal) and node.is_string):
            value = literal(node)
            return value, literal_text(value)
        made = self._node(node)
        text = f"({made.text})" if isinstance(node, exp.Binary) and type(node) in _OPERATORS else made.text
        return made.expression, text

    def _cast(self, node: exp.Cast) -> Made:
        kind = _CASTS.get(node.to.this)
        if kind is None:
            raise Inexpressible(
                f"Django has no certain field for the cast to {node.to.sql(dialect='postgres')}"
            )
        sizes = [int(one.name) for one in node.to.expressions if one.name.isdigit()]
        names = ("max_length",) if kind is models.CharField else ("max_digits", "decimal_places")
        settings = (
            dict(zip(names, sizes, strict=False)) if kind in (models.CharField, models.DecimalField) else {}
        )
        inner = self._node(node.this)
        self._import(functions.Cast)
        words = ", ".join(f"{name}={size}" for name, size in settings.items())
        made = functions.Cast(inner.name or inner.expression, kind(**settings))
        return Made(made, f"Cast({inner.argument}, {{models}}.{kind.__name__}({words}))")

    def _date(self, node: exp.Expr) -> Made | None:
        """A truncation or a part of a date or time, in the time zone that Django puts in."""
        function: type[Any] | None = None
        operand: exp.Expr | None = None
        if isinstance(node, exp.TimestampTrunc):
            function, operand = _TRUNCATIONS.get(node.args["unit"].name.upper()), node.this
        elif isinstance(node, exp.Extract):
            function, operand = _PARTS.get(node.this.name.upper()), node.expression
            if function is functions.ExtractSecond and isinstance(operand, exp.TimestampTrunc):
                operand = operand.this
        elif isinstance(node, exp.Cast) and node.to.this in (Type.DATE, Type.TIME):
            function = functions.TruncDate if node.to.this is Type.DATE else functions.TruncTime
            operand = node.this
            if not isinstance(self._field_of(operand), models.DateTimeField):
                return None
        name = self._field_of(operand)
        if function is None or name is None:
            return None
        return self._zoned(function, name.name, operand)

    def _zoned(self, function: type[Any], name: str, operand: exp.Expr | None) -> Made:
        """In the project's own time zone, which Django puts in by itself: its migrations cannot hold another."""
        zone = _zone(operand)
        if zone and zone != get_current_timezone_name():
            raise Inexpressible(f"it is in the time zone {zone}, which is not the project's TIME_ZONE")
        self._import(function)
        return Made(function(name), f"{function.__name__}({literal_text(name)})")

    def _weekday(self, node: exp.Add) -> Made | None:
        part = node.left
        if not isinstance(part, exp.Extract) or part.this.name.upper() not in ("DOW", "DAYOFWEEK"):
            return None
        name = self._field_of(part.expression)
        if name is None or node.right.name != "1":
            return None
        return self._zoned(functions.ExtractWeekDay, name.name, part.expression)

    def _field_of(self, node: exp.Expr | None) -> models.Field[Any, Any] | None:
        while isinstance(node, exp.Paren | exp.AtTimeZone):
            node = node.this
        return self.table.field(node.name) if isinstance(node, exp.Column) else None

    def _json(self, node: exp.Expr) -> Made | None:
        if isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
            steps = [node.expression.name]
        elif isinstance(node, exp.JSONBExtract | exp.JSONBExtractScalar):
            steps = node.expression.name.strip("{}").split(",")
        else:
            return None
        inner = self._node(node.this)
        kind = (
            KeyTextTransform
            if isinstance(node, exp.JSONExtractScalar | exp.JSONBExtractScalar)
            else KeyTransform
        )
        made: Any = inner.name or inner.expression
        text = inner.argument
        for step, one in zip(steps, [*[KeyTransform] * (len(steps) - 1), kind], strict=True):
            made, text = one(step, made), f"{one.__name__}({literal_text(step)}, {text})"
            self._import(one, _JSON)
        return Made(made, text)

    def _search(self, node: exp.Expr) -> Made | None:
        """``to_tsvector`` with a constant configuration, over columns as ``SearchVector`` joins them."""
        if (
            not isinstance(node, exp.Anonymous)
            or str(node.this).lower() != "to_tsvector"
            or len(node.expressions) != 2
        ):
            return None
        config, document = (plain_form(one) for one in node.expressions)
        names = [self._searched(part) for part in _joined_by_spaces(document)]
        if not isinstance(config, exp.Literal) or not config.is_string or any(not name for name in names):
            return None
        self.imports.add(("django.contrib.postgres.search", "SearchVector"))
        words = [*(literal_text(name) for name in names), f"config={literal_text(config.name)}"]
        return Made(SearchVector(*names, config=config.name), f"SearchVector({', '.join(words)})")

    def _searched(self, node: exp.Expr) -> str:
        part = node.this if isinstance(node, exp.Coalesce) else node
        found = self.table.field(part.this.name if isinstance(part, exp.Cast) else part.name)
        return found.name if found is not None and isinstance(node, exp.Coalesce) else ""

    def _text_function(self, node: exp.Expr) -> Made | None:
        """``TRIM`` in its three kinds, and ``||`` as ``Concat`` where Django would put COALESCE round its parts."""
        if isinstance(node, exp.Trim) and node.expression is None:
            sides = {"LEADING": functions.LTrim, "TRAILING": functions.RTrim}
            return self._call(sides.get(str(node.args.get("position") or ""), functions.Trim), [node.this])
        if isinstance(node, exp.DPipe):
            parts = [_without_coalesce(part) for part in _right_nested(node)]
            return self._call(functions.Concat, parts)
        return None


def literal(node: exp.Expr) -> Any:
    """A constant as the Python value it is; raises :class:`Inexpressible`."""
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    sign = ""
    if isinstance(node, exp.Neg):
        sign, node = "-", node.this
    if not isinstance(node, exp.Literal):
        raise Inexpressible(f"{node.sql(dialect='postgres')} stands where a constant is needed")
    if node.is_string:
        return node.this
    text = f"{sign}{node.this}"
    try:
        return int(text)
    except ValueError:
        return float(text)


def _zone(node: exp.Expr | None) -> str:
    """The time zone of an ``AT TIME ZONE``; empty when there is none."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node.args["zone"].name if isinstance(node, exp.AtTimeZone) else ""


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """The arguments of a known function in the order in which SQL has them."""
    found: list[exp.Expr] = []
    for name in node.arg_types:
        value = node.args.get(name)
        if isinstance(value, exp.Expr):
            found.append(value)
        elif isinstance(value, list):
            found.extend(value)
    return found


def _joined_by_spaces(node: exp.Expr) -> list[exp.Expr]:
    """``a || ' ' || b`` as its parts; the node itself when it is anything else."""
    if not isinstance(node, exp.DPipe):
        return [node]
    left = node.left
    if isinstance(left, exp.DPipe) and isinstance(left.right, exp.Literal) and left.right.this == " ":
        return [*_joined_by_spaces(left.left), node.right]
    return [node]


def _right_nested(node: exp.Expr) -> list[exp.Expr]:
    """``a || (b || c)`` as its parts, which is how Django's ``Concat`` nests them, each inner pair in a COALESCE."""
    inner = _without_coalesce(node)
    return [inner.left, *_right_nested(inner.right)] if isinstance(inner, exp.DPipe) else [node]


def _without_coalesce(node: exp.Expr) -> exp.Expr:
    rest = node.expressions if isinstance(node, exp.Coalesce) else ()
    inner = node.this
    empty = len(rest) == 1 and isinstance(rest[0], exp.Literal) and rest[0].this == ""
    return inner if empty and isinstance(inner, exp.Expr) else node
