"""The Django project as the verbs see it: database from the settings, models from the registry, migrations from the loader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS

from indexical.cli.door import PendingMigration
from indexical.django import emit, mapping
from indexical.django.database import database_url
from indexical.django.pending import pending_migrations
from indexical.model import Advice, Change, Drop, Outcome, Recommendation


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

    def annotate(self, advice: Advice) -> Advice:
        return mapping.annotate(advice, self.alias)

    def changes(self, create: Sequence[Recommendation], drop: Sequence[Drop]) -> tuple[Change, ...]:
        return emit.plan_changes(create, drop, alias=self.alias)

    def diff(self, changes: Sequence[Change]) -> str:
        return emit.diff(changes)

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        return emit.write(changes)

    def pending(self) -> tuple[PendingMigration, ...]:
        return pending_migrations(self.alias)

    def migrate(self, migration: PendingMigration) -> None:
        call_command(
            "migrate", migration.app, migration.name, database=self.alias, verbosity=0, interactive=False
        )
