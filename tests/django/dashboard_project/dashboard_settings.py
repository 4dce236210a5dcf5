"""A project with Django's admin and the dashboard, for the tests of both."""

import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "for-tests-only-and-long-enough-for-signing-what-is-confirmed"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "dashboard_urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "indexical.django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_parts = conninfo_to_dict(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parts["dbname"],
        "USER": _parts["user"],
        "HOST": _parts["host"],
        "PORT": _parts.get("port", ""),
    },
    "gone": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "gone",
        "USER": "nobody",
        "PASSWORD": "s3cret",
        "HOST": "127.0.0.1",
        "PORT": "1",
    },
    "notes": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
INDEXICAL_DASHBOARD = True
INDEXICAL_DASHBOARD_ACTIONS = True
