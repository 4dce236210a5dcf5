"""What Django's schema editor makes of a declaration, read back as an :class:`Index`.

Django compiles an index to SQL and PostgreSQL prints an index in its own words; both are brought to one canonical form
here, so that "the same index" is decided by structure. See
https://docs.djangoproject.com/en/5.2/ref/schema-editor/ and
https://www.postgresql.org/docs/18/functions-info.html (``pg_get_indexdef``, ``pg_get_expr``).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.model import Index, Key

_TEXTS = frozenset({exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.BPCHAR})
_NUMBERS = frozenset({*exp.DataType.INTEGER_TYPES, *exp.DataType.REAL_TYPES})
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
    try:
        statement = sqlglot.parse_one(sql, read="postgres")
    except SqlglotError as error:
        raise ValueError("not a CREATE INDEX that can be read") from error
    index = statement.this if isinstance(statement, exp.Create) else None
    if not isinstance(index, exp.Index):
        raise ValueError("not a CREATE INDEX that can be read")
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
        unique=bool(statement.args.get("unique")),
    )
    return index.name, structure


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
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(node.name, quoted=True)
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        return _in_list(node)
    if isinstance(node, exp.Not) and isinstance(inner := _unwrapped(node.this), exp.EQ):
        # Equal under three-valued logic, and the planner makes the same of both.
        return exp.NEQ(this=inner.left, expression=inner.right)
    if isinstance(node, exp.Is) and node.args.get("negate"):
        return exp.Not(this=exp.Is(this=node.this, expression=node.expression))
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
            if not isinstance(inner, exp.Literal | exp.Neg) and not (
                isinstance(inner, exp.Column) and node.to.this in _TEXTS
            ):
                return node
        node = inner
    return node


def _in_list(node: exp.EQ) -> exp.Expr:
    values = node.expression.this
    while isinstance(values, exp.Paren | exp.Cast):
        values = values.this
    if not isinstance(values, exp.Array):
        return node
    return exp.In(this=node.this, expressions=list(values.expressions))


def _predicate_text(condition: exp.Expr) -> str:
    parts = conjuncts(condition)
    if len(parts) > 1:
        parts = [exp.Paren(this=part) if isinstance(part, exp.Connector) else part for part in parts]
    return " AND ".join(sorted(_text(part) for part in parts))


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
        opclass = node.expression.sql(dialect="postgres").replace('"', "")
        node = node.this
    if isinstance(node, exp.Collate):
        collation = node.expression.sql(dialect="postgres").replace('"', "")
        node = node.this
    node = plain_form(node)
    descending = bool(ordered.args.get("desc"))
    nulls_first = bool(ordered.args.get("nulls_first"))
    if isinstance(node, exp.Column):
        return Key(node.name, "", opclass, collation, descending, nulls_first)
    return Key("", _text(node), opclass, collation, descending, nulls_first)


def _canonical_key(key: Key) -> Key:
    if key.column:
        return key
    condition = parse_condition(key.expression)
    if condition is None:
        return key
    return replace(key, expression=_text(plain_form(condition)))


def _comparable(index: Index) -> Index:
    plain = canonical(index)
    keys = tuple(replace(key, opclass=key.opclass.rpartition(".")[2]) for key in plain.keys)
    return replace(plain, schema="", keys=keys)


def expression_tree(sql: str) -> exp.Expr | None:
    """An expression key as a tree, or None when it cannot be read."""
    condition = parse_condition(sql)
    return None if condition is None else plain_form(condition)
