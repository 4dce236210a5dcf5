"""Operator classes in DDL: of a schema, with parameters, and never anything else."""

from __future__ import annotations

import pytest

from indexical.ddl import key_sql
from indexical.errors import InputError
from indexical.model import Key


@pytest.mark.parametrize(
    ("opclass", "sql"),
    [
        ("varchar_pattern_ops", "name varchar_pattern_ops"),
        ("public.gin_trgm_ops", "name public.gin_trgm_ops"),
        ("Odd.Ops", 'name "Odd"."Ops"'),
        ("gist_trgm_ops(siglen=32)", "name gist_trgm_ops (siglen=32)"),
        ("public.gist_trgm_ops (siglen='32')", "name public.gist_trgm_ops (siglen='32')"),
        ("x_ops (a='1', b=2)", "name x_ops (a='1', b=2)"),
    ],
)
def test_an_operator_class_is_quoted_part_by_part(opclass: str, sql: str) -> None:
    assert key_sql(Key("name", opclass=opclass)) == sql


@pytest.mark.parametrize(
    "opclass", ["x_ops (a=1) DESC", "x_ops (a=1); DROP TABLE t", "x_ops ()", "x_ops (a='1''2')", "x_ops (A=1"]
)
def test_parameters_of_any_other_form_are_refused(opclass: str) -> None:
    with pytest.raises(InputError, match="parameters of no known form"):
        key_sql(Key("name", opclass=opclass))
