"""Whether the migrations form one line, and each index comes after the field that it needs.

No database is asked: Django's loader reads the files
(https://docs.djangoproject.com/en/5.2/topics/migrations/#dependencies).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.migrations import AddIndex, Migration
from django.db.migrations.exceptions import BadMigrationError, CircularDependencyError, NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from indexical.django.gate.places import of_migration
from indexical.django.tables import ProjectMap
from indexical.model.check import CheckFinding


def graph_findings(project: ProjectMap) -> tuple[CheckFinding, ...]:
    """Leaves that conflict, parents that are missing, and indexes on fields that are not there yet."""
    try:
        loader = MigrationLoader(None, ignore_no_migrations=True)
    except NodeNotFoundError as error:
        return (_missing_parent(error),)
    except (BadMigrationError, CircularDependencyError) as error:
        text = "the migrations cannot be loaded"
        return (
            CheckFinding("migration-graph", text, str(error), "make manage.py showmigrations work first"),
        )
    return (*_leaves(loader), *_too_early(loader, project))


def _missing_parent(error: NodeNotFoundError) -> CheckFinding:
    app, name = (*error.node, "")[:2]
    place = of_migration(error.origin, str(name)) if isinstance(error.origin, Migration) else ("", 0)
    return CheckFinding(
        "migration-graph",
        f"{app}.{name}",
        f"a migration depends on {app}.{name}, which does not exist: {error.message}",
        "correct the dependency, or bring the missing file back; an installed package's own migrations end where its release "
        "ends",
        *place,
    )


def _leaves(loader: MigrationLoader) -> Iterator[CheckFinding]:
    for app, leaves in sorted(loader.detect_conflicts().items()):
        names = ", ".join(f"{app}.{leaf}" for leaf in sorted(leaves))
        yield CheckFinding(
            "migration-graph",
            app,
            f"{app} has {len(leaves)} leaf migrations: {names}",
            "let one depend on the other, or: manage.py makemigrations --merge",
            *of_migration(loader.disk_migrations[app, max(leaves)], "dependencies"),
        )


def _too_early(loader: MigrationLoader, project: ProjectMap) -> Iterator[CheckFinding]:
    """Of the project's own migrations: what each may count on is what its ancestors have made, and nothing else."""
    for key, migration in sorted(loader.disk_migrations.items()):
        if not _adds_index(migration) or not _is_own(migration, project):
            continue
        try:
            state = loader.project_state(key, at_end=False)
        except (KeyError, LookupError, ValueError) as error:
            yield CheckFinding(
                "migration-order",
                ".".join(key),
                f"what comes before it cannot be made: {type(error).__name__}: {error}",
                "let it depend on the migrations that make what it uses",
                *of_migration(migration, "dependencies"),
            )
            continue
        yield from _of_migration(key, migration, state)


def _of_migration(key: tuple[str, str], migration: Migration, state: ProjectState) -> Iterator[CheckFinding]:
    app = key[0]
    for operation in migration.operations:
        if isinstance(operation, AddIndex):
            model = state.models.get((app, operation.model_name.lower()))
            lacking = (
                [operation.model_name]
                if model is None
                else [field for field, _ in operation.index.fields_orders if field not in model.fields]
            )
            if lacking:
                what = (
                    "model"
                    if model is None
                    else f"field{'s' * (len(lacking) != 1)} of {operation.model_name}"
                )
                yield CheckFinding(
                    "migration-order",
                    ".".join(key),
                    f"the index {operation.index.name} needs the {what} {', '.join(lacking)}, which none of the migrations that "
                    "come before it makes",
                    "let it depend on the migration that makes it",
                    *of_migration(migration, operation.index.name, "dependencies"),
                )
                return
        try:
            operation.state_forwards(app, state)
        except (KeyError, LookupError, ValueError) as error:
            yield CheckFinding(
                "migration-order",
                ".".join(key),
                f"{operation.describe()} is not possible at its place: {type(error).__name__}: {error}",
                "let the migration depend on those that make what it uses",
                *of_migration(migration, "dependencies"),
            )
            return


def _adds_index(migration: Migration) -> bool:
    return any(isinstance(operation, AddIndex) for operation in migration.operations)


def _is_own(migration: Migration, project: ProjectMap) -> bool:
    try:
        config = apps.get_app_config(migration.app_label)
    except LookupError:
        return False
    return project.owns_file(Path(config.path))
