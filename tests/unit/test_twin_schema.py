"""DDL of the twin's tables: names as the catalog has them."""

from __future__ import annotations

import pytest

from indexical.model import DomainType
from indexical.twin.schema import create_domain


@pytest.mark.parametrize(
    ("collation", "sql"),
    [
        ("en_US.utf8", 'COLLATE "en_US.utf8"'),
        ("pg_catalog.C", 'COLLATE pg_catalog."C"'),
        ("C", 'COLLATE "C"'),
    ],
)
def test_a_collation_is_split_at_its_schema_and_nowhere_else(collation: str, sql: str) -> None:
    assert sql in create_domain(DomainType("public", "word", "text", collation=collation))
