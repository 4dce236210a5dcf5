"""An index without the words of its expressions, which a migration, an advice and a server each put differently."""

from __future__ import annotations

from dataclasses import replace

from indexical.model.index import Index

_WORDS = "?"


def shape(index: Index) -> Index:
    """The same index with every expression and the predicate, where there are any, put alike.

    Two indexes of one shape may still differ in what they compute or leave out; the server has to say that.
    """
    keys = tuple(replace(key, expression=_WORDS) if key.expression else key for key in index.keys)
    return replace(index, keys=keys, predicate=_WORDS if index.predicate else "")
