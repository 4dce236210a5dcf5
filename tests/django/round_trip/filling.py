"""Rows for any model: a few of each, every value from its number."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

from django.contrib.postgres import fields as postgres
from django.contrib.postgres.search import SearchVectorField
from django.db import models

ROWS = 5
_MOMENT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def fill(wanted: list[type[models.Model]]) -> int:
    """Rows in every model, in the given order; a relation goes to rows that are there. Returns how many."""
    made = 0
    for model in wanted:
        for number in range(ROWS):
            given = {
                field.attname: value(field, number)
                for field in model._meta.concrete_fields
                if not isinstance(field, models.AutoField | models.GeneratedField)
                and not _parent_link(model, field)
            }
            model(**{name: one for name, one in given.items() if one is not ...}).save(force_insert=True)
            made += 1
    return made


def _parent_link(model: type[models.Model], field: Any) -> bool:
    return field in model._meta.parents.values()


def value(field: Any, number: int) -> Any:
    """A value that is valid for the field, different for each number; ``...`` for one that is left to the model."""
    if field.is_relation:
        if field.related_model is field.model:
            return None
        there = list(field.related_model._base_manager.order_by("pk").values_list("pk", flat=True))
        return there[number % len(there)] if not field.unique or number < len(there) else None
    if field.choices:
        return field.choices[number % len(field.choices)][0]
    for kinds, make in MAKERS:
        if isinstance(field, kinds):
            return make(number)
    raise AssertionError(f"no rows can be made for {field!r}")


MAKERS: tuple[tuple[Any, Any], ...] = (
    (models.BooleanField, lambda number: number == 0),
    (models.GenericIPAddressField, lambda number: f"10.0.0.{number}"),
    (models.UUIDField, lambda number: uuid.UUID(int=number)),
    (models.DateTimeField, lambda number: _MOMENT + dt.timedelta(days=number)),
    (models.DateField, lambda number: _MOMENT.date() + dt.timedelta(days=number)),
    (models.TimeField, lambda number: dt.time(number)),
    (models.DurationField, lambda number: dt.timedelta(hours=number)),
    (models.DecimalField, lambda number: decimal.Decimal(number)),
    (models.FloatField, float),
    (models.IntegerField, lambda number: number),
    (models.JSONField, lambda number: {"n": number}),
    (models.BinaryField, lambda number: bytes([number])),
    (postgres.ArrayField, lambda number: [number]),
    (postgres.HStoreField, lambda number: {"n": str(number)}),
    (postgres.RangeField, lambda number: None),
    (SearchVectorField, lambda number: ...),
    (
        (models.CharField, models.TextField, models.FileField, models.FilePathField),
        lambda number: f"v{number}",
    ),
)
