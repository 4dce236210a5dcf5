"""Which columns a piece of SQL, or an index, may depend on: by their names alone, so rather one too many than one too few."""

from __future__ import annotations

import re
from functools import lru_cache

from indexical.model.index import Index

_NAME = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


def names(sql: str) -> frozenset[str]:
    """Every word of the text that could be a name, as the catalog would spell it."""
    return frozenset(
        quoted.replace('""', '"') if quoted else bare.lower() for quoted, bare in _NAME.findall(sql)
    )


@lru_cache(maxsize=65536)
def columns_of(index: Index) -> frozenset[str]:
    """The columns whose values the index holds or asks about."""
    texts = (*(key.expression for key in index.keys), index.predicate)
    return frozenset({*index.columns, *index.include}).union(*(names(text) for text in texts if text))
