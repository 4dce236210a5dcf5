"""The dashboard's permissions, and the table of samples of use."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="IndexReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "managed": False,
                "default_permissions": (),
                "permissions": (
                    ("view_dashboard", "Can see the dashboard of indexes"),
                    ("change_indexes", "Can propose changes of indexes"),
                ),
            },
        ),
        migrations.CreateModel(
            name="UsageSample",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(blank=True, max_length=32)),
                ("database", models.BigIntegerField()),
                ("node", models.CharField(max_length=64)),
                ("taken_at", models.CharField(max_length=40)),
                ("state", models.TextField()),
                ("indexes", models.TextField()),
                ("tables", models.TextField()),
                ("statements", models.TextField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        fields=["system", "database", "node", "taken_at"],
                        name="indexical_sample_of_node",
                    )
                ],
            },
        ),
    )
