"""A field of every kind. Tables are narrow, so that each lookup's index is built and analysed in no time."""

from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    HStoreField,
    IntegerRangeField,
)
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=40)
    nick = models.CharField(max_length=40, null=True)
    bio = models.TextField()
    email = models.EmailField()


class Event(models.Model):
    owner = models.ForeignKey(Person, models.CASCADE, db_index=False, db_constraint=False)
    created_at = models.DateTimeField()
    day = models.DateField()
    at = models.TimeField()
    closed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10)
    archived = models.BooleanField()


class Figure(models.Model):
    number = models.IntegerField()
    other = models.IntegerField()
    price = models.DecimalField(max_digits=9, decimal_places=2)
    score = models.FloatField(null=True)
    length = models.DurationField()
    key = models.UUIDField()
    address = models.GenericIPAddressField()


class Document(models.Model):
    data = models.JSONField()
    body = models.TextField()
    search = SearchVectorField()


class Collection(models.Model):
    tags = ArrayField(models.CharField(max_length=20))
    numbers = ArrayField(models.IntegerField())
    attributes = HStoreField()
    span = IntegerRangeField()
    period = DateTimeRangeField()
    days = DateRangeField()
    room = models.IntegerField()
