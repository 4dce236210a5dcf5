"""Members and the forum as a whole: what somebody wrote, who has the most points, the figures."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.shortcuts import get_object_or_404
from rest_framework import generics
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists
from .serializers import PointsSerializer, PostSerializer, TopicSerializer, person
from .views_topics import one_of

STATISTICS_KEY = "forum-statistics"
STATISTICS_SECONDS = 60
SHOWN_OF_EACH = 5


def active_member(pk):
    return get_object_or_404(
        get_user_model().objects.filter(is_active=True).select_related("trust_level"), pk=pk
    )


class MemberView(APIView):
    """A member with the five newest topics and posts."""

    permission_classes = [AllowAny]

    def get(self, request, pk):
        member = active_member(pk)
        return Response(
            {
                "member": person(member),
                "topics": TopicSerializer(lists.member_topics(member)[:SHOWN_OF_EACH], many=True).data,
                "posts": PostSerializer(lists.member_posts(member)[:SHOWN_OF_EACH], many=True).data,
            }
        )


class MemberTopicsView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = TopicSerializer

    def get_queryset(self):
        return lists.member_topics(active_member(self.kwargs["pk"]))


class MemberPostsView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = PostSerializer

    def get_queryset(self):
        return lists.member_posts(active_member(self.kwargs["pk"]))


class StatsView(APIView):
    """The forum's figures, at most a minute old."""

    permission_classes = [AllowAny]

    def get(self, request):
        return Response(cache.get_or_set(STATISTICS_KEY, lists.statistics, STATISTICS_SECONDS))


class LeaderboardView(APIView):
    """`?period=` total, monthly or weekly."""

    permission_classes = [AllowAny]

    def get(self, request):
        period = one_of(request, "period", lists.PERIODS, "total")
        return Response(PointsSerializer(lists.leaders(period), many=True).data)
