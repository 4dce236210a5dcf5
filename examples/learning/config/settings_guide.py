"""The platform with the index guide's 47 indexes, for comparison: the same settings and one more app."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as PLAIN_APPS

INSTALLED_APPS = [*PLAIN_APPS, "comparison"]
