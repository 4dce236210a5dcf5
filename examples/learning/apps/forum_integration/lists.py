"""What each forum page asks the database for, before it is cut into pages. Topics, posts and forums are machina's.

A visitor sees what is approved; machina's permissions forum by forum are left to machina's own pages.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db.models import Avg, Case, Count, F, IntegerField, Q, Value, When
from django.utils import timezone
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post, Topic

from .models import ReviewQueue, TrustLevel, UserPoints

RECENT = timedelta(days=7)
ONLINE = timedelta(minutes=15)
RECENT_TOPICS = 10
RECENT_POSTS = 20
LEADERS_SHOWN = 10
PERIODS = {"total": "total_points", "monthly": "monthly_points", "weekly": "weekly_points"}
SORTS = {
    "latest": F("last_post_on").desc(),
    "newest": F("created").desc(),
    "subject": F("subject").asc(),
    "views": F("views_count").desc(),
}


def forums():
    """Every forum in the order of the tree, with its last post and who wrote it."""
    return Forum.objects.select_related("parent", "last_post__poster").order_by("tree_id", "lft")


def topics(*, forum=None):
    """Approved topics, the one with the newest post first, with forum, people and last post."""
    found = Topic.objects.filter(approved=True)
    if forum is not None:
        found = found.filter(forum_id=forum)
    return found.select_related(
        "forum", "poster", "poster__trust_level", "last_post", "last_post__poster"
    ).order_by("-last_post_on")


def forum_topics(forum, *, sort="latest"):
    """A forum's approved topics: announcements and sticky ones first, then as ``sort``, a key of the table above, says."""
    pinned = Case(
        When(type__in=[Topic.TOPIC_STICKY, Topic.TOPIC_ANNOUNCE], then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    return (
        Topic.objects.filter(forum=forum, approved=True)
        .select_related("poster", "poster__trust_level", "last_post", "last_post__poster")
        .annotate(pinned=pinned)
        .order_by("-pinned", SORTS[sort])
    )


def visible_topics():
    return Topic.objects.filter(approved=True).select_related("forum", "poster", "poster__trust_level")


def topic_posts(topic):
    """A topic's approved posts, oldest first, with the likes of each counted."""
    return (
        Post.objects.filter(topic=topic, approved=True)
        .select_related("poster", "poster__trust_level")
        .annotate(like_count=Count("likes"))
        .order_by("created")
    )


def member_topics(member):
    return (
        Topic.objects.filter(poster=member, approved=True)
        .select_related("forum", "poster", "poster__trust_level", "last_post", "last_post__poster")
        .order_by("-created")
    )


def member_posts(member):
    return (
        Post.objects.filter(poster=member, approved=True)
        .select_related("topic", "poster", "poster__trust_level")
        .order_by("-created")
    )


def recent_topics(now):
    return topics().filter(created__gte=now - RECENT).order_by("-created")[:RECENT_TOPICS]


def recent_posts(now):
    return (
        Post.objects.filter(approved=True, created__gte=now - RECENT)
        .select_related("topic", "poster", "poster__trust_level")
        .order_by("-created")[:RECENT_POSTS]
    )


def search(text, *, forum=None):
    """Approved posts of approved topics that have the text in their subject or their content, newest first."""
    found = Post.objects.filter(approved=True, topic__approved=True).filter(
        Q(subject__icontains=text) | Q(content__icontains=text)
    )
    if forum is not None:
        found = found.filter(topic__forum_id=forum)
    return found.select_related("topic", "poster", "poster__trust_level").order_by("-created")


def review_queue(*, review_type=None):
    """What waits for a moderator, the most urgent first, with everything that is shown of it."""
    found = ReviewQueue.objects.filter(status=ReviewQueue.Status.PENDING)
    if review_type:
        found = found.filter(review_type=review_type)
    return found.select_related(
        "post",
        "post__poster",
        "post__topic",
        "topic",
        "topic__forum",
        "reporter",
        "reported_user",
        "assigned_moderator",
    ).order_by("-priority", "-score", "-created_at")


def statistics():
    """The forum's figures: each is a COUNT of its own."""
    now = timezone.now()
    users = get_user_model().objects
    return {
        "users": users.filter(is_active=True).count(),
        "topics": Topic.objects.filter(approved=True).count(),
        "posts": Post.objects.filter(approved=True).count(),
        "online": users.filter(last_login__gte=now - ONLINE).count(),
        "recent_topics": Topic.objects.filter(approved=True, created__gte=now - RECENT).count(),
        "recent_posts": Post.objects.filter(approved=True, created__gte=now - RECENT).count(),
    }


def leaders(period):
    """The ten members with the most points of a period, a key of the table above; without points nobody is listed."""
    field = PERIODS[period]
    return (
        UserPoints.objects.filter(**{f"{field}__gt": 0})
        .select_related("user")
        .order_by(f"-{field}")[:LEADERS_SHOWN]
    )


def trust_levels():
    """How many members each level has, and their averages."""
    return (
        TrustLevel.objects.values("level")
        .annotate(
            members=Count("id"),
            average_posts=Avg("posts_created"),
            average_likes=Avg("likes_received"),
        )
        .order_by("level")
    )
