"""W007: a generic foreign key whose two columns have no index together.

Django makes none (https://docs.djangoproject.com/en/5.2/ref/contrib/contenttypes/#generic-relations), and a generic relation is
always looked up by both.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage

from indexical.django.checks.messages import warning
from indexical.django.checks.offline import OfflineMap, generic_foreign_keys, made_for
from indexical.django.tables import MappedTable

CODE = "W007"


def check(table: MappedTable, project: OfflineMap) -> Iterator[CheckMessage]:
    for key in generic_foreign_keys(table):
        fields = (str(key.ct_field), str(key.fk_field))
        columns = {str(table.model._meta.get_field(name).column) for name in fields}  # type: ignore[union-attr]
        if any(_finds_by(made.existing.index.columns[:2], columns) for made in made_for(table, project)):
            continue
        text = f"the generic foreign key {key.name} has no index on {fields[0]} and {fields[1]} together"
        hint = f'Add models.Index(fields=["{fields[0]}", "{fields[1]}"], name=...) to Meta.indexes.'
        yield warning(CODE, text, hint, table, project)


def _finds_by(leading: tuple[str, ...], columns: set[str]) -> bool:
    return set(leading) == columns
