"""The 28 query patterns of the platform's performance documents, as querysets over sampled values.

Each pattern is written the way the documents print it; where they do not order, the model's own ordering applies, and where they
take a slice, so does this. The SQL is Django's own, with the values filled in by psycopg's client-side cursor:
https://www.psycopg.org/psycopg3/docs/advanced/cursors.html#client-side-binding-cursors
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections
from django.db.models import Max, QuerySet

from .chance import stream
from .words import ANIMATIONS

PAGE = 20
"""The page size of the platform's lists."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One documented query; ``build`` makes it for one draw of values."""

    id: str
    build: Callable[[Draw], QuerySet[Any]]
    values: bool = True
    """False when the query takes no value, so that one sample says everything."""


class Draw:
    """Values as the data has them: what is frequent in the rows is frequent here."""

    def __init__(
        self, using: str, seed: int, pattern: str, sample: int, now: dt.datetime | None = None
    ) -> None:
        self._using = using
        self._rng = stream(seed, f"documented {pattern} {sample}")
        self._sample = sample
        self.now = now or latest_moment(using)

    def model(self, label: str) -> QuerySet[Any]:
        return apps.get_model(label)._default_manager.using(self._using)

    def value(self, label: str, *fields: str, **having: Any) -> Any:
        """The field of one row (a tuple for several fields), every row as likely as the next."""
        rows = apps.get_model(label)._base_manager.using(self._using).filter(**having).order_by("pk")
        count = rows.count()
        if not count:
            raise LookupError(f"{label} has no row to sample a value from; run `manage.py load_data` first.")
        start = self._rng.randrange(count)
        return rows.values_list(*fields, flat=len(fields) == 1)[start : start + 1].get()

    def turn(self, options: Sequence[Any]) -> Any:
        """One option after the other, sample by sample."""
        return options[self._sample % len(options)]

    def days_ago(self, *days: int) -> dt.datetime:
        """A moment that many days back, one figure per sample, and some minutes so that no two are alike."""
        return self.now - dt.timedelta(days=self.turn(days), minutes=self._rng.randrange(600))


def latest_moment(using: str) -> dt.datetime:
    """The last moment the data knows of: "now" to the queries, however long ago the data was loaded."""
    label = "invitations.InvitationViewLog"
    latest = apps.get_model(label)._base_manager.using(using).aggregate(last=Max("viewed_at"))["last"]
    if latest is None:
        raise LookupError(f"{label} has no row to sample a value from; run `manage.py load_data` first.")
    return latest


ORDER, INVITATION, GUEST, VIEW = (
    "invitations.Order",
    "invitations.Invitation",
    "invitations.Guest",
    "invitations.InvitationViewLog",
)
USER, ACTIVITY, CODE = "accounts.User", "accounts.UserActivityLog", "accounts.PhoneVerification"
PLAN, TEMPLATE = "plans.Plan", "plans.Template"


def _guest_of_device(draw: Draw) -> QuerySet[Any]:
    invitation, device = draw.value(GUEST, "invitation_id", "device_fingerprint")
    # As .get() asks: no ordering, and one row more than it would print on failure.
    return draw.model(GUEST).filter(invitation=invitation, device_fingerprint=device).order_by()[:21]


def _templates_of_plan_and_category(draw: Draw) -> QuerySet[Any]:
    plan, category = draw.value(TEMPLATE, "plan_id", "category_id")
    return draw.model(TEMPLATE).filter(plan=plan, category=category, is_active=True)


def _activity_of_type(draw: Draw) -> QuerySet[Any]:
    user, kind = draw.value(ACTIVITY, "user_id", "activity_type")
    return draw.model(ACTIVITY).filter(user=user, activity_type=kind)


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "D1", lambda d: d.model(ORDER).filter(user=d.value(ORDER, "user_id"), status="PENDING_APPROVAL")[:10]
    ),
    Pattern(
        "D2",
        lambda d: (
            d.model(ORDER)
            .filter(status=d.turn(("PENDING_APPROVAL", "PENDING_PAYMENT", "PENDING_APPROVAL", "REJECTED")))
            .order_by("-created_at")[:PAGE]
        ),
    ),
    Pattern("D3", lambda d: d.model(ORDER).filter(user=d.value(ORDER, "user_id")).order_by("-created_at")),
    Pattern("D4", lambda d: d.model(ORDER).filter(status="APPROVED", approved_at__gte=d.days_ago(30, 7))),
    Pattern("D5", lambda d: d.model(INVITATION).filter(user=d.value(INVITATION, "user_id"), is_active=True)),
    Pattern(
        "D6", lambda d: d.model(INVITATION).filter(is_active=True, link_expires_at__lte=d.days_ago(0, 1))
    ),
    Pattern("D7", lambda d: d.model(INVITATION).filter(event_date__gte=d.days_ago(0, 1))),
    Pattern(
        "D8",
        lambda d: d.model(INVITATION).filter(user=d.value(INVITATION, "user_id")).order_by("-created_at"),
    ),
    Pattern(
        "D9",
        lambda d: d.model(GUEST).filter(invitation=d.value(GUEST, "invitation_id")).order_by("-viewed_at"),
    ),
    Pattern(
        "D10", lambda d: d.model(GUEST).filter(invitation=d.value(GUEST, "invitation_id"), attending=True)
    ),
    Pattern("D11", _guest_of_device),
    Pattern("D12", _templates_of_plan_and_category),
    Pattern("D13", lambda d: d.model(TEMPLATE).filter(plan=d.value(PLAN, "pk"), is_active=True)[:10]),
    Pattern(
        "D14", lambda d: d.model(TEMPLATE).filter(is_active=True).order_by("-use_count")[:6], values=False
    ),
    Pattern("D15", lambda d: d.model(TEMPLATE).filter(is_premium=True, is_active=True), values=False),
    Pattern(
        "D16",
        lambda d: d.model(TEMPLATE).filter(
            animation_type=d.turn([name for name, _ in ANIMATIONS]), is_active=True
        ),
    ),
    Pattern("D17", lambda d: d.model(USER).filter(is_phone_verified=True), values=False),
    Pattern("D18", lambda d: d.model(USER).filter(current_plan=d.value(PLAN, "pk"))),
    Pattern("D19", lambda d: d.model(USER).order_by("-created_at")[:PAGE], values=False),
    Pattern("D20", lambda d: d.model(USER).filter(is_blocked=True), values=False),
    Pattern(
        "D21",
        lambda d: d.model(ACTIVITY).filter(user=d.value(ACTIVITY, "user_id")).order_by("-created_at")[:10],
    ),
    Pattern("D22", _activity_of_type),
    Pattern("D23", lambda d: d.model(ACTIVITY).filter(created_at__gte=d.days_ago(7, 1))),
    Pattern("D24", lambda d: d.model(CODE).filter(user=d.value(CODE, "user_id")).order_by("-created_at")),
    Pattern("D25", lambda d: d.model(CODE).filter(user=d.value(CODE, "user_id"), is_used=False)),
    Pattern(
        "D26",
        lambda d: d.model(VIEW).filter(invitation=d.value(VIEW, "invitation_id")).order_by("-viewed_at"),
    ),
    Pattern("D27", lambda d: d.model(VIEW).filter(viewed_at__gte=d.days_ago(7, 1))),
    Pattern(
        "D28", lambda d: d.model(ORDER).filter(user=d.value(ORDER, "user_id")).select_related("plan", "user")
    ),
)


@dataclass(frozen=True, slots=True)
class Sample:
    id: str
    calls: int
    sql: str


def filled_in(queryset: QuerySet[Any]) -> str:
    """The SELECT Django would send, values included as literals."""
    connection = connections[queryset.db]
    connection.ensure_connection()
    statement, parameters = queryset.query.get_compiler(connection=connection).as_sql()
    return psycopg.ClientCursor(connection.connection).mogrify(statement, parameters)


def shares(total: int, parts: int) -> list[int]:
    """``total`` calls over at most ``parts`` samples, none of them without a call."""
    parts = min(parts, total)
    return [total // parts + (number < total % parts) for number in range(parts)]


def samples(using: str, seed: int, per_query: int, calls: int) -> Iterator[Sample]:
    """Every pattern in order. Raises LookupError when there is no data to take values from."""
    now = latest_moment(using)
    for pattern in PATTERNS:
        weights = shares(calls, per_query if pattern.values else 1)
        merged: dict[str, int] = {}
        for number, weight in enumerate(weights):
            statement = filled_in(pattern.build(Draw(using, seed, pattern.id, number, now)))
            merged[statement] = merged.get(statement, 0) + weight
        for statement, weight in merged.items():
            yield Sample(pattern.id, weight, statement)
