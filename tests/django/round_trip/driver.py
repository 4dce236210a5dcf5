"""The round trip inside the project: ``plan`` writes, ``prove`` runs in a new process, which has the new models.

Answers as JSON on the last line of standard output.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connections

import django
from indexical.model import Advice, ExistingIndex, Instruction, PlannerUse, SourceEdit

APPS = ("handmade", "typed", "mixed")
ADVICE = Path("advice.pickle")
QUERY = """
SELECT t.relname, c.relname, pg_get_indexdef(i.indexrelid), c.oid::int,
       coalesce((SELECT max(CASE contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'exclusion' END)
                   FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')), ''), i.indisvalid
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
 WHERE c.relnamespace = 'public'::regnamespace
"""


def rows(alias: str = "default") -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(QUERY)
        return sorted(cursor.fetchall())


def definitions(alias: str = "default") -> dict[str, str]:
    """Index name to definition, of the project's own apps; an index that is not valid says so."""
    return {
        name: f"{definition}{'' if valid else ' INVALID'}"
        for table, name, definition, _, _, valid in rows(alias)
        if table.partition("_")[0] in APPS or table == "odd table"
    }


def existing() -> dict[str, list[ExistingIndex]]:
    from indexical.django.compiled import read_index

    found: dict[str, list[ExistingIndex]] = {}
    for table, name, definition, oid, constraint, _ in rows():
        try:
            index = read_index(definition)[1]
        except ValueError:
            continue
        found.setdefault(table, []).append(
            ExistingIndex(name, index, oid, constraint=constraint, definition=definition)
        )
    return found


def own_models() -> list[Any]:
    return [
        model for label in APPS for model in apps.get_app_config(label).get_models() if model._meta.managed
    ]


def plan() -> dict[str, Any]:
    from tests.django.round_trip.filling import fill
    from tests.django.round_trip.wanted import advised

    from indexical.django import emit, mapping
    from indexical.django.tables import ProjectMap

    call_command("makemigrations", *APPS, verbosity=0)
    call_command("migrate", verbosity=0)
    filled = fill([model for model in own_models() if not model._meta.proxy])
    before = definitions()
    project, present = ProjectMap.read(), existing()
    create, drop = [], []
    for number, table in enumerate(table for table in project.tables if table.model._meta.app_label in APPS):
        more, less = advised(table, present.get(table.name, []), project, number)
        create.extend(more)
        drop.extend(less)
    annotated = mapping.annotate(
        Advice(tuple(create), tuple(drop), (), (), (), PlannerUse("fake", "18.0", 0, 0.0), 0.0, 0.0, 0.0)
    )
    changes = emit.plan_advice(annotated)
    outcomes = emit.write(changes)
    ADVICE.write_bytes(pickle.dumps((annotated, before)))
    again = emit.plan_advice(annotated)
    return {
        "filled": filled,
        "create": {one.name: one.model for one in annotated.create},
        "drop": {one.existing.name: [one.model, one.declared_by] for one in annotated.drop},
        "edits": sorted(one.id for one in changes if isinstance(one, SourceEdit)),
        "instructions": {one.id: one.text for one in changes if isinstance(one, Instruction)},
        "outcomes": sorted({type(one).__name__ for one in outcomes}),
        "again": [one.id for one in again if isinstance(one, SourceEdit)],
    }


def prove() -> dict[str, Any]:
    from indexical.django import emit

    annotated, before = pickle.loads(ADVICE.read_bytes())
    answer: dict[str, Any] = {"check": _makemigrations_check()}
    answer["again"] = [one.id for one in emit.plan_advice(annotated) if isinstance(one, SourceEdit)]
    for alias in ("empty", "default"):
        call_command("migrate", database=alias, verbosity=0)
    after = definitions()
    answer["indexes"] = sorted(after)
    answer["filled is not what the models say"] = _differences(after, _made_from_models())
    answer["empty is not what filled is"] = _differences(definitions("empty"), after)
    for label in APPS:
        call_command("migrate", label, "0001", verbosity=0)
    answer["back is not where it was"] = _differences(definitions(), before)
    call_command("migrate", verbosity=0)
    answer["forward again is not the same"] = _differences(definitions(), after)
    for label in reversed(APPS):
        call_command("migrate", label, "zero", database="empty", verbosity=0)
    answer["left of an empty one"] = sorted(definitions("empty"))
    answer["rows"] = sum(
        model._base_manager.count()
        for model in own_models()
        if not model._meta.proxy and not model._meta.parents
    )
    return answer


def _makemigrations_check() -> str:
    out = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out)
    except SystemExit:
        return out.getvalue()
    return ""


def _made_from_models() -> dict[str, str]:
    """What Django's schema editor makes of the models as they are now, without any migration."""
    with connections["oracle"].schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy and not model._meta.swapped:
                editor.create_model(model)
    return definitions("oracle")


def _differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(
        f"{name}: {one.get(name)} / {other.get(name)}"
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name)
    )


def main() -> None:
    django.setup()
    answer = {"plan": plan, "prove": prove}[sys.argv[1]]()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
