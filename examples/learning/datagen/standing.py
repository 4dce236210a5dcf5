"""Standing in the forum: trust, points and badges; what moderators were shown; and how far members have read."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import (
    DAY,
    HOUR,
    MINUTE,
    Popularity,
    day_text,
    draws,
    fresh_pair,
    scattered,
    stamp,
    stream,
    zipf_weights,
)
from .forum import LIVELY, Forum
from .people import STAFF, People, Row
from .scale import Scale
from .words import slug_of

MEMBER_COLUMNS = ["id", "user_id", "posts_count"]
TRUST_COLUMNS = [
    "id",
    "user_id",
    "level",
    "posts_read",
    "topics_viewed",
    "time_read",
    "posts_created",
    "topics_created",
    "likes_given",
    "likes_received",
    "days_visited",
    "last_visit_date",
    "last_calculated",
    "promoted_at",
    "created_at",
    "updated_at",
]
POINTS_COLUMNS = [
    "id",
    "user_id",
    "total_points",
    "daily_points",
    "weekly_points",
    "monthly_points",
    "current_streak",
    "longest_streak",
    "last_activity_date",
    "created_at",
    "updated_at",
]
HISTORY_COLUMNS = ["id", "user_id", "points", "reason", "post_id", "created_at"]
BADGE_COLUMNS = ["id", "name", "slug", "description", "points_value"]
HOLDER_COLUMNS = ["id", "user_id", "badge_id", "earned_at"]
REVIEW_COLUMNS = [
    "id",
    "review_type",
    "status",
    "priority",
    "score",
    "post_id",
    "topic_id",
    "reported_user_id",
    "reporter_id",
    "assigned_moderator_id",
    "reason",
    "created_at",
    "updated_at",
    "resolved_at",
]
FLAG_COLUMNS = ["id", "flagger_id", "post_id", "topic_id", "reason", "is_resolved", "created_at"]
READING_COLUMNS = [
    "id",
    "user_id",
    "topic_id",
    "last_read_post_id",
    "posts_read",
    "completed",
    "first_read_at",
    "last_read_at",
]

LEVELS = ((0, 0.36), (1, 0.34), (2, 0.2), (3, 0.08), (4, 0.02))
BADGES = ("First post", "First topic", "Helpful", "Regular", "Early bird", "Night owl", "Teacher", "Curious")


@dataclass(frozen=True, slots=True)
class Writers:
    """Per user: approved posts, approved topics, likes received and likes given."""

    posts: array[int]
    topics: array[int]
    likes: array[int]
    given: array[int]


def make_writers(forum: Forum, people: People) -> Writers:
    posts, topics, likes, given = (array("q", bytes(8 * len(people.created))) for _ in range(4))
    for poster, approved in zip(forum.post_poster, forum.post_approved, strict=True):
        posts[poster] += approved
    for poster, approved in zip(forum.topic_poster, forum.topic_approved, strict=True):
        topics[poster] += approved
    for user, post in zip(forum.like_user, forum.like_post, strict=True):
        given[user] += 1
        likes[forum.post_poster[post]] += 1
    return Writers(posts, topics, likes, given)


def member_rows(writers: Writers) -> Iterator[Row]:
    for number, count in enumerate(writers.posts):
        yield number + 1, number + 1, count


def trust_rows(writers: Writers, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "trust")
    levels = draws(rng, LEVELS)
    for number, created in enumerate(people.created):
        level = 4 if number < STAFF else next(levels)
        age = people.now - created
        last = created + int(rng.random() ** 0.4 * age)
        days = 1 + int(rng.random() * min(level + 1, 3) / 4 * age / DAY)
        read = int(rng.expovariate(1 / (20 * (level + 1))))
        yield (
            number + 1,
            number + 1,
            level,
            read,
            read // 4,
            f"{read * 40} seconds",
            writers.posts[number],
            writers.topics[number],
            writers.given[number],
            writers.likes[number],
            days,
            day_text(last) if rng.random() < 0.95 else None,
            stamp(last),
            stamp(last) if level else None,
            stamp(created),
            stamp(last),
        )


def points_rows(writers: Writers, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "points")
    for number, created in enumerate(people.created):
        total = writers.posts[number] * 2 + writers.topics[number] * 5 + writers.likes[number]
        month = int(total * rng.random() * 0.12)
        week = int(month * rng.random() * 0.5)
        longest = int(rng.expovariate(1 / 4))
        last = created + int(rng.random() ** 0.4 * (people.now - created))
        yield (
            number + 1,
            number + 1,
            total,
            int(week * rng.random() * 0.3),
            week,
            month,
            rng.randrange(longest + 1),
            longest,
            day_text(last) if total else None,
            stamp(created),
            stamp(last),
        )


def history_rows(forum: Forum, people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """The points of the last posts, and of lessons in between."""
    rng = stream(seed, "point history")
    learners = people.popularity(seed, "finish lessons", 0.6)
    since = len(forum.post_moment) - min(scale.point_entries * 2 // 3, len(forum.post_moment))
    entries = [
        (forum.post_moment[post], forum.post_poster[post], post)
        for post in range(since, len(forum.post_moment))
    ]
    rest = scale.point_entries - len(entries)
    first = forum.post_moment[since]
    for moment in scattered(rng, rest, first, people.now):
        entries.append((moment, learners.pick(rng, moment) or 0, -1))
    entries.sort()
    for key, (moment, user, post) in enumerate(entries, start=1):
        opening = post >= 0 and forum.first_post[forum.post_topic[post]] == post
        reason, points = ("topic", 5) if opening else ("post", 2) if post >= 0 else ("lesson", 3)
        yield key, user + 1, points, reason, post + 1 if post >= 0 else None, stamp(moment)


def badge_rows() -> Iterator[Row]:
    for number, name in enumerate(BADGES, start=1):
        yield number, name, slug_of(name), f"{name}.", 10 * number


def holder_rows(writers: Writers, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "badges")
    earned: list[tuple[int, int, int]] = []
    for number, created in enumerate(people.created):
        held = [1] if writers.posts[number] else []
        held += [2] if writers.topics[number] else []
        held += [badge for badge in range(3, len(BADGES) + 1) if rng.random() < 0.06]
        earned += [
            (created + int(rng.random() * (people.now - created)), number + 1, badge) for badge in held
        ]
    for key, (moment, user, badge) in enumerate(sorted(earned), start=1):
        yield key, user, badge, stamp(moment)


def review_rows(forum: Forum, people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """What moderators were shown; nearly all of it is decided."""
    rng = stream(seed, "reviews waiting")
    kinds = draws(
        rng,
        (("new_user_post", 0.46), ("flagged_post", 0.3), ("spam_detection", 0.16), ("edited_post", 0.08)),
    )
    ends = draws(rng, (("approved", 0.7), ("rejected", 0.25), ("escalated", 0.05)))
    posts = sorted(rng.choices(range(len(forum.post_moment)), k=scale.reviews_waiting))
    for key, post in enumerate(posts, start=1):
        moment = forum.post_moment[post]
        kind = next(kinds)
        taken = int(rng.expovariate(1 / (2 * DAY)))
        open_ = moment + taken >= people.now or rng.random() < 0.05
        status = ("pending" if rng.random() < 0.8 else "in_review") if open_ else next(ends)
        flagged = kind == "flagged_post"
        resolved = min(people.now - 1, moment + taken)
        yield (
            key,
            kind,
            status,
            rng.choices((1, 2, 3, 4), (2, 6, 3, 1))[0],
            round(rng.random() * 10, 2),
            post + 1,
            forum.post_topic[post] + 1,
            forum.post_poster[post] + 1,
            rng.randrange(len(people.created)) + 1 if flagged else None,
            None if status == "pending" else rng.randrange(STAFF) + 1,
            "Please have a look." if flagged else "",
            stamp(min(people.now - 1, moment + MINUTE)),
            stamp(resolved),
            None if open_ else stamp(resolved),
        )


def flag_rows(forum: Forum, people: People, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "flags")
    reasons = draws(rng, (("spam", 0.5), ("off_topic", 0.25), ("rude", 0.15), ("other", 0.1)))
    posts = sorted(rng.choices(range(len(forum.post_moment)), k=scale.flags))
    for key, post in enumerate(posts, start=1):
        moment = min(people.now - 1, forum.post_moment[post] + MINUTE)
        who = rng.randrange(len(people.created)) + 1
        resolved = moment < people.now - 7 * DAY and rng.random() < 0.95
        yield key, who, post + 1, forum.post_topic[post] + 1, next(reasons), resolved, stamp(moment)


def reading_rows(forum: Forum, people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """How far members have read; one row for each member and topic."""
    rng = stream(seed, "readings")
    readers = people.popularity(seed, "read", 0.5)
    popular = Popularity(forum.topic_moment, zipf_weights(rng, len(forum.topic_moment), 0.4))
    seen: set[tuple[int, int]] = set()
    moments = scattered(rng, scale.readings, forum.topic_moment[0] + DAY, people.now)
    for key, moment in enumerate(moments, start=1):

        def draw(moment: int = moment) -> tuple[int, int]:
            topic = popular.pick(rng, moment, LIVELY) if rng.random() < 0.6 else None
            if topic is None:
                topic = popular.pick(rng, moment) or 0
            return readers.pick(rng, moment) or 0, topic

        def anything() -> tuple[int, int]:
            return rng.randrange(len(people.created)), rng.randrange(len(forum.topic_moment))

        user, topic = fresh_pair(seen, draw, anything)
        first = forum.first_post[topic]
        whole = rng.random() < 0.4
        yield (
            key,
            user + 1,
            topic + 1,
            first + 1 if first >= 0 else None,
            1 + int(rng.expovariate(1 / 3)),
            whole,
            stamp(moment),
            stamp(min(people.now - 1, moment + int(rng.expovariate(1 / (2 * HOUR))))),
        )
