"""Settings of the invitation platform. Everything that differs between machines comes from the environment.

DATABASE_URL         the PostgreSQL database; by default the local server's database "invitations"
DJANGO_SECRET_KEY    signs tokens; the default is for trying things out only
DJANGO_DEBUG         1 turns debug pages on
FAST_PASSWORDS       1 hashes passwords cheaply; only for measuring with made-up accounts
THROTTLES            1 turns the rate limits on (anonymous 100 a minute, a user 1000 a minute)
TRUST_FORWARDED_FOR  0 ignores X-Forwarded-For; by default the first address in it is taken as the visitor's
INDEXICAL_APP        0 leaves Indexical's Django app out, 1 insists on it; by default it is used when installed
"""

from __future__ import annotations

import os
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from config.database import database_settings

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-trying-things-out-change-me-in-earnest")
DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "apps.accounts",
    "apps.plans",
    "apps.invitations",
    "apps.admin_dashboard",
    "datagen",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.refuse_null_characters",
]


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


# The platform runs without Indexical; with it, `manage.py indexes` exists and requests can be recorded.
_INDEXICAL = os.environ.get("INDEXICAL_APP", "auto")
if _INDEXICAL == "1" or (_INDEXICAL == "auto" and _installed("indexical.django.apps")):
    INSTALLED_APPS.append("indexical.django")
    if _installed("indexical.django.capture.middleware"):
        MIDDLEWARE.insert(0, "indexical.django.capture.middleware.CaptureMiddleware")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

DATABASES = {"default": database_settings(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
if os.environ.get("FAST_PASSWORDS") == "1":
    # For measuring: with the usual hash a handful of logins would cost more than thousands of queries.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-in"
TIME_ZONE = "Asia/Kolkata"
USE_I18N = False
USE_TZ = True

MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "media/"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.authentication.PlanAwareJWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
    "UNAUTHENTICATED_USER": None,
}
if os.environ.get("THROTTLES") == "1":
    REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ]
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": "100/min", "user": "1000/min"}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "UPDATE_LAST_LOGIN": False,
}

# The platform's own rules.
TRUST_FORWARDED_FOR = os.environ.get("TRUST_FORWARDED_FOR", "1") == "1"
OTP_MINUTES = 10
# There is no text-message gateway here: the code is shown to whoever asks, unless this is switched off.
OTP_IN_RESPONSE = os.environ.get("OTP_IN_RESPONSE", "1") == "1"
LINK_DAYS = 15
REPEAT_VISIT_DAYS = 30
