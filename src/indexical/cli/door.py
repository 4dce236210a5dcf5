"""The two doors: ``indexical VERB`` anywhere, ``manage.py indexes VERB`` in a Django project.

The verbs are the same; a door says where the database is and whether there is a project to write into.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexical.model import Advice, Catalog, Change, Drop, Index, NotExamined, Outcome, Recommendation
from indexical.model.check import CheckFinding
from indexical.usage import SampleStore


@dataclass(frozen=True, slots=True)
class MigrationStyle:
    """How migrations are to be written."""

    plain: bool = False
    """Only operations of Django's own, so that a migration needs nothing else wherever it runs."""
    one_per_file: bool = False
    """A migration for every operation, so that each can be applied at a time of its own."""
    outside_app: str = ""
    """Label of the project's app whose migrations carry the indexes of tables that no class of the project declares."""


USUAL_STYLE = MigrationStyle()


class Project(Protocol):
    """A Django project, as far as the verbs need it; ``indexical.django`` has the only implementation."""

    def url(self) -> str:
        """The connection URL of the chosen database alias; it may hold a password."""

    def apps(self) -> Mapping[str, str]:
        """The app label of every table that a model owns, by its name, with its schema where the model says one."""

    def annotate(self, advice: Advice) -> Advice:
        """The advice with models, declarations and index names in the project's own terms."""

    def changes(
        self,
        create: Sequence[Recommendation],
        drop: Sequence[Drop],
        style: MigrationStyle = USUAL_STYLE,
    ) -> tuple[Change, ...]:
        """Edits of models and new migrations, and instructions where an edit is not certain."""

    def diff(self, changes: Sequence[Change]) -> str: ...

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]: ...

    def pending(self) -> tuple[PendingMigration, ...]:
        """Index-only migrations that the database does not have yet, in the order they would be applied."""

    def migrate(self, migration: PendingMigration, *, present: Collection[str] = ()) -> None:
        """Applies exactly one pending migration; does not build again the indexes that are ``present`` as defined.

        Raises:
            NotHeld: it failed; the message says how to go on.
        """

    def check_back(self, migrations: Sequence[str]) -> tuple[str, ...]:
        """Those of the migrations (``app.name``) that are applied, in the order in which they can be taken back.

        Raises:
            ProjectRefused: something else would have to go back with them; the message names it.
        """

    def check(
        self, catalog: Catalog, findings: tuple[CheckFinding, ...]
    ) -> tuple[tuple[CheckFinding, ...], tuple[NotExamined, ...]]:
        """The findings with the lines of code they belong to, those about models and migrations, and what was not examined."""

    def samples(self) -> SampleStore | None:
        """Where the project keeps samples of use, when its settings say so; ``None`` for the usual file."""

    def migrate_back(self, migration: str) -> None:
        """Takes back exactly one applied migration.

        Raises:
            NotHeld: it failed; the message says how to go on.
        """


@dataclass(frozen=True, slots=True)
class PendingMigration:
    app: str
    name: str
    sql: tuple[str, ...]
    builds: tuple[tuple[str, Index], ...] = ()
    """Name and structure of every index it builds."""
    drops: tuple[str, ...] = ()
    """Names of the indexes it drops."""


@dataclass(frozen=True, slots=True)
class Door:
    """How the program was entered."""

    program: str = "indexical"
    """What to call the program in messages: ``indexical`` or ``manage.py indexes``."""
    project: Project | None = None
