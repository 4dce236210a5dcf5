"""What ``check`` says at the Django door: findings with the lines that declare them, and those about models and migrations."""

from __future__ import annotations

from indexical.django.gate.database import compared
from indexical.django.gate.graph import graph_findings
from indexical.django.gate.pending import blocking_builds
from indexical.django.gate.system import system_findings
from indexical.django.tables import ProjectMap
from indexical.model import Catalog, NotExamined
from indexical.model.check import CheckFinding

__all__ = ["check"]


def check(
    alias: str, catalog: Catalog, findings: tuple[CheckFinding, ...]
) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
    """All findings, and what could not be examined.

    ``catalog`` is of the database that is checked, which need not be the one of the settings. Raises
    :class:`indexical.errors.ProjectRefused` when ``alias`` is no PostgreSQL database of the settings.
    """
    project = ProjectMap.read(alias)
    placed, differences = compared(project, catalog, findings)
    graph = graph_findings(project)
    pending, silent = blocking_builds(alias, project, catalog, broken=bool(graph))
    return (*placed, *differences, *graph, *pending, *system_findings(catalog)), silent
