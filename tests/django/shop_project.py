"""A small Django project in one folder, for the emitter's tests: written out afresh for each of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

DRIVER = Path(__file__).with_name("emitter_driver.py")

SETTINGS = """
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "for tests only"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.postgres", "shop"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["DB_NAME"],
        "USER": "postgres",
        "HOST": os.environ["DB_HOST"],
        "PORT": os.environ["DB_PORT"],
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""

MODELS = '''"""A shop."""

from django.conf import settings
from django.db import models


class Dated(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    day = models.DateField(null=True, db_index=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]


class Tag(models.Model):
    label = models.SlugField(max_length=40)


class Order(Dated):
    """Ordered, and perhaps paid."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_column="client")
    status = models.CharField(max_length=20, default="NEW")
    number = models.CharField(max_length=20, unique=True, db_index=True)
    note = models.TextField(db_index=True)
    paid = models.BooleanField(default=False)
    shipped = models.BooleanField(null=True)
    cents = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    tags = models.ManyToManyField(Tag)

    def __str__(self):
        return self.number


class Gift(Order):
    message = models.CharField(max_length=99)


class OrderProxy(Order):
    class Meta:
        proxy = True


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    sku = models.CharField(max_length=30)
    position = models.IntegerField()
    reverse_of = models.OneToOneField("self", models.SET_NULL, null=True)

    class Meta:
        db_table = "order lines"
        unique_together = [("order", "position")]
        indexes = [
            models.Index(fields=["sku", "-position"], name="line_sku_idx"),
            models.Index(fields=["position"]),
        ]
        constraints = [models.UniqueConstraint(fields=["sku", "order"], name="line_once")]


class Ledger(models.Model):
    amount = models.IntegerField()

    class Meta:
        managed = False
        db_table = "ledger"
'''


@dataclass(frozen=True)
class Shop:
    folder: Path
    url: str

    @classmethod
    def write(cls, folder: Path, url: str, models: str = MODELS) -> Shop:
        (folder / "shop" / "migrations").mkdir(parents=True)
        (folder / "settings.py").write_text(SETTINGS)
        (folder / "shop" / "__init__.py").touch()
        (folder / "shop" / "migrations" / "__init__.py").touch()
        (folder / "shop" / "models.py").write_text(models)
        return cls(folder, url)

    @classmethod
    def copy(cls, made: Shop, folder: Path, url: str) -> Shop:
        """The same project in another folder, for another database."""
        shutil.copytree(made.folder, folder)
        return cls(folder, url)

    def fill(self) -> None:
        """Rows, and a table that is not Django's to make."""
        with psycopg.connect(self.url) as connection:
            connection.execute("CREATE TABLE ledger (amount int)")
            connection.execute(
                "INSERT INTO auth_user SELECT g, 'x', null, false, 'u' || g, '', '', '', false, true, now() "
                "FROM generate_series(1, 20) g"
            )
            connection.execute(
                "INSERT INTO shop_order (id, created_at, client, status, number, note, paid, cents) "
                "SELECT g, now(), g % 20 + 1, 'NEW', g::text, 'n', false, g FROM generate_series(1, 500) g"
            )

    @property
    def models(self) -> Path:
        return self.folder / "shop" / "models.py"

    @property
    def migrations(self) -> Path:
        return self.folder / "shop" / "migrations"

    def manage(self, *arguments: str, code: int = 0) -> str:
        return self.run("-m", "django", *arguments, code=code)

    def emit(self, **order: Any) -> dict[str, Any]:
        """Run the emitter in the project; see ``emitter_driver``."""
        return json.loads(self.run(str(DRIVER), text=json.dumps(order)))

    def run(self, *arguments: str, text: str = "", code: int = 0) -> str:
        given = conninfo_to_dict(self.url)
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "settings",
                "PYTHONPATH": str(self.folder),
                "PYTHONDONTWRITEBYTECODE": "1",
                "DB_NAME": str(given["dbname"]),
                "DB_HOST": str(given["host"]),
                "DB_PORT": str(given["port"]),
            },
            input=text,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout
