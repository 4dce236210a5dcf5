"""The three documents of a change (analysis, guide, completion report), and the check that documents agree."""

from __future__ import annotations

from indexical.report.story.building import Sources, build
from indexical.report.story.printing import DOCUMENTS, render

__all__ = ["DOCUMENTS", "Sources", "build", "render"]
