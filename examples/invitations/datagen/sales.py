"""Orders and the invitations they pay for."""

from __future__ import annotations

import json
import string
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from .catalogue import Catalogue
from .chance import (
    DAY,
    HOUR,
    MINUTE,
    Popularity,
    day_digits,
    draws,
    scattered,
    stamp,
    stream,
    uuid_text,
    zipf_weights,
)
from .people import STAFF, People, Row
from .scale import Scale
from .words import CATEGORIES, CITIES, FIRST_NAMES, LAST_NAMES, PLANS, STREETS, TEST_LINKS, VENUES

ORDER_COLUMNS = [
    "id",
    "user_id",
    "plan_id",
    "event_type",
    "event_type_name",
    "status",
    "payment_amount",
    "payment_method",
    "payment_status",
    "payment_notes",
    "payment_received_at",
    "approved_by_id",
    "approved_at",
    "admin_notes",
    "granted_regular_links",
    "granted_test_links",
    "order_number",
    "created_at",
    "updated_at",
    "expires_at",
]
INVITATION_COLUMNS = [
    "id",
    "order_id",
    "user_id",
    "template_id",
    "slug",
    "event_title",
    "event_date",
    "event_venue",
    "event_address",
    "event_map_link",
    "host_name",
    "host_phone",
    "custom_message",
    "banner_image",
    "gallery_images",
    "background_music",
    "link_expires_at",
    "is_active",
    "is_expired",
    "expired_at",
    "regular_links_used",
    "test_links_used",
    "total_views",
    "unique_guests",
    "created_at",
    "updated_at",
]

STATUSES = ("DRAFT", "PENDING_PAYMENT", "PENDING_APPROVAL", "APPROVED", "REJECTED", "EXPIRED", "CANCELLED")
APPROVED = STATUSES.index("APPROVED")
# Recent orders are still on their way; over all, 80 % are approved and 5 % wait for payment, another 5 % for approval.
_RECENT = 30 * DAY
_RECENT_SHARES = (0.05, 0.2, 0.2, 0.5, 0.02, 0.0, 0.03)
_OLD_SHARES = (0.0187, 0.0436, 0.0436, 0.8129, 0.0304, 0.0313, 0.0195)

LINK_LIFE = 15 * DAY
_SLUG_LETTERS = string.ascii_letters + string.digits
_NUMBER_STEP = 9_999_991
"""Odd, so ``order * step`` modulo 2**24 gives every order a six digit tail of its own."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders and invitations by number, each in order of creation."""

    order_ids: list[str]
    order_created: array[int]
    order_user: array[int]
    order_plan: bytes
    order_status: bytes
    order_approved: array[int]
    invitation_ids: list[str]
    invitation_created: array[int]
    invitation_order: array[int]
    invitation_template: array[int]
    invitation_expires: array[int]
    invitation_live: bytes
    """1 where guests may look at the page until its link expires."""
    slugs: list[str]
    now: int


def _orders(
    people: People, scale: Scale, rng: Random
) -> tuple[array[int], array[int], bytes, bytes, array[int]]:
    created = scattered(rng, scale.orders, people.start + 2 * HOUR, people.now - MINUTE)
    weights = zipf_weights(rng, len(people.ids), 0.5)
    weights[:STAFF] = array("d", [0.0] * STAFF)
    popular = Popularity(people.created, weights)
    plans = draws(rng, [(number, plan.share) for number, plan in enumerate(PLANS)])
    recent = draws(rng, tuple(enumerate(_RECENT_SHARES)))
    old = draws(rng, tuple(enumerate(_OLD_SHARES)))
    users = array("I")
    statuses = bytearray()
    approved = array("q")
    for moment in created:
        number = popular.pick(rng, moment)
        users.append(STAFF if number is None else number)
        status = next(recent if moment > people.now - _RECENT else old)
        statuses.append(status)
        wait = 20 * MINUTE + int(rng.expovariate(1 / (5 * HOUR)))
        approved.append(min(moment + wait, people.now - 1) if status == APPROVED else 0)
    return created, users, bytes(next(plans) for _ in created), bytes(statuses), approved


def _invited_orders(scale: Scale, rng: Random, statuses: bytes) -> list[int]:
    """Which orders have an invitation: nearly all approved ones, and some that still wait."""
    done = [number for number, status in enumerate(statuses) if status == APPROVED]
    others = [number for number, status in enumerate(statuses) if status != APPROVED]
    from_done = min(round(len(done) * 0.95), scale.invitations)
    return rng.sample(done, from_done) + rng.sample(others, scale.invitations - from_done)


def _template_for(rng: Random, popular: Popularity, catalogue: Catalogue, plan: int, moment: int) -> int:
    """A template that existed and that the plan opens; the first template is open to all."""
    for _ in range(12):
        number = popular.pick(rng, moment)
        if number is not None and catalogue.template_plan[number] <= plan:
            return number
    return 0


def make_sales(people: People, catalogue: Catalogue, scale: Scale, seed: int) -> Sales:
    rng = stream(seed, "sales")
    created, users, plans, statuses, approved = _orders(people, scale, rng)
    begun = sorted(
        (
            min(people.now - 1, (approved[number] or created[number]) + int(rng.expovariate(1 / (6 * HOUR)))),
            number,
        )
        for number in _invited_orders(scale, rng, statuses)
    )
    weights = [
        weight if active else 0.0
        for weight, active in zip(catalogue.template_weight, catalogue.template_active, strict=True)
    ]
    popular = Popularity(catalogue.template_created, weights)
    live = bytearray()
    expires = array("q")
    templates = array("I")
    for moment, order in begun:
        templates.append(_template_for(rng, popular, catalogue, plans[order], moment))
        live.append(statuses[order] == APPROVED and rng.random() < 0.97)
        # Staff prolong one link in ten.
        longer = rng.randrange(10, 200) * DAY if rng.random() < 0.1 else 0
        expires.append(moment + LINK_LIFE + longer if live[-1] else 0)
    slugs: dict[str, None] = {}
    while len(slugs) < len(begun):
        slugs["".join(rng.choices(_SLUG_LETTERS, k=10))] = None
    return Sales(
        order_ids=[uuid_text(rng) for _ in created],
        order_created=created,
        order_user=users,
        order_plan=plans,
        order_status=statuses,
        order_approved=approved,
        invitation_ids=[uuid_text(rng) for _ in begun],
        invitation_created=array("q", [moment for moment, _ in begun]),
        invitation_order=array("I", [order for _, order in begun]),
        invitation_template=templates,
        invitation_expires=expires,
        invitation_live=bytes(live),
        slugs=list(slugs),
        now=people.now,
    )


def granted_links(sales: Sales, order: int) -> int:
    """Guests who may register through the order's invitation; a few orders were given more."""
    return PLANS[sales.order_plan[order]].links + (50 if order % 23 == 0 else 0)


def _payment(rng: Random, status: int, received: str) -> tuple[str, str, str | None]:
    """Method, state and time of the payment."""
    name = STATUSES[status]
    if name in ("DRAFT", "PENDING_PAYMENT", "EXPIRED", "CANCELLED"):
        return "PENDING", "PENDING", None
    method = rng.choices(("RAZORPAY", "UPI", "BANK_TRANSFER", "CASH"), (0.6, 0.25, 0.1, 0.05))[0]
    return method, {"PENDING_APPROVAL": "RECEIVED", "REJECTED": "REFUNDED"}.get(name, "VERIFIED"), received


def order_rows(people: People, catalogue: Catalogue, sales: Sales, seed: int) -> Iterator[Row]:
    rng = stream(seed, "orders")
    kinds = draws(rng, [((row.code, row.name), row.share) for row in CATEGORIES])
    for number, order_id in enumerate(sales.order_ids):
        created, status, plan = (
            sales.order_created[number],
            sales.order_status[number],
            sales.order_plan[number],
        )
        approved = sales.order_approved[number]
        kind, kind_name = next(kinds)
        method, state, received = _payment(rng, status, stamp(min(created + 10 * MINUTE, sales.now - 1)))
        yield (
            order_id,
            people.ids[sales.order_user[number]],
            catalogue.plan_ids[plan],
            kind,
            kind_name,
            STATUSES[status],
            PLANS[plan].price,
            method,
            state,
            f"Reference {rng.randrange(10**9, 10**10)}" if received else "",
            received,
            people.ids[number % STAFF] if approved else None,
            stamp(approved) if approved else None,
            "Links prolonged" if number % 23 == 0 else "",
            granted_links(sales, number),
            TEST_LINKS,
            f"ORD-{day_digits(created)}-{number * _NUMBER_STEP % 2**24:06X}",
            stamp(created),
            stamp(approved or min(created + HOUR, sales.now - 1)),
            stamp(created + 30 * DAY) if STATUSES[status] in ("PENDING_PAYMENT", "EXPIRED") else None,
        )


@dataclass(frozen=True, slots=True)
class Counters:
    """Per invitation, what its guests and views add up to."""

    regular: array[int]
    test: array[int]
    views: array[int]


def invitation_rows(
    people: People, catalogue: Catalogue, sales: Sales, counters: Counters, seed: int
) -> Iterator[Row]:
    rng = stream(seed, "invitations")
    pick_kind = partial(
        rng.choice, ("Wedding of", "Birthday of", "Engagement of", "A day with", "Housewarming at")
    )
    for number, invitation_id in enumerate(sales.invitation_ids):
        order, created, expires = (
            sales.invitation_order[number],
            sales.invitation_created[number],
            sales.invitation_expires[number],
        )
        user = sales.order_user[order]
        host = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        city = rng.choice(CITIES)
        marked = 0 < expires < sales.now and rng.random() < 0.12
        pictures = [f"gallery/{invitation_id[:8]}-{page}.webp" for page in range(rng.randrange(1, 5))]
        yield (
            invitation_id,
            sales.order_ids[order],
            people.ids[user],
            catalogue.template_ids[sales.invitation_template[number]],
            sales.slugs[number],
            f"{pick_kind()} {host}",
            stamp(created + rng.randrange(10, 60) * DAY + rng.randrange(24) * HOUR),
            f"{rng.choice(VENUES)}, {city}",
            f"{rng.randrange(1, 200)} {rng.choice(STREETS)}, {city}",
            f"https://maps.example.com/?q={city}" if rng.random() < 0.7 else "",
            host,
            f"9{rng.randrange(10**9):09d}",
            "With the blessings of our families we ask you to join us." if rng.random() < 0.6 else "",
            f"banners/{invitation_id[:8]}.webp" if rng.random() < 0.5 else "",
            json.dumps(pictures),
            f"music/{rng.randrange(40)}.mp3" if rng.random() < 0.3 else None,
            stamp(expires) if expires else None,
            bool(sales.invitation_live[number]),
            marked,
            stamp(min(expires + 2 * HOUR, sales.now - 1)) if marked else None,
            counters.regular[number],
            counters.test[number],
            counters.views[number],
            counters.regular[number] + counters.test[number],
            stamp(created),
            stamp(max(created, min(expires, sales.now - 1))),
        )
