"""Values for the documented queries, drawn from the loaded rows: what is frequent there is frequent here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db.models import Max, QuerySet

from datagen.chance import stream


class Draw:
    """One draw of values for one pattern; the same seed and data give the same values."""

    def __init__(self, using: str, seed: int, pattern: str, sample: int, now: dt.datetime) -> None:
        self.using = using
        self._rng = stream(seed, f"documented {pattern} {sample}")
        self._sample = sample
        self.now = now

    def model(self, label: str) -> QuerySet[Any]:
        """All rows of a model, with its own ordering."""
        return apps.get_model(label)._default_manager.using(self.using)

    def row(self, label: str, **having: Any) -> Any:
        """One row, every row about as likely as the next; raises LookupError when there is none.

        Keys have few gaps, so the row at or after a key drawn at random is found without counting through the table.
        """
        rows = apps.get_model(label)._base_manager.using(self.using).order_by("pk")
        last = rows.aggregate(last=Max("pk"))["last"] or 0
        key = self._rng.randint(1, max(1, last))
        found = rows.filter(pk__gte=key, **having).first() or rows.filter(**having).first()
        if found is None:
            raise LookupError(f"{label} has no row to sample a value from; run `manage.py load_data` first.")
        return found

    def value(self, label: str, field: str, **having: Any) -> Any:
        return getattr(self.row(label, **having), field)

    def learner(self) -> Any:
        """Whoever an enrollment belongs to: busy people come up more often."""
        return self.row("users.User", pk=self.value("learning.CourseEnrollment", "user_id"))

    def turn(self, options: Sequence[Any]) -> Any:
        """One option after the other, sample by sample."""
        return options[self._sample % len(options)]

    def keys(self, label: str, count: int, **having: Any) -> list[Any]:
        """The keys of that many neighbouring rows."""
        first = self.value(label, "pk", **having)
        rows = apps.get_model(label)._base_manager.using(self.using).filter(pk__gte=first, **having)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:count])


def latest_moment(using: str) -> dt.datetime:
    """The last moment the data knows of: "now" to the queries, however long ago the data was loaded."""
    label = "users.UserActivity"
    rows = apps.get_model(label)._base_manager.using(using)
    latest = rows.aggregate(last=Max("last_activity_time"))["last"]
    if latest is None:
        raise LookupError(f"{label} has no row to sample a value from; run `manage.py load_data` first.")
    return latest
