"""Writing in the forum, and what follows from it: trust, points, the activity of the day, the moderators' queue."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from machina.apps.forum_conversation.models import Post, Topic

from apps.users.models import UserActivity

from .models import FlaggedContent, PointHistory, PostLike, ReviewQueue, TrustLevel, UserPoints

POINTS = {
    PointHistory.Reason.TOPIC: 5,
    PointHistory.Reason.POST: 2,
    PointHistory.Reason.LIKE_RECEIVED: 1,
}
FLAG_PRIORITY = 3
# What a level asks for: posts written, posts read, days visited.
REQUIREMENTS = {1: (1, 10, 2), 2: (10, 100, 15), 3: (50, 500, 50)}
KEPT_AFTER_RESOLVING = timedelta(days=30)


class LockedTopicError(Exception):
    """The topic takes no more replies."""


class OwnPostError(Exception):
    """Nobody likes a post of their own here."""


class AlreadyResolvedError(Exception):
    """Another moderator has decided already."""


def start_topic(user, forum, subject, content):
    """A new topic with its first post."""
    with transaction.atomic():
        topic = Topic.objects.create(
            forum=forum,
            poster=user,
            subject=subject,
            type=Topic.TOPIC_POST,
            status=Topic.TOPIC_UNLOCKED,
            approved=True,
        )
        post = Post(topic=topic, poster=user, subject=subject, content=content, approved=True)
        post.save()
        _count(user, posts_created=1, topics_created=1)
        _award(user, PointHistory.Reason.TOPIC, post)
        _look_at_newcomer(user, post)
    topic.refresh_from_db()
    return topic


def reply(user, topic, content):
    """A new post at the end of the topic; raises LockedTopicError when the topic is closed."""
    if topic.is_locked:
        raise LockedTopicError
    with transaction.atomic():
        post = Post(
            topic=topic, poster=user, subject=f"Re: {topic.subject}"[:255], content=content, approved=True
        )
        post.save()
        _count(user, posts_created=1)
        _award(user, PointHistory.Reason.POST, post)
        _look_at_newcomer(user, post)
    return post


def like(user, post):
    """True when the like is new; raises OwnPostError for one's own post."""
    if post.poster_id == user.pk:
        raise OwnPostError
    with transaction.atomic():
        _, created = PostLike.objects.get_or_create(user=user, post=post)
        if created:
            raised = [(user, {"likes_given": 1})]
            if post.poster is not None:
                raised.append((post.poster, {"likes_received": 1}))
            # In one order for everybody: two who like each other's posts at once must not wait for each other.
            for member, steps in sorted(raised, key=lambda pair: pair[0].pk):
                _count(member, **steps)
            if post.poster is not None:
                _award(post.poster, PointHistory.Reason.LIKE_RECEIVED, post)
    return created


def view(topic):
    """One more view: an UPDATE for every reader."""
    Topic.objects.filter(pk=topic.pk).update(views_count=F("views_count") + 1)


def flag(user, post, reason, description):
    """Reports a post and puts it into the moderators' queue."""
    with transaction.atomic():
        flagged = FlaggedContent.objects.create(
            flagger=user, post=post, topic=post.topic, reason=reason, description=description
        )
        ReviewQueue.objects.create(
            review_type=ReviewQueue.Kind.FLAGGED_POST,
            priority=FLAG_PRIORITY,
            score=float(post.flags.count()),
            post=post,
            topic=post.topic,
            reporter=user,
            reported_user=post.poster,
            reason=description,
        )
    return flagged


def resolve(moderator, item, *, approved, notes):
    """Decides a case; a rejected post is hidden. Raises AlreadyResolvedError when somebody was faster."""
    status = ReviewQueue.Status.APPROVED if approved else ReviewQueue.Status.REJECTED
    with transaction.atomic():
        decided = ReviewQueue.objects.filter(pk=item.pk, status=ReviewQueue.Status.PENDING).update(
            status=status,
            assigned_moderator=moderator,
            moderator_notes=notes,
            resolved_at=timezone.now(),
            updated_at=timezone.now(),
        )
        if not decided:
            raise AlreadyResolvedError
        if item.post is not None:
            if not approved:
                item.post.approved = False
                item.post.save()
            FlaggedContent.objects.filter(post=item.post).update(is_resolved=True)
    item.refresh_from_db()
    return item


def remove_resolved():
    """Deletes what was decided more than thirty days ago; returns how many cases that were."""
    decided = [ReviewQueue.Status.APPROVED, ReviewQueue.Status.REJECTED]
    _, per_model = ReviewQueue.objects.filter(
        status__in=decided, resolved_at__lt=timezone.now() - KEPT_AFTER_RESOLVING
    ).delete()
    return per_model.get(ReviewQueue._meta.label, 0)


def promote():
    """Raises every member by at most one level, when the counts of the next one are reached; returns how many."""
    promoted = 0
    # From above, so that nobody climbs two steps at once.
    for level in sorted(REQUIREMENTS, reverse=True):
        posts, read, days = REQUIREMENTS[level]
        promoted += TrustLevel.objects.filter(
            level=level - 1, posts_created__gte=posts, posts_read__gte=read, days_visited__gte=days
        ).update(level=level, promoted_at=timezone.now(), updated_at=timezone.now())
    return promoted


def _count(user, **steps):
    """Raises the counters of the member's trust and of the member's day."""
    TrustLevel.objects.get_or_create(user=user)
    raised = {name: F(name) + step for name, step in steps.items()}
    TrustLevel.objects.filter(user=user).update(**raised, updated_at=timezone.now())
    today = timezone.now().date()
    UserActivity.objects.get_or_create(user=user, date=today)
    UserActivity.objects.filter(user=user, date=today).update(**raised, last_activity_time=timezone.now())


def _award(user, reason, post):
    points = POINTS[reason]
    UserPoints.objects.get_or_create(user=user)
    UserPoints.objects.filter(user=user).update(
        total_points=F("total_points") + points,
        daily_points=F("daily_points") + points,
        weekly_points=F("weekly_points") + points,
        monthly_points=F("monthly_points") + points,
        last_activity_date=timezone.now().date(),
        updated_at=timezone.now(),
    )
    PointHistory.objects.create(user=user, points=points, reason=reason, post=post)


def _look_at_newcomer(user, post):
    """What a new member writes is seen at once, and looked at by a moderator later."""
    if TrustLevel.objects.filter(user=user, level=TrustLevel.Level.NEW).exists():
        ReviewQueue.objects.create(
            review_type=ReviewQueue.Kind.NEW_USER_POST,
            priority=1,
            post=post,
            topic=post.topic,
            reported_user=user,
        )
