"""The blog: the list, one post, the categories, and the newest posts on the front page."""

from __future__ import annotations

from config.pagination import PageOfTwenty
from django.shortcuts import get_object_or_404
from rest_framework import generics
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from . import lists
from .serializers import (
    CountedCategorySerializer,
    CourseSerializer,
    PostLinkSerializer,
    PostSerializer,
    PostWithBodySerializer,
)


class PageOfNine(PageOfTwenty):
    page_size = 9


class BlogListView(generics.ListAPIView):
    """`?category=` is a slug, `?tag=` a word."""

    permission_classes = [AllowAny]
    serializer_class = PostSerializer
    pagination_class = PageOfNine

    def get_queryset(self):
        wanted = self.request.query_params
        return lists.posts(category=wanted.get("category"), tag=wanted.get("tag"))


class BlogDetailView(APIView):
    permission_classes = [AllowAny]

    def get(self, request, slug):
        post = get_object_or_404(lists.posts(), slug=slug)
        related = PostLinkSerializer(lists.related_posts(post), many=True).data
        return Response(PostWithBodySerializer(post).data | {"related": related})


class CategoryListView(generics.ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = CountedCategorySerializer
    pagination_class = None

    def get_queryset(self):
        return lists.categories()


class HomepageView(APIView):
    """The three newest posts and the featured courses."""

    permission_classes = [AllowAny]

    def get(self, request):
        return Response(
            {
                "posts": PostSerializer(lists.posts()[: lists.HOMEPAGE_POSTS], many=True).data,
                "courses": CourseSerializer(lists.featured_courses(), many=True).data,
            }
        )
