"""Users, their profiles, the trail of their days and their notifications."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import (
    DAY,
    HOUR,
    MINUTE,
    Popularity,
    day_text,
    draws,
    scattered,
    stamp,
    stream,
    zipf_weights,
)
from .scale import Scale
from .words import CITIES, FIRST_NAMES, LANGUAGES, LAST_NAMES

Row = tuple[object, ...]

STAFF = 5
"""The first users are staff; number 0 is ``admin``. The teachers follow, then the learners."""
LAUNCH_SHARE = 0.02
"""The share of the users who were there on the first day, besides staff and teachers."""

USER_COLUMNS = [
    "id",
    "password",
    "last_login",
    "is_superuser",
    "username",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
    "bio",
    "location",
    "experience_level",
    "preferred_language",
    "is_mentor",
    "accepts_mentees",
    "email_notifications",
    "created_at",
    "updated_at",
]
PROFILE_COLUMNS = [
    "id",
    "user_id",
    "skill_level",
    "total_courses_completed",
    "total_exercises_solved",
    "total_study_hours",
    "current_streak",
    "longest_streak",
    "followers_count",
    "following_count",
    "profile_visibility",
    "created_at",
    "updated_at",
]
PROFILE_LANGUAGE_COLUMNS = ["id", "userprofile_id", "programminglanguage_id"]
ACTIVITY_COLUMNS = [
    "id",
    "user_id",
    "date",
    "first_activity_time",
    "last_activity_time",
    "topics_viewed",
    "posts_read",
    "time_spent",
]
NOTIFICATION_COLUMNS = [
    "id",
    "recipient_id",
    "sender_id",
    "notification_type",
    "title",
    "message",
    "link",
    "is_read",
    "read_at",
    "created_at",
]

LEVELS = (("beginner", 0.45), ("intermediate", 0.32), ("advanced", 0.17), ("expert", 0.06))
VISIBILITIES = (("public", 0.84), ("friends", 0.09), ("private", 0.07))
KINDS = (
    (("course", "A course you take has news"), 0.4),
    (("reply", "Somebody answered you"), 0.34),
    (("badge", "You earned a badge"), 0.16),
    (("system", "From the platform"), 0.1),
)


@dataclass(frozen=True, slots=True)
class People:
    """Who exists: by number, in order of registration; a user's primary key is the number plus one."""

    created: array[int]
    teachers: range
    start: int
    now: int

    def popularity(self, seed: int, name: str, exponent: float) -> Popularity:
        """Who does most of what ``name`` stands for."""
        return Popularity(
            self.created, zipf_weights(stream(seed, f"people who {name}"), len(self.created), exponent)
        )


def make_people(scale: Scale, seed: int, start: int, now: int) -> People:
    rng = stream(seed, "people")
    launch = min(scale.users, STAFF + scale.instructors + int(scale.users * LAUNCH_SHARE))
    created = scattered(rng, launch, start, start + HOUR)
    created.extend(scattered(rng, scale.users - launch, start + HOUR, now))
    return People(created, range(STAFF, STAFF + scale.instructors), start, now)


def username(number: int) -> str:
    """The login of the user of that number."""
    if number < STAFF:
        return "admin" if number == 0 else f"staff{number}"
    first = FIRST_NAMES[number * 7919 % len(FIRST_NAMES)]
    return f"{first}.{LAST_NAMES[number * 104_729 % len(LAST_NAMES)]}.{number}".lower()


def user_rows(people: People, seed: int, password: str) -> Iterator[Row]:
    """``password`` is the one hash all accounts share."""
    rng = stream(seed, "users")
    levels = draws(rng, LEVELS)
    languages = draws(rng, [(name, share) for name, _, _, share in LANGUAGES])
    for number, created in enumerate(people.created):
        staff, teacher = number < STAFF, number in people.teachers
        login = username(number)
        recent = created + int(rng.random() ** 0.5 * (people.now - created))
        yield (
            number + 1,
            password,
            stamp(recent) if rng.random() < 0.85 else None,
            number == 0,
            login,
            FIRST_NAMES[number * 7919 % len(FIRST_NAMES)],
            LAST_NAMES[number * 104_729 % len(LAST_NAMES)],
            f"{login}@example.com",
            staff,
            staff or teacher or rng.random() < 0.985,
            stamp(created),
            "Teaches here." if teacher else "",
            rng.choice(CITIES) if rng.random() < 0.6 else "",
            next(levels),
            next(languages) if rng.random() < 0.7 else "",
            teacher and rng.random() < 0.3,
            teacher and rng.random() < 0.2,
            rng.random() < 0.9,
            stamp(created),
            stamp(recent),
        )


def profile_rows(people: People, finished: array[int], solved: array[int], seed: int) -> Iterator[Row]:
    """``finished`` and ``solved`` count each user's completed courses and solved exercises."""
    rng = stream(seed, "profiles")
    levels, visibilities = draws(rng, LEVELS), draws(rng, VISIBILITIES)
    for number, created in enumerate(people.created):
        longest = int(rng.expovariate(1 / 5))
        yield (
            number + 1,
            number + 1,
            next(levels),
            finished[number],
            solved[number],
            finished[number] * 6 + solved[number] // 2 + int(rng.expovariate(1 / 4)),
            rng.randrange(longest + 1),
            longest,
            int(rng.paretovariate(1.2)) - 1,
            int(rng.expovariate(1 / 6)),
            next(visibilities),
            stamp(created),
            stamp(created + int(rng.random() * (people.now - created))),
        )


def profile_language_rows(people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "profile languages")
    languages = draws(rng, [(place, share) for place, (_, _, _, share) in enumerate(LANGUAGES, start=1)])
    key = 0
    for number in range(len(people.created)):
        for language in {next(languages) for _ in range(int(rng.random() * 3))}:
            key += 1
            yield (key, number + 1, language)


def activity_rows(people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """One row for each user and day, the days in order."""
    rng = stream(seed, "activities")
    popular = people.popularity(seed, "come back", 0.5)
    seen: set[tuple[int, int]] = set()
    for key, moment in enumerate(scattered(rng, scale.activities, people.start + DAY, people.now), start=1):
        number = popular.pick(rng, moment) or 0
        while (number, moment // DAY) in seen:
            # Whoever comes every day is there already; so somebody at random, and if need be the next in the row.
            number = (number + 1 + rng.randrange(3)) % bisect_right(people.created, moment)
        seen.add((number, moment // DAY))
        last = min(people.now - 1, moment - moment % DAY + DAY - 1, moment + int(rng.expovariate(1 / HOUR)))
        yield (
            key,
            number + 1,
            day_text(moment),
            stamp(moment),
            stamp(last),
            int(rng.expovariate(1 / 3)),
            int(rng.expovariate(1 / 8)),
            (last - moment) // 1_000_000,
        )


def notification_rows(people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """Older ones are mostly read."""
    rng = stream(seed, "notifications")
    popular = people.popularity(seed, "are told things", 0.5)
    kinds = draws(rng, KINDS)
    moments = scattered(rng, scale.notifications, people.start + DAY, people.now)
    for key, moment in enumerate(moments, start=1):
        kind, title = next(kinds)
        to = popular.pick(rng, moment) or 0
        read_after = int(rng.expovariate(1 / DAY)) + MINUTE
        read = moment + read_after < people.now and rng.random() < 0.88
        yield (
            key,
            to + 1,
            (popular.pick(rng, moment) or 0) + 1 if kind == "reply" else None,
            kind,
            title,
            f"{title}.",
            "/forums/" if kind == "reply" else "/courses/",
            read,
            stamp(moment + read_after) if read else None,
            stamp(moment),
        )
