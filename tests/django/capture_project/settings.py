"""A shop of two models, small enough to know every statement it sends."""

import json
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "for-tests-only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop", "indexical.django"]
MIDDLEWARE = ["indexical.django.capture.middleware.CaptureMiddleware", "shop.middleware.outermost"]
ROOT_URLCONF = "urls"
USE_TZ = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {"orders.html": "{{ page_obj.object_list }}"},
                )
            ]
        },
    }
]
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
globals().update(json.loads(os.environ.get("MORE_SETTINGS", "{}")))
