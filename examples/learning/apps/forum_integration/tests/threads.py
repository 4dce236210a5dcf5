"""Forums, topics and posts for the tests, written straight into machina's tables, each a minute newer than the last."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from django.db.models import F
from django.utils import timezone
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post, Topic
from machina.apps.forum_member.models import ForumProfile

from apps.forum_integration.models import TrustLevel
from apps.testing import make_user

_number = count(1)


def _minute():
    return timezone.now() - timedelta(days=1) + timedelta(minutes=next(_number) % 1000, microseconds=1)


def make_forum(**fields):
    n = next(_number)
    return Forum.objects.create(**({"name": f"Forum {n}", "type": Forum.FORUM_POST} | fields))


def make_member(level=TrustLevel.Level.MEMBER, **fields):
    user = make_user(**fields)
    TrustLevel.objects.create(user=user, level=level)
    return user


def make_topic(forum=None, poster=None, *, posts=1, created=None, **fields):
    """An approved topic with its posts, all of one member and of one moment."""
    n = next(_number)
    created = created or _minute()
    poster = poster or make_member()
    defaults = {
        "subject": f"Topic {n}",
        "slug": f"topic-{n}",
        "type": Topic.TOPIC_POST,
        "status": Topic.TOPIC_UNLOCKED,
        "posts_count": posts,
        "last_post_on": created,
    }
    # bulk_create: machina's save counts the whole forum again.
    topic = Topic.objects.bulk_create(
        [Topic(forum=forum or make_forum(), poster=poster, **(defaults | fields))]
    )[0]
    Topic.objects.filter(pk=topic.pk).update(created=created)
    for _ in range(posts):
        post = make_post(topic, poster, created=created)
    if posts:
        Topic.objects.filter(pk=topic.pk).update(last_post=post)
    topic.refresh_from_db()
    return topic


def make_post(topic, poster=None, *, created=None, content="What I think", **fields):
    poster = poster or make_member()
    if fields.get("approved", True):
        # machina counts it when a post is saved, and counts it down when one is hidden.
        ForumProfile.objects.get_or_create(user=poster)
        ForumProfile.objects.filter(user=poster).update(posts_count=F("posts_count") + 1)
    post = Post(topic=topic, poster=poster, subject=topic.subject, content=content, **fields)
    post._content_rendered = f"<p>{content}</p>"
    post = Post.objects.bulk_create([post])[0]
    Post.objects.filter(pk=post.pk).update(created=created or _minute())
    post.refresh_from_db()
    return post
