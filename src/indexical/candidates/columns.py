"""What a node of a condition is to its block: a column of a table, or a value that is the same for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from indexical.candidates.blocks import Block, Found
from indexical.candidates.immutability import WHOLE
from indexical.candidates.parsing import bare, folded, nodes

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

_VOLATILE = frozenset(
    {
        "clock_timestamp",
        "gen_random_uuid",
        "nextval",
        "random",
        "random_normal",
        "setseed",
        "timeofday",
        "uuid_generate_v4",
        "uuidv4",
        "uuidv7",
    }
)
_WIDER = frozenset({"DECIMAL", "DOUBLE", "FLOAT"})


def column_of(node: Node, block: Block) -> Found | None:
    """The column of a table that a node leads to, looking through casts of text to text, which change nothing."""
    node = bare(node)
    if not isinstance(node, exp.Cast):
        return block.resolve(node)
    found = column_of(node.this, block)
    target = node.to
    if found is None or not isinstance(target, exp.DataType) or target.expressions:
        return None
    relabels = base_type(found, block) in ("character varying", "text") and target.is_type("text", "varchar")
    return found if relabels else None


def base_type(found: Found, block: Block) -> str:
    """The column's type without its length, a domain's base type; empty for enums and composites."""
    table = found.source.table
    column = table.column(found.column) if table else None
    return "" if column is None or column.type_kind in "ec" else block.names.type_of(column)


def comparable(found: Found, other: Node, block: Block) -> bool:
    """Whether an index on the column is of use: the other side is fixed, not NULL, and of no wider type of number."""
    if isinstance(other, exp.Null) or is_all(other) or not fixed(other, block):
        return False
    if isinstance(other, exp.Literal):
        whole = other.is_string or str(other.this).isdecimal()
        return whole or base_type(found, block) not in WHOLE
    if isinstance(other, exp.Cast) and isinstance(other.to, exp.DataType):
        return getattr(other.to.this, "name", "") not in _WIDER or base_type(found, block) not in WHOLE
    return True


def is_all(node: Node) -> bool:
    """``ALL (array)``, which is no list of alternatives."""
    return isinstance(node, exp.All) or (
        isinstance(node, exp.Anonymous) and str(node.this).upper() in ("ALL", "SOME")
    )


def fixed(node: Node, block: Block) -> bool:
    """Whether a value is the same for every row of the block: constants, parameters, outer columns, subqueries."""
    if isinstance(node, (exp.Parameter, exp.Literal)):
        return True
    for inner in nodes(node):
        if isinstance(inner, exp.Query):
            if _correlated(inner, block):
                return False
        elif isinstance(inner, exp.Column):
            found = block.means(inner)
            if found is None or not found.outer:
                return False
        elif isinstance(inner, exp.Anonymous) and str(inner.this).lower() in _VOLATILE:
            return False
    return True


def _correlated(query: Node, block: Block) -> bool:
    """Whether a subquery mentions a table of this very block by name."""
    own = {source.alias for source in block.sources}
    inside = {
        folded(table.args["alias"].this) if table.args.get("alias") is not None else table.name
        for table in query.find_all(exp.Table)
    }
    return any(folded(column.args.get("table")) in own - inside for column in query.find_all(exp.Column))


def value_of(node: Node) -> tuple[str | None, int]:
    """A literal's text, or the number of a parameter."""
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.this}", 0
    if isinstance(node, exp.Literal):
        return str(node.this), 0
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return None, int(node.this.this)
    return None, 0
