"""Samples of use in a table of the project, and the setting that chooses it.

``INDEXICAL_SAMPLES`` is ``"file"`` (the default) or ``"model"``; with the latter ``indexical.django`` has to be installed and
migrated. Which database the table is in is for the project's routers to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import Error as DjangoDatabaseError

from indexical.errors import InputError
from indexical.model.usage import NodeState, Sample
from indexical.usage import SampleStore
from indexical.usage.encoding import PARTS, decoded, encoded
from indexical.usage.thinning import enough

SETTING = "INDEXICAL_SAMPLES"


def chosen() -> SampleStore | None:
    """The table when the setting says so, ``None`` for the file.

    Raises :class:`InputError` when the setting is neither, or the app is not installed.
    """
    found = getattr(settings, SETTING, "file")
    if found == "file":
        return None
    if found != "model":
        raise InputError(f'the setting {SETTING} is {found!r}; set it to "file" or "model"')
    if not apps.is_installed("indexical.django"):
        raise InputError(f'{SETTING} is "model"; add "indexical.django" to INSTALLED_APPS, then run migrate')
    return ModelStore()


class ModelStore:
    """A :class:`indexical.usage.SampleStore`. Every method raises :class:`InputError` when the table cannot be used."""

    def add(self, sample: Sample) -> None:
        from indexical.django.models import UsageSample

        with _errors():
            UsageSample.objects.create(
                system=sample.state.system,
                database=sample.state.database_oid,
                node=sample.node,
                taken_at=sample.taken_at,
                **encoded(sample),
            )

    def nodes(self, state: NodeState) -> tuple[str, ...]:
        from indexical.django.models import UsageSample

        with _errors():
            found = UsageSample.objects.filter(system=state.system, database=state.database_oid)
            return tuple(found.order_by("node").values_list("node", flat=True).distinct())

    def samples(self, state: NodeState, node: str, *, thinned: bool = False) -> tuple[Sample, ...]:
        from indexical.django.models import UsageSample

        with _errors():
            found = UsageSample.objects.filter(system=state.system, database=state.database_oid, node=node)
            ordered = found.order_by("taken_at", "pk")
            places = list(ordered.values_list("pk", "taken_at"))
            if thinned:
                places = [places[place] for place in enough([taken_at for _, taken_at in places])]
            rows = list(ordered.filter(pk__in=[pk for pk, _ in places]).values("taken_at", *PARTS))
        try:
            return tuple(decoded(node, row["taken_at"], {part: row[part] for part in PARTS}) for row in rows)
        except ValueError:
            raise InputError(
                f'a row of indexical_usagesample is not a sample of ours; delete it, or set {SETTING} to "file"'
            ) from None

    def forget(self, before: str) -> int:
        from indexical.django.models import UsageSample

        with _errors():
            return UsageSample.objects.filter(taken_at__lt=before).delete()[0]


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except DjangoDatabaseError as error:
        first = str(error).partition("\n")[0]
        raise InputError(
            f"the table indexical_usagesample cannot be used ({first}); run: manage.py migrate indexical"
        ) from None
