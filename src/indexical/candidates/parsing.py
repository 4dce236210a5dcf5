"""SQL text to a syntax tree, by sqlglot (https://sqlglot.com), or the reason why not. Never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from indexical.candidates.dialect import AsWritten

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

MAX_SQL = 100_000
"""Bytes; longer statements are lists of values in disguise, and parsing time grows with them."""

_READS = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*(select|with|insert|update|delete|merge|values|table)\b",
    re.I,
)

_PARAMETER = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (?P<tag>\$[A-Za-z_]*\$).*?(?P=tag) | (?P<value>\$[0-9]+)
    | (?P<network><<=|>>=)""",
    re.VERBOSE | re.DOTALL,
)


def parse(sql: str) -> Node | str:
    """The tree of one statement, or why there is none."""
    if len(sql.encode(errors="replace")) > MAX_SQL:
        return f"the statement is longer than {MAX_SQL // 1000} kB"
    if not _READS.match(sql):
        return "it is neither SELECT, INSERT, UPDATE nor DELETE"
    try:
        trees = [tree for tree in sqlglot.parse(_spaced(sql), read=AsWritten) if tree is not None]
    except SqlglotError as error:
        return f"the SQL cannot be parsed{_place(error)}"
    except RecursionError:
        return "the SQL is nested too deeply to be parsed"
    if len(trees) != 1:
        return "it is more than one statement" if trees else "the SQL is empty"
    tree = trees[0]
    if not isinstance(tree, (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        return "it is neither SELECT, INSERT, UPDATE nor DELETE"
    return tree


def _spaced(sql: str) -> str:
    """The SQL as sqlglot can read it.

    It takes ``$1,$`` for the opening mark of a dollar-quoted string, so that a blank follows every ``$n``; and it does not know
    the operators ``<<=`` and ``>>=`` of networks, which ask what ``<@`` and ``@>`` ask of a range.
    """
    return _PARAMETER.sub(_respelt, sql)


def _respelt(match: re.Match[str]) -> str:
    if match.group("network"):
        return "<@" if match.group("network") == "<<=" else "@>"
    return match.group() + (" " if match.group("value") else "")


def _place(error: SqlglotError) -> str:
    """Where, without sqlglot's message: that quotes the statement, literals and all."""
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    return f" (line {line}, column {column})" if line else ""


def folded(identifier: Node | str | None) -> str:
    """A name as PostgreSQL has it: lower case unless quoted."""
    if identifier is None:
        return ""
    if isinstance(identifier, str):
        return identifier.lower()
    name = str(identifier.this)
    return name if identifier.args.get("quoted") else name.lower()


def argument(node: Node, name: str) -> Node | None:
    """A part of a node; sqlglot changed ``from`` and ``with`` to ``from_`` and ``with_`` between versions."""
    found = node.args.get(name) or node.args.get(f"{name}_")
    return found if isinstance(found, exp.Expression) else None


def conjuncts(node: Node | None) -> list[Node]:
    """The conditions that hold together, outermost parentheses removed; without recursion, however long the list."""
    found: list[Node] = []
    waiting = [node] if node is not None else []
    while waiting:
        current = bare(waiting.pop())
        if isinstance(current, exp.And):
            waiting += [current.expression, current.this]
        else:
            found.append(current)
    return found


def disjuncts(node: Node) -> list[Node]:
    found: list[Node] = []
    waiting = [node]
    while waiting:
        current = bare(waiting.pop())
        if isinstance(current, exp.Or):
            waiting += [current.expression, current.this]
        else:
            found.append(current)
    return found


def nodes(part: Node) -> Iterator[Node]:
    """The nodes of an expression, parents first; of a query inside it only the root.

    A few times faster than the tree's own walk, which most of the reading would be spent in.
    """
    waiting = [part]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, exp.Query):
            continue
        for value in reversed(node.args.values()):
            if isinstance(value, list):
                waiting += [each for each in reversed(value) if isinstance(each, exp.Expression)]
            elif isinstance(value, exp.Expression):
                waiting.append(value)


def contains(part: Node, kind: type) -> bool:
    """Whether an expression has such a node, queries inside it left aside."""
    return not isinstance(part, exp.Column) and any(isinstance(node, kind) for node in nodes(part))


def bare(node: Node) -> Node:
    while isinstance(node, exp.Paren):
        node = node.this
    return node
