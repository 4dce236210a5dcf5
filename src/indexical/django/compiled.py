"""What Django's schema editor makes of a declaration, read back as an :class:`Index`.

Django compiles an index to SQL and PostgreSQL prints an index in its own words; both are brought to one canonical form
here, so that "the same index" is decided by structure. See
https://docs.djangoproject.com/en/5.2/ref/schema-editor/ and
https://www.postgresql.org/docs/18/functions-info.html (``pg_get_indexdef``, ``pg_get_expr``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Index, Key

TEXTS = frozenset({exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.BPCHAR})
_INSTANTS = frozenset({exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMP})
_NUMBERS = frozenset({*exp.DataType.INTEGER_TYPES, *exp.DataType.REAL_TYPES})
_WORD = re.compile(r"(?!null\Z)\w+", re.IGNORECASE)
"""A step of a path that an array's text form needs no quotes for."""
_TEXT_ALREADY = (exp.Column, exp.JSONExtractScalar, exp.JSONBExtractScalar)
"""What a cast to text usually only repeats the type of."""
_MIRRORED: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


def read_index(sql: str, *, schema: str = "") -> tuple[str, Index]:
    """Name and canonical structure of a ``CREATE INDEX``.

    ``schema`` is used where the statement names none. Raises :class:`ValueError` when the text is anything else.
    """
    index, unique = _create_index(sql)
    table = index.args["table"]
    parameters = index.args["params"]
    where = parameters.args.get("where")
    using = parameters.args.get("using")
    structure = Index(
        schema=table.db or schema,
        table=table.name,
        keys=tuple(_key(column) for column in parameters.args["columns"]),
        method=using.name.lower() if using is not None else "btree",
        include=tuple(column.name for column in parameters.args.get("include") or ()),
        predicate=_predicate_text(where.this) if where is not None else "",
        unique=unique,
    )
    return index.name, structure


def read_options(sql: str) -> tuple[tuple[str, str], ...]:
    """The storage parameters of a ``CREATE INDEX``, sorted by name; raises :class:`ValueError` as :func:`read_index` does."""
    index, _ = _create_index(sql)
    found = index.args["params"].args.get("with_storage") or ()
    return tuple(
        sorted((one.this.name.lower(), option_value(one.args["value"].sql().strip("'"))) for one in found)
    )


def _create_index(sql: str) -> tuple[exp.Index, bool]:
    """The index of a ``CREATE INDEX``, and whether it is unique."""
    try:
        statement = sqlglot.parse_one(sql, read="postgres")
    except SqlglotError as error:
        raise ValueError("not a CREATE INDEX that can be read") from error
    index = statement.this if isinstance(statement, exp.Create) else None
    if not isinstance(index, exp.Index):
        raise ValueError("not a CREATE INDEX that can be read")
    return index, bool(statement.args.get("unique"))


def option_value(text: str) -> str:
    """A storage parameter's value, with PostgreSQL's several words for true and false as one."""
    lowered = text.lower()
    if lowered in {"on", "true", "yes"}:
        return "on"
    return "off" if lowered in {"off", "false", "no"} else lowered


def canonical(index: Index) -> Index:
    """The index with its expressions and its predicate in the canonical form."""
    if not index.predicate and all(key.column for key in index.keys):
        return index
    keys = tuple(_canonical_key(key) for key in index.keys)
    return replace(index, keys=keys, predicate=canonical_predicate(index.predicate))


def same(one: Index, other: Index) -> bool:
    """Whether two indexes are one structure, whatever schema they are in and however their SQL is worded."""
    return _comparable(one) == _comparable(other)


@lru_cache(maxsize=4096)
def canonical_predicate(predicate: str) -> str:
    """A predicate with its conjuncts sorted and without the casts and parentheses PostgreSQL adds when it prints one."""
    if not predicate:
        return ""
    condition = parse_condition(predicate)
    return predicate.strip() if condition is None else _predicate_text(condition)


def parse_condition(sql: str) -> exp.Expr | None:
    """A boolean SQL expression as a tree, or None when it cannot be read."""
    try:
        statement = sqlglot.parse_one(f"SELECT 1 WHERE {sql}", read="postgres")
    except SqlglotError:
        return None
    where = statement.args.get("where")
    return where.this if isinstance(where, exp.Where) else None


def conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    """The conditions that an AND holds together, parentheses and printed casts removed."""
    plain = plain_form(condition)
    if isinstance(plain, exp.And):
        return [*conjuncts(plain.left), *conjuncts(plain.right)]
    if isinstance(plain, exp.Between) and not plain.args.get("symmetric"):
        low, high = plain.args["low"], plain.args["high"]
        return [exp.GTE(this=plain.this, expression=low), exp.LTE(this=plain.this.copy(), expression=high)]
    return [plain]


def plain_form(node: exp.Expr) -> exp.Expr:
    """The same condition without parentheses and without casts that only repeat a text's type."""
    return _rebuilt(node.copy())


def _rebuilt(node: exp.Expr) -> exp.Expr:
    plain = _plain(node)
    for name, value in list(plain.args.items()):
        if isinstance(value, exp.Expr):
            plain.set(name, _rebuilt(value))
        elif isinstance(value, list):
            plain.set(name, [_rebuilt(item) if isinstance(item, exp.Expr) else item for item in value])
    return plain


def _plain(node: exp.Expr) -> exp.Expr:
    node = _unwrapped(node)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return exp.Literal(this=f"-{node.this.this}", is_string=False)
    mirrored = _MIRRORED.get(type(node))
    if mirrored is not None and isinstance(node, exp.Binary):
        left, right = _unwrapped(node.left), _unwrapped(node.right)
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            return mirrored(this=right, expression=left)
    if isinstance(node, exp.ByteString):
        # PostgreSQL's E'...', which is how the driver quotes a backslash.
        return exp.Literal(this=node.this, is_string=True)
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(node.name, quoted=True)
    return _plain_operation(node)


def _plain_operation(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        return _in_list(node)
    if isinstance(node, exp.NEQ) and (
        isinstance(node.expression, exp.All)
        or (isinstance(node.expression, exp.Anonymous) and node.expression.name.upper() == "ALL")
    ):
        listed = _in_list(node)
        return exp.Not(this=listed) if isinstance(listed, exp.In) else node
    if isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
        return _json_key(node)
    if isinstance(node, exp.JSONBExtract | exp.JSONBExtractScalar):
        return type(node)(this=node.this, expression=_json_path(node.expression))
    if isinstance(node, exp.TimestampTrunc | exp.Extract):
        return _with_unit(node)
    if (
        isinstance(node, exp.Not)
        and isinstance(inner := _unwrapped(node.this), exp.EQ)
        and not isinstance(inner.expression, exp.Any | exp.All)
    ):
        # Equal under three-valued logic, and the planner makes the same of both.
        return exp.NEQ(this=inner.left, expression=inner.right)
    if isinstance(node, exp.Is) and node.args.get("negate"):
        return exp.Not(this=exp.Is(this=node.this, expression=node.expression))
    return node


def _json_key(node: exp.Expr) -> exp.Expr:
    """``data -> 'k'`` with the key as the plain literal it is, however the parser took it for a path."""
    path = node.expression
    step = path.expressions[1] if isinstance(path, exp.JSONPath) and len(path.expressions) == 2 else None
    if isinstance(step, exp.JSONPathKey | exp.JSONPathSubscript):
        literal = exp.Literal(this=str(step.this), is_string=isinstance(step, exp.JSONPathKey))
        return type(node)(this=node.this, expression=literal)
    return node


def _json_path(path: exp.Expr) -> exp.Expr:
    """A path of plain words as ``'{a,b}'``, also when it is written as an array."""
    plain = path
    while isinstance(plain, exp.Paren | exp.Cast):
        plain = plain.this
    if not isinstance(plain, exp.Array):
        return path
    steps = [_unwrapped(step) for step in plain.expressions]
    if not all(isinstance(step, exp.Literal) and _WORD.fullmatch(step.this) for step in steps):
        return path
    return exp.Literal(this="{" + ",".join(step.name for step in steps) + "}", is_string=True)


def _with_unit(node: exp.Expr) -> exp.Expr:
    """``date_trunc`` and ``EXTRACT`` with the unit as one word in one case."""
    name = "unit" if isinstance(node, exp.TimestampTrunc) else "this"
    unit = node.args[name]
    while isinstance(unit, exp.Cast | exp.Paren):
        unit = unit.this
    node.set(name, exp.Var(this=unit.name.upper()))
    return node


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """The node without the parentheses and casts around it that PostgreSQL prints and nobody wrote."""
    while isinstance(node, exp.Paren | exp.Cast):
        inner = node.this
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if isinstance(node, exp.Cast):
            if isinstance(inner, exp.Literal) and inner.is_string and node.to.this in _NUMBERS:
                return exp.Literal(this=inner.this, is_string=False)
            if isinstance(inner, exp.Literal) and inner.is_string and node.to.this in _INSTANTS:
                return exp.Literal(this=_instant(inner.this), is_string=True)
            texts = isinstance(inner, _TEXT_ALREADY) and node.to.this in TEXTS
            if not isinstance(inner, exp.Literal | exp.Neg) and not texts:
                return node
        node = inner
    return node


def _instant(text: str) -> str:
    """A point in time in one spelling; as it stands when it names no offset, for then the session's zone decides."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo is None else moment.astimezone(UTC).isoformat(sep=" ")


def _in_list(node: exp.EQ | exp.NEQ) -> exp.Expr:
    values = node.expression
    # The parser takes ANY for an operator, and ALL before a cast for a function.
    values = values.expressions[0] if isinstance(values, exp.Anonymous) else values.this
    while isinstance(values, exp.Paren | exp.Cast | exp.Tuple):
        values = values.expressions[0] if isinstance(values, exp.Tuple) else values.this
    if not isinstance(values, exp.Array):
        return node
    return exp.In(this=node.this, expressions=list(values.expressions))


def _predicate_text(condition: exp.Expr) -> str:
    parts = [_in_order(part) for part in conjuncts(condition)]
    if len(parts) > 1:
        parts = [exp.Paren(this=part) if isinstance(part, exp.Connector) else part for part in parts]
    return " AND ".join(sorted(_text(part) for part in parts))


def _in_order(node: exp.Expr) -> exp.Expr:
    """The same condition with the operands of every AND and OR in one order, which means the same."""
    if not isinstance(node, exp.And | exp.Or):
        if isinstance(node, exp.Not):
            return exp.Not(this=_in_order(node.this))
        return node
    kind = type(node)
    operands = sorted((_in_order(one) for one in node.flatten()), key=_text)
    whole = operands[0]
    for operand in operands[1:]:
        whole = kind(this=whole, expression=operand)
    return whole


def _text(plain: exp.Expr) -> str:
    """The SQL of a plain form, with parentheses round every operand that is an operation itself."""
    return _parenthesised(plain.copy()).sql(dialect="postgres")


def _parenthesised(node: exp.Expr) -> exp.Expr:
    for name, value in list(node.args.items()):
        if isinstance(value, exp.Expr):
            operand = _parenthesised(value)
            node.set(name, exp.Paren(this=operand) if _needs_parentheses(operand, node) else operand)
        elif isinstance(value, list):
            node.set(name, [_parenthesised(item) if isinstance(item, exp.Expr) else item for item in value])
    return node


def _needs_parentheses(operand: exp.Expr, parent: exp.Expr) -> bool:
    if isinstance(parent, exp.Not):
        return isinstance(operand, exp.Connector)
    if not isinstance(parent, exp.Binary | exp.Neg | exp.In | exp.Between) or isinstance(operand, exp.Dot):
        return False
    return isinstance(operand, exp.Binary | exp.Not | exp.In | exp.Between)


def _key(ordered: exp.Expr) -> Key:
    node: exp.Expr = ordered.this
    opclass = collation = ""
    if isinstance(node, exp.Opclass):
        opclass = _opclass(node.expression)
        node = node.this
    while isinstance(node, exp.Paren | exp.Collate):
        # PostgreSQL takes the outermost COLLATE for the key's own, within parentheses or without.
        if isinstance(node, exp.Collate):
            collation = collation or _dotted(node.expression)
        node = node.this
    descending = bool(ordered.args.get("desc"))
    nulls_first = bool(ordered.args.get("nulls_first"))
    node = _key_form(node)
    if isinstance(node, exp.Column):
        return Key(node.name, "", opclass, collation, descending, nulls_first)
    return Key("", _text(node), opclass, collation, descending, nulls_first)


def _key_form(node: exp.Expr) -> exp.Expr:
    """A key's plain form. A cast that is the whole key stays: of a number it is another key than the column."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Cast) and not isinstance(node.this, exp.Literal):
        return exp.Cast(this=plain_form(node.this), to=node.to.copy())
    return plain_form(node)


def _dotted(name: exp.Expr) -> str:
    """The name of a collation or an operator class without quotes; ``Identifier``, ``Column`` and ``Table`` all occur."""
    if isinstance(name, exp.Identifier):
        return name.name
    return ".".join(part.name for part in getattr(name, "parts", ()) or [name] if part.name)


def _opclass(node: exp.Expr) -> str:
    """An operator class with its parameters as PostgreSQL prints them: ``gist_trgm_ops (siglen='32')``."""
    call = node.this if isinstance(node, exp.Table) else node
    if not isinstance(call, exp.Anonymous):
        return _dotted(node)
    schema = f"{node.db}." if isinstance(node, exp.Table) and node.db else ""
    settings = ", ".join(f"{one.this.name}='{one.expression.name}'" for one in call.expressions)
    return f"{schema}{call.name} ({settings})"


def _canonical_key(key: Key) -> Key:
    if key.column:
        return key
    condition = parse_condition(key.expression)
    if condition is None:
        return key
    read = _key(exp.Ordered(this=condition))
    return replace(
        key, column=read.column, expression=read.expression, collation=key.collation or read.collation
    )


def _comparable(index: Index) -> Index:
    plain = canonical(index)
    keys = tuple(
        replace(
            key,
            opclass=bare_opclass(key.opclass),
            collation=key.collation.removeprefix("pg_catalog."),
        )
        for key in plain.keys
    )
    return replace(plain, schema="", keys=keys)


def bare_opclass(opclass: str) -> str:
    """An operator class without its schema, its parameters in one spelling."""
    name, parenthesis, settings = opclass.partition("(")
    bare = name.strip().rpartition(".")[2]
    if not parenthesis:
        return bare
    pairs = sorted(part.replace("'", "").replace(" ", "") for part in settings.rstrip(") ").split(","))
    return f"{bare}({','.join(pairs)})"


def expression_tree(sql: str) -> exp.Expr | None:
    """An expression key as a tree, or None when it cannot be read."""
    condition = parse_condition(sql)
    return None if condition is None else _key_form(condition)
