"""Guests and page views of the invitations."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .chance import DAY, HOUR, Popularity, address, draws, scattered, stamp, stream, zipf_weights
from .people import Row
from .sales import LINK_LIFE, Counters, Sales, granted_links
from .scale import Scale
from .words import DEVICES, FIRST_NAMES, GREETINGS, LAST_NAMES, REFERRERS, TEST_LINKS

GUEST_COLUMNS = [
    "id",
    "invitation_id",
    "name",
    "phone",
    "message",
    "attending",
    "device_fingerprint",
    "ip_address",
    "user_agent",
    "user_agent_hash",
    "session_id",
    "device_type",
    "browser",
    "os",
    "is_test_link",
    "viewed_at",
]
VIEW_COLUMNS = ["id", "invitation_id", "ip_address", "user_agent", "referrer", "viewed_at"]

_FRESH = LINK_LIFE + 6 * DAY
_LATE_SHARE = 0.1
"""Share of the visits to older invitations whose link was prolonged, or that are only looked at again."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Moment and invitation of each guest and each view, in order of time."""

    guest_moment: array[int]
    guest_invitation: array[int]
    guest_test: bytes
    view_moment: array[int]
    view_invitation: array[int]
    counters: Counters


def _visited(rng: Random, popular: Popularity, moment: int) -> int | None:
    if rng.random() >= _LATE_SHARE:
        found = popular.pick(rng, moment, _FRESH)
        if found is not None:
            return found
    return popular.pick(rng, moment)


def make_visits(sales: Sales, scale: Scale, seed: int) -> Visits:
    rng = stream(seed, "visits")
    weights = zipf_weights(rng, len(sales.invitation_ids), 0.5)
    popular = Popularity(
        sales.invitation_created,
        [weight if live else 0.0 for weight, live in zip(weights, sales.invitation_live, strict=True)],
    )
    first = sales.invitation_live.index(1)
    opening = sales.invitation_created[first] + HOUR
    count = len(sales.invitation_ids)
    counters = Counters(*(array("I", bytes(4 * count)) for _ in range(3)))
    guest_moment = scattered(rng, scale.guests, opening, sales.now)
    guest_invitation = array("I")
    guest_test = bytearray()
    for moment in guest_moment:
        number, test = _room_for_guest(rng, popular, sales, counters, moment)
        guest_invitation.append(number)
        guest_test.append(test)
        (counters.test if test else counters.regular)[number] += 1
    view_moment = scattered(rng, scale.views, opening, sales.now)
    view_invitation = array("I")
    for moment in view_moment:
        number = _visited(rng, popular, moment)
        view_invitation.append(first if number is None else number)
        counters.views[view_invitation[-1]] += 1
    return Visits(guest_moment, guest_invitation, bytes(guest_test), view_moment, view_invitation, counters)


def _room_for_guest(
    rng: Random, popular: Popularity, sales: Sales, counters: Counters, moment: int
) -> tuple[int, bool]:
    """An invitation that still has a link for one more guest, and whether that is a test link."""
    number = None
    for _ in range(30):
        number = _visited(rng, popular, moment)
        if number is None:
            break
        if rng.random() < 0.06 and counters.test[number] < TEST_LINKS:
            return number, True
        if counters.regular[number] < granted_links(sales, sales.invitation_order[number]):
            return number, False
    # On the first days one popular page may be all there is; its last guests are let in over the limit.
    return (sales.invitation_live.index(1) if number is None else number), False


def fingerprint(seed: int, guest: int) -> str:
    """The device of the guest of that number; one guest in eight is somebody who has visited other pages before."""
    device = f"returning {guest * 7919 % 5003}" if guest % 8 == 0 else str(guest)
    return hashlib.sha256(f"device {seed} {device}".encode()).hexdigest()


def guest_rows(sales: Sales, visits: Visits, seed: int, keys: Iterator[object]) -> Iterator[Row]:
    """``keys`` gives the primary keys."""
    rng = stream(seed, "guests")
    devices = draws(rng, DEVICES)
    answers = draws(rng, ((True, 0.48), (None, 0.38), (False, 0.14)))
    agent_hash = {device.agent: hashlib.sha256(device.agent.encode()).hexdigest() for device, _ in DEVICES}
    seen: set[tuple[int, str]] = set()
    for number, (moment, invitation) in enumerate(
        zip(visits.guest_moment, visits.guest_invitation, strict=True)
    ):
        device = next(devices)
        token = fingerprint(seed, number)
        if number % 8 == 0:
            if (invitation, token) in seen:
                token = hashlib.sha256(f"second device {seed} {number}".encode()).hexdigest()
            seen.add((invitation, token))
        yield (
            next(keys),
            sales.invitation_ids[invitation],
            f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
            f"8{rng.randrange(10**9):09d}" if rng.random() < 0.7 else "",
            rng.choice(GREETINGS) if rng.random() < 0.4 else "",
            next(answers),
            token,
            address(rng),
            device.agent,
            agent_hash[device.agent],
            f"{rng.getrandbits(128):032x}",
            device.kind,
            device.browser,
            device.system,
            bool(visits.guest_test[number]),
            stamp(moment),
        )


def view_rows(sales: Sales, visits: Visits, seed: int, keys: Iterator[object]) -> Iterator[Row]:
    rng = stream(seed, "views")
    devices = draws(rng, DEVICES)
    referrers = draws(rng, REFERRERS)
    for moment, invitation in zip(visits.view_moment, visits.view_invitation, strict=True):
        yield (
            next(keys),
            sales.invitation_ids[invitation],
            address(rng),
            next(devices).agent,
            next(referrers),
            stamp(moment),
        )
