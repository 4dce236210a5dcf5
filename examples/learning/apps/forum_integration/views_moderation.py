"""Reporting a post, and what moderators do about it. Members of staff are moderators."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from machina.apps.forum_conversation.models import Post
from rest_framework import generics, status
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists, services
from .models import ReviewQueue
from .serializers import DecisionSerializer, FlagSerializer, ReviewSerializer
from .views_topics import one_of


class FlagView(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request, pk):
        post = get_object_or_404(Post.objects.filter(approved=True).select_related("topic", "poster"), pk=pk)
        given = FlagSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        flagged = services.flag(
            request.user, post, given.validated_data["reason"], given.validated_data.get("description", "")
        )
        return Response(FlagSerializer(flagged).data, status=status.HTTP_201_CREATED)


class QueueView(generics.ListAPIView):
    """What waits; `?review_type=` narrows it."""

    permission_classes = [IsAdminUser]
    serializer_class = ReviewSerializer

    def get_queryset(self):
        kinds = ["", *ReviewQueue.Kind.values]
        return lists.review_queue(review_type=one_of(self.request, "review_type", kinds, ""))


class ResolveView(APIView):
    permission_classes = [IsAdminUser]

    def post(self, request, pk):
        item = get_object_or_404(ReviewQueue.objects.select_related("post__topic", "topic__forum"), pk=pk)
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            item = services.resolve(request.user, item, **given.validated_data)
        except services.AlreadyResolvedError:
            return Response({"detail": "This case is decided already."}, status=status.HTTP_409_CONFLICT)
        return Response(ReviewSerializer(item).data)
