"""Runs every lookup in its project, before its declared index is there and after; answers as JSON, for the tests."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import uuid
from pathlib import Path

from django.apps import apps
from django.contrib.postgres import search
from django.db import connection, models
from django.db.models import functions
from django.db.models.fields.json import KeyTextTransform, KeyTransform

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def names() -> dict[str, object]:
    """What the lookups' code may say."""
    found: dict[str, object] = {
        **{name: getattr(models, name) for name in models.__all__ if hasattr(models, name)},
        **{name: getattr(functions, name) for name in functions.__all__},
        **{name: value for name, value in vars(search).items() if name.startswith(("Search", "Trigram"))},
        **{model.__name__: model for model in apps.get_app_config("lookups").get_models()},
        "KeyTransform": KeyTransform,
        "KeyTextTransform": KeyTextTransform,
        "UUID": uuid.UUID,
        "date": dt.date,
        "time": dt.time,
        "timedelta": dt.timedelta,
    }
    found["utc"] = lambda *parts: dt.datetime(*parts, tzinfo=dt.UTC)
    return found


def sent(code: str, known: dict[str, object]) -> list[tuple[str, object]]:
    """The statements that the code sends, with their parameters."""
    statements: list[tuple[str, object]] = []

    def record(execute, sql, parameters, many, context):  # type: ignore[no-untyped-def]
        statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(record):
        result = eval(code, known)
        if isinstance(result, models.QuerySet):
            list(result)
    return statements


def nodes(statements: list[tuple[str, object]]) -> list[list[str]]:
    """Type, relation and index of every plan node of the statements."""
    found: list[list[str]] = []

    def walk(plan: dict) -> None:
        found.append([plan["Node Type"], plan.get("Relation Name", ""), plan.get("Index Name", "")])
        for below in plan.get("Plans", ()):
            walk(below)

    with connection.cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            answer = cursor.fetchone()[0]
            walk((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"])
    return found


def bound(statements: list[tuple[str, object]]) -> list[str]:
    with connection.cursor() as cursor:
        return [cursor.mogrify(sql, parameters) for sql, parameters in statements]


def tried(lookup, known, project) -> dict:  # type: ignore[no-untyped-def]
    from indexical.django.compiled import read_index
    from indexical.django.declaration import declare
    from indexical.django.predicate import Inexpressible

    name, index = read_index(f"CREATE INDEX x ON {lookup.index}", schema="public")
    table = project.table(index.schema, index.table)
    try:
        declaration = declare(index, name, table, project)
    except Inexpressible as reason:
        return {"refused": str(reason)}
    statements = sent(lookup.code, known)
    answer = {"declaration": declaration.text(), "sql": bound(statements), "before": nodes(statements)}
    with connection.schema_editor(atomic=False) as editor:
        editor.add_index(table.model, declaration.index)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {index.table}")
    answer["after"] = nodes(statements)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef('x'::regclass)")
        answer["built"] = cursor.fetchone()[0]
        cursor.execute("DROP INDEX x")
    return answer


def fill(rows: int) -> None:
    from tests.django.lookups_data import FILL

    with connection.cursor() as cursor:
        cursor.execute(FILL.format(rows=rows))
        cursor.execute("VACUUM ANALYZE")


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from tests.django.lookups_table import LOOKUPS

    from indexical.django.tables import ProjectMap

    call_command("migrate", run_syncdb=False, verbosity=0)
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("lookups").get_models():
            editor.create_model(model)
    fill(int(os.environ["LOOKUP_ROWS"]))
    project, known = ProjectMap.read(), names()
    chosen = os.environ.get("LOOKUP_TOPIC", "")
    wanted = [one for one in LOOKUPS if chosen in one.topic]
    json.dump([{"topic": one.topic, **tried(one, known, project)} for one in wanted], sys.stdout)


if __name__ == "__main__":
    main()
