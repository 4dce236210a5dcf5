"""The project's system checks (docs/checks.md) as findings of the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db.models import Model

from indexical.django.checks import check_migrations, check_models
from indexical.django.gate.places import of_model
from indexical.django.tables import split_table
from indexical.model import Catalog
from indexical.model.check import CheckFinding

_CODES = {
    "W001": "duplicate",
    "W002": "redundant",
    "W003": "only-booleans",
    "W004": "unique-twice",
    "W005": "redundant",
    "W006": "pattern-unused",
    "W007": "generic-key",
    "W008": "long-name",
    "W009": "not-migrated",
    "W010": "not-declared",
}
_IN_CATALOG = frozenset({"W001", "W002", "W005"})
"""What the database's own catalog says as well, with sizes and scans, as soon as the table is in it."""


def system_findings(catalog: Catalog) -> tuple[CheckFinding, ...]:
    """Those of tables that the database has already leave out what the catalog says better."""
    return tuple(_findings([*check_models(), *check_migrations()], catalog))


def _findings(messages: list[CheckMessage], catalog: Catalog) -> Iterator[CheckFinding]:
    there = {table.name for table in catalog.tables}
    for message in messages:
        word = str(message.id).rpartition(".")[2]
        code, model = _CODES.get(word), message.obj
        if code is None:
            continue
        if not (isinstance(model, type) and issubclass(model, Model)):
            # Not about a model: the workload file of the settings, which the check could not read.
            yield CheckFinding(code, str(message.id), message.msg, message.hint or "see docs/checks.md")
            continue
        if word in _IN_CATALOG and split_table(model._meta.db_table)[1] in there:
            continue
        named = re.findall(r"\w+", message.msg)
        fields = {field.name for field in model._meta.local_concrete_fields}
        indexes = {index.name for index in model._meta.indexes}
        things = [word for word in named if word in indexes | fields]
        yield CheckFinding(
            code,
            f"{model._meta.label}: {', '.join(things[:3]) or message.msg}",
            message.msg.rstrip("."),
            (message.hint or "see docs/checks.md").rstrip("."),
            *of_model(model, *things),
        )
