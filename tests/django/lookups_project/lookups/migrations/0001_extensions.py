"""The tables are made from the models; only what they need of PostgreSQL is migrated."""

from typing import ClassVar

from django.contrib.postgres.operations import (
    BtreeGinExtension,
    BtreeGistExtension,
    HStoreExtension,
    TrigramExtension,
)
from django.db import migrations


class Migration(migrations.Migration):
    operations: ClassVar = [HStoreExtension(), TrigramExtension(), BtreeGinExtension(), BtreeGistExtension()]
