"""Going back over the index-only migrations of a run, and over no other.

Django goes back to a migration, not over one: everything applied after the target goes too
(https://docs.djangoproject.com/en/5.2/topics/migrations/#reversing-migrations). So it is first asked what would go, and when
that is more than the run's own, nothing is done.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management import CommandError, call_command
from django.db import Error as DjangoDatabaseError
from django.db.migrations.exceptions import (
    InconsistentMigrationHistory,
    IrreversibleError,
)

from indexical.apply.wording import wording
from indexical.django.failure import sqlstate_of
from indexical.django.pending import index_only, load_executor
from indexical.errors import DatabaseError, NotHeld, ProjectRefused

_Key = tuple[str, str]


def check_back(alias: str, migrations: Sequence[str]) -> tuple[str, ...]:
    """Those of the migrations (``app.name``) that are applied, in the order in which they can be taken back.

    Raises :class:`ProjectRefused` when one is not in the project any more, does more than build or drop indexes, or cannot go
    without a later one that is not among them.
    """
    executor = load_executor(alias)
    applied = set(executor.loader.applied_migrations)
    ours = {_key(label) for label in migrations}
    for key in sorted(ours):
        migration = executor.loader.disk_migrations.get(key)
        if migration is None or key not in executor.loader.graph.nodes:
            raise ProjectRefused(
                f"the migration {_label(key)} is not in the project any more, so nothing was taken back; bring its file back, "
                "or undo it by a migration of your own"
            )
        if not index_only(migration):
            raise ProjectRefused(
                f"{_label(key)} does more than build or drop indexes concurrently, so nothing was taken back; see its file, "
                f"and go back by hand: manage.py migrate {key[0]}"
            )
        later = [
            other
            for other in executor.loader.graph.backwards_plan(key)
            if other in applied and other not in ours
        ]
        if key in applied and later:
            named = ", ".join(_label(other) for other in sorted(later))
            raise ProjectRefused(
                f"{_label(key)} cannot be taken back alone: {named} came after it and would go too; nothing was taken back, "
                f"take back {_label(sorted(later)[0])} first, or undo the index by a migration of your own"
            )
    present = ours & applied
    # What depends on a migration goes before it.
    order: list[_Key] = []
    for key in sorted(present):
        order += [
            other
            for other in executor.loader.graph.backwards_plan(key)
            if other in present and other not in order
        ]
    return tuple(_label(key) for key in order)


def migrate_back(alias: str, label: str) -> None:
    """Takes back exactly one applied migration, by ``migrate`` to the one before it in its app.

    Raises :class:`NotHeld` with what happened and how to go on, and :class:`ProjectRefused` when more would go than that.
    """
    key = _key(label)
    executor = load_executor(alias)
    before = sorted(
        parent.key[1] for parent in executor.loader.graph.node_map[key].parents if parent.key[0] == key[0]
    )
    target = before[-1] if before else None
    plan = [
        (migration.app_label, migration.name) for migration, _ in executor.migration_plan([(key[0], target)])
    ]
    more = sorted(set(plan) - {key})
    if more:
        raise ProjectRefused(
            f"going back before {label} would take back {', '.join(_label(other) for other in more)} too; nothing further was "
            "taken back, undo the index by a migration of your own"
        )
    try:
        call_command("migrate", key[0], target or "zero", database=alias, verbosity=0, interactive=False)
    except DjangoDatabaseError as error:
        what, remedy = wording(DatabaseError(str(error), code=sqlstate_of(error)))
        raise NotHeld(f"{label} was not taken back: {what}; {remedy}") from None
    except (CommandError, InconsistentMigrationHistory, IrreversibleError) as error:
        raise NotHeld(f"{label} was not taken back: {error}; see manage.py migrate {key[0]} --plan") from None


def _key(label: str) -> _Key:
    app, _, name = label.partition(".")
    return app, name


def _label(key: _Key) -> str:
    return f"{key[0]}.{key[1]}"
