"""Expressions as source text of a bearable width."""

from __future__ import annotations

import libcst as cst

from indexical.django.models_source import entries

WIDTH = 100
"""Columns; longer calls are written one argument to a line."""


def expression(text: str, *, config: cst.PartialParserConfig) -> cst.BaseExpression:
    return cst.parse_expression(text, config)


def fitted(call: cst.BaseExpression, *, indent: str, depth: int, extra: int = 1) -> cst.BaseExpression:
    """The call on one line where it fits, else with a line for each argument.

    ``depth`` is the width of the block's own indentation, ``indent`` what is added to it, ``extra`` what follows the call.
    """
    if not isinstance(call, cst.Call) or depth + len(indent) + width(call) + extra <= WIDTH:
        return call
    return entries.write(entries.spread(entries.read(call), block=indent), call)


def width(node: cst.BaseExpression) -> int:
    """The longest line of the expression."""
    return max(len(line) for line in cst.Module([]).code_for_node(node).splitlines() or [""])
