"""Steps that several causes end with."""

from __future__ import annotations

from indexical.ddl import create_index
from indexical.diagnose.case import Case
from indexical.emit.names import index_name
from indexical.model import Index, Plan
from indexical.model.diagnosis import Step


def create(case: Case, index: Index, text: str, after: Plan) -> Step:
    """An index to build, under a name that nothing has."""
    taken = {table.name for table in case.catalog.tables} | {each.name for each in case.catalog.indexes()}
    return Step("create", text, create_index(index, index_name(index, taken), concurrently=True), after)
