"""Authors and books: small enough to know every statement that a page sends. What differs between tests comes as JSON."""

import json
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

MORE = json.loads(os.environ.get("MORE_SETTINGS", "{}"))
TOOLBAR = MORE.pop("TOOLBAR", False)

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "for-tests-only"
ALLOWED_HOSTS = ["*"]
INTERNAL_IPS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles", "shelf", "indexical.django",
]  # fmt: skip
MIDDLEWARE = ["indexical.django.watching.middleware.IndexAlarmMiddleware"]
if TOOLBAR:
    INSTALLED_APPS.append("debug_toolbar")
    MIDDLEWARE.append("debug_toolbar.middleware.DebugToolbarMiddleware")
    DEBUG_TOOLBAR_PANELS = ["indexical.django.panel.IndexPanel", "debug_toolbar.panels.sql.SQLPanel"]
ROOT_URLCONF = "urls"
STATIC_URL = "static/"
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_parts = conninfo_to_dict(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parts["dbname"],
        "USER": _parts["user"],
        "HOST": _parts["host"],
        "PORT": _parts.get("port", ""),
    }
}
globals().update(MORE)
