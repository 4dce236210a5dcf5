"""Forums, topics and posts: reading, writing, liking, searching."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists, services
from .serializers import (
    ForumSerializer,
    LikedPostSerializer,
    NewPostSerializer,
    NewTopicSerializer,
    PostSerializer,
    TopicSerializer,
)

LARGEST_NUMBER = 2**31 - 1


class OldestFirst(CursorPagination):
    page_size = 20
    ordering = "created"


def number(request, name):
    """A row's number from the address, or None; raises ValidationError (a 400) for anything else."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER):
        raise ValidationError({name: ["Write a number."]})
    return int(text)


def one_of(request, name, choices, default):
    """A word from the address; raises ValidationError (a 400) when it is none of the choices."""
    word = request.query_params.get(name, default)
    if word not in choices:
        raise ValidationError({name: [f"Write one of {', '.join(choices)}."]})
    return word


class ForumListView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = ForumSerializer
    pagination_class = None

    def get_queryset(self):
        return lists.forums()


class ForumTopicsView(generics.ListAPIView):
    """`?sort=` latest, newest, subject or views; what is pinned comes first."""

    permission_classes = [AllowAny]
    serializer_class = TopicSerializer

    def get_queryset(self):
        forum = get_object_or_404(Forum, pk=self.kwargs["pk"])
        return lists.forum_topics(forum, sort=one_of(self.request, "sort", lists.SORTS, "latest"))


class TopicListView(generics.ListAPIView):
    """`?forum=` is a forum's number."""

    permission_classes = [AllowAny]
    serializer_class = TopicSerializer

    def get_queryset(self):
        return lists.topics(forum=number(self.request, "forum"))


class TopicView(APIView):
    """One topic; reading it counts a view."""

    permission_classes = [AllowAny]

    def get(self, request, pk):
        topic = get_object_or_404(lists.visible_topics().select_related("last_post__poster"), pk=pk)
        services.view(topic)
        return Response(TopicSerializer(topic).data)


class TopicPostsView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = LikedPostSerializer
    pagination_class = OldestFirst

    def get_queryset(self):
        topic = get_object_or_404(lists.visible_topics(), pk=self.kwargs["pk"])
        return lists.topic_posts(topic)


class RecentView(APIView):
    """What was written in the last seven days."""

    permission_classes = [AllowAny]

    def get(self, request):
        now = timezone.now()
        return Response(
            {
                "topics": TopicSerializer(lists.recent_topics(now), many=True).data,
                "posts": PostSerializer(lists.recent_posts(now), many=True).data,
            }
        )


class SearchView(generics.ListAPIView):
    """`?q=` of at least three letters, `?forum=` a forum's number."""

    permission_classes = [AllowAny]
    serializer_class = PostSerializer

    def get_queryset(self):
        text = self.request.query_params.get("q", "").strip()
        if len(text) < 3:
            raise ValidationError({"q": ["Write at least three letters."]})
        return lists.search(text, forum=number(self.request, "forum"))


class NewTopicView(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        given = NewTopicSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        topic = services.start_topic(request.user, **given.validated_data)
        return Response(TopicSerializer(topic).data, status=status.HTTP_201_CREATED)


class NewPostView(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        given = NewPostSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            post = services.reply(request.user, **given.validated_data)
        except services.LockedTopicError:
            return Response({"detail": "This topic is locked."}, status=status.HTTP_409_CONFLICT)
        return Response(PostSerializer(post).data, status=status.HTTP_201_CREATED)


class LikeView(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request, pk):
        post = get_object_or_404(Post.objects.filter(approved=True).select_related("poster"), pk=pk)
        try:
            created = services.like(request.user, post)
        except services.OwnPostError:
            return Response({"detail": "This post is your own."}, status=status.HTTP_409_CONFLICT)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response({"likes": post.likes.count()}, status=code)
