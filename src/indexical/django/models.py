"""The app's models: what the dashboard's permissions belong to, and samples of use as rows of the project's own database.

The samples are used when the setting ``INDEXICAL_SAMPLES`` is ``"model"``; a file is the default. Neither is in the admin: it is
nobody's to edit.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class IndexReport(models.Model):
    """No table: the dashboard's permissions need something to belong to."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = (
            ("view_dashboard", "Can see the dashboard of indexes"),
            ("change_indexes", "Can propose changes of indexes"),
        )


class UsageSample(models.Model):
    """One server's counters at one moment; the parts are those of :mod:`indexical.usage.encoding`."""

    system: models.CharField[Any, str] = models.CharField(max_length=32, blank=True)
    database: models.BigIntegerField[Any, int] = models.BigIntegerField()
    node: models.CharField[Any, str] = models.CharField(max_length=64)
    taken_at: models.CharField[Any, str] = models.CharField(max_length=40)
    state: models.TextField[Any, str] = models.TextField()
    indexes: models.TextField[Any, str] = models.TextField()
    tables: models.TextField[Any, str] = models.TextField()
    statements: models.TextField[Any, str] = models.TextField()

    class Meta:
        default_permissions = ()
        indexes = (
            models.Index(fields=["system", "database", "node", "taken_at"], name="indexical_sample_of_node"),
        )

    def __str__(self) -> str:
        return f"{self.node} at {self.taken_at}"
