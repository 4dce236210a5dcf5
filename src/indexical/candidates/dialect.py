"""PostgreSQL's SQL to sqlglot's tree with every function left as it was written.

sqlglot (https://sqlglot.com) folds functions that mean the same in other databases into one node: ``date_part`` becomes
EXTRACT, ``substr`` SUBSTRING, ``char_length`` LENGTH, and a JSON key a JSON path. PostgreSQL matches an expression index by the
very function (https://www.postgresql.org/docs/18/indexes-expressional.html), so those foldings are taken out here. Aggregates
stay: grouping is read by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import TokenType, exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Node

_ROW_MAKERS = frozenset({"UNNEST", "GENERATE_SERIES"})
_GRAMMAR = frozenset(
    {
        "CAST",
        "EXTRACT",
        "JSON_OBJECT",
        "JSON_OBJECTAGG",
        "JSON_TABLE",
        "JSON_VALUE",
        "NORMALIZE",
        "OVERLAY",
        "POSITION",
        "STRING_AGG",
        "SUBSTRING",
        "TRIM",
        "XMLELEMENT",
        "XMLTABLE",
    }
)
"""Functions whose arguments have a grammar of their own."""


def _is_aggregate(name: str) -> bool:
    return name in exp.FUNCTION_BY_NAME and issubclass(exp.FUNCTION_BY_NAME[name], exp.AggFunc)


def _arrow(made: type[exp.Expression]) -> Any:
    def build(parser: Any, this: Node, path: Node) -> Any:
        return parser.validate_expression(made(this=this, expression=path))

    return build


class AsWritten(Postgres):
    """PostgreSQL without sqlglot's translations."""

    class Parser(PostgresParser):
        FUNCTIONS: ClassVar = {
            name: build
            for name, build in PostgresParser.FUNCTIONS.items()
            if name in _ROW_MAKERS or _is_aggregate(name)
        }
        FUNCTION_PARSERS: ClassVar = {
            name: parse for name, parse in PostgresParser.FUNCTION_PARSERS.items() if name in _GRAMMAR
        }
        JSON_OPERATORS: ClassVar = {
            **PostgresParser.JSON_OPERATORS,
            TokenType.ARROW: _arrow(exp.JSONExtract),
            TokenType.DARROW: _arrow(exp.JSONExtractScalar),
        }
