"""The Django project as the verbs see it: database from the settings, models from the registry, migrations from the loader."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DjangoDatabaseError
from django.db.migrations.exceptions import InconsistentMigrationHistory

from indexical.apply.wording import wording
from indexical.cli.door import USUAL_STYLE, MigrationStyle, PendingMigration
from indexical.django.database import database_url
from indexical.django.pending import pending_migrations
from indexical.django.undo import check_back, migrate_back
from indexical.errors import DatabaseError, NotHeld
from indexical.model import Advice, Catalog, Change, Drop, NotExamined, Outcome, Recommendation
from indexical.model.check import CheckFinding
from indexical.usage import SampleStore

_BUILD = re.compile(
    r'^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+"(?P<name>(?:[^"]|"")+)"', re.IGNORECASE
)


@dataclass(slots=True)
class DjangoProject:
    """Implements :class:`indexical.cli.door.Project` for the project whose settings are loaded."""

    alias: str = DEFAULT_DB_ALIAS

    def url(self) -> str:
        """The alias's connection URL.

        Raises:
            InputError: the alias is unknown or is no PostgreSQL database.
        """
        return database_url(self.alias)

    # What edits source files is imported where it is needed: LibCST takes long to load, and most verbs edit nothing.

    def apps(self) -> dict[str, str]:
        from indexical.django.tables import ProjectMap

        tables = ProjectMap.read(self.alias).tables
        return {
            f"{table.schema}.{table.name}" if table.schema else table.name: table.model._meta.app_label
            for table in tables
        }

    def annotate(self, advice: Advice) -> Advice:
        from indexical.django import mapping

        return mapping.annotate(advice, self.alias)

    def changes(
        self,
        create: Sequence[Recommendation],
        drop: Sequence[Drop],
        style: MigrationStyle = USUAL_STYLE,
    ) -> tuple[Change, ...]:
        from indexical.django import emit

        return emit.plan_changes(create, drop, alias=self.alias, style=style)

    def diff(self, changes: Sequence[Change]) -> str:
        from indexical.django import emit

        return emit.diff(changes)

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        from indexical.django import emit

        return emit.write(changes)

    def pending(self) -> tuple[PendingMigration, ...]:
        return pending_migrations(self.alias)

    def migrate(self, migration: PendingMigration, *, present: Collection[str] = ()) -> None:
        """Applies exactly one pending migration through Django's own ``migrate``.

        ``present`` are indexes of it that the preflight found built as defined, by a run that did not reach its end: they
        are not built again. Raises :class:`NotHeld` with what happened and how to go on.
        """
        connection = connections[self.alias]
        try:
            with connection.execute_wrapper(_leaving_out(frozenset(present))):
                call_command(
                    "migrate",
                    migration.app,
                    migration.name,
                    database=self.alias,
                    verbosity=0,
                    interactive=False,
                )
        except DjangoDatabaseError as error:
            what, remedy = wording(DatabaseError(str(error), code=_sqlstate(error)))
            raise NotHeld(
                f"{what}: {remedy}. What it had built stays; a run after that goes on from there"
            ) from None
        except (CommandError, InconsistentMigrationHistory) as error:
            raise NotHeld(
                f"Django did not migrate it: {error}; see manage.py migrate {migration.app} --plan"
            ) from None

    def check_back(self, migrations: Sequence[str]) -> tuple[str, ...]:
        return check_back(self.alias, migrations)

    def check(
        self, catalog: Catalog, findings: tuple[CheckFinding, ...]
    ) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
        from indexical.django import gate

        return gate.check(self.alias, catalog, findings)

    def samples(self) -> SampleStore | None:
        """The store that the setting ``INDEXICAL_SAMPLES`` names; raises :class:`InputError` when it names none."""
        from indexical.django import samples

        return samples.chosen()

    def migrate_back(self, migration: str) -> None:
        migrate_back(self.alias, migration)


def _leaving_out(present: frozenset[str]) -> Callable[..., Any]:
    """A wrapper round every statement of a connection (https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/)."""

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        match = _BUILD.match(sql)
        if match and match["name"].replace('""', '"') in present:
            return None
        return execute(sql, params, many, context)

    return wrapper


def _sqlstate(error: DjangoDatabaseError) -> str:
    """psycopg 3 calls it ``sqlstate``, psycopg 2 ``pgcode``."""
    cause = error.__cause__
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
