"""A forum's topics as they were listed before the repair: all of them are read, sorted here, and twenty are shown.

It stays so that the difference can be shown; nothing on the platform links here. The rows are those of `lists.forum_topics`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.shortcuts import get_object_or_404
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Topic
from rest_framework import generics
from rest_framework.permissions import AllowAny

from .serializers import TopicSerializer

NEVER = datetime.min.replace(tzinfo=UTC)


class ForumTopicsView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = TopicSerializer

    def get_queryset(self):
        forum = get_object_or_404(Forum, pk=self.kwargs["pk"])
        topics = list(
            Topic.objects.filter(forum=forum, approved=True)
            .select_related("poster", "poster__trust_level", "last_post", "last_post__poster")
            .order_by("-last_post_on")
        )
        pinned = [topic for topic in topics if topic.is_sticky or topic.is_announce]
        others = [topic for topic in topics if not (topic.is_sticky or topic.is_announce)]
        for part in (pinned, others):
            part.sort(key=lambda topic: topic.last_post_on or NEVER, reverse=True)
        return pinned + others
