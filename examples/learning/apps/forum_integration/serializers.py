"""What the forum says to its readers, and what it takes from its writers."""

from __future__ import annotations

from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post, Topic
from rest_framework import serializers

from .models import FlaggedContent, ReviewQueue, UserPoints

LONGEST_POST = 20_000


def person(user):
    """A member as shown beside what they wrote; None for a guest."""
    if user is None:
        return None
    trust = getattr(user, "trust_level", None)
    return {"id": user.pk, "username": user.username, "trust_level": trust.level if trust else 0}


class ForumSerializer(serializers.ModelSerializer):
    last_poster = serializers.SerializerMethodField()

    class Meta:
        model = Forum
        fields = [
            "id",
            "name",
            "slug",
            "type",
            "level",
            "parent",
            "direct_topics_count",
            "direct_posts_count",
            "last_post_on",
            "last_poster",
        ]

    def get_last_poster(self, forum):
        poster = forum.last_post.poster if forum.last_post else None
        return poster.username if poster else None


class TopicSerializer(serializers.ModelSerializer):
    poster = serializers.SerializerMethodField()
    last_poster = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = [
            "id",
            "subject",
            "slug",
            "forum",
            "type",
            "status",
            "posts_count",
            "views_count",
            "created",
            "last_post_on",
            "poster",
            "last_poster",
        ]

    def get_poster(self, topic):
        return person(topic.poster)

    def get_last_poster(self, topic):
        poster = topic.last_post.poster if topic.last_post else None
        return poster.username if poster else None


class PostSerializer(serializers.ModelSerializer):
    content = serializers.SerializerMethodField()
    poster = serializers.SerializerMethodField()

    class Meta:
        model = Post
        fields = ["id", "topic", "subject", "content", "created", "updated", "poster"]

    def get_content(self, post):
        return post.content.raw

    def get_poster(self, post):
        return person(post.poster)


class LikedPostSerializer(PostSerializer):
    like_count = serializers.IntegerField(read_only=True)

    class Meta(PostSerializer.Meta):
        fields = [*PostSerializer.Meta.fields, "like_count"]


class NewTopicSerializer(serializers.Serializer):
    forum = serializers.PrimaryKeyRelatedField(queryset=Forum.objects.filter(type=Forum.FORUM_POST))
    subject = serializers.CharField(max_length=255)
    content = serializers.CharField(max_length=LONGEST_POST)


class NewPostSerializer(serializers.Serializer):
    topic = serializers.PrimaryKeyRelatedField(queryset=Topic.objects.filter(approved=True))
    content = serializers.CharField(max_length=LONGEST_POST)


class FlagSerializer(serializers.ModelSerializer):
    class Meta:
        model = FlaggedContent
        fields = ["id", "reason", "description", "created_at"]
        read_only_fields = ["created_at"]


class ReviewSerializer(serializers.ModelSerializer):
    post = serializers.SerializerMethodField()
    topic = serializers.SerializerMethodField()
    reporter = serializers.SerializerMethodField()
    reported_user = serializers.SerializerMethodField()
    assigned_moderator = serializers.SerializerMethodField()

    class Meta:
        model = ReviewQueue
        fields = [
            "id",
            "review_type",
            "status",
            "priority",
            "score",
            "reason",
            "moderator_notes",
            "created_at",
            "resolved_at",
            "post",
            "topic",
            "reporter",
            "reported_user",
            "assigned_moderator",
        ]

    def get_post(self, item):
        if item.post is None:
            return None
        poster = item.post.poster
        return {
            "id": item.post.pk,
            "content": item.post.content.raw,
            "topic": item.post.topic.subject,
            "poster": poster.username if poster else None,
        }

    def get_topic(self, item):
        if item.topic is None:
            return None
        return {"id": item.topic.pk, "subject": item.topic.subject, "forum": item.topic.forum.name}

    def get_reporter(self, item):
        return item.reporter.username if item.reporter else None

    def get_reported_user(self, item):
        return item.reported_user.username if item.reported_user else None

    def get_assigned_moderator(self, item):
        return item.assigned_moderator.username if item.assigned_moderator else None


class DecisionSerializer(serializers.Serializer):
    approved = serializers.BooleanField()
    notes = serializers.CharField(allow_blank=True, default="", max_length=2_000)


class PointsSerializer(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = UserPoints
        fields = ["username", "total_points", "monthly_points", "weekly_points", "current_streak"]
