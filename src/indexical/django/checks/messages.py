"""How a finding is worded as a Django system check (https://docs.djangoproject.com/en/5.2/topics/checks/)."""

from __future__ import annotations

from django.core.checks import CheckMessage, Warning

from indexical.django.checks.offline import OfflineMap
from indexical.django.tables import MappedTable

NOT_YOURS = " The model belongs to an installed package: tell its maintainers, or silence this check."


def warning(code: str, text: str, hint: str, table: MappedTable, project: OfflineMap) -> CheckMessage:
    """A warning about a model; of an installed package's model it says that the project cannot edit it."""
    hint = hint if project.is_own(table) or table.through_of else hint + NOT_YOURS
    return Warning(f"{text}.", hint=hint, obj=table.model, id=f"indexical.{code}")
