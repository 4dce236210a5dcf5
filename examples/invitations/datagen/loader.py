"""Writes the sample data with COPY, one table after the other, rows made while they are sent.

COPY: https://www.postgresql.org/docs/current/sql-copy.html; psycopg's row-wise form:
https://www.psycopg.org/psycopg3/docs/basic/copy.html
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from . import back_office, catalogue, people, sales, visits
from .chance import DAY, moment, stamp, stream, uuid_text
from .scale import Scale

PASSWORD = "wedding-bells-42"
"""The password of every loaded account."""
_SALT = "sampleDataSaltOfFixed1"
"""Fixed, so that the data is the same each time; 22 characters, as long as Django wants a salt to be."""

HISTORY_DAYS = 730


@dataclass(frozen=True, slots=True)
class World:
    """Everything the rows of all tables hang together by."""

    people: people.People
    catalogue: catalogue.Catalogue
    sales: sales.Sales
    visits: visits.Visits


CHANGED = (
    ("invitations_order", "status", "created_at", 30),
    ("invitations_guest", "attending", "viewed_at", 30),
    ("plans_template", "use_count", "created_at", HISTORY_DAYS + 2),
)
"""Table, column that changes after the row was written, and the age in days up to which it still does."""


@dataclass(frozen=True, slots=True)
class Table:
    model: type[models.Model]
    columns: Sequence[str]
    rows: Callable[[], Iterable[people.Row]]


def make_world(scale: Scale, seed: int, now: dt.datetime) -> World:
    end = moment(now)
    start = moment(now - dt.timedelta(days=HISTORY_DAYS))
    everybody = people.make_people(scale, seed, start, end)
    goods = catalogue.make_catalogue(scale, seed, start, end)
    sold = sales.make_sales(everybody, goods, scale, seed)
    return World(everybody, goods, sold, visits.make_visits(sold, scale, seed))


def _keys(model: type[models.Model], seed: int) -> Iterator[object]:
    """Primary keys of the kind the model has."""
    if isinstance(model._meta.pk, models.UUIDField):
        rng = stream(seed, f"keys of {model._meta.label_lower}")
        return (uuid_text(rng) for _ in count())
    return count(1)


def tables(world: World, scale: Scale, seed: int, password: str) -> list[Table]:
    """In the order of the foreign keys."""
    user = apps.get_model("accounts", "User")
    guest = apps.get_model("invitations", "Guest")
    view = apps.get_model("invitations", "InvitationViewLog")
    notification = apps.get_model("admin_dashboard", "AdminNotification")
    approval = apps.get_model("admin_dashboard", "UserApprovalLog")
    who, goods, sold, seen = world.people, world.catalogue, world.sales, world.visits
    return [
        Table(apps.get_model("plans", "Plan"), catalogue.PLAN_COLUMNS, lambda: catalogue.plan_rows(goods)),
        Table(
            apps.get_model("plans", "InvitationCategory"), catalogue.CATEGORY_COLUMNS, catalogue.category_rows
        ),
        Table(
            apps.get_model("plans", "Template"),
            catalogue.TEMPLATE_COLUMNS,
            lambda: catalogue.template_rows(goods, seed),
        ),
        Table(user, people.USER_COLUMNS, lambda: people.user_rows(who, seed, password, goods.plan_ids)),
        Table(
            apps.get_model("accounts", "PhoneVerification"),
            people.VERIFICATION_COLUMNS,
            lambda: people.verification_rows(who, scale, seed),
        ),
        Table(
            apps.get_model("accounts", "UserActivityLog"),
            people.ACTIVITY_COLUMNS,
            lambda: people.activity_rows(who, scale, seed),
        ),
        Table(
            apps.get_model("invitations", "Order"),
            sales.ORDER_COLUMNS,
            lambda: sales.order_rows(who, goods, sold, seed),
        ),
        Table(
            apps.get_model("invitations", "Invitation"),
            sales.INVITATION_COLUMNS,
            lambda: sales.invitation_rows(who, goods, sold, seen.counters, seed),
        ),
        Table(guest, visits.GUEST_COLUMNS, lambda: visits.guest_rows(sold, seen, seed, _keys(guest, seed))),
        Table(view, visits.VIEW_COLUMNS, lambda: visits.view_rows(sold, seen, seed, _keys(view, seed))),
        Table(
            notification,
            back_office.NOTIFICATION_COLUMNS,
            lambda: back_office.notification_rows(who, sold, scale, seed, _keys(notification, seed)),
        ),
        Table(
            approval,
            back_office.APPROVAL_COLUMNS,
            lambda: back_office.approval_rows(who, scale, seed, _keys(approval, seed)),
        ),
    ]


def refuse_unless_empty(wanted: Iterable[type[models.Model]], using: str) -> None:
    filled = [model._meta.db_table for model in wanted if model._base_manager.using(using).exists()]
    if filled:
        raise CommandError(
            f"{', '.join(filled)} already hold rows, and nothing was loaded; use a new database, or empty this one "
            "with `manage.py flush` if its rows are not needed."
        )


def load(
    world: World,
    scale: Scale,
    seed: int,
    using: str = "default",
    report: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Fill all tables in one transaction and analyse them; returns the rows per table.

    ``report`` is told each table and its rows as soon as they are sent. Raises CommandError when a table is not empty.
    """
    connection = connections[using]
    plan = tables(world, scale, seed, make_password(PASSWORD, salt=_SALT))
    refuse_unless_empty((table.model for table in plan), using)
    loaded: dict[str, int] = {}
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in plan:
            name = table.model._meta.db_table
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
            )
            loaded[name] = 0
            with cursor.copy(statement) as copy:
                for row in table.rows():
                    copy.write_row(row)
                    loaded[name] += 1
            if report:
                report(name, loaded[name])
        for statement in connection.ops.sequence_reset_sql(no_style(), [table.model for table in plan]):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        _change_recent_rows(cursor, world.people.now)
        for name in loaded:
            # Hint bits, visibility map and statistics, as a database has them that has run for a while.
            cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(name)))
    return loaded


def _change_recent_rows(cursor: CursorWrapper, now: int) -> None:
    """Write every other recent row anew, value unchanged.

    COPY leaves pages without any room. In a database that has run for a while orders were approved, guests have answered and
    templates were used, so the pages still in use have room, and the next such update can stay on its page.
    """
    for table, column, born, days in CHANGED:
        statement = sql.SQL(
            "UPDATE {table} SET {column} = {column} WHERE {born} >= %s AND mod(get_byte(decode(md5(id::text), 'hex'), 0), 2) = 0"
        )
        names = {
            "table": sql.Identifier(table),
            "column": sql.Identifier(column),
            "born": sql.Identifier(born),
        }
        cursor.execute(statement.format(**names), [stamp(now - days * DAY)])
