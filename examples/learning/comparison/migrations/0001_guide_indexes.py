from __future__ import annotations

from django.db import migrations

from comparison.guide import FIRST_WAVE
from comparison.operations import BuildIndex


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0002_profile"),
        ("learning", "0001_initial"),
        ("blog", "0001_initial"),
        ("forum_integration", "0001_initial"),
    ]

    operations = [BuildIndex(*index) for index in FIRST_WAVE]
