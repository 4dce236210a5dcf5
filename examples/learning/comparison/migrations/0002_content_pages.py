from __future__ import annotations

from django.db import migrations

from comparison.guide import SECOND_WAVE
from comparison.operations import BuildIndex


class Migration(migrations.Migration):
    dependencies = [
        ("comparison", "0001_guide_indexes"),
        ("blog", "0001_initial"),
    ]

    operations = [BuildIndex(*index) for index in SECOND_WAVE]
