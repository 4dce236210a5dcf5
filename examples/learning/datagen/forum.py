"""The forum: headings and forums, topics and posts, and the likes they got."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import (
    DAY,
    Popularity,
    draws,
    fresh_pair,
    scattered,
    stamp,
    stream,
    zipf_weights,
)
from .people import People, Row
from .scale import FORUMS, Scale
from .words import ANSWERS, FORUM_HEADINGS, FORUM_SUBJECTS, QUESTIONS, SUBJECTS, slug_of

FORUM_COLUMNS = [
    "id",
    "created",
    "updated",
    "name",
    "slug",
    "description",
    "_description_rendered",
    "type",
    "direct_posts_count",
    "direct_topics_count",
    "last_post_on",
    "last_post_id",
    "parent_id",
    "lft",
    "rght",
    "tree_id",
    "level",
]
TOPIC_COLUMNS = [
    "id",
    "forum_id",
    "poster_id",
    "subject",
    "slug",
    "type",
    "status",
    "approved",
    "posts_count",
    "views_count",
    "last_post_on",
    "first_post_id",
    "last_post_id",
    "created",
    "updated",
]
POST_COLUMNS = [
    "id",
    "created",
    "updated",
    "topic_id",
    "poster_id",
    "subject",
    "content",
    "_content_rendered",
    "approved",
]
LIKE_COLUMNS = ["id", "user_id", "post_id", "created_at"]

_OPEN, _HEADING = 0, 1
"""machina's types of forum: one that is posted in, and a heading over others."""
_STICKY, _ANNOUNCE, _LOCKED = 1, 2, 1
LIVELY = 30 * DAY
"""Most posts go to topics no older than this."""


@dataclass(frozen=True, slots=True)
class Forum:
    """Topics and posts by number in order of time; a primary key is the number plus one."""

    topic_moment: array[int]
    topic_forum: array[int]
    """The primary key of its forum."""
    topic_poster: array[int]
    topic_approved: bytearray
    post_moment: array[int]
    post_topic: array[int]
    post_poster: array[int]
    post_approved: bytearray
    first_post: array[int]
    last_post: array[int]
    """Per topic, the last approved post; -1 when there is none."""
    approved_posts: array[int]
    """Per topic."""
    liked: array[int]
    """Per like, its moment."""
    like_user: array[int]
    like_post: array[int]


def make_forum(people: People, scale: Scale, seed: int) -> Forum:
    rng = stream(seed, "forum")
    talkative = people.popularity(seed, "write", 0.75)
    inside = [number for number in range(FORUMS) if number % (FORUMS // len(FORUM_HEADINGS))]
    places = draws(rng, list(zip(inside, zipf_weights(rng, len(inside), 0.8), strict=True)))
    moments = scattered(rng, scale.topics, people.start + DAY, people.now)
    topics = array("q", (next(places) + 1 for _ in moments))
    posters = array("q", (talkative.pick(rng, moment) or 0 for moment in moments))
    approved = bytearray(rng.random() < 0.975 for _ in moments)
    popular = Popularity(moments, zipf_weights(rng, scale.topics, 0.6))
    # (moment, 0 for the post that opens a topic, topic, who)
    posts = [(moment, 0, topic, posters[topic]) for topic, moment in enumerate(moments)]
    for moment in scattered(rng, scale.posts - scale.topics, moments[0], people.now):
        topic = popular.pick(rng, moment, LIVELY) if rng.random() < 0.9 else popular.pick(rng, moment)
        if topic is None:
            topic = popular.pick(rng, moment) or 0
        posts.append((moment, 1, topic, talkative.pick(rng, moment) or 0))
    posts.sort()
    first, last = (array("q", [-1]) * scale.topics for _ in range(2))
    counts = array("q", bytes(8 * scale.topics))
    shown = bytearray()
    for number, (_, reply, topic, _) in enumerate(posts):
        fine = approved[topic] if not reply else rng.random() < 0.985
        shown.append(fine)
        if not reply:
            first[topic] = number
        if fine:
            last[topic] = number
            counts[topic] += 1
    likes = _like(people, scale, seed, posts, shown)
    return Forum(
        moments,
        topics,
        posters,
        approved,
        array("q", (post[0] for post in posts)),
        array("q", (post[2] for post in posts)),
        array("q", (post[3] for post in posts)),
        shown,
        first,
        last,
        counts,
        *likes,
    )


def _like(
    people: People, scale: Scale, seed: int, posts: list[tuple[int, int, int, int]], shown: bytearray
) -> tuple[array[int], array[int], array[int]]:
    """Moments, users and posts; nobody likes a post twice, or their own."""
    rng = stream(seed, "likes")
    kind = people.popularity(seed, "like", 0.6)
    popular = Popularity(
        array("q", (post[0] for post in posts)),
        array("d", (rng.expovariate(1) if fine else 0.0 for fine in shown)),
    )
    moments = scattered(rng, scale.likes, posts[0][0] + 8 * DAY, people.now)
    users, liked = array("q"), array("q")
    # A post counts as liked by whoever wrote it, so that its writer is passed over.
    seen = {(post[3], number) for number, post in enumerate(posts)}
    for moment in moments:

        def draw(moment: int = moment) -> tuple[int, int]:
            post = popular.pick(rng, moment, LIVELY) if rng.random() < 0.8 else popular.pick(rng, moment)
            return kind.pick(rng, moment) or 0, post or 0

        def anything() -> tuple[int, int]:
            return rng.randrange(len(people.created)), rng.randrange(len(posts))

        user, post = fresh_pair(seen, draw, anything)
        users.append(user)
        liked.append(post)
    return moments, users, liked


def like_rows(forum: Forum) -> Iterator[Row]:
    rows = zip(forum.liked, forum.like_user, forum.like_post, strict=True)
    for key, (moment, user, post) in enumerate(rows, start=1):
        yield key, user + 1, post + 1, stamp(moment)


def forum_rows(forum: Forum, people: People) -> Iterator[Row]:
    """Headings and the forums below them, with the counts machina keeps."""
    topics, posts, last = [0] * FORUMS, [0] * FORUMS, [-1] * FORUMS
    for topic, place in enumerate(forum.topic_forum):
        if forum.topic_approved[topic]:
            topics[place - 1] += 1
            posts[place - 1] += forum.approved_posts[topic]
            last[place - 1] = max(last[place - 1], forum.last_post[topic])
    size = FORUMS // len(FORUM_HEADINGS)
    for number in range(FORUMS):
        tree, inside = divmod(number, size)
        name = FORUM_SUBJECTS[inside - 1] if inside else FORUM_HEADINGS[tree]
        text = f"{name} of {FORUM_HEADINGS[tree].lower()}." if inside else ""
        yield (
            number + 1,
            stamp(people.start + number),
            stamp(people.start + number),
            name,
            slug_of(name),
            text,
            f"<p>{text}</p>" if text else "",
            _OPEN if inside else _HEADING,
            posts[number],
            topics[number],
            stamp(forum.post_moment[last[number]]) if last[number] >= 0 else None,
            last[number] + 1 if last[number] >= 0 else None,
            tree * size + 1 if inside else None,
            2 * inside if inside else 1,
            2 * inside + 1 if inside else 2 * size,
            tree + 1,
            1 if inside else 0,
        )


def topic_rows(forum: Forum, seed: int) -> Iterator[Row]:
    rng = stream(seed, "topic rows")
    for number, moment in enumerate(forum.topic_moment):
        subject = QUESTIONS[number * 7 % len(QUESTIONS)].format(SUBJECTS[number * 11 % len(SUBJECTS)])
        last = forum.last_post[number]
        chance = rng.random()
        yield (
            number + 1,
            forum.topic_forum[number],
            forum.topic_poster[number] + 1,
            subject,
            slug_of(subject),
            _ANNOUNCE if chance < 0.003 else _STICKY if chance < 0.015 else 0,
            _LOCKED if rng.random() < 0.03 else 0,
            bool(forum.topic_approved[number]),
            forum.approved_posts[number],
            forum.approved_posts[number] * 5 + int(rng.expovariate(1 / 40)),
            stamp(forum.post_moment[last]) if last >= 0 else None,
            forum.first_post[number] + 1,
            last + 1 if last >= 0 else None,
            stamp(moment),
            stamp(forum.post_moment[last] if last >= 0 else moment),
        )


def post_rows(forum: Forum, seed: int) -> Iterator[Row]:
    rng = stream(seed, "post rows")
    for number, moment in enumerate(forum.post_moment):
        topic = forum.post_topic[number]
        subject = QUESTIONS[topic * 7 % len(QUESTIONS)].format(SUBJECTS[topic * 11 % len(SUBJECTS)])
        opening = forum.first_post[topic] == number
        text = f"{rng.choice(ANSWERS)} {rng.choice(ANSWERS)}"
        written = stamp(moment)
        yield (
            number + 1,
            written,
            written,
            topic + 1,
            forum.post_poster[number] + 1,
            subject if opening else f"Re: {subject}",
            text,
            f"<p>{text}</p>",
            bool(forum.post_approved[number]),
        )
