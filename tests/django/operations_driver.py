"""Runs the safe operations against a real database, one scenario after the other; answers as JSON, for the tests."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.management import CommandError
from django.db import DatabaseError, NotSupportedError, connection, connections, models, transaction
from django.db.migrations import RunSQL
from django.db.migrations.operations import AlterField
from django.db.migrations.state import ProjectState
from django.db.models.functions import Upper

import django

PLAIN = models.Index(fields=["cents", "-created_at"], condition=models.Q(paid=True), name="safe_idx")


class Notes(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


NOTES = Notes()


def carried_out(operation: Any, *, back: bool = False, alias: str = "default", plan: bool = False) -> str:
    """Does what ``migrate`` does with one operation; answers with what was said, or with the error."""
    before = ProjectState.from_apps(apps)
    after = before.clone()
    if "RemoveIndex" in type(operation).__name__:
        operation_for_state = before.models["shop", operation.model_name_lower]
        operation_for_state.options = {**operation_for_state.options, "indexes": [PLAIN]}
        after = before.clone()
    operation.state_forwards("shop", after)
    NOTES.lines.clear()
    try:
        with connections[alias].schema_editor(collect_sql=plan, atomic=False) as editor:
            if back:
                operation.database_backwards("shop", editor, after, before)
            else:
                operation.database_forwards("shop", editor, before, after)
            return "; ".join([*NOTES.lines, *(editor.collected_sql if plan else [])])
    except (CommandError, DatabaseError, NotSupportedError) as error:
        kind = "CommandError" if isinstance(error, CommandError) else type(error).__name__
        return f"{kind}: {error}".strip()


def rows(sql: str, alias: str = "default") -> list[Any]:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []


def present(name: str = "safe_idx") -> list[Any]:
    return rows(
        "SELECT n.nspname, i.indisvalid, pg_get_indexdef(i.indexrelid), i.indexrelid::int FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE c.relname = '{name}' ORDER BY 1"
    )


def limits() -> list[str]:
    return [rows(f"SHOW {name}")[0][0] for name in ("lock_timeout", "statement_timeout")]


def built_and_reversed() -> dict:
    from indexical.django.operations import AddIndexSafely

    operation = AddIndexSafely("order", PLAIN)
    rows("SET lock_timeout = '7s'; SET statement_timeout = '1h'")
    said = carried_out(operation)
    built = present()
    after = limits()
    back = carried_out(operation, back=True)
    again = carried_out(operation, back=True)
    return {"said": said, "built": built, "limits": after, "back": back, "gone": present(), "again": again}


def adopted() -> dict:
    from indexical.django.operations import AddIndexSafely

    texts = models.Index(OpClass(Upper("note"), name="text_pattern_ops"), name="safe_texts")
    answer: dict[str, Any] = {}
    for name, index in (("safe_idx", PLAIN), ("safe_texts", texts)):
        operation = AddIndexSafely("order", index)
        carried_out(operation)
        before = present(name)
        answer[name] = [carried_out(operation), present(name) == before]
        carried_out(operation, back=True)
    return answer


def rebuilt() -> dict:
    from indexical.django.operations import AddIndexSafely

    operation = AddIndexSafely("order", PLAIN)
    carried_out(operation)
    (old,) = present()
    rows("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'safe_idx'::regclass")
    said = carried_out(operation)
    (new,) = present()
    carried_out(operation, back=True)
    return {"said": said, "valid": new[1], "new": new[3] != old[3], "same": new[2] == old[2]}


def taken() -> dict:
    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely

    operation = AddIndexSafely("order", PLAIN)
    answer = {}
    for what, sql in {
        "other definition": "CREATE INDEX safe_idx ON shop_order (cents) WHERE paid",
        "other table": "CREATE INDEX safe_idx ON shop_tag (label)",
        "no index": "CREATE SEQUENCE safe_idx",
    }.items():
        rows(sql)
        answer[what] = carried_out(operation)
        if what != "other definition":
            answer[f"{what}, back"] = carried_out(RemoveIndexSafely("order", "safe_idx"))
        rows("DROP SEQUENCE safe_idx" if what == "no index" else "DROP INDEX safe_idx")
    return answer


def without_the_lock() -> dict:
    from indexical.django.operations import AddIndexSafely

    with transaction.atomic(using="second"):
        rows("LOCK TABLE shop_order IN SHARE UPDATE EXCLUSIVE MODE", "second")
        said = carried_out(AddIndexSafely("order", PLAIN, lock_seconds=0.2))
    return {"said": said, "left": present(), "limits": limits()}


def waiting_in_vain() -> dict:
    from indexical.django.operations import AddIndexSafely

    with transaction.atomic(using="second"):
        rows("UPDATE shop_order SET cents = cents WHERE id = 1", "second")
        said = carried_out(AddIndexSafely("order", PLAIN, wait_seconds=0.3))
        left = [one[1] for one in present()]
    carried = carried_out(AddIndexSafely("order", PLAIN))
    answer = {"said": said, "left": left, "then": carried, "built": [one[1] for one in present()]}
    carried_out(AddIndexSafely("order", PLAIN), back=True)
    return answer


def in_its_schema() -> dict:
    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely

    rows("CREATE SCHEMA tenant")
    rows("CREATE TABLE tenant.shop_order (LIKE public.shop_order)")
    operation = AddIndexSafely("order", PLAIN)
    carried_out(operation)
    rows("SET search_path = tenant, public")
    carried_out(operation)
    both = [one[0] for one in present()]
    carried_out(RemoveIndexSafely("order", "safe_idx"))
    one = [each[0] for each in present()]
    carried_out(RemoveIndexSafely("order", "safe_idx"))
    untouched = [each[0] for each in present()]
    rows("RESET search_path")
    carried_out(operation, back=True)
    return {"both": both, "one": one, "untouched": untouched, "left": present()}


def removed_and_reversed() -> dict:
    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely

    carried_out(AddIndexSafely("order", PLAIN))
    operation = RemoveIndexSafely("order", "safe_idx")
    said, gone = carried_out(operation), present()
    back = carried_out(operation, back=True)
    restored = [one[1] for one in present()]
    carried_out(operation)
    return {"said": said, "gone": gone, "back": back, "restored": restored}


def in_a_transaction() -> dict:
    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely

    with transaction.atomic():
        return {
            "add": carried_out(AddIndexSafely("order", PLAIN)),
            "remove": carried_out(RemoveIndexSafely("order", "safe_idx")),
        }


def planned() -> dict:
    from indexical.django.operations import AddIndexSafely

    return {"sql": carried_out(AddIndexSafely("order", PLAIN), plan=True), "built": present()}


def elsewhere() -> dict:
    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely, UnindexFieldSafely

    with connections["light"].schema_editor() as editor:
        for model in ("Tag", "Order"):
            editor.create_model(apps.get_model("shop", model))

    def names() -> list[str]:
        sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'shop_order' AND sql IS NOT NULL"
        return sorted(row[0].split("_")[-1] if "note" in row[0] else row[0] for row in rows(sql, "light"))

    before = names()
    ordinary = AddIndexSafely("order", PLAIN)
    foreign = AddIndexSafely("order", GinIndex(fields=["note"], name="safe_gin"))
    field = models.TextField()
    field.set_attributes_from_name("note")
    unindex = UnindexFieldSafely([RunSQL("DROP INDEX CONCURRENTLY x")], [AlterField("order", "note", field)])
    answer: dict[str, Any] = {
        "ordinary": carried_out(ordinary, alias="light"),
        "foreign": carried_out(foreign, alias="light"),
        "planned": carried_out(foreign, alias="light", plan=True),
        "made": sorted(set(names()) - set(before)),
        "foreign, back": carried_out(foreign, alias="light", back=True),
        "removed": carried_out(RemoveIndexSafely("order", "safe_idx"), alias="light"),
    }
    answer["left"] = names() == before
    answer["unindexed"] = carried_out(unindex, alias="light")
    answer["fewer"] = len(before) - len(names())
    return answer


def routed() -> dict:
    from django.test.utils import override_settings

    from indexical.django.operations import AddIndexSafely, RemoveIndexSafely

    with override_settings(DATABASE_ROUTERS=[Nowhere()]):
        said = [
            carried_out(AddIndexSafely("order", PLAIN)),
            carried_out(RemoveIndexSafely("order", "safe_idx")),
        ]
    return {"said": said, "built": present()}


class Nowhere:
    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return False


SCENARIOS: tuple[Callable[[], dict], ...] = (
    built_and_reversed, adopted, rebuilt, taken, without_the_lock, waiting_in_vain, in_its_schema, removed_and_reversed,
    in_a_transaction, planned, elsewhere, routed,
)  # fmt: skip


def main() -> None:
    django.setup()
    log = logging.getLogger("indexical.django.operations")
    log.addHandler(NOTES)
    log.propagate = False
    settings = {**connection.settings_dict}
    connections.databases["second"] = settings
    connections.databases["light"] = {**settings, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    json.dump({scenario.__name__: scenario() for scenario in SCENARIOS}, sys.stdout)


if __name__ == "__main__":
    main()
