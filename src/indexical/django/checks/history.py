"""W009 and W010: models and migrations that do not agree about an index.

An index that only a migration knows is removed by the next ``makemigrations``; one that only the model knows is on no database.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from indexical.django.checks.messages import warning
from indexical.django.checks.offline import OfflineMap
from indexical.django.tables import MappedTable

NOT_MIGRATED = "W009"
NOT_DECLARED = "W010"


def recorded() -> tuple[ProjectState, frozenset[str]] | None:
    """What the migrations make of the models, and the apps that have any; None when their graph is broken.

    Django itself reports a broken graph, with more about it, in every command that needs the graph.
    """
    try:
        loader = MigrationLoader(None, ignore_no_migrations=True)
        return loader.project_state(), frozenset(loader.migrated_apps)
    except NodeNotFoundError:
        return None


def check(
    table: MappedTable, project: OfflineMap, state: ProjectState, migrated: frozenset[str]
) -> Iterator[CheckMessage]:
    meta = table.model._meta
    model = state.models.get((meta.app_label, str(meta.model_name)))
    if table.through_of or not meta.managed or meta.app_label not in migrated or model is None:
        return
    declared = {index.name for index in meta.indexes}
    known = _names(model)
    for name in sorted(declared - known):
        text = f"the index {name} is declared, but no migration makes it"
        yield warning(NOT_MIGRATED, text, f"Run manage.py makemigrations {meta.app_label}.", table, project)
    for name in sorted(known - declared):
        text = f"a migration makes the index {name}, but the model does not declare it: makemigrations would remove it"
        yield warning(NOT_DECLARED, text, f"Add it to Meta.indexes of {table.label}.", table, project)


def _names(model: ModelState) -> set[str]:
    return {str(index.name) for index in model.options.get("indexes", ())}
