"""Users, their one-time passwords and their activity trail."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import (
    DAY,
    HOUR,
    MINUTE,
    Popularity,
    address,
    draws,
    scattered,
    stamp,
    stream,
    uuid_text,
    zipf_weights,
)
from .scale import Scale
from .words import CITIES, DEVICES, FIRST_NAMES, LAST_NAMES, PLANS

Row = tuple[object, ...]

STAFF = 5
"""The first users are staff; number 0 is ``admin``."""
LAUNCH_SHARE = 0.02
"""The share of the users who were there on the first day."""

USER_COLUMNS = [
    "id",
    "password",
    "last_login",
    "is_superuser",
    "username",
    "first_name",
    "last_name",
    "is_staff",
    "is_active",
    "date_joined",
    "phone",
    "full_name",
    "email",
    "is_phone_verified",
    "phone_verified_at",
    "is_blocked",
    "blocked_at",
    "block_reason",
    "created_at",
    "updated_at",
    "signup_ip",
    "last_login_ip",
    "current_plan_id",
    "plan_change_requested",
    "plan_change_requested_at",
    "is_approved",
    "approved_at",
    "approved_by_id",
    "payment_verified",
    "notes",
]
VERIFICATION_COLUMNS = ["id", "user_id", "otp", "created_at", "expires_at", "is_used", "ip_address"]
ACTIVITY_COLUMNS = [
    "id",
    "user_id",
    "activity_type",
    "description",
    "ip_address",
    "user_agent",
    "metadata",
    "created_at",
]

ACTIVITIES = (
    (("LOGIN", "Logged in"), 0.45),
    (("INVITATION_SHARED", "Shared an invitation link"), 0.18),
    (("LOGOUT", "Logged out"), 0.145),
    (("ORDER_CREATED", "Placed an order"), 0.08),
    (("INVITATION_CREATED", "Created an invitation"), 0.07),
    (("PROFILE_UPDATE", "Changed the profile"), 0.055),
    (("PASSWORD_CHANGE", "Changed the password"), 0.01),
    (("PLAN_CHANGE_REQUEST", "Asked for another plan"), 0.006),
    (("LINKS_GRANTED", "Received more links"), 0.004),
)


def phone_of(number: int) -> str:
    """The phone of the user of that number; a fixed shuffle of ten digits, so no two are alike."""
    return f"{'789'[number % 3]}{(number * 387_420_489 + 7) % 10**9:09d}"


@dataclass(frozen=True, slots=True)
class People:
    """Who exists: by number, in order of registration."""

    ids: list[str]
    created: array[int]
    approved: array[int]
    """When staff approved the account; 0 if not yet."""
    start: int
    now: int


def make_people(scale: Scale, seed: int, start: int, now: int) -> People:
    rng = stream(seed, "people")
    launch = max(STAFF, int(scale.users * LAUNCH_SHARE))
    created = scattered(rng, launch, start, start + HOUR)
    created.extend(scattered(rng, scale.users - launch, start + HOUR, now))
    approved = array("q")
    for number, moment in enumerate(created):
        done = moment + MINUTE if number < STAFF else moment + int(rng.expovariate(1 / (8 * HOUR)))
        # New accounts wait for staff; of the older ones a few were never let in.
        held_back = number >= STAFF and rng.random() < (0.5 if moment > now - 14 * DAY else 0.072)
        approved.append(0 if held_back or done >= now else done)
    return People([uuid_text(rng) for _ in created], created, approved, start, now)


def user_rows(people: People, seed: int, password: str, plan_ids: list[str]) -> Iterator[Row]:
    """``password`` is the one hash all accounts share."""
    rng = stream(seed, "users")
    plans = draws(rng, [(plan_id, plan.share) for plan_id, plan in zip(plan_ids, PLANS, strict=True)])
    for number, (user_id, created) in enumerate(zip(people.ids, people.created, strict=True)):
        staff = number < STAFF
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        username = (
            ("admin" if number == 0 else f"staff{number}") if staff else f"{first}.{last}.{number}".lower()
        )
        recent = min(people.now - 1, created + int(rng.random() * (people.now - created)))
        verified = staff or rng.random() < 0.85
        blocked = not staff and rng.random() < 0.009
        asked = not staff and rng.random() < 0.015
        approved = people.approved[number]
        yield (
            user_id,
            password,
            stamp(recent) if rng.random() < 0.8 else None,
            number == 0,
            username,
            first,
            last,
            staff,
            staff or rng.random() < 0.985,
            stamp(created),
            phone_of(number),
            f"{first} {last}",
            f"{username}@example.com" if staff or rng.random() < 0.97 else None,
            verified,
            stamp(min(people.now - 1, created + 2 * MINUTE)) if verified else None,
            blocked,
            stamp(recent) if blocked else None,
            "Reported by guests" if blocked else "",
            stamp(created),
            stamp(max(recent, approved)),
            address(rng) if rng.random() < 0.95 else None,
            address(rng) if rng.random() < 0.8 else None,
            next(plans) if not staff and rng.random() < 0.6 else None,
            asked,
            stamp(recent) if asked else None,
            bool(approved),
            stamp(approved) if approved else None,
            people.ids[number % STAFF] if approved and not staff else None,
            bool(approved) and rng.random() < 0.75,
            f"Called from {rng.choice(CITIES)}" if rng.random() < 0.1 else "",
        )


def verification_rows(people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """One password at sign-up for everybody, the rest whenever somebody logs in anew."""
    rng = stream(seed, "verifications")
    popular = Popularity(people.created, zipf_weights(rng, len(people.ids), 0.4))
    sent = [(created + MINUTE, number) for number, created in enumerate(people.created)]
    later = scattered(rng, scale.verifications - len(sent), people.start + 2 * HOUR, people.now)
    sent += [(moment, popular.pick(rng, moment) or 0) for moment in later]
    for key, (moment, number) in enumerate(sorted(sent), start=1):
        yield (
            key,
            people.ids[number],
            f"{rng.randrange(10**6):06d}",
            stamp(min(moment, people.now - 1)),
            stamp(moment + 10 * MINUTE),
            rng.random() < 0.88,
            address(rng),
        )


def activity_rows(people: People, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "activities")
    popular = Popularity(people.created, zipf_weights(rng, len(people.ids), 0.6))
    kinds = draws(rng, ACTIVITIES)
    devices = draws(rng, DEVICES)
    details = draws(
        rng, [(json.dumps({"city": city, "channel": way}), 1.0) for city in CITIES for way in ("web", "app")]
    )
    for key, moment in enumerate(
        scattered(rng, scale.activities, people.start + 2 * HOUR, people.now), start=1
    ):
        kind, text = next(kinds)
        number = popular.pick(rng, moment) or 0
        yield (
            key,
            people.ids[number],
            kind,
            text,
            address(rng),
            next(devices).agent,
            next(details),
            stamp(moment),
        )
