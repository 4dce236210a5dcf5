"""One model for each thing the checks judge, and its harmless neighbour."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper


class Owner(models.Model):
    code = models.CharField(max_length=20, unique=True, db_index=True)
    name = models.CharField(max_length=60, db_collation="C")


class UniqueAlone(models.Model):
    code = models.CharField(max_length=20, unique=True)


class Flags(models.Model):
    on = models.BooleanField(default=False)
    off = models.BooleanField(default=False, db_index=True)
    at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["on", "off"], name="flags_both"),
            models.Index(fields=["on"], name="flags_rare", condition=models.Q(on=True)),
            models.Index(fields=["on", "at"], name="flags_at"),
        ]


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey("content_type", "object_id")


class IndexedNote(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    about = GenericForeignKey("content_type", "object_id")

    class Meta:
        indexes = [models.Index(fields=["object_id", "content_type", "at"], name="indexednote_about")]


class Kinds(models.Model):
    """Indexes on one column that are no duplicates of each other."""

    owner = models.ForeignKey(Owner, models.CASCADE)
    word = models.CharField(max_length=30, db_index=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(Upper("word"), name="kinds_upper"),
            models.Index(fields=["at"], name="kinds_new", condition=models.Q(word="NEW")),
            models.Index(fields=["at"], name="kinds_at"),
            GinIndex(OpClass("data", name="jsonb_path_ops"), name="kinds_path"),
            GinIndex(fields=["data"], name="kinds_data"),
        ]


class Backwards(models.Model):
    at = models.DateTimeField()
    owner = models.ForeignKey(Owner, models.CASCADE, db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="backwards_up"),
            models.Index(fields=["-at"], name="backwards_down"),
            models.Index(fields=["owner", "at"], name="backwards_owner"),
        ]


class Drifted(models.Model):
    at = models.DateTimeField()
    till = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="drifted_model_only")]


class Unmanaged(models.Model):
    at = models.DateTimeField()

    class Meta:
        managed = False
        indexes = [models.Index(fields=["at"], name="unmanaged_at")]


class OwnerProxy(Owner):
    class Meta:
        proxy = True


class Child(Owner):
    extra = models.IntegerField(db_index=True)
