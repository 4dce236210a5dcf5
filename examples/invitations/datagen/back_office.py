"""What staff see and do: notifications and the log of approvals."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .chance import DAY, MINUTE, draws, scattered, stamp, stream
from .people import STAFF, People, Row
from .sales import Sales
from .scale import Scale
from .words import PLANS

NOTIFICATION_COLUMNS = [
    "id",
    "type",
    "title",
    "message",
    "user_id",
    "order_id",
    "is_read",
    "read_at",
    "metadata",
    "created_at",
]
APPROVAL_COLUMNS = [
    "id",
    "user_id",
    "approved_by_id",
    "action",
    "notes",
    "payment_verified",
    "payment_method",
    "payment_amount",
    "created_at",
]

_READ_AFTER = 2 * DAY


def notification_rows(
    people: People, sales: Sales, scale: Scale, seed: int, keys: Iterator[object]
) -> Iterator[Row]:
    """Mostly read, apart from the last days and a few that nobody opened."""
    rng = stream(seed, "notifications")
    kinds = draws(
        rng,
        (
            (("NEW_USER", "New account"), 0.35),
            (("NEW_ORDER", "New order"), 0.3),
            (("PAYMENT_RECEIVED", "Payment received"), 0.3),
            (("PLAN_CHANGE", "Plan change asked for"), 0.05),
        ),
    )
    for moment in scattered(rng, scale.notifications, people.start + DAY, people.now):
        kind, title = next(kinds)
        order = rng.randrange(len(sales.order_ids)) if kind in ("NEW_ORDER", "PAYMENT_RECEIVED") else None
        user = rng.randrange(STAFF, len(people.ids)) if order is None else sales.order_user[order]
        read = moment < people.now - _READ_AFTER and rng.random() < 0.96
        yield (
            next(keys),
            kind,
            title,
            f"{title}: please have a look",
            people.ids[user],
            None if order is None else sales.order_ids[order],
            read,
            stamp(moment + int(rng.random() * _READ_AFTER)) if read else None,
            json.dumps({"source": "web", "priority": rng.randrange(1, 4)}),
            stamp(moment),
        )


def approval_rows(people: People, scale: Scale, seed: int, keys: Iterator[object]) -> Iterator[Row]:
    """The approval of each approved account, filled up with rejections."""
    rng = stream(seed, "approvals")
    decided = [
        (moment, number, "APPROVED")
        for number, moment in enumerate(people.approved)
        if moment and number >= STAFF
    ]
    decided = decided[: scale.approvals]
    decided += [
        (moment, rng.randrange(STAFF, len(people.ids)), "REJECTED")
        for moment in scattered(rng, scale.approvals - len(decided), people.start + DAY, people.now - MINUTE)
    ]
    for moment, number, action in sorted(decided):
        approved = action == "APPROVED"
        plan = rng.choices(PLANS, [row.share for row in PLANS])[0]
        yield (
            next(keys),
            people.ids[number],
            people.ids[number % STAFF],
            action,
            "" if approved else "Details could not be checked",
            approved and rng.random() < 0.75,
            rng.choice(("UPI", "BANK_TRANSFER", "CASH")) if approved else "",
            plan.price if approved else None,
            stamp(moment),
        )
