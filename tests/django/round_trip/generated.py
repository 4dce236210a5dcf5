"""Two apps of generated models: one model for each type of field, and models of several fields at random.

The ways of writing ``Meta`` go round, so that every type meets several of them. Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

HEAD = '''"""Generated."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    HStoreField,
    IntegerRangeField,
)
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Rising(models.IntegerField):
    """A field class of the project's own."""


class Ordered(models.Model):
    made = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-made"]


class Listed(models.Model):
    made = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["-made"], name="%(app_label)s_%(class)s_made")]


def rank_index(name):
    return [models.Index(fields=["rank"], name=name)]


'''

TYPES = (
    'models.BigIntegerField(default=0)',
    'models.BinaryField(default=b"")',
    'models.BooleanField(default=False)',
    'models.BooleanField(null=True)',
    'models.CharField(max_length=40)',
    'models.CharField(max_length=40, db_index=True)',
    'models.CharField(max_length=40, unique=True)',
    'models.CharField(max_length=40, db_collation="C")',
    'models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")], default="a")',
    'models.DateField(null=True)',
    'models.DateField(auto_now=True, db_index=True)',
    'models.DateTimeField(null=True)',
    'models.DecimalField(max_digits=9, decimal_places=2, default=0)',
    'models.DurationField(null=True)',
    'models.EmailField(max_length=120)',
    'models.EmailField(max_length=120, unique=True)',
    'models.FileField(upload_to="files")',
    'models.FilePathField(path="/", max_length=90)',
    'models.FloatField(default=0.0, db_index=True)',
    'models.ForeignKey("self", models.CASCADE, null=True)',
    'models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")',
    'models.ForeignKey("contenttypes.ContentType", on_delete=models.CASCADE, related_name="+", db_column="kind")',
    'models.GeneratedField(expression=models.F("rank") + 1, output_field=models.IntegerField(), db_persist=True)',
    'models.GenericIPAddressField(null=True)',
    'models.ImageField(upload_to="images", max_length=80)',
    'models.IntegerField(default=0)',
    'models.IntegerField(db_default=7)',
    'models.IntegerField(default=0, db_column="Odd Name", db_index=True)',
    'models.JSONField(default=dict)',
    'models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", null=True)',
    'models.PositiveBigIntegerField(default=0)',
    'models.PositiveIntegerField(default=0)',
    'models.PositiveSmallIntegerField(default=0, db_index=True)',
    'models.SlugField(max_length=60)',
    'models.SlugField(max_length=60, unique=True)',
    'models.SlugField(max_length=60, db_index=False)',
    'models.SmallIntegerField(default=0)',
    'models.TextField(default="")',
    'models.TextField(db_index=True)',
    'models.TimeField(null=True)',
    'models.URLField(max_length=190)',
    'models.UUIDField(default=uuid.uuid4)',
    'models.UUIDField(default=uuid.uuid4, unique=True)',
    'Rising(db_index=True, default=0)',
    'ArrayField(models.IntegerField(), default=list)',
    'ArrayField(models.CharField(max_length=9), default=list)',
    'HStoreField(default=dict)',
    'IntegerRangeField(null=True)',
    'BigIntegerRangeField(null=True)',
    'DecimalRangeField(null=True)',
    'DateRangeField(null=True)',
    'DateTimeRangeField(null=True)',
    'SearchVectorField(null=True)',
)  # fmt: skip

KEYS = (
    "models.UUIDField(primary_key=True, default=uuid.uuid4)",
    "models.CharField(max_length=12, primary_key=True)",
    "models.SmallAutoField(primary_key=True)",
    'models.OneToOneField("contenttypes.ContentType", models.CASCADE, primary_key=True, related_name="+")',
)


@dataclass(frozen=True)
class Style:
    """One way of writing ``Meta``."""

    name: str
    meta: str = ""
    base: str = "models.Model"
    before: str = ""
    refused: bool = False
    """Whether no edit of it can be certain."""


OLD = 'models.Index(fields=["rank"], name="{name}")'
STYLES = (
    Style("no Meta"),
    Style("no indexes", "    class Meta:\n        ordering = ['rank']\n"),
    Style("an empty list", "    class Meta:\n        indexes = []  # none yet\n        ordering = ['rank']\n"),
    Style("an empty tuple", "    class Meta:\n        indexes = ()\n"),
    Style("a list on one line", f"    class Meta:\n        indexes = [{OLD}]\n"),
    Style("a list on many lines", f"    class Meta:\n        indexes = [\n            # rank\n            {OLD},\n        ]\n"),
    Style("a tuple", f"    class Meta:\n        indexes = ({OLD},)\n        verbose_name = 'x'\n"),
    Style("a sum", "    class Meta:\n        indexes = rank_index('{name}') + [\n        ]\n"),
    Style("a sum of two lists", f"    class Meta:\n        indexes = [] + [{OLD}]\n"),
    Style("a call", "    class Meta:\n        indexes = rank_index('{name}')\n"),
    Style("a variable", "    class Meta:\n        indexes = {variable}\n", before=f"{{variable}} = [{OLD}]\n\n\n"),
    Style("a starred list", "    class Meta:\n        indexes = [*rank_index('{name}')]\n"),
    Style("an annotation", "    class Meta:\n        indexes: list[models.Index] = []\n"),
    Style("an inherited Meta", base="Ordered"),
    Style("a Meta of a Meta", "    class Meta(Ordered.Meta):\n        verbose_name = 'y'\n", base="Ordered"),
    Style("inherited indexes", base="Listed"),
    Style("inherited indexes in a Meta of a Meta", "    class Meta(Listed.Meta):\n        ordering = ['rank']\n", base="Listed"),
    Style("its own Meta over inherited indexes", "    class Meta:\n        ordering = ['rank']\n", base="Listed"),
    Style("a comprehension", f"    class Meta:\n        indexes = [{OLD} for _ in '1']\n", refused=True),
    Style("two statements", f"    class Meta:\n        indexes = []\n        indexes += [{OLD}]\n", refused=True),
)  # fmt: skip


def typed() -> str:
    """A model for every type, two ways of writing Meta for each."""
    parts = [HEAD]
    for number, source in enumerate((*TYPES, *KEYS)):
        key = source in KEYS
        fields = [f"value = {source}", "rank = models.IntegerField(default=0)"]
        if not key:
            fields.append("flag = models.BooleanField(default=False)")
        parts.append(_model("typed", f"T{number:02d}", STYLES[number % len(STYLES)], fields))
    return "".join(parts)


def mixed(seed: int, count: int = 26) -> str:
    """Models of three to seven fields."""
    dice = random.Random(seed)
    parts = [HEAD]
    for number in range(count):
        fields = ["rank = models.IntegerField(default=0)"]
        for at, source in enumerate(dice.sample(TYPES, dice.randint(2, 6))):
            if dice.random() < 0.2:
                to = f"M{dice.randrange(number):02d}" if number else "self"
                source = f'models.ForeignKey("{to}", models.CASCADE, null=True, related_name="+")'
            fields.append(f"f{at} = {source}{dice.choice(['', '', '  # as the guide says'])}")
        dice.shuffle(fields)
        style = STYLES[(number * 7 + seed) % len(STYLES)]
        parts.append(_model("mixed", f"M{number:02d}", style, fields))
    return "".join(parts)


def _model(app: str, name: str, style: Style, fields: list[str]) -> str:
    words = {"name": f"{app}_{name.lower()}_old", "variable": f"{name}_INDEXES"}
    body = "".join(f"    {field}\n" for field in fields)
    meta = style.meta.format(**words)
    return (
        f"{style.before.format(**words)}class {name}({style.base}):\n"
        f'    """{style.name}."""\n\n{body}{chr(10) if meta else ""}{meta}\n\n'
    )
