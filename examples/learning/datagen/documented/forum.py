"""S11 and S12, the documents' queries of the forum; and F1 to F10, what its pages ask.

Posts have no author or sticky flag here but a poster and a type; the queries are asked with these.
"""

from __future__ import annotations

from datetime import timedelta

from apps.forum_integration import lists
from django.db.models import QuerySet

from datagen.documented.draw import Draw
from datagen.documented.samples import Pattern, number
from datagen.words import SUBJECTS

PAGE, PROFILE = 20, 5
TOPIC, POST, TRUST = "forum_conversation.Topic", "forum_conversation.Post", "forum_integration.TrustLevel"
USER, REVIEW = "users.User", "forum_integration.ReviewQueue"
STICKY = 1


def _forum(draw: Draw) -> int:
    """The forum of one topic, so that lively ones come up more often."""
    return draw.value(TOPIC, "forum_id")


def _approved(draw: Draw, label: str) -> QuerySet:
    return draw.model(label).filter(approved=True)


PATTERNS: tuple[Pattern, ...] = (
    Pattern("S11", lambda d: d.model(POST).filter(topic=d.value(POST, "topic_id")).order_by("created")),
    Pattern(
        "S11-author",
        lambda d: d.model(POST).filter(poster=d.value(POST, "poster_id")).order_by("-created")[:PAGE],
    ),
    Pattern("S11-approved", lambda d: _approved(d, POST).order_by("-created")[:PAGE], values=False),
    Pattern("S12", lambda d: d.model(TOPIC).filter(forum=_forum(d)).order_by("-updated")[:PAGE]),
    Pattern("S12-sticky", lambda d: d.model(TOPIC).filter(type=STICKY).order_by("-updated"), values=False),
    Pattern(
        "S12-author",
        lambda d: d.model(TOPIC).filter(poster=d.value(TOPIC, "poster_id")).order_by("-created")[:PAGE],
    ),
    Pattern("F1", lambda d: lists.topics()[:PAGE], values=False, weight=8),
    Pattern("F1-count", lambda d: lists.topics(), number, values=False, weight=8),
    Pattern("F1-forum", lambda d: lists.topics(forum=_forum(d))[:PAGE], weight=2),
    # One row more than a page shows: that is how the page knows whether another one follows.
    Pattern("F2", lambda d: lists.topic_posts(d.value(POST, "topic_id"))[: PAGE + 1], weight=6),
    Pattern("F3", lambda d: lists.forum_topics(_forum(d))[:PAGE], weight=4),
    Pattern("F3-count", lambda d: lists.forum_topics(_forum(d)), number, weight=4),
    Pattern(
        "F3-sorted",
        lambda d: lists.forum_topics(_forum(d), sort=d.turn(("newest", "subject", "views")))[:PAGE],
    ),
    Pattern("F4", lambda d: lists.member_posts(d.value(POST, "poster_id"))[:PAGE], weight=2),
    Pattern("F4-topics", lambda d: lists.member_topics(d.value(TOPIC, "poster_id"))[:PAGE]),
    Pattern("F4-profile", lambda d: lists.member_posts(d.value(POST, "poster_id"))[:PROFILE]),
    Pattern("F5", lambda d: lists.recent_topics(d.now), values=False, weight=2),
    Pattern("F5-posts", lambda d: lists.recent_posts(d.now), values=False, weight=2),
    Pattern("F6", lambda d: lists.search(d.turn(SUBJECTS), forum=d.turn((None, _forum(d))))[:PAGE]),
    Pattern("F7", lambda d: lists.review_queue()[:PAGE], values=False),
    Pattern(
        "F7-type", lambda d: lists.review_queue(review_type=d.turn(("new_user_post", "flagged_post")))[:PAGE]
    ),
    Pattern("F8", lambda d: _approved(d, POST), number, values=False),
    Pattern("F8-topics", lambda d: _approved(d, TOPIC), number, values=False),
    Pattern("F8-users", lambda d: d.model(USER).filter(is_active=True), number, values=False),
    Pattern(
        "F8-online",
        lambda d: d.model(USER).filter(last_login__gte=d.now - timedelta(minutes=15)),
        number,
        values=False,
    ),
    Pattern(
        "F8-recent-topics",
        lambda d: _approved(d, TOPIC).filter(created__gte=d.now - timedelta(days=7)),
        number,
        values=False,
    ),
    Pattern(
        "F8-recent-posts",
        lambda d: _approved(d, POST).filter(created__gte=d.now - timedelta(days=7)),
        number,
        values=False,
    ),
    Pattern("F9", lambda d: lists.leaders(d.turn(("total", "monthly", "weekly"))), weight=2),
    Pattern("F10", lambda d: lists.trust_levels(), values=False),
    Pattern(
        "F10-level",
        lambda d: (
            d.model(TRUST).filter(level=d.turn((4, 3, 2))).select_related("user").order_by("-posts_created")
        ),
    ),
    Pattern("F10-below", lambda d: d.model(TRUST).filter(level__lt=3), number, values=False),
)
