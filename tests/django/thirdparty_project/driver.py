"""Inside the project of installed packages: ``map``, ``check``, ``write``, ``prove``. Answers as JSON on the last line."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

import django
from indexical import ddl
from indexical.catalog import snapshot
from indexical.cli.door import MigrationStyle
from indexical.django.database import database_url
from indexical.model import Advice, Instruction, PlannerUse, Recommendation, SourceEdit
from indexical.pg.session import connect

ADVICE = Path("advice.pickle")
WANTED = (
    "CREATE INDEX a ON wagtailcore_page (content_type_id, first_published_at DESC)",
    "CREATE INDEX b ON forum_conversation_post (topic_id, created)",
    "CREATE INDEX c ON auth_user_groups (group_id, user_id)",
    "CREATE INDEX d ON catalogue_product USING gin (title gin_trgm_ops)",
    "CREATE INDEX e ON ours_bookmark (product_id, at)",
    "CREATE INDEX f ON account_emailaddress (upper(email::text)) WHERE verified",
)
PREFIXES = """
SELECT t.relname, a.relname FROM pg_index i JOIN pg_index j USING (indrelid)
  JOIN pg_class a ON a.oid = i.indexrelid JOIN pg_class b ON b.oid = j.indexrelid JOIN pg_class t ON t.oid = i.indrelid
 WHERE i.indexrelid <> j.indexrelid AND t.relnamespace = 'public'::regnamespace AND a.relam = b.relam
   AND i.indpred IS NULL AND j.indpred IS NULL AND i.indexprs IS NULL AND j.indexprs IS NULL
   AND i.indnatts <= j.indnatts AND NOT i.indisunique
   AND (i.indkey::int2[])[0:i.indnatts - 1] = (j.indkey::int2[])[0:i.indnatts - 1]
   AND (i.indclass::oid[])[0:i.indnatts - 1] = (j.indclass::oid[])[0:i.indnatts - 1]
   AND (i.indoption::int2[])[0:i.indnatts - 1] = (j.indoption::int2[])[0:i.indnatts - 1]
   AND (i.indcollation::oid[])[0:i.indnatts - 1] = (j.indcollation::oid[])[0:i.indnatts - 1]
"""


def migrate() -> dict[str, Any]:
    call_command("makemigrations", "ours", verbosity=0)
    call_command("migrate", verbosity=0)
    return {}


def mapping() -> dict[str, Any]:
    """Every table and every index of a snapshot, with what declares it; and the packages' files that are ours to edit."""
    from indexical.django.migration_source import history
    from indexical.django.origins import origin
    from indexical.django.tables import ProjectMap

    with connect(database_url("default")) as session:
        catalog = snapshot(session)
    project, loader = ProjectMap.read(), history.load()
    tables = {}
    indexes = {}
    for table in catalog.tables:
        mapped = project.table(table.schema, table.name)
        tables[table.name] = "" if mapped is None else mapped.through_of or mapped.label
        for existing in table.indexes:
            found = origin(existing, project, loader)
            indexes[existing.name] = [found.what, found.where]
    return {"tables": tables, "indexes": indexes}


def check() -> dict[str, Any]:
    from indexical.django.checks import check_migrations, check_models

    settings.INDEXICAL_CHECK_INSTALLED = True
    found = [[one.id, one.obj._meta.label, one.msg] for one in (*check_models(), *check_migrations())]
    with connection.cursor() as cursor:
        cursor.execute(PREFIXES)
        prefixes = sorted(set(cursor.fetchall()))
    return {"found": found, "prefixes": prefixes, "through": _through_tables()}


def _through_tables() -> list[str]:
    from indexical.django.tables import ProjectMap

    return [table.name for table in ProjectMap.read().tables if table.through_of]


def write(style: MigrationStyle) -> dict[str, Any]:
    from indexical.django import emit
    from indexical.django import mapping as mapped
    from indexical.django.compiled import read_index

    create = []
    for statement in WANTED:
        name, index = read_index(statement, schema="public")
        create.append(Recommendation(index, name, ddl.create_index(index, name), 8192, 1.0, 0.0))
    advice = mapped.annotate(
        Advice(tuple(create), (), (), (), (), PlannerUse("fake", "18.0", 0, 0.0), 0.0, 0.0, 0.0)
    )
    by_hand = [one.text for one in emit.plan_advice(advice) if isinstance(one, Instruction) and one.step]
    before = pending()
    changes = emit.plan_advice(advice, style=style)
    emit.write(changes)
    ADVICE.write_bytes(pickle.dumps((advice, style)))
    return {
        "by_hand": by_hand,
        "edits": [one.path for one in changes if isinstance(one, SourceEdit)],
        "texts": [one.after for one in changes if isinstance(one, SourceEdit)],
        "names": [one.name for one in advice.create],
        "pending": before,
    }


def prove() -> dict[str, Any]:
    from indexical.django import emit
    from indexical.django.pending import pending_migrations

    advice, style = pickle.loads(ADVICE.read_bytes())
    answer: dict[str, Any] = {
        "again": [one.id for one in emit.plan_advice(advice, style=style) if isinstance(one, SourceEdit)]
    }
    answer["pending"] = pending()
    call_command("migrate", "ours", "0002", verbosity=0)
    answer["applicable"] = [one.name for one in pending_migrations("default")]
    call_command("migrate", verbosity=0)
    answer["made"] = _names()
    call_command("migrate", "ours", "0001", verbosity=0)
    answer["back"] = _names()
    call_command("migrate", verbosity=0)
    answer["again_made"] = _names()
    return answer


def pending() -> str:
    """What ``makemigrations`` would write for the packages, whether the project has our indexes or not."""
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out)
    return out.getvalue()


def _names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def main() -> None:
    django.setup()
    steps = {
        "migrate": migrate,
        "map": mapping,
        "check": check,
        "write": lambda: write(MigrationStyle(outside_app="ours")),
        "write-plain": lambda: write(MigrationStyle(plain=True, outside_app="ours")),
        "prove": prove,
    }
    print(json.dumps({step: steps[step]() for step in sys.argv[1:]}))


if __name__ == "__main__":
    main()
