"""Whether a step of a run left the database as it was to be: done by the run, or found so."""

from __future__ import annotations

from indexical.model.change import Skipping
from indexical.model.run import RunStep

_THERE = ("exists already as defined", "the same index exists as ")
_GONE = "is not there any more"


def fulfilled(step: RunStep) -> bool:
    """Whether the index is there, or gone, as planned. A step that was skipped for any other reason is not."""
    if step.state == "applied":
        return True
    if not isinstance(step.outcome, Skipping):
        return False
    reason = step.outcome.reason
    return reason.startswith(_THERE) if step.statement.action == "create" else reason == _GONE
