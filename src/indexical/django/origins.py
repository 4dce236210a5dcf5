"""Where an index of the database comes from: a declaration, an older one whose name it still bears, or a migration's code.

Names that Django makes up end in a digest of the table's and the columns' names (``names_digest`` in
https://github.com/django/django/blob/stable/5.2.x/django/db/backends/utils.py), so an index that no model declares any more
can still be told to be one of Django's, and what declared it then.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass

from django.db.backends.utils import names_digest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from indexical.django import declared as words
from indexical.django.mapping import existing_declaration
from indexical.django.migration_source import history
from indexical.django.tables import ProjectMap
from indexical.model import ExistingIndex

BOOKKEEPING = "Django's own bookkeeping"
RUN_SQL = "RunSQL"
MIGRATION_CODE = "migration code"
EARLIER = "earlier "
"""Before a word of :mod:`indexical.django.declared` for a declaration that the models no longer have."""
_ENDINGS = {
    "": words.DB_INDEX,
    "_like": words.LIKE,
    "_idx": "index_together",
    "_uniq": words.UNIQUE_TOGETHER,
}
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Origin:
    what: str
    """A word of :mod:`indexical.django.declared`, one of the words above, or empty when nothing is known."""
    where: str = ""
    """``app.Model``, ``app.Model.field``, ``app.migration``, or the table it was declared on earlier."""


def origin(existing: ExistingIndex, project: ProjectMap, loader: MigrationLoader) -> Origin:
    """What made the index; nothing is guessed: each answer is backed by a declaration, a digest or a migration's text."""
    table = project.table(existing.index.schema, existing.index.table)
    if table is not None:
        declared = existing_declaration(existing, table, project)
        if declared is not None:
            owner = table.through_of or table.label
            return Origin(declared.by, f"{owner}.{declared.field}" if declared.field else owner)
    elif existing.index.table == MigrationRecorder.Migration._meta.db_table:
        return Origin(BOOKKEEPING, existing.index.table)
    return _earlier(existing) or _by_migration(existing.name, loader) or Origin("")


def left_by(existing: ExistingIndex, loader: MigrationLoader) -> str:
    """In words, what left an index behind that no model declares; empty when nothing is known of it."""
    found = _earlier(existing) or _by_migration(existing.name, loader)
    if found is None:
        return ""
    if found.what.startswith(EARLIER):
        return f"an {found.what} of the table {found.where} left it behind"
    return f"the migration {found.where} makes it" + (" with RunSQL" if found.what == RUN_SQL else "")


def _earlier(existing: ExistingIndex) -> Origin | None:
    """The declaration whose made-up name the index bears, though its model has another name now or declares it no more."""
    columns = existing.index.columns
    if not columns or len(columns) != len(existing.index.keys):
        return None
    for ending, word in _ENDINGS.items():
        stem = existing.name.removesuffix(ending) if ending else existing.name
        head, _, digest = stem.rpartition("_")
        table = head.removesuffix("_" + "_".join(columns))
        if (
            stem + ending == existing.name
            and table != head
            and digest == names_digest(table, *columns, length=_DIGEST)
        ):
            return Origin(EARLIER + word, table)
    return None


def _by_migration(name: str, loader: MigrationLoader) -> Origin | None:
    """The last migration that makes it with RunSQL, or whose own code names it."""
    for app in sorted(loader.migrated_apps):
        verdict, where = history.last_word(loader, app, name)
        if verdict == history.SQL:
            return Origin(RUN_SQL, f"{app}.{where}")
    found = None
    for key in sorted(loader.disk_migrations):
        module = sys.modules.get(type(loader.disk_migrations[key]).__module__)
        if module is not None and name in inspect.getsource(module):
            found = Origin(MIGRATION_CODE, ".".join(key))
    return found
