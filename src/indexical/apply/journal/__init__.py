"""The record of a run: written before and after each step, read again to resume, undo and tell it."""

from __future__ import annotations

from indexical.apply.journal.identity import Differs, difference, identity
from indexical.apply.journal.reading import read_run
from indexical.apply.journal.writing import Journal, new_run
from indexical.model.run import TargetIdentity

__all__ = ["Differs", "Journal", "TargetIdentity", "difference", "identity", "new_run", "read_run"]
