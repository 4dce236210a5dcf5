from __future__ import annotations

from django.db import migrations

from comparison.guide import GUIDE_INDEXES
from comparison.operations import BuildIndex


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_user_payment_verified"),
        ("plans", "0001_initial"),
        ("invitations", "0001_initial"),
    ]

    operations = [BuildIndex(*index) for index in GUIDE_INDEXES]
