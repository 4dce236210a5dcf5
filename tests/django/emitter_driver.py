"""Runs the emitter inside a Django project, for the tests: reads an order as JSON, answers as JSON.

``{"create": [CREATE INDEX ...], "drop": [names], "write": bool, "twice": bool}``; the advice is made from the database the
project's settings name.
"""

from __future__ import annotations

import json
import sys

from django.db import connection

import django
from indexical import ddl
from indexical.errors import IndexicalError
from indexical.model import Advice, Drop, ExistingIndex, Instruction, PlannerUse, Recommendation, SourceEdit

EXISTING = """
SELECT c.relname, pg_get_indexdef(i.indexrelid), c.oid::int,
       coalesce((SELECT max(CASE contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' ELSE 'exclusion' END)
                   FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')), '')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE c.relnamespace = 'public'::regnamespace
"""


def existing() -> dict[str, ExistingIndex]:
    from indexical.django.compiled import read_index

    with connection.cursor() as cursor:
        cursor.execute(EXISTING)
        rows = cursor.fetchall()
    return {
        name: ExistingIndex(
            name, read_index(definition)[1], oid, constraint=constraint, definition=definition
        )
        for name, definition, oid, constraint in rows
    }


def recommendation(sql: str) -> Recommendation:
    from indexical.django.compiled import read_index

    name, index = read_index(sql, schema="public")
    return Recommendation(index, name, ddl.create_index(index, name), 8192, 1.0, 0.0)


def advice(order: dict) -> Advice:
    present = existing()
    covered = order.get("covered_by", {})
    return Advice(
        create=tuple(recommendation(sql) for sql in order.get("create", ())),
        drop=tuple(
            Drop(present[name], "redundant", covered_by=covered.get(name, ""))
            for name in order.get("drop", ())
        ),
        refused=(),
        statements=(),
        not_examined=(),
        planner=PlannerUse("fake", "18.0", 0, 0.0),
        cost_before=0.0,
        cost_after=0.0,
        bound=0.0,
    )


def declared(sql: str) -> list[str]:
    """The declaration of an index and the SQL that Django makes of it, or the reason why there is none."""
    from indexical.django.compiled import read_index, read_options
    from indexical.django.declaration import declare
    from indexical.django.predicate import Inexpressible
    from indexical.django.tables import ProjectMap

    project = ProjectMap.read()
    name, index = read_index(sql, schema="public")
    table = project.table(index.schema, index.table)
    assert table is not None
    try:
        declaration = declare(index, name, table, project, options=read_options(sql))
    except Inexpressible as reason:
        return ["", str(reason)]
    return [declaration.text(), str(declaration.index.create_sql(table.model, project.editor))]


def mapped() -> dict[str, list[str]]:
    """Every index of the database with its model and what declares it."""
    from indexical.django.mapping import existing_declaration
    from indexical.django.tables import ProjectMap

    project, found = ProjectMap.read(), {}
    for name, one in existing().items():
        table = project.table(one.index.schema, one.index.table)
        if table is None:
            found[name] = ["", "", ""]
            continue
        by = existing_declaration(one, table, project)
        found[name] = [table.through_of or table.label, by.by if by else "", by.field if by else ""]
    return found


def run(order: dict) -> dict:
    from indexical.cli.door import MigrationStyle
    from indexical.django import emit, mapping

    answer: dict = {}
    if "declare" in order:
        return {"declared": [declared(sql) for sql in order["declare"]]}
    if "map" in order:
        return {"map": mapped()}
    annotated = mapping.annotate(advice(order))
    answer["create"] = [[one.name, one.model, one.declaration, one.ddl] for one in annotated.create]
    answer["drop"] = [[one.existing.name, one.model, one.declared_by] for one in annotated.drop]
    if order.get("annotate"):
        return answer
    style = MigrationStyle(
        bool(order.get("plain")), bool(order.get("one_per_file")), str(order.get("outside_app", ""))
    )
    changes = emit.plan_advice(annotated, style=style)
    answer["edits"] = [[one.id, one.path, one.after] for one in changes if isinstance(one, SourceEdit)]
    answer["instructions"] = [
        [one.id, f"{one.text} {one.step}".rstrip()] for one in changes if isinstance(one, Instruction)
    ]
    answer["diff"] = emit.diff(changes)
    if order.get("write"):
        answer["outcomes"] = [type(one).__name__ for one in emit.write(changes)]
    if order.get("twice"):
        again = emit.plan_advice(annotated, style=style)
        answer["again"] = [one.id for one in again if isinstance(one, SourceEdit)]
    return answer


def main() -> None:
    django.setup()
    try:
        answer = run(json.load(sys.stdin))
    except IndexicalError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
