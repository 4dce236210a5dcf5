"""Prints, as JSON, what the checks say: code, model, sentence, hint. Arguments: settings as NAME=JSON; ``+guide``."""

import json
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checks_settings")
    from django.conf import settings

    import django

    for argument in sys.argv[1:]:
        name, _, value = argument.partition("=")
        if value:
            setattr(settings, name, json.loads(value))
    django.setup()
    if "+guide" in sys.argv:
        _add_guide()
    from django.core.checks import run_checks

    found = run_checks(tags=["indexical"])
    json.dump(
        [[m.id, m.obj._meta.label if m.obj else "", m.msg, m.hint or "", m.is_silenced()] for m in found],
        sys.stdout,
    )


def _add_guide() -> None:
    from comparison.guide import GUIDE_INDEXES
    from django.apps import apps
    from django.db import models

    for one in GUIDE_INDEXES:
        meta = apps.get_model(one.app, one.model)._meta
        meta.indexes = [*meta.indexes, models.Index(fields=list(one.fields), name=one.name)]


main()
